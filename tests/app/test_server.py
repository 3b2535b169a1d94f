"""The web server of a process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
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


async def answer_pieces(app: Starlette, pieces: int) -> list[bytes]:
    """What comes of one request, as the system's calls brought it."""
    async with Server(app, listen("127.0.0.1", 0)) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as one:
            one.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(one, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return [await loop.sock_recv(one, 65536) for _ in range(pieces)]


async def test_head_and_body_come_in_one_piece() -> None:
    async def hello(request: Request) -> Response:
        return Response("hello")

    (answer,) = await answer_pieces(Starlette(routes=[Route("/", hello)]), 1)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")


async def test_a_head_does_not_wait_for_a_body_that_takes_its_time() -> None:
    go_on = asyncio.Event()

    async def slow(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            await go_on.wait()
            yield b"late"

        return StreamingResponse(parts())

    async with Server(Starlette(routes=[Route("/", slow)]), listen("127.0.0.1", 0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        go_on.set()
        assert b"late" in await reader.readuntil(b"late")
        writer.close()


async def test_it_serves_while_entered() -> None:
    async def hello(request: Request) -> Response:
        return Response("hello")

    server = Server(Starlette(routes=[Route("/", hello)]), listen("127.0.0.1", 0))
    async with server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        assert (await http.get("/")).text == "hello"
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as http:
            await http.get(f"http://127.0.0.1:{server.port}/")
