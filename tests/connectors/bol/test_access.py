"""The token: one at a time, renewed in time, and no more logins than are needed."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.access import Access
from streams.vocabulary.outcomes import Delivered, NotSent, Refused
from tests.connectors.bol.market import SECRET, SHOP, START, Market, problem, token


@pytest.fixture
def access(market: Market) -> Access:
    return make(market)


def make(market: Market) -> Access:
    http = httpx.AsyncClient(transport=market.transport)
    return Access(http, SHOP, market.time.clock)


async def test_one_login_for_many(market: Market, access: Access) -> None:
    got = await asyncio.gather(*(access.token() for _ in range(50)))
    assert got == [Delivered("token-1")] * 50
    market.time.go(238)
    assert await access.token() == Delivered("token-1")
    assert len(market.logins) == 1


async def test_renewed_before_its_end_by_one_while_the_others_go_on(market: Market, access: Access) -> None:
    await access.token()
    market.time.go(240)
    asked, gate = asyncio.Event(), asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        asked.set()
        await gate.wait()
        return token("token-new")

    market.login.append(slowly)
    renewing = asyncio.create_task(access.token())
    await asked.wait()
    assert await access.token() == Delivered("token-1")
    gate.set()
    assert await renewing == Delivered("token-new")
    assert await access.token() == Delivered("token-new")
    assert len(market.logins) == 2


async def test_a_renewal_that_fails_is_no_trouble_while_the_token_lasts(
    market: Market, access: Access
) -> None:
    await access.token()
    market.login.append(problem(503))
    market.time.go(240)
    for _ in range(3):
        assert await access.token() == Delivered("token-1")
    assert len(market.logins) == 2
    market.time.go(1)
    assert await access.token() == Delivered("token-1")
    assert len(market.logins) == 3
    market.time.go(49)
    assert isinstance(await access.token(), NotSent)


async def test_past_its_end_nobody_uses_it(market: Market, access: Access) -> None:
    await access.token()
    market.time.go(289)
    got = await asyncio.gather(*(access.token() for _ in range(20)))
    assert got == [Delivered("token-2")] * 20


async def test_the_one_who_asks_is_cancelled_and_another_goes_on(market: Market, access: Access) -> None:
    asked = asyncio.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    market.login.extend((never, token("token-x")))
    first = asyncio.create_task(access.token())
    await asked.wait()
    second = asyncio.create_task(access.token())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == Delivered("token-x")
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_token_that_bol_does_not_take_is_replaced_once_a_minute(
    market: Market, access: Access
) -> None:
    assert access.forget("never seen")
    await access.token()
    assert access.forget("token-1")
    assert access.forget("token-1")  # another call, same token
    assert await access.token() == Delivered("token-2")
    assert access.forget("token-1")
    assert not access.forget("token-2")
    assert await access.token() == Delivered("token-2")
    market.time.go(60)
    assert access.forget("token-2")
    assert await access.token() == Delivered("token-3")


async def test_refused_credentials_are_tried_less_and_less(market: Market, access: Access) -> None:
    market.login.append(
        httpx.Response(
            401, json={"error": "invalid_client", "error_description": "Invalid client\ncredentials"}
        )
    )
    first = await access.token()
    assert isinstance(first, Refused)
    assert first.code == "401"
    assert first.said == (
        "Bol's login refuses client id and secret (HTTP 401, Invalid client credentials): look them up in the "
        "partner site under API settings"
    )
    tried_at = [0.0]
    for second in range(1, 3600):
        market.time.go(1)
        assert await access.token() == first
        if len(market.logins) > len(tried_at):
            tried_at.append(second)
    pauses = [later - earlier for earlier, later in pairwise(tried_at)]
    assert pauses[:7] == [10, 20, 40, 80, 160, 300, 300]
    assert len(market.logins) < 20


async def test_trouble_is_tried_again_soon(market: Market, access: Access) -> None:
    market.login.append(httpx.ConnectError("no route"))
    first = await access.token()
    assert first == NotSent(
        why="no token from Bol's login: Bol cannot be reached (ConnectError)", retry_after=1.0
    )
    market.time.go(0.4)
    again = await access.token()
    assert isinstance(again, NotSent)
    assert again.retry_after == pytest.approx(0.6)
    assert len(market.logins) == 1
    market.login[0] = token("token-x")
    market.time.go(0.6)
    assert await access.token() == Delivered("token-x")


async def test_a_limit_of_the_login_is_kept(market: Market, access: Access) -> None:
    market.login.append(problem(429, "slow down", retry_after="90"))
    outcome = await access.token()
    assert outcome == NotSent(why="Bol asks for patience (HTTP 429 slow down)", retry_after=90.0)
    market.time.go(89)
    await access.token()
    assert len(market.logins) == 1


ODD = [
    httpx.Response(200, content=b""),
    httpx.Response(200, json={}),
    httpx.Response(200, json=[]),
    token(""),
    token("a b"),
    token("a\r\nHost: x"),
    token("tökén"),
    token("x" * 9000),
    token("x", 0),
    token("x", -5),
    httpx.Response(200, json={"access_token": 5, "expires_in": 299}),
    httpx.Response(200, content=b'{"access_token": "\xff"}'),
    httpx.Response(200, content=b"x" * (9 * 1024 * 1024)),
    httpx.Response(302, headers={"location": "https://elsewhere.test/"}),
    httpx.Response(503),
    httpx.Response(404),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("odd"),
]


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_no_token(market: Market, access: Access, odd: httpx.Response | Exception) -> None:
    market.login.append(odd)
    outcome = await access.token()
    assert isinstance(outcome, NotSent | Refused)
    assert SECRET not in repr(outcome)


async def test_a_short_life_still_serves(market: Market, access: Access) -> None:
    market.login.extend((token("a", 4), token("b", 4)))
    assert await access.token() == Delivered("a")
    market.time.go(1.9)
    assert await access.token() == Delivered("a")
    market.time.go(0.2)
    assert await access.token() == Delivered("b")


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(SHOP)
    assert "client 1" in repr(SHOP)


@given(st.lists(st.floats(0, 200), max_size=40), st.integers())
async def test_no_token_is_used_past_its_end_and_logins_are_few(pauses: list[float], seed: int) -> None:
    market = Market()
    access = make(market)
    random = Random(seed)
    given_at: dict[str, float] = {}

    async def log_in(request: httpx.Request) -> httpx.Response:
        if random.random() < 0.3:
            return problem(503)
        name = f"t{len(given_at)}"
        given_at[name] = (market.time.now - START).total_seconds()
        return token(name)

    market.login.append(log_in)
    for pause in pauses:
        market.time.go(pause)
        outcome = await access.token()
        now = (market.time.now - START).total_seconds()
        if isinstance(outcome, Delivered):
            assert now < given_at[outcome.answer] + 299
    assert len(market.logins) <= len(pauses)
