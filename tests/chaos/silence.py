"""Vendors that take every call and never answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TOKEN = b'{"access_token":"x","token_type":"Bearer","expires_in":299}'


class Silence:
    """A vendor that lets everybody in and never says another word."""

    def __init__(self) -> None:
        self.callers = 0
        self.most = 0
        self.ended = asyncio.Event()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n")
        if b" /token" in asked:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(TOKEN), TOKEN))
            await writer.drain()
            writer.close()
            return
        self.callers += 1
        self.most = max(self.most, self.callers)
        ending = asyncio.ensure_future(self.ended.wait())
        hearing = asyncio.ensure_future(self._until_hung_up(reader))
        await asyncio.wait((ending, hearing), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        hearing.cancel()
        self.callers -= 1
        writer.transport.abort()

    async def _until_hung_up(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(4096):
                pass


@asynccontextmanager
async def silence() -> AsyncIterator[tuple[Silence, str]]:
    """It, and its address."""
    one = Silence()
    server = await asyncio.start_server(one.hear, "127.0.0.1", 0)
    try:
        yield one, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        one.ended.set()
        await asyncio.sleep(0)
