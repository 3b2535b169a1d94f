"""When a connection's numbers are stopped until a person has looked; see streams/guards/rules.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from app.sections.part import Part, Span, Switch, Whole
from streams.guards.rules import Kind

MOST = 2_000
"""So many are a mass in any shop (streams/guards/state.py)."""


def _different(value: tuple[Kind, ...]) -> tuple[Kind, ...]:
    if len(set(value)) != len(value):
        raise ValueError("write everything once")
    return value


Percent = Annotated[Whole, Field(ge=1, le=100)]
Least = Annotated[Whole, Field(ge=1, le=MOST)]


class Guards(Part):
    """What counts as a mass, and which guards there are."""

    on: Switch = True
    off: Annotated[tuple[Kind, ...], AfterValidator(_different)] = ()
    window: Span = Field(default=300.0, ge=10, le=24 * 3600)
    zero_percent: Percent = 20
    zero_least: Least = 10
    jump_percent: Percent = 20
    jump_least: Least = 20
    negative_percent: Percent = 20
    negative_least: Least = 20
    back_least: Least = 3
