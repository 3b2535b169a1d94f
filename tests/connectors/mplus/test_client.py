from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from random import Random

import httpx
import pytest

from connectors.mplus import client as client_module
from connectors.mplus import lookups, orders, relations
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.retry import RetryPolicy
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused
from tests.connectors.mplus.test_soap import DRAFT
from tests.connectors.mplus.till import NO_RETRY, SECRET, SHOP, START, Till, envelope, fault, sample, tree

RETRY = RetryPolicy(tries=3)
VERSION = sample("resp_getApiVersion")
CUSTOMER = Customer(name="Jan", email="jan@example.nl")


@pytest.fixture
def till() -> Till:
    return Till()


async def test_an_answer_is_read_and_dated(till: Till) -> None:
    till.will("getApiVersion", VERSION)
    answered = await till.client().api_version()
    assert isinstance(answered, Delivered)
    answer = answered.answer
    assert answer.what == lookups.Version("67.1.3", "1.0.0")
    assert START < answer.asked_at < answer.answered_at == till.time.now
    [request] = till.requests
    assert request.method == "POST"
    assert request.url.raw_path == SHOP.endpoint().raw_path
    assert request.headers["host"] == "api.mplus.test:4711"


async def test_the_lookups_of_a_check(till: Till) -> None:
    till.will(
        "getBranches",
        envelope(
            tree("getBranchesResponse", tree("branches", tree(
                "branch", tree("branchNumber", 3), tree("branchName", "Utrecht"),
                tree("workplaces", tree("workplace", tree("workplaceNumber", 1)),
                     tree("workplace", tree("workplaceNumber", 2))),
            )))
        ),
    )  # fmt: skip
    method = tree("method", "BOL") + tree("description", "Bol.com") + tree("active", "false")
    till.will(
        "getPaymentMethods",
        envelope(tree("GetPaymentMethodsResponse", tree("paymentMethodList", tree("paymentMethod", method)))),
    )
    delivery = tree("deliveryMethod", tree("deliveryMethod", "POST"), tree("description", "Per post"))
    till.will(
        "getDeliveryMethods",
        envelope(tree("GetDeliveryMethodsResponse", tree("deliveryMethodList", delivery))),
    )
    client = till.client()
    branches, payment, ways = (
        await client.branches(),
        await client.payment_methods(),
        await client.delivery_methods(),
    )
    assert isinstance(branches, Delivered)
    assert isinstance(payment, Delivered)
    assert isinstance(ways, Delivered)
    assert branches.answer.what == [lookups.Branch(3, "Utrecht", (1, 2))]
    assert payment.answer.what == [lookups.Method("BOL", "Bol.com", usable=False)]
    assert ways.answer.what == [lookups.Method("POST", "Per post", usable=True)]


async def test_what_is_written_is_kept_as_it_came(till: Till) -> None:
    till.will("createRelation", sample("resp_createRelation"))
    heard: list[RawAnswer] = []
    answered = await till.client().send(relations.create(CUSTOMER), heard.append)
    assert isinstance(answered, Delivered)
    assert answered.answer.what == 682
    [raw] = heard
    assert (raw.vendor, raw.operation, raw.status, raw.body) == (
        "mplus", "createRelation", 200, sample("resp_createRelation"),
    )  # fmt: skip
    assert (raw.asked_at, raw.answered_at) == (answered.answer.asked_at, answered.answer.answered_at)


async def test_every_try_is_heard_and_the_secret_in_none(till: Till) -> None:
    till.will("findRelationV2", fault(said=f"no place for {SECRET}"), sample("resp_findRelation_none"))
    heard: list[RawAnswer] = []
    [search] = relations.searches(Customer(name="Jan", email="jan@example.nl"), "email").calls
    answered = await till.client(RetryPolicy(tries=2)).send(search, heard.append)
    assert isinstance(answered, Delivered)
    assert [one.status for one in heard] == [500, 200]
    assert SECRET.encode() not in heard[0].body
    assert b"no place for ***" in heard[0].body


