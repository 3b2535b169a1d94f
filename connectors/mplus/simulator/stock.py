"""Stock per branch: what lies there, what undelivered orders have reserved, and so what is free to sell.

free = on hand - reserved (facts/mplus.md 5.1, 5.2). Amounts are Decimal: a till sells cheese by weight.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.mplus.simulator.markers import MarkerFeed
from streams.vocabulary.time import Clock

Place = tuple[int, int]
"""(branch number, article number)."""
NOTHING = Decimal(0)


@dataclass(slots=True)
class StockRow:
    """One article at one branch."""

    branch: int
    article: int
    opening: Decimal
    on_hand: Decimal
    stock_id: int
    changed_at: datetime
    reserved: Decimal = NOTHING
    incoming: Decimal = NOTHING

    @property
    def free(self) -> Decimal:
        """`amountFree`: may be negative, a till never refuses."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What moved the stock. `kind` is the tail of StockHistoryType; empty for what is no stock mutation."""

    cause: str
    kind: str = ""
    reference: str = ""
    """The order, session or document, for people."""
    order_id: str = ""
    packing_slip_id: str = ""
    receipt_id: str = ""
    workplace: int = 0
    """Of the receipt."""
    number: int = 0
    """Of the receipt, the correction or the delivery, within its year; 0: it has none."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A row of the stock history."""

    stock_id: int
    at: datetime
    branch: int
    article: int
    changed: Decimal
    before: Decimal
    after: Decimal
    origin: Origin


@dataclass(frozen=True, slots=True)
class FreeChange:
    """The free amount moved, whatever moved it: the truth that a bridge is measured against."""

    at: datetime
    branch: int
    article: int
    before: Decimal
    after: Decimal
    stock_id: int
    cause: str
    reference: str


class StockBook:
    """All stock rows, their history and every change of what is free."""

    def __init__(self, clock: Clock, *, reservations_move_stock_id: bool, history_limit: int) -> None:
        self._clock = clock
        self._reservations_move_stock_id = reservations_move_stock_id
        self._limit = history_limit
        self._rows: dict[Place, StockRow] = {}
        self._feed: MarkerFeed[Place] = MarkerFeed()
        self.history: list[Mutation] = []
        self.changes: list[FreeChange] = []
        self.history_dropped = 0
        self.changes_dropped = 0

    @property
    def current(self) -> int:
        """The highest stockId given."""
        return self._feed.current

    def open(self, branch: int, article: int, amount: Decimal) -> None:
        """Start an article at a branch. Not a mutation: it has a stockId, and no history."""
        place = (branch, article)
        self._rows[place] = StockRow(branch, article, amount, amount, self._feed.touch(place), self._clock())

    def row(self, branch: int, article: int) -> StockRow | None:
        """The row, or None: unknown branch, unknown article, or one that keeps no stock."""
        return self._rows.get((branch, article))

    def rows(self) -> Iterator[StockRow]:
        """Every row, in the order of opening."""
        return iter(self._rows.values())

    def since(self, stock_id: int) -> list[StockRow]:
        """Rows whose last stockId is at or above this one, rising."""
        return [self._rows[place] for place in self._feed.since(stock_id)]

    def move(
        self,
        row: StockRow,
        origin: Origin,
        *,
        on_hand: Decimal = NOTHING,
        reserved: Decimal = NOTHING,
        incoming: Decimal = NOTHING,
    ) -> int:
        """Change a row by these amounts at one moment and give its stockId.

        A change of what lies there is a mutation: a new stockId and a row of history. A change of what is
        reserved is neither, unless the configuration says so (facts/mplus.md 5.2, RISK).
        """
        before_free, before_hand = row.free, row.on_hand
        row.on_hand += on_hand
        row.reserved += reserved
        row.incoming += incoming
        at = self._clock()
        if on_hand or (reserved and self._reservations_move_stock_id):
            row.stock_id = self._feed.touch((row.branch, row.article))
            row.changed_at = at
        if on_hand:
            self.history.append(
                Mutation(row.stock_id, at, row.branch, row.article, on_hand, before_hand, row.on_hand, origin)
            )
            self.history_dropped += _trim(self.history, self._limit)
        if row.free != before_free:
            self.changes.append(
                FreeChange(
                    at,
                    row.branch,
                    row.article,
                    before_free,
                    row.free,
                    row.stock_id,
                    origin.cause,
                    origin.reference,
                )
            )
            self.changes_dropped += _trim(self.changes, self._limit)
        return row.stock_id

    def rewrite(self, row: StockRow, on_hand: Decimal) -> None:
        """What lies there as a restored database has it: no mutation, and the stockId is that of the backup."""
        row.on_hand = on_hand

    def history_since(self, stock_id: int) -> Iterator[Mutation]:
        """Mutations at or above this stockId, rising."""
        start = bisect_left(self.history, stock_id, key=lambda mutation: mutation.stock_id)
        for place in range(start, len(self.history)):
            yield self.history[place]


def _trim(kept: list[Mutation] | list[FreeChange], limit: int) -> int:
    """Cut back to `limit` once a quarter too many lies there; gives how many were dropped."""
    if len(kept) <= limit + limit // 4:
        return 0
    dropped = len(kept) - limit
    del kept[:dropped]
    return dropped
