"""The access token: one per client, cached, fetched by one at a time (facts/bol.md: abuse leads to a ban).

A token is renewed before it ends, by the call that comes first; the others go on with the present one. A login
that fails is left alone for a while, longer each time. A token that Bol does not take is replaced at once, but
only once a minute: where a new one does not help, the next would not either.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime
from typing import NamedTuple

import httpx
import msgspec
from msgspec.structs import replace

from connectors.bol.account import BolAccount
from connectors.bol.exchange import Answered, exchange
from connectors.bol.problem import failure
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused
from streams.vocabulary.time import Clock, seconds

RENEW = 60.0
"""Seconds before its end that a token is renewed (half its life, if that is less)."""
MARGIN = 10.0
"""Seconds before its end that a token is no longer used: a call takes time (a quarter of its life at most)."""
LONGEST_LIFE = 3600.0
LONGEST_TOKEN = 8192
FORCED_PAUSE = 60.0
"""Seconds between two tokens that are fetched because Bol refused the one before."""
REFUSED_PAUSE, REFUSED_CAP = 10.0, 300.0
TROUBLE_PAUSE, TROUBLE_CAP = 1.0, 30.0
"""Seconds in which nobody tries again after a failed login; they double from the first to the cap."""
LOGIN_SECONDS = 15.0


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float


class _Denied(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class _Token(NamedTuple):
    text: str
    renew_at: datetime
    ends: datetime


class Access:
    """Gives the token of one account."""

    def __init__(self, http: httpx.AsyncClient, account: BolAccount, clock: Clock) -> None:
        self._http = http
        self._account = account
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: _Token | None = None
        self._failures = 0
        self._failed: tuple[datetime, Failure] | None = None
        self._forced: datetime | None = None

    async def token(self) -> Delivered[str] | Failure:
        """A token that is good for some time yet."""
        present = self._good()
        if present is None:
            return await self._renewed(None)
        if self._clock() < present.renew_at or self._lock.locked() or self._paused() is not None:
            return Delivered(present.text)
        renewed = await self._renewed(present)
        # A login in trouble is none of this call's business as long as the present token lasts.
        return renewed if isinstance(renewed, Delivered) else Delivered(present.text)

    def forget(self, token: str) -> bool:
        """Bol did not take this token. Whether another one can be had now."""
        if self._token is None or token != self._token.text:
            return True  # replaced meanwhile
        now = self._clock()
        if self._forced is not None and now < self._forced + seconds(FORCED_PAUSE):
            return False
        self._forced = now
        self._token = None
        return True

    def _good(self) -> _Token | None:
        present = self._token
        return present if present is not None and self._clock() < present.ends else None

    def _paused(self) -> Failure | None:
        """The failure that is still too young to try again."""
        if self._failed is None:
            return None
        until, outcome = self._failed
        rest = (until - self._clock()).total_seconds()
        if rest <= 0:
            return None
        return replace(outcome, retry_after=rest) if isinstance(outcome, NotSent) else outcome

    async def _renewed(self, old: _Token | None) -> Delivered[str] | Failure:
        async with self._lock:
            present = self._good()
            if present is not None and present is not old:
                return Delivered(present.text)  # another call was first
            paused = self._paused()
            if paused is not None:
                return paused
            fetched = await self._fetch()
            if isinstance(fetched, _Token):
                self._token, self._failed, self._failures = fetched, None, 0
                return Delivered(fetched.text)
            self._failures += 1
            self._failed = (self._clock() + seconds(self._pause(fetched)), fetched)
            return self._paused() or fetched

    def _pause(self, outcome: Failure) -> float:
        first, cap = (
            (REFUSED_PAUSE, REFUSED_CAP) if isinstance(outcome, Refused) else (TROUBLE_PAUSE, TROUBLE_CAP)
        )
        wait = float(min(cap, first * 2.0 ** min(self._failures - 1, 16)))
        asked = outcome.retry_after if isinstance(outcome, NotSent) else None
        return max(wait, asked or 0.0)

    async def _fetch(self) -> _Token | Failure:
        account = self._account
        pair = f"{account.client_id}:{account.client_secret}".encode()
        asked_at = self._clock()
        request = self._http.build_request(
            "POST",
            f"{account.login_url.rstrip('/')}/token",
            params={"grant_type": "client_credentials"},
            headers={
                "Accept": "application/json",
                "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            },
        )
        answer = await exchange(self._http, request, LOGIN_SECONDS)
        # Whatever happened to the login, the call that needs it was not sent.
        if not isinstance(answer, Answered):
            return NotSent(why=f"no token from Bol's login: {answer.why}")
        if answer.status in (400, 401, 403):
            return Refused(said=_denied(answer), code=str(answer.status))
        if answer.status != 200:
            outcome = failure(answer.status, answer.body, answer.headers.get("retry-after"))
            if isinstance(outcome, AnswerLost):
                return NotSent(why=f"no token from Bol's login: {outcome.why}")
            return outcome
        return _read(answer.body, asked_at) or NotSent(why="Bol's login gave an answer that is no token")


def _read(body: bytes, asked_at: datetime) -> _Token | None:
    """The token; its life counts from our asking, so that it never looks longer than it is."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    text, life = answer.access_token, answer.expires_in
    # It goes into a header: printable ASCII without spaces, or the request could not even be built.
    if not 0 < len(text) <= LONGEST_TOKEN or not all("!" <= one <= "~" for one in text) or not life > 0:
        return None
    life = min(life, LONGEST_LIFE)
    return _Token(
        text,
        renew_at=asked_at + seconds(life - min(RENEW, life / 2)),
        ends=asked_at + seconds(life - min(MARGIN, life / 4)),
    )


def _denied(answer: Answered) -> str:
    try:
        denied = msgspec.json.decode(answer.body, type=_Denied)
    except (msgspec.DecodeError, RecursionError, ValueError):
        denied = _Denied()
    said = " ".join((denied.error_description or denied.error).split())
    shown = "".join(one for one in said[:200] if one.isprintable())
    return (
        f"Bol's login refuses client id and secret (HTTP {answer.status}"
        + (f", {shown}" if shown else "")
        + "): look them up in the partner site under API settings"
    )
