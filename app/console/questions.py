"""What a request asks for, read from its address; nonsense is read as if it were not there."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request

from app.readmodel.model import HistoryFilter, OrderFilter

LONGEST = 200
LARGEST = 2**62
MOST_BODY = 64 * 1024
MOST_FIELDS = 500


class NotTaken(Exception):
    """What was sent cannot be taken: more than any form of ours holds, or only a part of it came."""


def text(request: Request, name: str) -> str:
    """A word or a sentence."""
    return request.query_params.get(name, "").replace("\x00", "").strip()[:LONGEST]


def number(request: Request, name: str) -> int | None:
    """A whole number from 1."""
    return whole(request.query_params.get(name, ""))


def whole(given: str) -> int | None:
    """A whole number from 1, or None."""
    if not (given.isascii() and given.isdigit() and len(given) <= 19):
        return None
    found = int(given)
    return found if 1 <= found <= LARGEST else None


def checked(request: Request, name: str) -> bool:
    """A box that is ticked."""
    return request.query_params.get(name, "") in ("1", "true", "on", "yes")


def side(request: Request) -> str:
    """`bol`, `mplus`, or (empty) both."""
    given = text(request, "side")
    return given if given in ("bol", "mplus") else ""


def history_filter(request: Request) -> HistoryFilter:
    """Which lines of the history."""
    entity = text(request, "entity")
    return HistoryFilter(
        connection=text(request, "connection"),
        entity=entity or None,
        kind=text(request, "kind"),
        level=text(request, "level"),
        direction=text(request, "direction"),
        before=number(request, "before"),
        limit=number(request, "limit") or 50,
    )


def order_filter(request: Request) -> OrderFilter:
    """Which orders."""
    return OrderFilter(
        search=text(request, "search"),
        connection=text(request, "connection"),
        step=text(request, "step"),
        fulfilment=text(request, "fulfilment"),
        stuck=checked(request, "stuck"),
        late=checked(request, "late"),
        asks_cancellation=checked(request, "asks_cancellation"),
        waits_for_track=checked(request, "waits_for_track"),
        business=checked(request, "business"),
    )


def texts(request: Request, name: str) -> tuple[str, ...]:
    """All values of a name, in their order."""
    found = (
        one.replace("\x00", "").strip()[:LONGEST] for one in request.query_params.getlist(name)[:MOST_FIELDS]
    )
    return tuple(one for one in found if one)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form of ours (application/x-www-form-urlencoded); of a name that comes twice the last. Raises
    NotTaken."""
    found = parse_qsl((await _body(request)).decode(errors="replace"), keep_blank_values=True)
    return {name: value.replace("\x00", "").strip()[:LONGEST] for name, value in found[:MOST_FIELDS]}


async def form_list(request: Request, name: str) -> tuple[str, ...]:
    """All values of one field of a form. Raises NotTaken."""
    found = parse_qsl((await _body(request)).decode(errors="replace"))
    return tuple(
        value.replace("\x00", "").strip()[:LONGEST] for key, value in found[:MOST_FIELDS] if key == name
    )


async def json_object(request: Request) -> dict[str, Any]:
    """What a program sends. Raises ValueError for what is no JSON object, and NotTaken."""
    body = await _body(request)
    if not body.strip():
        return {}
    found = orjson.loads(body)
    if not isinstance(found, dict):
        raise ValueError("write a JSON object")
    return found


async def _body(request: Request) -> bytes:
    """Read once, and kept with the request."""
    kept: bytes | None = getattr(request.state, "body", None)
    if kept is not None:
        return kept
    read = b""
    try:
        async for piece in request.stream():
            read += piece
            if len(read) > MOST_BODY:
                raise NotTaken(f"At most {MOST_BODY // 1024} kB can be sent here.")
    except ClientDisconnect:
        raise NotTaken("The other side has gone before all of it was here.") from None
    request.state.body = read
    return read


def path_text(request: Request, name: str) -> str:
    """A part of the address."""
    return str(request.path_params[name]).replace("\x00", "")
