"""The page of an article as it stood at some time: what was asked, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request

from app.console import questions
from app.console.desk import LOOKED_THROUGH, Desk
from app.moments import as_of
from app.past import Past
from streams.log.base import LogUnavailable
from streams.vocabulary.time import SHOP_ZONE


class Then(NamedTuple):
    """As of when, and how it stood. All empty: now was asked for."""

    given: str = ""
    """As it was written."""
    at: datetime | None = None
    past: Past | None = None
    mistake: str = ""
    """Why nothing was looked for."""
    status: int = 200
    elsewhere: str = ""
    """Where the same is asked for by a moment that stays the same: `15m` would be another one each time that an open
    page asks again."""

    @property
    def looked_through(self) -> int:
        """Records of the log at most."""
        return LOOKED_THROUGH


async def then(desk: Desk, request: Request, connection: str, number: str) -> Then:
    """What the address asks for."""
    given = questions.text(request, "at")
    if not given or not desk.looks_back:
        return Then()
    try:
        at = as_of(given, desk.clock())
    except ValueError as error:
        return Then(given, mistake=str(error), status=422)
    stays = at.astimezone(SHOP_ZONE).replace(tzinfo=None).isoformat(timespec="seconds")
    if given != stays:
        return Then(elsewhere=f"?at={quote(stays)}")
    try:
        return Then(given, at, await desk.past(connection, number, at))
    except LogUnavailable as error:
        return Then(given, mistake=f"The log cannot be read now: {error}", status=503)
