"""One contract for both ways to the network: httpx's own transport (behind a proxy) and ours."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from connectors import transport as module
from connectors.mplus.administration import MplusAdministration
from connectors.transport import VendorHttp, VendorTransport, trusted, vendor_http

Serve = Callable[[bytes, int], Awaitable[bytes | None]]
"""A request as it came and its number on its connection, to the bytes of the answer; None: hang up."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Raw bytes both ways, on a free port."""

    def __init__(self, serve: Serve, hang_up: bool) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = asyncio.Event()
        self._serve = serve
        self._hang_up = hang_up

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = 0
        try:
            while head := await _head(reader):
                number += 1
                self.requests.append(head)
                answer = await self._serve(head, number)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if self._hang_up:
                    break
        except ConnectionError:
            pass
        finally:
            self.closed.set()
            writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            head += await reader.readexactly(int(value))
    return head


@asynccontextmanager
async def serving(serve: Serve, hang_up: bool = False) -> AsyncIterator[tuple[str, Server]]:
    """The address and what came there; `hang_up`: after each answer."""
    one = Server(serve, hang_up)
    listening = await asyncio.start_server(one.talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", one
    finally:
        listening.close()


@pytest.fixture(params=["ours", "httpx"])
async def http(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    waits = httpx.Timeout(5)
    async with (
        VendorHttp(waits)
        if request.param == "ours"
        else httpx.AsyncClient(timeout=waits, verify=trusted()) as client
    ):
        yield client


async def ok(_: bytes, __: int) -> bytes:
    return ANSWER


async def test_a_request_arrives_as_it_was_made(http: httpx.AsyncClient) -> None:
    async with serving(ok) as (url, server):
        address = httpx.URL(f"{url}/a%2Fb").copy_with(raw_path=b"/a%2Fb?secret=p%40ss%25w'%2B~%C3%A9&x=1")
        request = http.build_request(
            "PATCH", url, content=b"<x/>", headers={"SOAPAction": "get", "Accept": "a/b"}
        )
        request.url = address
        answer = await http.send(request)
    assert (answer.status_code, answer.content) == (200, b"ok")
    [came] = server.requests
    head, _, body = came.partition(b"\r\n\r\n")
    first, *rest = head.split(b"\r\n")
    assert first == b"PATCH /a%2Fb?secret=p%40ss%25w'%2B~%C3%A9&x=1 HTTP/1.1"
    assert body == b"<x/>"
    names = [line.partition(b":")[0].lower() for line in rest]
    assert sorted(names) == sorted(set(names)), "a header twice"
    assert {b"soapaction: get", b"accept: a/b", b"content-length: 4"} <= {line.lower() for line in rest}
    assert f"host: {url.removeprefix('http://')}".encode() in {line.lower() for line in rest}


async def test_the_secret_that_the_text_of_an_address_leaves_out_is_sent(http: httpx.AsyncClient) -> None:
    async with serving(ok) as (url, server):
        request = http.build_request("POST", url, content=b"x")
        request.url = MplusAdministration(url, "1234", "p@ss w%rd+~'").endpoint()
        assert "p%40ss" not in str(request.url)
        await http.send(request)
    [came] = server.requests
    assert came.split(b" ")[1] == request.url.raw_path
    assert b"p%40ss" in came


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
async def test_a_request_without_a_body_has_none(http: httpx.AsyncClient, method: str) -> None:
    async with serving(ok) as (url, server):
        await http.request(method, url)
    [came] = server.requests
    assert came.endswith(b"\r\n\r\n")
    assert b"content-type" not in came.lower()
    assert b"transfer-encoding" not in came.lower()


async def test_a_connection_is_used_again(http: httpx.AsyncClient) -> None:
    async with serving(ok) as (url, server):
        for _ in range(5):
            assert (await http.post(url, content=b"x")).content == b"ok"
    assert (server.connections, len(server.requests)) == (1, 5)


async def test_an_answer_that_is_not_read_to_its_end_closes_its_connection(http: httpx.AsyncClient) -> None:
    async def long(_: bytes, __: int) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 100_000

    async with serving(long) as (url, server):
        answer = await http.send(http.build_request("GET", url), stream=True)
        async for _ in answer.aiter_bytes():
            break
        await answer.aclose()
        async with asyncio.timeout(5):
            await server.closed.wait()


async def test_no_answer_of_nothing_there_is_surely_not_sent(http: httpx.AsyncClient) -> None:
    async with serving(ok) as (url, _):
        pass
    with pytest.raises(httpx.ConnectError):
        await http.post(url, content=b"x")


async def test_a_name_that_nobody_has_is_surely_not_sent(http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectError):
        await http.post("http://nobody.invalid/", content=b"x")


async def test_somebody_who_speaks_no_tls_is_surely_not_sent(http: httpx.AsyncClient) -> None:
    came = b""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += await reader.read(1000)
        writer.write(ANSWER)
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        with pytest.raises(httpx.ConnectError):
            await http.post(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/there", content=b"x")
    assert came
    assert b"there" not in came


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET", "PATCH"])
@pytest.mark.parametrize("at", [1, 2], ids=["new", "used before"])
async def test_a_connection_that_breaks_under_a_call_is_told_and_the_call_is_sent_once(
    http: httpx.AsyncClient, method: str, at: int
) -> None:
    """aiohttp sends a PUT or DELETE again by itself when a used connection breaks: Bol's cancellation is a PUT."""

    async def hang_up(_: bytes, number: int) -> bytes | None:
        return None if number == at else ANSWER

    async with serving(hang_up) as (url, server):
        for _ in range(at - 1):
            await http.get(url)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await http.request(method, url)
        assert len(server.requests) == at


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_rubbish_is_told_as_an_error_of_httpx(http: httpx.AsyncClient, answer: bytes) -> None:
    async def rubbish(_: bytes, __: int) -> bytes:
        return answer

    async with serving(rubbish, hang_up=True) as (url, server):
        with pytest.raises(httpx.HTTPError) as told:
            await http.post(f"{url}/?secret=hush", content=b"x")
    assert not isinstance(told.value, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    assert len(server.requests) == 1


async def test_silence_is_a_read_timeout(http: httpx.AsyncClient) -> None:
    async def silent(_: bytes, __: int) -> bytes:
        await asyncio.Event().wait()
        return b""

    async with serving(silent) as (url, server):
        with pytest.raises(httpx.ReadTimeout):
            await http.post(url, content=b"x", timeout=0.2)
    assert len(server.requests) == 1


async def test_redirects_are_not_followed_and_cookies_not_kept(http: httpx.AsyncClient) -> None:
    async def moved(_: bytes, __: int) -> bytes:
        return b"HTTP/1.1 302 Found\r\nLocation: /there\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"

    async with serving(moved) as (url, server):
        answer = await http.get(url)
        http.cookies.clear()
        await http.get(url)
    assert (answer.status_code, answer.headers["location"]) == (302, "/there")
    assert len(server.requests) == 2
    assert not any(b"cookie" in one.lower() for one in server.requests)


async def test_a_compressed_answer_comes_out_whole(http: httpx.AsyncClient) -> None:
    body = gzip.compress(b"hello" * 1000)

    async def zipped(_: bytes, __: int) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async with serving(zipped) as (url, _):
        assert (await http.get(url)).content == b"hello" * 1000


async def test_many_calls_at_once(http: httpx.AsyncClient) -> None:
    async with serving(ok) as (url, server):
        answers = await asyncio.gather(*(http.post(url, content=b"x") for _ in range(50)))
    assert [answer.content for answer in answers] == [b"ok"] * 50
    assert len(server.requests) == 50


async def test_no_error_holds_the_address() -> None:
    async with serving(ok) as (url, _):
        pass
    async with VendorHttp(httpx.Timeout(5)) as http:
        for address in (f"{url}/?secret=hush", "ftp://somewhere/?secret=hush", "http:///?secret=hush"):
            with pytest.raises(httpx.HTTPError) as told:
                await http.post(address, content=b"x")
            error: BaseException | None = told.value
            while error is not None:
                assert "hush" not in str(error)
                error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


async def test_it_can_be_closed_without_having_been_used_and_twice() -> None:
    way = VendorTransport()
    await way.aclose()
    async with serving(ok) as (url, _), httpx.AsyncClient(transport=way) as http:
        await http.get(url)
    await way.aclose()


def test_behind_a_proxy_httpx_has_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "getproxies", dict)
    assert isinstance(vendor_http(), VendorHttp)
    monkeypatch.setattr(module, "getproxies", lambda: {"https": "http://proxy.example:3128"})
    assert type(vendor_http()) is httpx.AsyncClient