async def test_of_what_is_not_kept_only_what_is_not_understood_is_heard(till: Till) -> None:
    till.will("getCurrentSyncMarkers", sample("resp_getCurrentSyncMarkers"), b"<html/>")
    heard: list[RawAnswer] = []
    client = till.client()
    assert isinstance(await client.send(lookups.sync_markers(), heard.append), Delivered)
    assert heard == []
    assert isinstance(await client.send(lookups.sync_markers(), heard.append), AnswerLost)
    assert [one.body for one in heard] == [b"<html/>"]


TROUBLE = "Mplus has trouble with getApiVersion"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (httpx.ConnectError(SECRET), NotSent(why="Mplus cannot be reached (ConnectError)")),
        (httpx.ConnectTimeout(SECRET), NotSent(why="Mplus cannot be reached (ConnectTimeout)")),
        (httpx.PoolTimeout(SECRET), NotSent(why="Mplus cannot be reached (PoolTimeout)")),
        (httpx.ReadTimeout(SECRET), AnswerLost(why="Mplus did not answer getApiVersion (ReadTimeout)")),
        (httpx.WriteError(SECRET), AnswerLost(why="Mplus did not answer getApiVersion (WriteError)")),
        (
            httpx.RemoteProtocolError(SECRET),
            AnswerLost(why="Mplus did not answer getApiVersion (RemoteProtocolError)"),
        ),
        (httpx.Response(429), NotSent(why="Mplus asks for patience (HTTP 429)")),
        (httpx.Response(502), AnswerLost(why="HTTP 502 to getApiVersion")),
        (
            httpx.Response(302, headers={"Location": "http://127.0.0.1:9/"}),
            Refused(said="HTTP 302 to getApiVersion: the api_url points elsewhere", code="302"),
        ),
        (
            fault("SOAP-ENV:Client", f"secret={SECRET.replace('&', '&amp;')} is bad"),
            Refused(said="secret=*** is bad", code="SOAP-ENV:Client"),
        ),
        (
            fault("SOAP-ENV:Server", "/?ident=x&amp;secret=abc oops"),
            AnswerLost(why=f"{TROUBLE} (SOAP-ENV:Server: /?ident=x&secret=*** oops)"),
        ),
        (
            httpx.Response(200, content=fault().content),
            AnswerLost(why=f"{TROUBLE} (SOAP-ENV:Server: trouble)"),
        ),
        (b"<html/>", AnswerLost(why="getApiVersion: the reply is <html>, not a SOAP envelope")),
        (
            f"<a{SECRET}>".encode(),
            AnswerLost(why="getApiVersion: the reply is not XML (line 1, column 7)"),
        ),
        (
            fault("SOAP-ENV:Client", "x" * 495 + SECRET.replace("&", "&amp;")),
            Refused(said="x" * 495 + "***", code="SOAP-ENV:Client"),
        ),
        (
            fault("SOAP-ENV:Server", "no " * 1000),
            AnswerLost(why=(f"{TROUBLE} (SOAP-ENV:Server: " + "no " * 1000)[:500]),
        ),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_an_outcome(
    till: Till, reply: bytes | httpx.Response | Exception, outcome: Failure
) -> None:
    till.will("getApiVersion", reply)
    assert await till.client().api_version() == outcome


async def test_a_body_that_breaks_off_is_a_lost_answer(till: Till) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield VERSION[:100]
        raise httpx.ReadError("gone")

    async def cut(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=parts())

    till.will("getApiVersion", cut)
    assert await till.client().api_version() == AnswerLost(
        why="the answer to getApiVersion was cut short (ReadError)"
    )


async def test_a_body_without_end_is_given_up(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LONGEST_SMALL", 1000)
    sent = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 400

    async def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=parts())

    till.will("getApiVersion", endless)
    assert await till.client().api_version() == AnswerLost(
        why="the answer to getApiVersion is longer than 1000 bytes"
    )
    assert sent == 3


