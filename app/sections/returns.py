"""What a shop can set about what comes back; see streams/returns/rules.py."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from app.sections.part import Branch, Part, Span, Switch, Whole
from streams.returns.rules import ByRule

RECEIVED_AFTER = 7
"""Days before which no rule takes a return for received: the parcel is hardly back by then."""


class HandlingRule(Part):
    """A rule for returns that nobody has handled."""

    result: ByRule
    after_days: Span = Field(default=0.0, ge=0, le=365)
    reason: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _late(self) -> HandlingRule:
        if self.result == "RETURN_RECEIVED" and self.after_days < RECEIVED_AFTER:
            raise ValueError(
                "RETURN_RECEIVED gives the customer the money back, and nothing tells that the parcel is here: "
                f"write after_days = {RECEIVED_AFTER} or more, or handle these returns by hand"
            )
        return self


class Returns(Part):
    """How returns are handled, and whether they are credited in Mplus."""

    kinds: tuple[Literal["FBR", "FBB"], ...] = ("FBR", "FBB")
    """None: returns are not read at all."""
    handle: tuple[HandlingRule, ...] = Field(default=(), max_length=50)
    credit: Literal["no", "when-handled"] = "no"
    restock: Switch = False
    refund: Switch = False
    credit_branch: Branch | None = None
    credit_workplace: Whole | None = None
    keep_days: Whole = Field(default=60, ge=1, le=3650)

    @model_validator(mode="after")
    def _together(self) -> Returns:
        if self.credit_workplace is not None and self.credit_branch is None:
            raise ValueError(
                "credit_workplace is a workplace of credit_branch: give that too, or leave it out"
            )
        return self
