"""One call of the client: what is sent, what comes of it, and that it never raises."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from random import Random

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import call
from connectors.bol.account import BolAccount
from connectors.bol.client import BolClient
from connectors.retry import RetryPolicy
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.outcomes import AnswerLost, Delivered, NotSent, Refused
from tests.connectors.bol.market import (
    LIST_ORDERS,
    NO_RETRY,
    OFFER,
    PATCH,
    SECRET,
    START,
    SUBSCRIBE,
    Market,
    Time,
    empty,
    limited,
    listed_page,
    odd,
    problem,
    process,
    token,
    told,
)

PUSH = call.patch_offer(OFFER, 12)
LIST = call.list_orders((("change-interval-minute", "3"),), 1)
CREATE = call.create_subscription("https://shop.test/bol", ("SHIPMENT",))
RETRY = RetryPolicy(tries=3)


async def test_a_call(market: Market) -> None:
    market.will(PATCH, empty())
    outcome = await market.client().send(PUSH)
    assert isinstance(outcome, Delivered)
    assert outcome.answer.raw == RawAnswer(
        vendor="bol", operation="patch-offer", status=204, body=b"", asked_at=START, answered_at=START
    )
    [request] = market.requests
    assert str(request.url) == f"https://api.bol.test/retailer/offers/{OFFER}"
    assert request.headers["user-agent"] == "kassabrug"
    assert market.sent() == {"stock": {"amount": 12, "managedByRetailer": True}}


async def test_the_answer_as_it_came(market: Market) -> None:
    market.will(LIST_ORDERS, odd(b' {"orders" : []} '))
    heard: list[RawAnswer] = []
    outcome = await market.client().send(LIST, hear=heard.append)
    assert isinstance(outcome, Delivered)
    assert outcome.answer.body == b' {"orders" : []} '
    assert heard == [outcome.answer.raw]


async def test_every_answer_is_heard(market: Market) -> None:
    market.will(PATCH, problem(503), problem(400, "no"))
    heard: list[RawAnswer] = []
    outcome = await market.client(RETRY).send(PUSH, hear=heard.append)
    assert outcome == Refused(said="HTTP 400 no", code="400")
    assert [one.status for one in heard] == [503, 400]
    assert orjson.loads(heard[1].body)["detail"] == "no"


# -- tokens


async def test_one_login_serves_all_calls(market: Market) -> None:
    market.will(PATCH, empty())
    client = market.client()
    outcomes = await asyncio.gather(*(client.send(PUSH) for _ in range(20)))
    assert all(isinstance(one, Delivered) for one in outcomes)
    assert len(market.logins) == 1


async def test_a_token_that_ended_early_is_replaced_once(market: Market) -> None:
    market.will(PATCH, empty())
    client = market.client()
    market.refused_tokens.add("token-1")
    assert isinstance(await client.send(PUSH), Delivered)
    assert (len(market.logins), len(market.requests)) == (2, 2)


async def test_where_no_token_is_taken_bol_has_the_last_word(market: Market) -> None:
    client = market.client(RETRY)
    market.refused_tokens.update(f"token-{number}" for number in range(10))
    outcome = await client.send(PUSH)
    assert outcome == Refused(said="HTTP 401 access token is invalid or has expired", code="401")
    for _ in range(20):
        await client.send(PUSH)
    assert len(market.logins) == 2


async def test_a_write_after_a_401_is_sent_again_for_it_was_not_done(market: Market) -> None:
    market.will(SUBSCRIBE, told(process(), 202))
    market.refused_tokens.add("token-1")
    assert isinstance(await market.client().send(CREATE), Delivered)


async def test_without_a_token_nothing_is_sent(market: Market) -> None:
    market.login.append(problem(503))
    outcome = await market.client().send(PUSH)
    assert isinstance(outcome, NotSent)
    assert market.requests == []


# -- trouble

UNSENT = [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x"), httpx.ProxyError("x")]
LOST = [
    httpx.ReadTimeout("x"),
    httpx.WriteTimeout("x"),
    httpx.ReadError("x"),
    httpx.WriteError("x"),
    httpx.RemoteProtocolError("x"),
    httpx.TooManyRedirects("x"),
    problem(500),
    problem(503),
    problem(408),
]


@pytest.mark.parametrize("trouble", UNSENT, ids=repr)
async def test_surely_not_sent(market: Market, trouble: Exception) -> None:
    market.will(SUBSCRIBE, trouble)
    outcome = await market.client().send(CREATE)
    assert outcome == NotSent(why=f"Bol cannot be reached ({type(trouble).__name__})")


@pytest.mark.parametrize("trouble", LOST, ids=repr)
async def test_it_may_have_taken_effect(market: Market, trouble: httpx.Response | Exception) -> None:
    market.will(SUBSCRIBE, trouble)
    outcome = await market.client(RETRY).send(CREATE)
    assert isinstance(outcome, AnswerLost)
    assert len(market.requests) == 1  # making something new is not repeated
    market.will(PATCH, trouble, empty())
    assert isinstance(await market.client(RETRY).send(PUSH), Delivered)


async def test_refused(market: Market) -> None:
    market.will(PATCH, problem(400, "Bad request", [{"name": "stock.amount", "reason": "too many"}]))
    outcome = await market.client(RETRY).send(PUSH)
    assert outcome == Refused(said="HTTP 400 Bad request; stock.amount: too many", code="400")
    assert len(market.requests) == 1


async def test_a_redirect_is_refused_and_not_followed(market: Market) -> None:
    market.will(PATCH, httpx.Response(307, headers={"location": "https://elsewhere.test/"}))
    assert await market.client().send(PUSH) == Refused(said="HTTP 307", code="307")
    assert len(market.requests) == 1


async def test_an_answer_that_is_too_long(market: Market) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=endless())

    client = client_of(answer)
    assert await client.send(LIST) == AnswerLost(why="Bol's answer is longer than 8388608 bytes")


async def test_an_answer_that_does_not_end(market: Market) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=drip())

    client = client_of(answer, seconds=0.01)
    assert await client.send(LIST) == AnswerLost(why="Bol did not answer within 0.01 seconds")


async def test_an_answer_cut_short(market: Market) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"{"
        raise httpx.ReadError("gone")

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=broken())

    assert await client_of(answer).send(LIST) == AnswerLost(why="Bol's answer was cut short (ReadError)")


async def test_a_packed_answer(market: Market) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, content=gzip.compress(b'{"orders":[]}'), headers={"content-encoding": "gzip"}
        )

    outcome = await client_of(answer).send(LIST)
    assert isinstance(outcome, Delivered)
    assert outcome.answer.body == b'{"orders":[]}'


async def test_an_answer_badly_packed(market: Market) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"no gzip"

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=stream(), headers={"content-encoding": "gzip"})

    outcome = await client_of(answer).send(LIST)
    assert outcome == AnswerLost(why="Bol's answer was cut short (DecodingError)")


async def test_cookies_are_not_kept_for_another_account(market: Market) -> None:
    market.will(PATCH, empty(set_cookie="session=1"))
    client = market.client()
    await client.send(PUSH)
    await client.send(PUSH)
    assert len(market.requests) == 2  # the market asserts that no cookie comes


def client_of(answer: object, seconds: float = 30.0) -> BolClient:
    async def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return token("token-1")
        made = await answer(request)  # type: ignore[operator]  # one of the functions above
        assert isinstance(made, httpx.Response)
        return made

    time = Time()
    http = httpx.AsyncClient(transport=httpx.MockTransport(serve))
    account = BolAccount("client 1", SECRET, "https://api.bol.test", "https://login.bol.test")
    return BolClient(http, account, time.clock, time.sleep, Random(1), NO_RETRY, seconds)


# -- limits


async def test_a_limit_that_is_nearly_over_is_waited_for(market: Market) -> None:
    market.will(PATCH, empty(**limited(50, 0, 1)), empty())
    client = market.client()
    await client.send(PUSH)
    assert isinstance(await client.send(PUSH), Delivered)
    assert market.time.slept == [1.0]


async def test_a_limit_that_is_long_over_is_left_to_the_flow(market: Market) -> None:
    market.will(LIST_ORDERS, listed_page())
    market.replies[LIST_ORDERS][0] = told({"orders": []}, **limited(25, 0, 60))
    client = market.client()
    await client.send(LIST)
    assert await client.send(LIST) == NotSent(why="Bol's limit for list-orders is used up", retry_after=60.0)
    assert market.time.slept == []
    assert isinstance(await client.send(LIST, patience=60.0), Delivered)
    assert market.time.slept == [60.0]


async def test_many_at_once_wait_in_all_no_longer_than_their_patience(market: Market) -> None:
    market.will(PATCH, empty(**limited(1, 0, 2)))
    client = market.client()
    await client.send(PUSH)
    outcomes = await asyncio.gather(*(client.send(PUSH) for _ in range(10)))
    assert {type(one) for one in outcomes} == {Delivered, NotSent}
    assert len(market.requests) <= 1 + (market.time.now - START).total_seconds() / 2 + 1


async def test_429_is_waited_out(market: Market) -> None:
    market.will(PATCH, problem(429, "too many", retry_after="2"), empty())
    assert isinstance(await market.client(RETRY).send(PUSH), Delivered)
    assert sum(market.time.slept) == pytest.approx(2, abs=0.2)


async def test_429_for_longer_goes_back_to_the_flow_and_the_next_call_is_not_sent(market: Market) -> None:
    market.will(PATCH, problem(429, "too many", retry_after="60"))
    client = market.client(RETRY)
    assert await client.send(PUSH) == NotSent(
        why="Bol asks for patience (HTTP 429 too many)", retry_after=60.0
    )
    assert isinstance(await client.send(PUSH), NotSent)
    assert len(market.requests) == 1


# -- secrets


async def test_no_secret_in_any_outcome(market: Market) -> None:
    for trouble in (*UNSENT, *LOST, problem(400), odd(b"x", 302)):
        market.will(PATCH, trouble)
        heard: list[RawAnswer] = []
        outcome = await market.client(RETRY).send(PUSH, hear=heard.append)
        told_here = repr((outcome, heard))
        assert SECRET not in told_here
        assert "token-" not in told_here
        market.replies[PATCH].clear()


answers = st.builds(
    httpx.Response,
    st.integers(200, 599),
    content=st.binary(max_size=50),
    headers=st.dictionaries(
        st.sampled_from(
            ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "content-type"]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6) | st.integers(0, 99).map(str),
    ),
)


@given(st.lists(answers, min_size=1, max_size=6))
async def test_whatever_bol_answers_is_an_outcome(script: list[httpx.Response]) -> None:
    left = list(script)

    async def answer(request: httpx.Request) -> httpx.Response:
        one = left.pop(0) if left else script[-1]
        return httpx.Response(one.status_code, headers=one.headers, content=one.content)

    client = client_of(answer)
    for _ in script:
        outcome = await client.send(LIST)
        assert isinstance(outcome, Delivered | Refused | NotSent | AnswerLost)