async def test_a_reply_that_drips_ends_with_the_time_for_the_call(till: Till) -> None:
    cancelled = asyncio.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError("unreachable")

    till.will("getApiVersion", never, VERSION)
    client = till.client(small=0.01)
    assert await client.api_version() == AnswerLost(
        why="Mplus did not answer getApiVersion within 0.01 seconds"
    )
    assert cancelled.is_set()
    assert isinstance(await client.api_version(), Delivered)  # the lane is free again


async def test_what_may_be_repeated_is(till: Till) -> None:
    till.will("getApiVersion", httpx.ReadTimeout(""), fault(), VERSION)
    assert isinstance(await till.client(RETRY).api_version(), Delivered)
    assert till.asked == ["getApiVersion"] * 3
    assert len(till.time.slept) == 2


async def test_an_order_is_repeated_under_its_key(till: Till) -> None:
    till.will("createOrderV3", httpx.ReadTimeout(""), sample("resp_createOrderV3"))
    made = await till.client(RETRY).send(orders.create(DRAFT))
    assert isinstance(made, Delivered)
    assert made.answer.what == orders.Created("001a3cd4-3892-405b-9689-134b36656063", "2026-14", marker=513)
    assert till.requests[0].content == till.requests[1].content
    # The answer that counts is dated by the try that brought it.
    assert made.answer.asked_at > START + timedelta(seconds=till.time.slept[0])


async def test_a_relation_is_repeated_only_when_it_was_not_sent(till: Till) -> None:
    till.will("createRelation", httpx.ConnectError(""), httpx.ReadTimeout(""), sample("resp_createRelation"))
    lost = await till.client(RETRY).send(relations.create(CUSTOMER))
    assert lost == AnswerLost(why="Mplus did not answer createRelation (ReadTimeout)")
    assert till.asked == ["createRelation"] * 2


async def test_a_refusal_is_not_repeated(till: Till) -> None:
    till.will("getApiVersion", fault("SOAP-ENV:Client"))
    assert isinstance(await till.client(RETRY).api_version(), Refused)
    assert len(till.requests) == 1


