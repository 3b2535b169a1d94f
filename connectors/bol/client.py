"""Sends calls to Bol: token, rate limits, retries, and one of four outcomes (streams/vocabulary/outcomes.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import NamedTuple

import httpx

from connectors.bol.access import Access
from connectors.bol.account import BolAccount
from connectors.bol.call import Call
from connectors.bol.exchange import Answered, exchange
from connectors.bol.limits import Limits
from connectors.bol.problem import failure
from connectors.retry import RetryPolicy, with_retries
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent
from streams.vocabulary.permission import insist
from streams.vocabulary.time import Clock

PATIENCE = 5.0
"""Seconds that a call waits for its rate limit here; longer waits are the flow's."""
SECONDS = 30.0
"""For one call in all, from the connection to the last byte."""
USER_AGENT = "kassabrug"


class BolAnswer(NamedTuple):
    """A 2xx of Bol."""

    status: int
    body: bytes
    raw: RawAnswer


class _Heard(NamedTuple):
    raw: RawAnswer
    retry_after: str | None


Hear = Callable[[RawAnswer], None]
"""Gets every answer of every try, refusals included, as it came."""


def understood(raw: RawAnswer, retry_after: str | None) -> Delivered[BolAnswer] | Failure:
    """What an answer means for its call."""
    if 200 <= raw.status < 300:
        return Delivered(BolAnswer(raw.status, raw.body, raw))
    return failure(raw.status, raw.body, retry_after)


class BolClient:
    """One Bol account. Safe to share between tasks."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        account: BolAccount,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
        policy: RetryPolicy | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """`http` brings the pool and finer timeouts; it may be shared between accounts and stays the caller's to
        close. `seconds`: for one call in all."""
        self._http = http
        self._api = account.api_url.rstrip("/")
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._policy = policy or RetryPolicy()
        self._seconds = seconds
        self._access = Access(http, account, clock)
        self._limits = Limits(clock)

    async def send(
        self,
        call: Call,
        patience: float = PATIENCE,
        hear: Hear | None = None,
    ) -> Delivered[BolAnswer] | Failure:
        """Sends it, again where that is safe. Never raises for what Bol or the network does.

        `patience`: seconds to wait for the endpoint's rate limit.
        """
        return await with_retries(
            lambda _: self._once(call, patience, hear),
            self._policy,
            self._sleep,
            self._random,
            call.idempotent,
        )

    async def signed_in(self) -> Delivered[str] | Failure:
        """Whether Bol's login takes our client id and secret."""
        return await self._access.token()

    async def _once(self, call: Call, patience: float, hear: Hear | None) -> Delivered[BolAnswer] | Failure:
        waited = 0.0
        while (wait := self._limits.take(call.operation)) > 0:
            if waited + wait > patience:
                return NotSent(why=f"Bol's limit for {call.operation} is used up", retry_after=wait)
            await self._sleep(wait)
            waited += wait
        token = await self._access.token()
        if not isinstance(token, Delivered):
            return token
        heard = await self._exchange(call, token.answer, hear)
        if isinstance(heard, _Heard) and heard.raw.status == 401 and self._access.forget(token.answer):
            # The token ended early: another one, once; a second 401 is Bol's word.
            token = await self._access.token()
            if not isinstance(token, Delivered):
                return token
            heard = await self._exchange(call, token.answer, hear)
        if not isinstance(heard, _Heard):
            return heard
        return understood(heard.raw, heard.retry_after)

    async def _exchange(self, call: Call, token: str, hear: Hear | None) -> _Heard | NotSent | AnswerLost:
        insist()
        headers = {"Accept": call.media, "Authorization": f"Bearer {token}", "User-Agent": USER_AGENT}
        if call.body is not None:
            headers["Content-Type"] = call.media
        asked_at = self._clock()
        request = self._http.build_request(
            call.method,
            f"{self._api}{call.path}",
            params=call.query or None,
            content=call.body,
            headers=headers,
        )
        answer = await exchange(self._http, request, self._seconds)
        if not isinstance(answer, Answered):
            return answer
        self._limits.learn(call.operation, answer.status, answer.headers)
        raw = RawAnswer(
            vendor="bol",
            operation=call.operation,
            status=answer.status,
            body=answer.body,
            asked_at=asked_at,
            answered_at=self._clock(),
        )
        if hear is not None:
            hear(raw)
        return _Heard(raw, answer.headers.get("retry-after"))
