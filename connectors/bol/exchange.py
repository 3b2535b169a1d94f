"""One HTTP request and its answer, within bounds: what happened is one of three, never an exception."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import httpx

from connectors.transport import UNSENT, body_of
from streams.vocabulary.outcomes import AnswerLost, NotSent

LONGEST_BODY = 8 * 1024 * 1024
"""Bytes of an answer; more is no answer of Bol's."""


class Answered(NamedTuple):
    """An answer, whatever its status."""

    status: int
    headers: httpx.Headers
    body: bytes


async def exchange(
    http: httpx.AsyncClient, request: httpx.Request, seconds: float
) -> Answered | NotSent | AnswerLost:
    """Sends it and reads the answer, in `seconds` at most. Redirects are not followed: a token would travel along.

    The texts of failures name the kind of trouble, never the request: it carries a token.
    """
    # The pool may be shared between accounts; what Bol keeps in a cookie for one is not told for another.
    request.headers.pop("cookie", None)
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(http, request)
    except TimeoutError:
        return AnswerLost(why=f"Bol did not answer within {seconds:g} seconds")


async def _exchange(http: httpx.AsyncClient, request: httpx.Request) -> Answered | NotSent | AnswerLost:
    try:
        answer = await http.send(request, stream=True, follow_redirects=False)
    except UNSENT as error:
        return NotSent(why=f"Bol cannot be reached ({type(error).__name__})")
    except httpx.HTTPError as error:
        return AnswerLost(why=f"Bol did not answer ({type(error).__name__})")
    try:
        body = await body_of(answer, LONGEST_BODY)
    except httpx.HTTPError as error:
        return AnswerLost(why=f"Bol's answer was cut short ({type(error).__name__})")
    finally:
        await answer.aclose()
    if body is None:
        return AnswerLost(why=f"Bol's answer is longer than {LONGEST_BODY} bytes")
    return Answered(answer.status_code, answer.headers, body)
