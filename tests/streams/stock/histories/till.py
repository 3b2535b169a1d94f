"""A model of the till (MplusKASSA): exact books of what lies at each branch, of orders, of what was ever changed.

No I/O, no clock of its own. Whatever moves stock is a `Mutation` with a place in one order of all that happened, so
that it can be told of any reading what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from streams.vocabulary.events import Part

NOTHING = Decimal(0)


@dataclass
class Amounts:
    """What lies somewhere, as `getStock` counts it (facts/mplus.md 5.1): free leaves out what is reserved."""

    free: Decimal = NOTHING
    reserved: Decimal = NOTHING
    incoming: Decimal = NOTHING

    def add(self, other: Amounts) -> None:
        self.free += other.free
        self.reserved += other.reserved
        self.incoming += other.incoming


@dataclass
class Mutation:
    """Something that moved an article's stock at a branch."""

    place: int
    """In the order of all that happened."""
    branch: int
    change: Amounts
    heard: bool = False
    """The bridge was told of this very one (a till sale); what is in a reading is heard with that."""
    shown: bool = True
    """Mplus shows it; a slave database does so late."""
    late: bool = False
    """It was shown late."""


@dataclass
class Article:
    """An article of the till."""

    number: int
    branches: dict[int, Amounts] = field(default_factory=dict)
    mutations: list[Mutation] = field(default_factory=list)
    markers: dict[int, int] = field(default_factory=dict)
    """`stockId` by branch."""
    parts: tuple[Part, ...] = ()
    stock_kept: bool = True
    active: bool = True
    described: int = 1
    """The marker of its description."""
    price_cents: int = 995

    @property
    def is_kit(self) -> bool:
        return bool(self.parts) and not self.stock_kept


class Till:
    """All its articles."""

    def __init__(self, moves_by_reserving: bool) -> None:
        self.articles: dict[int, Article] = {}
        self.moves_by_reserving = moves_by_reserving
        """Whether a reservation moves `stockId` (facts/mplus.md 5.2: unverified, perhaps not)."""
        self.place = 0
        self.stock_id = 100

    def stock(self, number: int, branches: dict[int, int]) -> Article:
        """A new article with so many pieces at each branch."""
        article = self.articles[number] = Article(number)
        for branch, count in branches.items():
            article.branches[branch] = Amounts()
            self.change(number, branch, free=Decimal(count))
        return article

    def change(
        self,
        number: int,
        branch: int,
        free: Decimal = NOTHING,
        reserved: Decimal = NOTHING,
        incoming: Decimal = NOTHING,
        shown: bool = True,
    ) -> Mutation:
        """Something moves stock. `shown` False: Mplus shows it later (`show`)."""
        article = self.articles[number]
        self.place += 1
        made = Mutation(self.place, branch, Amounts(free, reserved, incoming), shown=shown)
        article.mutations.append(made)
        if shown:
            self._book(article, made)
        return made

    def show(self, number: int, late: Mutation) -> None:
        """A slave database has reported it."""
        self.place += 1
        late.place, late.shown, late.late = self.place, True, True
        self._book(self.articles[number], late)

    def _book(self, article: Article, made: Mutation) -> None:
        article.branches[made.branch].add(made.change)
        reserving = made.change.free == -made.change.reserved and made.change.reserved != 0
        if self.moves_by_reserving or not reserving:
            self.stock_id += 1
            article.markers[made.branch] = self.stock_id

    def reserve(self, number: int, branch: int, quantity: Decimal) -> Mutation:
        """An order takes it (or, below 0, lets it go)."""
        return self.change(number, branch, free=-quantity, reserved=quantity)

    def leaves(self, number: int, quantity: Decimal) -> dict[int, Decimal]:
        """What an order of so many takes of which articles: a composed one's parts, and theirs."""
        article = self.articles[number]
        if not article.is_kit:
            return {number: quantity} if article.stock_kept else {}
        found: dict[int, Decimal] = {}
        for part in article.parts:
            for leaf, count in self.leaves(part.article_number, quantity * part.quantity).items():
                found[leaf] = found.get(leaf, NOTHING) + count
        return found
