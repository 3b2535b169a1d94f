"""What the pages and the API share: the read model, who may ask for what, and answers that are still good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from app.console.live import Live
from app.readmodel import ReadModel, Standing
from app.readmodel.shown import Overview
from streams.vocabulary.time import Clock, seconds

AskOperator = Callable[[str, str, str], Awaitable[None]]
"""`ask_operator(connection, order_id, who)`: sends OperatorAsked to the orders flow. Raises LogUnavailable
when the log does not take it."""

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
        ask_operator: AskOperator | None,
    ) -> None:
        self.model = model
        self.live = live
        self.standing = standing
        self.clock = clock
        self.ask_operator = ask_operator
        self._kept: _Kept | None = None
        self._asking = asyncio.Lock()

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
