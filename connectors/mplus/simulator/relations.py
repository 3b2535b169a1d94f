"""Customers: created, changed in part, found by fragments or exactly (facts/mplus.md 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.mplus.simulator.markers import MarkerFeed
from streams.vocabulary.time import Clock

TEXT_FIELDS = (
    "extRelationId", "name", "address", "zipcode", "city", "country", "deliveryAddress", "deliveryZipcode",
    "deliveryCity", "deliveryCountry", "contact", "telephone", "mobile", "email", "website", "relationCode",
    "cardNumber", "bankAccountNumber", "vatNumber", "commerceNumber", "extraText", "companyName",
    "reminderEmail",
)  # fmt: skip
NUMBER_FIELDS = ("priceGroupNumber", "discountPercentage", "categoryId", "creditLimit", "paymentWithinDays")
FLAG_FIELDS = (
    "active", "neverPrintOrEmailReceipt", "alwaysPrintReceipt", "alwaysPrintLargeFormatReceipt",
    "alwaysEmailReceipt", "condenseCombinedInvoice", "directDebit",
)  # fmt: skip
SEARCHED = frozenset(TEXT_FIELDS) - {"extraText", "reminderEmail"}
_INDEXED = ("extRelationId", "email", "name")
FIRST_RELATION = 681

Value = str | int | bool | date | tuple[int, ...]


@dataclass(slots=True)
class Relation:
    """`fields` by the contract's names: texts, whole numbers, flags, `birthDate`, `categoryIds`,
    `defaultVatMethod`."""

    number: int
    created_at: datetime
    changed_at: datetime
    marker: int
    fields: dict[str, Value] = field(default_factory=dict)
    contacts: tuple[dict[str, Value], ...] = ()
    """The persons below a company (`contactList`), by the same names."""

    @property
    def name(self) -> str:
        """What an order shows of its customer."""
        return str(self.fields.get("name") or self.fields.get("companyName") or "")


class RelationBook:
    """All relations by number, with an index for the exact searches that a shop link makes."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._all: dict[int, Relation] = {}
        self._feed: MarkerFeed[int] = MarkerFeed()
        self._exact: dict[tuple[str, str], set[int]] = {}
        self._next = FIRST_RELATION

    @property
    def current(self) -> int:
        """The highest sync marker given."""
        return self._feed.current

    def get(self, number: int) -> Relation | None:
        """The relation of this number."""
        return self._all.get(number)

    def all(self) -> list[Relation]:
        """Every relation by number."""
        return list(self._all.values())

    def since(self, marker: int) -> list[Relation]:
        """Relations changed at or after this marker, rising."""
        return [self._all[number] for number in self._feed.since(marker)]

    def create(
        self, wanted: int, fields: dict[str, Value], contacts: tuple[dict[str, Value], ...] = ()
    ) -> Relation | str:
        """A new relation, or the tail of CreateRelationResult that refuses it. `wanted` 0: the next number.

        Not idempotent, and extRelationId is not unique (facts/mplus.md 6: UNVERIFIED): a caller that repeats
        itself makes doubles.
        """
        if wanted in self._all:
            return "FAILED-RELATION-NUMBER-ALREADY-TAKEN"
        if len(self._all) >= self._limit or wanted < 0:
            return "FAILED"
        if not (fields.get("name") or fields.get("companyName")):
            return "FAILED"
        number = wanted or self._free_number()
        at = self._clock()
        relation = Relation(number, at, at, self._feed.touch(number), {"active": True, **fields}, contacts)
        self._all[number] = relation
        self._index(relation)
        return relation

    def update(self, number: int, fields: dict[str, Value]) -> Relation | None:
        """Change the given fields only; None: no such relation."""
        relation = self._all.get(number)
        if relation is None:
            return None
        self._unindex(relation)
        relation.fields.update(fields)
        relation.changed_at = self._clock()
        relation.marker = self._feed.touch(number)
        self._index(relation)
        return relation

    def find(self, number: int, terms: dict[str, str], *, exact: bool) -> Relation | None:
        """The oldest relation that has every term; None without terms or without a hit.

        Case never counts. Not exact: a term is a fragment ("john d" finds "John Doe").
        """
        wanted = {name: term.casefold() for name, term in terms.items() if term and name in SEARCHED}
        if number:
            found = self._all.get(number)
            return found if found and _has(found, wanted, exact) else None
        if not wanted:
            return None
        for candidate in self._candidates(wanted) if exact else self._all.values():
            if _has(candidate, wanted, exact):
                return candidate
        return None

    def _candidates(self, wanted: dict[str, str]) -> list[Relation]:
        for name in _INDEXED:
            if name in wanted:
                return [self._all[number] for number in sorted(self._exact.get((name, wanted[name]), ()))]
        return list(self._all.values())

    def _free_number(self) -> int:
        while self._next in self._all:
            self._next += 1
        self._next += 1
        return self._next - 1

    def _index(self, relation: Relation) -> None:
        for name in _INDEXED:
            if value := relation.fields.get(name):
                self._exact.setdefault((name, str(value).casefold()), set()).add(relation.number)

    def _unindex(self, relation: Relation) -> None:
        for name in _INDEXED:
            key = (name, str(relation.fields.get(name, "")).casefold())
            numbers = self._exact.get(key)
            if numbers:
                numbers.discard(relation.number)
                if not numbers:
                    del self._exact[key]


def _has(relation: Relation, wanted: dict[str, str], exact: bool) -> bool:
    for name, term in wanted.items():
        value = str(relation.fields.get(name, "")).casefold()
        if (value != term) if exact else (term not in value):
            return False
    return True
