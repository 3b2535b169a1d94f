"""Sends calls to Bol: token, rate limits, retries, and one of four outcomes (streams/vocabulary/outcomes.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import NamedTuple

import httpx

from connectors.bol.access import Access
from connectors.bol.account import BolAccount
from connectors.bol.call import Call
from connectors.bol.limits import Limits
from connectors.bol.problem import failure
from connectors.retry import RetryPolicy, with_retries
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent
from streams.vocabulary.time import Clock

LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of an answer; more is no answer of Bol's."""
LONGEST_WAIT = 5.0
"""Seconds that a call waits for its rate limit here; longer waits are the flow's."""
USER_AGENT = "kassabrug"


class BolAnswer(NamedTuple):
    """A 2xx of Bol."""

    status: int
    body: bytes
    raw: RawAnswer


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
    ) -> None:
        """`http` brings timeouts and the pool; it may be shared between accounts."""
        self._http = http
        self._account = account
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._policy = policy or RetryPolicy()
        self._access = Access(http, account, clock)
        self._limits = Limits(clock)

    async def send(self, call: Call) -> Delivered[BolAnswer] | Failure:
        """Sends it, again where that is safe. Never raises for what Bol or the network does."""
        return await with_retries(
            lambda _: self._once(call), self._policy, self._sleep, self._random, call.idempotent
        )

    async def signed_in(self) -> Delivered[str] | Failure:
        """Whether Bol's login takes our client id and secret."""
        return await self._access.token()

    async def _once(self, call: Call) -> Delivered[BolAnswer] | Failure:
        wait = self._limits.take(call.operation)
        while wait > 0:
            if wait > LONGEST_WAIT:
                return NotSent(why=f"Bol's limit for {call.operation} is used up", retry_after=wait)
            await self._sleep(wait)
            wait = self._limits.take(call.operation)
        token = await self._access.token()
        if not isinstance(token, Delivered):
            return token
        answered = await self._send(call, token.answer)
        if isinstance(answered, tuple) and answered[0] == 401:
            # The token ended early: fetched anew once; a second 401 is Bol's word.
            self._access.forget(token.answer)
            token = await self._access.token()
            if not isinstance(token, Delivered):
                return token
            answered = await self._send(call, token.answer)
        if not isinstance(answered, tuple):
            return answered
        status, body, raw, retry_after = answered
        if 200 <= status < 300:
            return Delivered(BolAnswer(status, body, raw))
        return failure(status, body, retry_after)

    async def _send(self, call: Call, token: str) -> tuple[int, bytes, RawAnswer, str | None] | Failure:
        headers = {"Accept": call.media, "Authorization": f"Bearer {token}", "User-Agent": USER_AGENT}
        if call.body is not None:
            headers["Content-Type"] = call.media
        asked_at = self._clock()
        request = self._http.build_request(
            call.method,
            f"{self._account.api_url}{call.path}",
            params=call.query or None,
            content=call.body,
            headers=headers,
        )
        try:
            answer = await self._http.send(request, stream=True)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.UnsupportedProtocol,
        ) as error:
            return NotSent(why=f"Bol cannot be reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            return AnswerLost(why=f"Bol did not answer ({type(error).__name__})")
        try:
            self._limits.learn(call.operation, answer.status_code, answer.headers)
            body = await _bounded(answer)
        except httpx.HTTPError as error:
            return AnswerLost(why=f"Bol's answer was cut short ({type(error).__name__})")
        finally:
            await answer.aclose()
        if body is None:
            return AnswerLost(why=f"Bol's answer is longer than {LONGEST_BODY} bytes")
        raw = RawAnswer(
            vendor="bol",
            operation=call.operation,
            status=answer.status_code,
            body=body,
            asked_at=asked_at,
            answered_at=self._clock(),
        )
        return answer.status_code, body, raw, answer.headers.get("retry-after")


async def _bounded(answer: httpx.Response) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > LONGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)
