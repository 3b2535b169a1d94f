"""A bare SOAP caller for these tests: it builds envelopes by hand and holds every answer against the schema."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from lxml import etree

from connectors.mplus.simulator import MplusBooks, MplusSimulator, MplusSimulatorConfig

CONTRACTS = Path(__file__).parents[4] / "../shared/contracts"
SAMPLES = CONTRACTS / "mplus-samples"
SCHEMA = etree.XMLSchema(etree.parse(CONTRACTS / "mplusqapi-67.1.3.xsd"))
NS = "{urn:mplusqapi}"
ENV = "{http://schemas.xmlsoap.org/soap/envelope/}"


class Time:
    """A clock that moves only when told, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def envelope(operation: str, inner: str = "") -> bytes:
    return (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:mplusqapi">'
        f"<SOAP-ENV:Body><m:{operation} xmlns='urn:mplusqapi'>{inner}</m:{operation}>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


class Answer:
    """An element of an answer, read by path: `answer["order.lineList.line.articleNumber"]`."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.name = etree.QName(element).localname

    def __getitem__(self, path: str) -> str:
        found = self.element.find("/".join(NS + part for part in path.split(".")))
        assert found is not None, f"{path} is not in {etree.tostring(self.element).decode()}"
        return found.text or ""

    def get(self, path: str) -> str | None:
        found = self.element.find("/".join(NS + part for part in path.split(".")))
        return None if found is None else found.text or ""

    def each(self, path: str) -> list[Answer]:
        return [Answer(one) for one in self.element.findall("/".join(NS + part for part in path.split(".")))]

    def all(self, path: str) -> list[str]:
        return [one.element.text or "" for one in self.each(path)]


def body_of(content: bytes) -> Any:
    root = etree.fromstring(content)
    assert root.tag == ENV + "Envelope"
    [inner] = root.find(ENV + "Body")
    return inner


def checked(content: bytes) -> Answer:
    """The answer, valid by the vendor's schema, written with the live server's prefix."""
    inner = body_of(content)
    SCHEMA.assertValid(inner)
    assert inner.prefix == "ns"
    return Answer(inner)


@dataclass
class Shop:
    """A simulator and ways to reach it."""

    config: MplusSimulatorConfig
    simulator: MplusSimulator
    http: httpx.AsyncClient
    time: Time

    @property
    def books(self) -> MplusBooks:
        return self.simulator.books

    @property
    def url(self) -> str:
        return f"/?ident={self.config.ident}&secret={self.config.secret}"

    async def post(self, content: bytes) -> httpx.Response:
        return await self.http.post(self.url, content=content, headers={"Content-Type": "text/xml"})

    async def call(self, operation: str, inner: str = "") -> Answer:
        reply = await self.post(envelope(operation, inner))
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        return checked(reply.content)

    async def fault(self, operation: str, inner: str = "") -> tuple[str, str]:
        return fault_of(await self.post(envelope(operation, inner)))

    async def control(self, path: str, body: Any = None, status: int = 200) -> Any:
        reply = await self.http.post(f"/_control/{path}", json={} if body is None else body)
        assert reply.status_code == status, reply.text
        return reply.json()

    async def dump(self, query: str = "") -> Any:
        return (await self.http.get(f"/_control/books{query}")).json()

    async def free(self, article: int = 1001) -> int:
        stock = f"<request><branchNumber>1</branchNumber>{numbers(article)}</request>"
        return int((await self.call("getStock", stock))["articleStocks.amountFree"])

    async def relation(self, name: str = "Jan de Vries") -> int:
        made = await self.call("createRelation", f"<relation><name>{name}</name></relation>")
        return int(made["relationNumber"])

    async def order(
        self, ext: str = "BOL-1", quantity: int = 2, article: int = 1001, extra: str = ""
    ) -> Answer:
        relation = await self.relation()
        return await self.call(
            "createOrderV2", f"<request>{order(ext, relation, line(article, quantity), extra)}</request>"
        )


Opened = Callable[..., Awaitable[Shop]]


def fault_of(reply: httpx.Response) -> tuple[str, str]:
    """Status 500 with un-prefixed children (facts/mplus.md 1.5)."""
    assert reply.status_code == 500, reply.text
    fault = body_of(reply.content)
    assert fault.tag == ENV + "Fault"
    assert [child.tag for child in fault] == ["faultcode", "faultstring"]
    return fault[0].text, fault[1].text


def numbers(*articles: int) -> str:
    return f"<articleNumbers>{''.join(f'<articleNumbers>{one}</articleNumbers>' for one in articles)}</articleNumbers>"


def line(article: int, quantity: int, price: int = 1995, line_id: str = "") -> str:
    return (
        f"<line><lineId>{line_id}</lineId><articleNumber>{article}</articleNumber><data><quantity>{quantity}</quantity>"
        f"<decimalPlaces>0</decimalPlaces><price>{price}</price></data></line>"
    )


def order(ext: str, relation: int, lines: str, extra: str = "") -> str:
    return (
        f"<order><orderId/><extOrderId>{ext}</extOrderId><orderType>ORDER-TYPE-EXTERNAL-SALES-ORDER</orderType>"
        f"<relationNumber>{relation}</relationNumber>{extra}<lineList>{lines}</lineList></order>"
    )
