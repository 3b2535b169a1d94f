"""The web server of a process."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.server import Server, listen


def test_a_taken_port_is_named_with_what_to_do() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port}.*web\.port"):
        listen("127.0.0.1", port)
    first.close()


async def test_accepted_connections_do_not_wait_for_acknowledgements() -> None:
    """Regression: a listening socket without its protocol named cost 40 ms an answer."""
    sock = listen("127.0.0.1", 0)
    delays: list[int] = []

    class Probe(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            given = transport.get_extra_info("socket")
            delays.append(given.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    server = await asyncio.get_running_loop().create_server(Probe, sock=sock)
    reader, writer = await asyncio.open_connection(*sock.getsockname())
    await reader.read()
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    assert delays[0] != 0


async def test_it_serves_while_entered() -> None:
    async def hello(request: Request) -> Response:
        return Response("hello")

    server = Server(Starlette(routes=[Route("/", hello)]), listen("127.0.0.1", 0))
    async with server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        assert (await http.get("/")).text == "hello"
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as http:
            await http.get(f"http://127.0.0.1:{server.port}/")
