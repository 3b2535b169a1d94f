"""A scripted Mplus for these tests: it holds every request against the vendor's schema and answers as told."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
from lxml import etree

from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.retry import RetryPolicy

CONTRACTS = Path(__file__).parents[3] / "../shared/contracts"
SAMPLES = CONTRACTS / "mplus-samples"
SCHEMA = etree.XMLSchema(etree.parse(CONTRACTS / "mplusqapi-67.1.3.xsd"))
ENV = "{http://schemas.xmlsoap.org/soap/envelope/}"
SECRET = "s3cr&t/ &+pässword"
SHOP = MplusAdministration("https://api.mplus.test:4711/", "winkel 1", SECRET)
START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NO_RETRY = RetryPolicy(tries=1)

Reply = bytes | httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]


class Time:
    """A clock that moves on by a millisecond each time it is looked at, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Till:
    """Replies by operation, first come first served; the last one of an operation stays."""

    def __init__(self) -> None:
        self.replies: defaultdict[str, deque[Reply]] = defaultdict(deque)
        self.requests: list[httpx.Request] = []
        self.time = Time()

    def will(self, operation: str, *replies: Reply) -> None:
        self.replies[operation].extend(replies)

    @property
    def asked(self) -> list[str]:
        """The operations asked for, in order."""
        return [request.headers["SOAPAction"] for request in self.requests]

    def sent(self, place: int = -1) -> Any:
        """The operation element of a request."""
        return operation_of(self.requests[place].content)

    def client(
        self, policy: RetryPolicy = NO_RETRY, shop: MplusAdministration = SHOP, **more: Any
    ) -> MplusClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        return MplusClient(http, shop, self.time.clock, self.time.sleep, Random(1), policy, **more)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = request.headers["SOAPAction"]
        sent = operation_of(request.content)
        SCHEMA.assertValid(sent)
        assert etree.QName(sent).localname == name
        assert request.headers["content-type"] == "text/xml; charset=utf-8"
        assert dict(request.url.params) == {"ident": SHOP.ident, "secret": SECRET}
        waiting = self.replies[name]
        reply = waiting.popleft() if len(waiting) > 1 else waiting[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, bytes):
            return httpx.Response(200, content=reply)
        if isinstance(reply, httpx.Response):
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
        return await reply(request)


def operation_of(content: bytes) -> Any:
    root = etree.fromstring(content)
    assert root.tag == ENV + "Envelope"
    [inner] = root.find(ENV + "Body")
    return inner


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.xml").read_bytes()


def envelope(inner: str) -> bytes:
    """A reply as the live server writes it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:mplusqapi">'
        f"<SOAP-ENV:Header/><SOAP-ENV:Body>{inner}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def tree(name: str, *content: object) -> str:
    """`<ns:name>` around text or other trees."""
    return f"<ns:{name}>{''.join(map(str, content))}</ns:{name}>"


def fault(code: str = "SOAP-ENV:Server", said: str = "trouble") -> httpx.Response:
    inner = f"<SOAP-ENV:Fault><faultcode>{code}</faultcode><faultstring>{said}</faultstring></SOAP-ENV:Fault>"
    return httpx.Response(500, content=envelope(inner))


def stock_row(
    article: int, free: int = 10, branch: int | None = 1, marker: int = 100, places: int = 0
) -> str:
    return tree(
        "articleStocks",
        tree("branchNumber", branch) if branch is not None else "",
        tree("articleNumber", article),
        tree("stockId", marker),
        tree("amountFree", free),
        tree("decimalPlacesFree", places),
        tree("amountReserved", 3),
        tree("decimalPlacesReserved", 0),
        tree("amountIncoming", 20),
        tree("decimalPlacesIncoming", 0),
        tree("isDayStockArticle", "false"),
    )


def stock_reply(*rows: str) -> bytes:
    return envelope(tree("GetStockResponse", *rows))


def articles_asked(sent: Any) -> list[int]:
    """The article numbers of a getStock request."""
    return [int(one.text) for one in sent.findall(".//{*}articleNumbers/{*}articleNumbers")]


async def stock_as_asked(request: httpx.Request) -> httpx.Response:
    """Every article that is asked for has as many free as its number has units."""
    sent = operation_of(request.content)
    branch = int(sent.find(".//{*}branchNumber").text)
    rows = [stock_row(number, free=number % 10, branch=branch) for number in articles_asked(sent)]
    return httpx.Response(200, content=stock_reply(*rows))
