"""What stands on every page while the numbers of a connection are stopped."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.console.desk import Desk
from app.readmodel import ReadModelUnavailable
from app.readmodel.shown import GuardRow

NO_PAGES = ("/api/", "/live", "/static/")
_KEY = "stopped"


class WithStopped:
    """Puts the stopped connections beside the request of a page, so that no page has to ask for them by itself."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if not path.startswith(NO_PAGES):
                scope.setdefault("state", {})[_KEY] = await self._stopped()
        await self._app(scope, receive, send)

    async def _stopped(self) -> tuple[GuardRow, ...]:
        try:
            return tuple(one for one in await self._desk.model.guards() if one.shown.why)
        except ReadModelUnavailable:
            return ()  # the page says so itself


def stopped_of(request: Request) -> tuple[GuardRow, ...]:
    """The connections whose numbers are stopped, by name."""
    found: tuple[GuardRow, ...] = request.scope.get("state", {}).get(_KEY, ())
    return found
