"""The web server of a process: uvicorn on a socket that is ours before it starts, without its signal handling."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: any free one. Raises OSError saying which address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, or asyncio leaves Nagle's algorithm on for what is accepted on it: an answer whose
    # head and body go out in two writes then waits 40 ms for the other side's acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise OSError(
            error.errno,
            f"cannot listen on {host}:{port} ({error.strerror}). Is another kassabrug running? Set web.port otherwise",
        ) from None
    return sock


class Server:
    """Serves an app while it is entered."""

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        self._sock = sock
        self.port: int = sock.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=_Protocol,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        self._server = _Quiet(config)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Server:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._sock]), name="server")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._sock.close()

    async def failed(self) -> Exception:
        """Waits until the server is gone, and returns why."""
        assert self._task is not None, "enter it first"
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            return error
        return RuntimeError("the web server has stopped")


HEAD, HEAD_ENDS = b"HTTP/1.", b"\r\n\r\n"


class Joined:
    """A connection whose answers go out in one piece: uvicorn writes head and body one after the other, and each write
    is a call of the system, a packet, and a caller woken up."""

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        """A head waits for its body, no longer than this turn of the loop."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(HEAD) and data.endswith(HEAD_ENDS):
            self._head = data
            self._loop.call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Writes a head that no body followed."""
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)

    def close(self) -> None:
        """Closes it; what was written goes out first."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(cast(asyncio.Transport, Joined(transport, self.loop)))


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the command's business (app/cli)."""
        yield
