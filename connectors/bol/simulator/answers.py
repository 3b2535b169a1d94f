"""Requests read and answers written: what every operation has in common."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.bol.simulator.faults import FaultRule
from connectors.bol.simulator.records import NotDone
from connectors.bol.simulator.told import problem


def takes(accept: str, media: str) -> bool:
    """Whether a client that sends this `Accept` takes this media type. None sent: it takes all."""
    if accept in ("", media):
        return True
    ranges = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return bool(ranges & {media, "application/*", "*/*"})


async def read(request: Request, most: int, decoder: msgspec.json.Decoder[Any]) -> Any:
    """The body. Raises NotDone for what is too long, no JSON, or of another shape."""
    body = await drawn(request, most)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `")
        raise NotDone(words, name=place.rstrip("`").removeprefix("$.") or "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotDone(f"the body is not JSON: {error}", name="body") from None


async def drawn(request: Request, most: int) -> bytes:
    """The bytes of the body. Raises NotDone (413) when there are too many."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise NotDone(f"the body is longer than {most} bytes", 413)
        parts.append(part)
    return b"".join(parts)


def as_problem(
    status: int, detail: str, path: str, headers: dict[str, str] | None = None, name: str = ""
) -> Response:
    """Problem, as `application/problem+json`."""
    body = orjson.dumps(problem(status, detail, path, name))
    return Response(body, status, headers, media_type="application/problem+json")


def as_json(status: int, body: Any) -> Response:
    """Plain JSON, as the login speaks."""
    return Response(orjson.dumps(body), status, media_type="application/json")


def struck(rule: FaultRule, path: str, headers: dict[str, str]) -> Response:
    """The status that the rule is for; a 429 says when to come back."""
    if rule.status == 429:
        wait = "1" if rule.seconds is None else str(round(rule.seconds))
        headers = {**headers, "retry-after": wait, "x-ratelimit-remaining": "0", "x-ratelimit-reset": wait}
    return as_problem(rule.status, "simulated trouble", path, headers)


def without_items(told: dict[str, Any]) -> dict[str, Any]:
    """A list's answer as if there were nothing on it, and nothing after it."""
    emptied: dict[str, Any] = {name: [] if isinstance(one, list) else one for name, one in told.items()}
    if isinstance(emptied.get("page"), dict):
        emptied["page"] = {name: one for name, one in emptied["page"].items() if name != "nextCursor"}
    return emptied


class Cut(Response):
    """An answer that breaks off: more was promised than comes, so the server drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
