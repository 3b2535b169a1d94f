"""One return's row and the shell around it, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from streams.flow import Decision
from streams.returns.flow import RETURNS
from streams.returns.rules import ReturnRules
from streams.returns.state import Item, Return
from streams.vocabulary.activity import Noted, ReturnShown
from streams.vocabulary.events import (
    Message,
    OperatorHandled,
    ReturnAnswered,
    ReturnItem,
    ReturnNoticed,
    ReturnsEvent,
    Settled,
    Woke,
)
from streams.vocabulary.mplus_order import OrderDraft, OrderLine, Payment
from tests.streams.row import RowAtHand

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = 86_400.0


def item(number: int = 1, expected: int = 1, handled_as: str = "", units: int = 0, **more: Any) -> ReturnItem:
    """An item as Bol shows it; `handled_as` given: handled, `units` of it."""
    fields: dict[str, Any] = {
        "rma_id": f"r{number}",
        "order_id": f"b{number}",
        "ean": f"871234567890{number}",
        "expected": expected,
        "reason": "Klacht over artikel: Artikel is beschadigd",
        "handled": bool(handled_as),
        "handled_as": handled_as,
        "handled_quantity": units,
    }
    return ReturnItem(**{**fields, **more})


def draft(number: int = 1, units: int = 1, **more: Any) -> OrderDraft:
    """The credit that the orders flow would book."""
    fields: dict[str, Any] = {
        "ext_order_id": f"BOL-b{number}-Rr{number}",
        "idempotency_key": f"kassabrug-shop-b{number}-Rr{number}",
        "relation_number": 7,
        "reference": f"b{number}",
        "financial_date": date(2026, 11, 23),
        "lines": (OrderLine(article_number=1000 + number, text="Mug", quantity=-units, price_cents=1995),),
        "branch_number": 1,
    }
    return OrderDraft(**{**fields, **more})


SETTLES: dict[str, Any] = {"payments": (Payment(method="Bol.com", cents=-1995),), "prepay": False}
"""A credit whose payment makes its invoice."""


class Desk(RowAtHand[Return]):
    """A return's row, and what it has sent."""

    def __init__(self, rules: ReturnRules | None = None) -> None:
        super().__init__(RETURNS, "9", START, rules or ReturnRules())
        self.sent: list[Message] = []

    def apply(self, event: ReturnsEvent) -> Decision[Return]:
        """Applies an event a moment later."""
        self.later(0.01)
        decision = self.take(event)
        self.sent.extend(decision.messages)
        return decision

    def settle(self, key: str, outcome: Any) -> Decision[Return]:
        """The open effect under this key ends, not before its time."""
        effect = self.open[key]
        if effect.not_before is not None:
            self.now = max(self.now, effect.not_before)
        asked_at = self.later(0.01)
        event = Settled(
            key=key,
            number=effect.number,
            outcome=outcome,
            asked_at=asked_at,
            answered_at=self.later(0.01),
        )
        return self.apply(event)

    def notice(self, *items: ReturnItem, fulfilment: str = "FBR") -> Decision[Return]:
        """Bol shows it."""
        return self.apply(ReturnNoticed(registered_at=START, fulfilment=fulfilment, items=items or (item(),)))

    def by_hand(
        self, result: str = "RETURN_RECEIVED", number: int = 1, units: int = 1, credit: bool = False
    ) -> Decision[Return]:
        """A person handles an item."""
        event = OperatorHandled(who="Ans", rma_id=f"r{number}", result=result, quantity=units, credit=credit)
        return self.apply(event)

    def answer(self, found: OrderDraft | None, number: int = 1) -> Decision[Return]:
        """The orders flow answers."""
        return self.apply(ReturnAnswered(order_id=f"b{number}", rma_id=f"r{number}", draft=found))

    def sleep(self) -> Decision[Return]:
        """Until the alarm rings."""
        assert self.wake is not None, "nothing wakes this row"
        self.now = max(self.now, self.wake)
        return self.apply(Woke(due=self.wake))

    def effect(self, key: str) -> Any:
        """What is asked for under this key."""
        return self.open[key].effect

    def waits(self, key: str) -> float:
        """Seconds until it is run."""
        when = self.open[key].not_before
        return 0.0 if when is None else (when - self.now).total_seconds()

    def item(self, number: int = 1) -> Item:
        """An item of the row."""
        assert self.state is not None
        found = self.state.item(f"r{number}")
        assert found is not None
        return found

    @property
    def shown(self) -> ReturnShown:
        """The last decision's snapshot."""
        assert self.decision is not None
        return next(one for one in self.decision.activity if isinstance(one, ReturnShown))

    @property
    def notes(self) -> Mapping[str, Noted]:
        """The last decision's lines by kind."""
        assert self.decision is not None
        return {one.kind: one for one in self.decision.activity if isinstance(one, Noted)}
