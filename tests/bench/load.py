"""A load of HTTP posts over kept connections, for comparing two servers in one run."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple, cast


class _Caller(asyncio.Protocol):
    """Sends the same request again as soon as the answer is in."""

    def __init__(self, request: bytes, took: list[float], bad: list[bytes], until: float) -> None:
        self._request = request
        self._took = took
        self._bad = bad
        self._until = until
        self._waiting = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        if self._sent >= self._until:
            self._transport.close()
            return
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        head, found, body = self._waiting.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._bad.append(head[:60])
        self._took.append(time.perf_counter() - self._sent)
        self._waiting = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Load(NamedTuple):
    """What a server did under it."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answered: int


async def load(port: int, request: bytes, callers: int, seconds: float) -> Load:
    """Raises RuntimeError for an answer that is not 200."""
    took: list[float] = []
    bad: list[bytes] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Caller(request, took, bad, began + seconds), "127.0.0.1", port)
        for _ in range(callers)
    ]
    await asyncio.gather(*(caller.done for _, caller in made))
    if bad:
        raise RuntimeError(f"{len(bad)} answers were not 200, the first: {bad[0]!r}")
    took.sort()
    return Load(
        len(took) / (time.perf_counter() - began),
        took[len(took) // 2] * 1000,
        took[int(len(took) * 0.99)] * 1000,
        len(took),
    )


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
