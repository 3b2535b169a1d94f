"""Some rows side by side, which tell each other what they have to tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from streams.stock.rules import StockRules
from streams.vocabulary.events import ArticleDescribed, Part, StockAnswered, StockEvent
from tests.streams.stock.ledger import RULES, Ledger

MOST = 500
"""Messages that one event may lead to: more go round in a circle."""


class Rows:
    """By their articles' numbers."""

    def __init__(self, rules: StockRules = RULES) -> None:
        self.rules = rules
        self.of: dict[int, Ledger] = {}
        self.passed_on: list[tuple[int, StockEvent]] = []
        """All that rows told each other."""

    def __getitem__(self, number: int) -> Ledger:
        if number not in self.of:
            self.of[number] = Ledger(self.rules, number)
        return self.of[number]

    def send(self, number: int, event: StockEvent) -> None:
        """An event to a row, and whatever follows in the others."""
        waiting = [(number, event)]
        for _ in range(MOST):
            if not waiting:
                return
            to, one = waiting.pop(0)
            waiting += self._told(self[to].apply(one))
        raise AssertionError(f"it goes round in a circle: {waiting[:3]}")

    def _told(self, decision: Any) -> list[tuple[int, StockEvent]]:
        told = [
            (int(message.entity), message.event) for message in decision.messages if message.flow == "stock"
        ]
        self.passed_on += told
        return told

    def read(self, number: int, free: int | str, marker: int = 1) -> None:
        """Mplus answers what the row asks for."""
        self.after(number, self[number].read(free, marker))

    def without_stock(self, number: int) -> None:
        """Mplus answers that nobody keeps stock of it."""
        self.after(number, self[number].settle("read", StockAnswered(readings=())))

    def after(self, number: int, decision: Any) -> None:
        """What follows in the others."""
        for to, one in self._told(decision):
            self.send(to, one)

    def kit(self, number: int, marker: int = 5, **parts: int | str) -> None:
        """The article is made of these (`a2=1`: one of article 2)."""
        made_of = tuple(
            Part(article_number=int(name[1:]), quantity=Decimal(count)) for name, count in parts.items()
        )
        self.send(number, ArticleDescribed(marker=marker, stock_kept=False, parts=made_of))

    def on_sale(self, number: int, amount: int = 0) -> None:
        """Bol has an offer of it."""
        self.send(number, self[number].offer(amount, offer_id=f"o{number}"))

    def desired(self, number: int) -> int | None:
        """What its offer should show."""
        return self[number].desired

    def reserved(self, number: int) -> dict[str, Decimal]:
        """What its row keeps for orders."""
        return {one.key: one.quantity for one in self[number].article.reservations}
