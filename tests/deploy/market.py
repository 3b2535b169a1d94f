"""The demo's market, with both simulators as processes of their own: what a customer does goes over HTTP too."""

from __future__ import annotations

import asyncio

import httpx

from app.demo.market import Market
from streams.vocabulary.time import system_clock


class MarketOutside(Market):
    """Over simulators that run already, `kassabrug simulate`; stocked with the same range by the same seed."""

    def __init__(self, seed: int, articles: int, bol: str, mplus: str) -> None:
        super().__init__(seed, articles, "", system_clock, asyncio.sleep)
        self.bol_url, self.mplus_url = bol, mplus

    async def _set_up(self) -> None:
        bol, mplus = (httpx.AsyncClient(base_url=url, timeout=30) for url in (self.bol_url, self.mplus_url))
        self._bol = await self._stack.enter_async_context(bol)
        self._mplus = await self._stack.enter_async_context(mplus)
        await self._stock_offers()
