"""The read model: one object that opens the database and answers the console's questions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from app.readmodel import writing
from app.readmodel.database import Database, ReadModelUnavailable
from app.readmodel.freshness import Freshness
from app.readmodel.queries import (
    articles,
    deadletters,
    figures,
    guards,
    history,
    orders,
    overview,
    returns,
    unmatched,
)
from app.readmodel.queries.history import HistoryFilter
from app.readmodel.queries.orders import OrderFilter
from app.readmodel.queries.paging import SIZE
from app.readmodel.shown import (
    ArticleDetail,
    ArticleRow,
    ConnectionRow,
    DeadLetter,
    GuardRow,
    HistoryLine,
    KnownArticle,
    Matches,
    OrderDetail,
    OrderRow,
    Overview,
    Page,
    ReturnDetail,
    ReturnRow,
    StuckThing,
    UnmatchedCounts,
    UnmatchedRow,
)
from streams.vocabulary.time import Clock

__all__ = ["HistoryFilter", "OrderFilter", "ReadModel", "ReadModelUnavailable"]


class ReadModel:
    """Made by `open`. Every question runs in a thread and raises ReadModelUnavailable when it cannot be
    answered now."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """For `open` only."""
        self.database = database
        self._clock = clock

    @classmethod
    async def open(cls, where: str | Path, *, clock: Clock, password: str = "") -> ReadModel:
        """`where`, `password`: see Database. Tables of an older version are emptied and read from the log again.
        Raises ReadModelUnavailable."""
        database = Database(where, password)
        try:
            await database.write(writing.prepare)
        except BaseException:
            await database.close()
            raise
        return cls(database, clock)

    @classmethod
    async def look(cls, where: str | Path, *, clock: Clock, password: str = "") -> ReadModel:
        """To look into only, also while a console writes it: nothing is made or emptied. Raises ReadModelUnavailable
        where there is none, or one that another version made."""
        if isinstance(where, Path) and not await asyncio.to_thread(where.is_file):
            raise ReadModelUnavailable(
                f"there is no read model at {where} yet: `kassabrug up` or `kassabrug console` makes it from the log"
            )
        database = Database(where, password)
        try:
            await database.read(writing.check)
        except BaseException:
            await database.close()
            raise
        return cls(database, clock)

    async def close(self) -> None:
        """Waits for the questions under way."""
        await self.database.close()

    async def overview(self) -> Overview:
        """The first page."""
        now = self._clock()
        return await self.database.read(lambda db: overview.overview(db, now))

    async def stuck(self, limit: int = 200) -> tuple[StuckThing, ...]:
        """What cannot go on, stuck longest first."""
        return await self.database.read(lambda db: overview.stuck_things(db, limit))

    async def history(self, wanted: HistoryFilter) -> tuple[HistoryLine, ...]:
        """Lines, the newest first."""
        return await self.database.read(lambda db: history.lines(db, wanted))

    async def articles(
        self, *, search: str = "", connection: str = "", stuck: bool = False, page: int = 1
    ) -> Page[ArticleRow]:
        """Articles that an offer sells, or all that a search finds."""
        return await self.database.read(
            lambda db: articles.article_page(db, search=search, of=connection, stuck=stuck, number=page)
        )

    async def article(self, connection: str, number: str) -> ArticleDetail | None:
        """One article."""
        return await self.database.read(lambda db: articles.article(db, connection, number))

    async def matching(self, text: str, of: Sequence[str]) -> Matches:
        """The articles that are meant by this at these connections (number, EAN, offer, or words of it)."""
        return await self.database.read(lambda db: articles.matching(db, text, of))

    async def alike(self, text: str, of: Sequence[str]) -> tuple[KnownArticle, ...]:
        """Articles with a word like one of these: what was perhaps meant."""
        return await self.database.read(lambda db: articles.alike(db, text, of))

    async def orders(self, wanted: OrderFilter | None = None, page: int = 1) -> Page[OrderRow]:
        """Orders: late ones first, then the newest."""
        return await self.database.read(lambda db: orders.order_page(db, wanted or OrderFilter(), page))

    async def order(self, connection: str, order_id: str) -> OrderDetail | None:
        """One order with its timeline."""
        return await self.database.read(lambda db: orders.order(db, connection, order_id))

    async def returns(
        self,
        connection: str | None = None,
        state: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> tuple[ReturnRow, ...]:
        """Returns, the newest registered first: those with an item in this state. `after`: only what comes after the
        return with this `connection/return_id`."""
        return await self.database.read(lambda db: returns.return_rows(db, connection, state, limit, after))

    async def one_return(self, connection: str, return_id: str) -> ReturnDetail | None:
        """One return with its timeline."""
        return await self.database.read(lambda db: returns.one_return(db, connection, return_id))

    async def open_returns(self) -> int:
        """How many returns wait for a person."""
        return await self.database.read(returns.waiting)

    async def unmatched(
        self, *, side: str = "", connection: str = "", search: str = "", page: int = 1, size: int = SIZE
    ) -> Page[UnmatchedRow]:
        """Offers without an article (side `bol`) and articles without an offer (`mplus`), the newest first."""
        return await self.database.read(
            lambda db: unmatched.unmatched_page(
                db, side=side, of=connection, search=search, number=page, size=size
            )
        )

    async def unmatched_counts(self, connection: str = "") -> UnmatchedCounts:
        """How many there are on each side."""
        return await self.database.read(lambda db: unmatched.unmatched_counts(db, connection))

    async def dead_letters(self, *, connection: str = "", page: int = 1) -> Page[DeadLetter]:
        """Records that could not be read or applied, the newest first."""
        return await self.database.read(
            lambda db: deadletters.dead_letter_page(db, of=connection, number=page)
        )

    async def dead_letter(self, number: int) -> DeadLetter | None:
        """One of them, with its masked body."""
        return await self.database.read(lambda db: deadletters.dead_letter(db, number))

    async def connections(self) -> tuple[ConnectionRow, ...]:
        """Every connection with its sweeps."""
        now = self._clock()
        return await self.database.read(lambda db: overview.connection_rows(db, now))

    async def guards(self) -> tuple[GuardRow, ...]:
        """Whether numbers are stopped: every connection of which the guards have said anything."""
        return await self.database.read(guards.guard_rows)

    async def freshness(self, minutes: int = figures.HOUR) -> tuple[Freshness, ...]:
        """How long it took, by kind, over the last minutes (at most a day)."""
        now = self._clock()
        span = max(1, min(minutes, figures.DAY))
        return await self.database.read(lambda db: figures.freshness_of(db, now, span))
