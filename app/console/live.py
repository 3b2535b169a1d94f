"""News for browsers: which things changed, not what they became. A browser asks for its page again.

One object per process, fed by the projection. Each browser has a short queue; one that is too slow loses its
queue and is told to look at everything again. So a slow browser costs nobody anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from app.readmodel import Applied

BROWSERS = 60
QUEUE = 16
"""News that wait for one browser."""
KEYS = 60
"""Things named in one piece of news; more of them and it just says that much changed."""
HEARTBEAT = 15.0
"""Seconds without news after which a sign of life is sent: proxies cut silent connections."""
PACE = 0.4
"""Seconds between two pieces of news to one browser; what comes in between is told together."""


class TooManyBrowsers(Exception):
    """No more are served live; the page then asks again by itself every few seconds."""


class News(msgspec.Struct, frozen=True):
    """What changed."""

    areas: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    everything: bool = False


RESYNC = News(everything=True)


class Browser:
    """One that listens. Made by `Live.listen`."""

    def __init__(self) -> None:
        self._queue: deque[News] = deque()
        self._arrived = asyncio.Event()
        self._ended = False

    def put(self, news: News) -> None:
        """Never blocks: a full queue is replaced by the word to look at everything."""
        if len(self._queue) >= QUEUE:
            self._queue.clear()
            news = RESYNC
        self._queue.append(news)
        self._arrived.set()

    def end(self) -> None:
        """No more will come."""
        self._ended = True
        self._arrived.set()

    async def next(self, timeout: float) -> News | None:
        """All that has come since the last time, as one; None after `timeout` seconds without any.
        Raises StopAsyncIteration at the end."""
        try:
            async with asyncio.timeout(timeout):
                await self._arrived.wait()
        except TimeoutError:
            return None
        if self._ended:
            raise StopAsyncIteration
        self._arrived.clear()
        waiting = list(self._queue)
        self._queue.clear()
        if any(news.everything for news in waiting):
            return RESYNC
        areas = sorted({area for news in waiting for area in news.areas})
        keys = sorted({key for news in waiting for key in news.keys})
        return RESYNC if len(keys) > KEYS else News(tuple(areas), tuple(keys))


class Live:
    """Tells every browser what changed."""

    def __init__(
        self,
        *,
        browsers: int = BROWSERS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self.version = 0
        """Counts the changes: what was made ready at the same version is still good."""
        self._most = browsers
        self._sleep = sleep
        self._heartbeat = heartbeat
        self._browsers: set[Browser] = set()
        self._closed = False

    def __len__(self) -> int:
        """How many browsers listen."""
        return len(self._browsers)

    def tell(self, applied: Applied) -> None:
        """For `Projection(on_applied=...)`, on the event loop."""
        self.version += 1
        keys = sorted(applied.keys)
        news = RESYNC if len(keys) > KEYS else News(tuple(sorted(applied.areas)), tuple(keys))
        for browser in self._browsers:
            browser.put(news)

    def listen(self) -> Browser:
        """A new browser. Raises TooManyBrowsers. Give it to `events`, which lets it go at the end."""
        if self._closed or len(self._browsers) >= self._most:
            raise TooManyBrowsers(f"{len(self._browsers)} browsers are served live, no more than that")
        browser = Browser()
        self._browsers.add(browser)
        return browser

    async def events(self, browser: Browser) -> AsyncIterator[bytes]:
        """The text/event-stream for one browser, until it goes away or `close`."""
        try:
            yield b"retry: 3000\nevent: hello\ndata: {}\n\n"
            while True:
                try:
                    news = await browser.next(self._heartbeat)
                except StopAsyncIteration:
                    return
                if news is None:
                    yield b": still here\n\n"
                    continue
                yield b"event: changed\ndata: " + msgspec.json.encode(news) + b"\n\n"
                await self._sleep(PACE)
        finally:
            self._browsers.discard(browser)

    def close(self) -> None:
        """Ends every stream. Call it before the server stops: a server waits for what it still serves."""
        self._closed = True
        for browser in list(self._browsers):
            browser.end()
