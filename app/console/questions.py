"""What a request asks for, read from its address; nonsense is read as if it were not there."""

from __future__ import annotations

from starlette.requests import Request

from app.readmodel.model import HistoryFilter

LONGEST = 200
LARGEST = 2**62


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


def path_text(request: Request, name: str) -> str:
    """A part of the address."""
    return str(request.path_params[name]).replace("\x00", "")
