"""One customer's row and the shell around it, for tests."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from streams.customers.decide import CREATE, FIND, UPDATE
from streams.customers.flow import CUSTOMERS
from streams.customers.state import Debtor
from streams.flow import Decision
from streams.vocabulary.activity import Noted
from streams.vocabulary.effects import Effect, Match
from streams.vocabulary.events import (
    CustomerAnswered,
    CustomerAsked,
    CustomersEvent,
    RelationFound,
    RelationSaved,
    Settled,
    Woke,
)
from streams.vocabulary.mplus_order import Customer
from tests.streams.row import RowAtHand

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JAN = Customer(
    name="Jan de Vries",
    email="abc@verkopen.bol.com",
    identity="bol-1",
    house_number="12 bis",
    address="Oudegracht 12 bis",
    zip_code="3511 AB",
    city="Utrecht",
    country="NL",
)
MOVED = msgspec.structs.replace(JAN, address="Kade 1", house_number="1", zip_code="3512 AB")
BY: tuple[Match, ...] = ("name-address",)
FIELDS = ("address", "zip_code", "city", "country", "phone")


def asked(asker: str = "b1", customer: Customer = JAN, **more: object) -> CustomerAsked:
    """By an order, as orders ask by default."""
    fields: dict[str, object] = {"by": BY, "update": FIELDS, **more}
    return CustomerAsked(asker=asker, customer=customer, **fields)  # type: ignore[arg-type]  # the test's own fields


class Desk(RowAtHand[Debtor]):
    """A customer's row, and what orders are answered."""

    def __init__(self, entity: str = "bol-1") -> None:
        super().__init__(CUSTOMERS, entity, START)
        self.answers: dict[str, list[CustomerAnswered]] = {}

    def apply(self, event: CustomersEvent) -> Decision[Debtor]:
        """Applies an event now."""
        decision = self.take(event)
        for message in decision.messages:
            assert message.flow == "orders"
            assert isinstance(message.event, CustomerAnswered)
            self.answers.setdefault(message.entity, []).append(message.event)
        return decision

    def ask(
        self, asker: str = "b1", customer: Customer = JAN, wait: float = 1.0, **more: object
    ) -> Decision[Debtor]:
        """An order asks."""
        self.later(wait)
        return self.apply(asked(asker, customer, **more))

    def settle(self, key: str, outcome: object, number: int | None = None) -> Decision[Debtor]:
        """The open effect under this key ends (or its asking of this number)."""
        event = Settled(
            key=key,
            number=self.open[key].number if number is None else number,
            outcome=outcome,  # type: ignore[arg-type]  # each test gives an outcome
            asked_at=self.now,
            answered_at=self.later(0.01),
        )
        return self.apply(event)

    def found(self, number: int | None, by: str = "name-address") -> Decision[Debtor]:
        """Mplus was asked."""
        return self.settle(FIND, RelationFound(relation_number=number, by=by if number else ""))

    def created(self, number: int = 7) -> Decision[Debtor]:
        """Mplus made it."""
        return self.settle(CREATE, RelationSaved(relation_number=number))

    def updated(self, number: int = 7) -> Decision[Debtor]:
        """Mplus renewed it."""
        return self.settle(UPDATE, RelationSaved(relation_number=number))

    def known(self) -> None:
        """Jan is relation 7, made for order b1."""
        self.ask()
        self.found(None)
        self.created()
        self.answers.clear()

    def woke(self) -> Decision[Debtor]:
        """The moment has come."""
        assert self.wake is not None
        self.now = max(self.now, self.wake)
        return self.apply(Woke(due=self.wake))

    @property
    def effects(self) -> dict[str, Effect]:
        """What is asked for."""
        return {key: one.effect for key, one in self.open.items()}

    @property
    def debtor(self) -> Debtor:
        """The row."""
        assert self.state is not None
        return self.state

    @property
    def answered(self) -> dict[str, int | None]:
        """Each order's last answer."""
        return {asker: told[-1].relation_number for asker, told in self.answers.items()}

    @property
    def notes(self) -> list[Noted]:
        """The last decision's lines."""
        assert self.decision is not None
        return [one for one in self.decision.activity if isinstance(one, Noted)]

    def wait(self, key: str) -> float:
        """Seconds from now until it is tried."""
        when = self.open[key].not_before
        return (when - self.now).total_seconds() if when is not None else 0.0