async def test_our_own_mistakes_are_no_outcomes_and_free_the_lane(till: Till) -> None:
    async def broken(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    till.will("getApiVersion", broken, VERSION)
    client = till.client()
    with pytest.raises(ZeroDivisionError):
        await client.api_version()
    assert isinstance(await client.api_version(), Delivered)


async def test_a_clock_that_is_set_back_does_not_turn_the_order(till: Till) -> None:
    till.will("getApiVersion", VERSION)
    client = till.client()
    first = await client.api_version()
    till.time.now -= timedelta(hours=1)
    second = await client.api_version()
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert second.answer.asked_at >= first.answer.answered_at


async def test_the_secret_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    """Over a real socket, with everything that httpx, httpcore and asyncio have to say."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head.partition(b"\r\n")[0])
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        body = VERSION if len(heard) == 1 else b"nonsense"
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "asyncio"):  # whatever another test has made of them
        caplog.set_level(logging.DEBUG, logger=name)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    time = Till().time
    async with httpx.AsyncClient() as http:
        port = server.sockets[0].getsockname()[1]
        shop = MplusAdministration(f"http://127.0.0.1:{port}/", "winkel", SECRET)
        client = MplusClient(http, shop, time.clock, time.sleep, Random(1), NO_RETRY)
        assert isinstance(await client.api_version(), Delivered)
        assert isinstance(await client.api_version(), AnswerLost)
        server.close()
        await server.wait_closed()
        dead = await client.api_version()
    assert dead == NotSent(why="Mplus cannot be reached (ConnectError)")
    sent = b"POST /?ident=winkel&secret=s3cr%26t%2F%20%26%2Bp%C3%A4ssword HTTP/1.1"
    assert heard == [sent, sent]
    assert "HTTP Request: POST" in caplog.text
    assert f"127.0.0.1:{port}" in caplog.text
    for spelling in (SECRET, "s3cr", "ssword", "secret="):
        assert spelling not in caplog.text


class Gate:
    """Lets replies through one by one; knows what is under way."""

    def __init__(self, till: Till, **replies: bytes) -> None:
        self.under_way: list[str] = []
        self.most = 0
        self._open: dict[str, asyncio.Event] = {name: asyncio.Event() for name in replies}
        self._came = asyncio.Condition()
        for name, body in replies.items():
            till.will(name, self._held(name, body))

    def _held(self, name: str, body: bytes) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
        async def answer(request: httpx.Request) -> httpx.Response:
            self.under_way.append(name)
            self.most = max(self.most, len(self.under_way))
            async with self._came:
                self._came.notify_all()
            await self._open[name].wait()
            self.under_way.remove(name)
            return httpx.Response(200, content=body)

        return answer

    async def until(self, *under_way: str) -> None:
        async with asyncio.timeout(5), self._came:
            await self._came.wait_for(lambda: sorted(self.under_way) == sorted(under_way))

    def open(self, name: str) -> None:
        self._open[name].set()


def by_email() -> relations.Search:
    return relations.searches(CUSTOMER, "email").calls[0]


def of_each_kind(till: Till) -> Gate:
    """A booking, something long, and a look."""
    return Gate(
        till,
        createRelation=sample("resp_createRelation"),
        getOrders=sample("resp_getOrders"),
        findRelationV2=sample("resp_findRelation_none"),
    )


async def test_who_a_customer_is_is_looked_up_beside_a_booking(till: Till) -> None:
    gate = Gate(till, createRelation=sample("resp_createRelation"), getApiVersion=VERSION)
    till.will("findRelationV2", sample("resp_findRelation_none"))
    client = till.client()
    booking = asyncio.create_task(client.send(relations.create(CUSTOMER)))
    await gate.until("createRelation")
    behind = asyncio.create_task(client.api_version())
    assert isinstance(await client.send(by_email()), Delivered)
    assert gate.under_way == ["createRelation"], "what is no such look waits for its turn"
    gate.open("createRelation")
    await booking
    await gate.until("getApiVersion")
    gate.open("getApiVersion")
    await behind
    assert till.asked == ["createRelation", "findRelationV2", "getApiVersion"]


async def test_a_look_waits_for_its_turn_while_something_long_is_under_way(till: Till) -> None:
    """Two calls at once is all that an installation gets (facts/mplus.md 1.4)."""
    gate = of_each_kind(till)
    client = till.client()
    calls = [asyncio.create_task(client.send(orders.get_orders(0)))]
    await gate.until("getOrders")
    calls.append(asyncio.create_task(client.send(relations.create(CUSTOMER))))
    await gate.until("getOrders", "createRelation")
    calls.append(asyncio.create_task(client.send(by_email())))
    gate.open("createRelation")
    await gate.until("getOrders", "findRelationV2")
    gate.open("getOrders")
    gate.open("findRelationV2")
    assert all(isinstance(one, Delivered) for one in await asyncio.gather(*calls))
    assert gate.most == 2


async def test_something_long_waits_for_a_look_that_is_under_way(till: Till) -> None:
    gate = of_each_kind(till)
    client = till.client()
    calls = [asyncio.create_task(client.send(relations.create(CUSTOMER)))]
    await gate.until("createRelation")
    calls.append(asyncio.create_task(client.send(by_email())))
    await gate.until("createRelation", "findRelationV2")
    calls.append(asyncio.create_task(client.send(orders.get_orders(0))))
    gate.open("findRelationV2")
    await gate.until("createRelation", "getOrders")
    gate.open("createRelation")
    gate.open("getOrders")
    await asyncio.gather(*calls)
    assert gate.most == 2
