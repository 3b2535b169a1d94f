"""A TCP proxy whose connections can be cut and stalled: between the bridge and a broker, or a vendor."""

from __future__ import annotations

import asyncio
import contextlib

CHUNK = 64 * 1024


class Proxy:
    """One listener on a free port, to one address."""

    def __init__(self) -> None:
        self.port = 0
        self.to = ("127.0.0.1", 0)
        self.cuts = 0
        self.held = 0
        """Pieces that had to wait, so far."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def open(self, port: int = 0) -> Proxy:
        """Listens. Where to is set by `to`, before the first connection."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Ends; every connection is cut."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def carries(self) -> bool:
        """Whether there is a connection."""
        return bool(self._open)

    def cut(self) -> int:
        """Resets every connection in the midst of whatever it carries. How many there were."""
        count = len(self._open)
        for writer in list(self._open):
            writer.transport.abort()
        self.cuts += count
        return count

    async def stall(self, seconds: float) -> int:
        """Nothing gets through, in either direction, for so long. How many pieces had to wait for that."""
        before = self.held
        self._flowing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._flowing.set()
        return self.held - before

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await asyncio.open_connection(*self.to)
        except OSError:
            writer.transport.abort()
            self._tasks.discard(task)
            return
        self._open |= {writer, back}
        with contextlib.suppress(asyncio.CancelledError):  # closed: the server asks after how its task ended
            await self._join(reader, writer, there, back)
        self._tasks.discard(task)

    async def _join(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        try:
            ways = [
                asyncio.ensure_future(self._pass(reader, back)),
                asyncio.ensure_future(self._pass(there, writer)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            for one in (writer, back):
                self._open.discard(one)
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ConnectionError):
            while data := await reader.read(CHUNK):
                self.held += not self._flowing.is_set()
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
