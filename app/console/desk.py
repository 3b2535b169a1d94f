"""What the pages and the API share: the read model, what is written by hand, and answers that are still good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from app.console.live import Live
from app.past import Past, stock_at
from app.readmodel import ReadModel, Standing
from app.readmodel.shown import Overview
from streams.codec import key_of
from streams.log.base import LogReader
from streams.vocabulary.activity import ReturnShown
from streams.vocabulary.events import (
    FlowName,
    Message,
    OperatorAsked,
    OperatorCancelled,
    OperatorHandled,
    OperatorResumed,
    OperatorShipped,
)
from streams.vocabulary.time import Clock, seconds

TellFlow = Callable[[str, Message], Awaitable[None]]
"""`tell(connection, message)`: puts what a person said into a flow's inbox. Raises LogUnavailable when the log does
not take it."""


class ReturnLike(Protocol):
    """A return as the read model has it. One on its own may have a `timeline`, as an order has."""

    @property
    def connection(self) -> str: ...

    @property
    def at(self) -> datetime: ...

    @property
    def shown(self) -> ReturnShown: ...


class Returns(Protocol):
    """What the read model answers about returns. All of it raises ReadModelUnavailable."""

    async def returns(
        self,
        connection: str | None = None,
        state: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Sequence[ReturnLike]:
        """The newest first: those with an item in this state. `after`: only what comes after the return with this
        `connection/return_id` in that order."""

    async def one_return(self, connection: str, return_id: str) -> ReturnLike | None:
        """One return."""

    async def open_returns(self) -> int:
        """How many wait for a person: with an item that is open or has failed."""


ByHand = OperatorAsked | OperatorShipped | OperatorCancelled | OperatorHandled | OperatorResumed


class OnlyShows(Exception):
    """This console has nobody to tell."""


LOOKED_THROUGH = 20_000
"""Records for one article of some time ago; `kassabrug stock explain --at` looks further back."""
PASTS = 16
GOOD_FOR = 10
"""Seconds after which the overview is asked for anew though nothing changed: its hour moves on."""


class Desk:
    """One per console."""

    def __init__(
        self,
        model: ReadModel,
        live: Live,
        standing: Standing,
        clock: Clock,
        tell: TellFlow | None,
        returns: Returns | None = None,
        log: LogReader | None = None,
    ) -> None:
        self.model = model
        self.live = live
        self.standing = standing
        self.clock = clock
        self.returns = returns
        self._tell = tell
        self._kept: _Kept | None = None
        self._asking = asyncio.Lock()
        self._log = log
        self._looking = asyncio.Lock()
        self._past: dict[tuple[str, str, datetime], Past] = {}

    @property
    def by_hand(self) -> bool:
        """Whether anything can be done from here."""
        return self._tell is not None

    async def tell(self, flow: FlowName, connection: str, entity: str, event: ByHand) -> None:
        """Writes it for the flow. Raises OnlyShows and LogUnavailable."""
        if self._tell is None:
            raise OnlyShows("This console only shows; it cannot ask.")
        await self._tell(connection, Message(flow=flow, entity=entity, event=event))

    async def open_returns(self) -> int:
        """How many returns wait for a person."""
        return 0 if self.returns is None else await self.returns.open_returns()

    @property
    def looks_back(self) -> bool:
        """Whether an article can be shown as it stood at some time."""
        return self._log is not None

    async def past(self, connection: str, article: str, at: datetime) -> Past:
        """The article as it stood at `at`, as far back as LOOKED_THROUGH records. Raises LogUnavailable.

        It is read in the process that works: one at a time, and what was found once is kept, since an open page asks
        again whenever anything changes."""
        assert self._log is not None
        which = (connection, article, at)
        async with self._looking:
            found = self._past.get(which)
            if found is None:
                found = await stock_at(self._log, key_of(connection, article), at, most=LOOKED_THROUGH)
                self._past = dict([*self._past.items(), (which, found)][-PASTS:])
            return found

    async def overview(self) -> Overview:
        """The overview; a crowd of browsers costs one question per change."""
        async with self._asking:
            kept, version, now = self._kept, self.live.version, self.clock()
            if kept is not None and kept.version == version and now - kept.overview.at < seconds(GOOD_FOR):
                return kept.overview
            overview = await self.model.overview()
            self._kept = _Kept(version, overview)
            return overview


class _Kept(NamedTuple):
    version: int
    overview: Overview
