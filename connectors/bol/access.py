"""The access token: one per client, cached, fetched by one at a time (facts/bol.md: abuse leads to a ban)."""

from __future__ import annotations

import asyncio
from datetime import datetime

import httpx
import msgspec

from connectors.bol.account import BolAccount
from connectors.bol.problem import failure
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused
from streams.vocabulary.time import Clock, seconds

EARLY = 30.0
"""Seconds before its end that a token is no longer used."""
PAUSE = 10.0
"""Seconds after a failed fetch in which nobody tries again."""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float


class _Denied(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class Access:
    """Gives the token of one account."""

    def __init__(self, http: httpx.AsyncClient, account: BolAccount, clock: Clock) -> None:
        self._http = http
        self._account = account
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._until: datetime | None = None
        self._failed: tuple[datetime, Failure] | None = None

    async def token(self) -> Delivered[str] | Failure:
        """A token that is good for some time yet."""
        if self._good():
            return Delivered(self._token)
        async with self._lock:
            if self._good():
                return Delivered(self._token)
            if self._failed is not None and self._clock() < self._failed[0]:
                return self._failed[1]
            outcome = await self._fetch()
            if not isinstance(outcome, Delivered):
                self._failed = (self._clock() + seconds(PAUSE), outcome)
            return outcome

    def forget(self, token: str) -> None:
        """Bol did not take this token: the next call fetches another, once."""
        if token == self._token:
            self._until = None

    def _good(self) -> bool:
        return self._until is not None and self._clock() < self._until

    async def _fetch(self) -> Delivered[str] | Failure:
        account = self._account
        try:
            answer = await self._http.post(
                f"{account.login_url}/token",
                params={"grant_type": "client_credentials"},
                auth=(account.client_id, account.client_secret),
                headers={"Accept": "application/json"},
            )
        except httpx.HTTPError as error:
            return NotSent(why=f"Bol's login cannot be reached ({type(error).__name__})")
        if answer.status_code in (400, 401, 403):
            return Refused(said=_denied(answer), code=str(answer.status_code))
        if answer.status_code != 200:
            outcome = failure(answer.status_code, answer.content, answer.headers.get("retry-after"))
            # Whatever happened to the token, the call that needs it was not sent.
            return NotSent(why=outcome.why) if isinstance(outcome, AnswerLost) else outcome
        try:
            token = msgspec.json.decode(answer.content, type=_Token)
        except msgspec.DecodeError:
            return NotSent(why="Bol's login gave an answer that is no token")
        self._token = token.access_token
        self._until = self._clock() + seconds(max(1.0, token.expires_in - EARLY))
        self._failed = None
        return Delivered(self._token)


def _denied(answer: httpx.Response) -> str:
    try:
        denied = msgspec.json.decode(answer.content, type=_Denied)
    except msgspec.DecodeError:
        denied = _Denied()
    said = denied.error_description or denied.error
    return (
        f"Bol's login refuses client id and secret (HTTP {answer.status_code}"
        + (f", {said[:200]}" if said else "")
        + "): look them up in the partner site under API settings"
    )
