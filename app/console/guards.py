"""Stopped numbers: which are, and the way on, as a button on every page and over the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.console import byhand, questions
from app.console.api import Json, problem
from app.console.desk import Desk
from app.console.pages import Pages
from app.console.security import from_a_program, from_our_own_page, who
from streams.log.base import LogUnavailable
from streams.vocabulary.events import OperatorResumed


def routes(desk: Desk, pages: Pages) -> list[Route]:
    """The button, and the same for programs."""
    doing = _Doing(desk, pages)
    return [
        Route("/guards/{connection}/resume", doing.resume, methods=["POST"]),
        Route("/api/guards", doing.guards),
        Route("/api/guards/{connection}/resume", doing.resume_for_a_program, methods=["POST"]),
    ]


class _Doing:
    def __init__(self, desk: Desk, pages: Pages) -> None:
        self._desk = desk
        self._pages = pages

    async def guards(self, request: Request) -> Response:
        return Json(await self._desk.model.guards())

    async def resume(self, request: Request) -> Response:
        """`Go on`, from any page."""
        if not from_our_own_page(request):
            words = "This button works on the console's own pages only."
            return self._pages.problem(request, 403, "Not from here", words)
        if not self._desk.by_hand:
            words = "This console only shows; it cannot ask."
            return self._pages.problem(request, 404, "Not possible here", words)
        try:
            await self._resume(request, "")
        except byhand.Mistake as mistake:
            return self._pages.problem(request, 422, "Nothing to do", str(mistake))
        except LogUnavailable as error:
            words = f"The log did not take it: {error}. Nothing was done; do it again later."
            return self._pages.problem(request, 503, "Not asked", words)
        return RedirectResponse(f"{request.scope.get('root_path', '')}/connections", 303)

    async def resume_for_a_program(self, request: Request) -> Response:
        """`{"by": "Anna"}`; without a name: who has asked."""
        if not from_a_program(request):
            words = "Send JSON (Content-Type: application/json), and not from another site's page."
            return problem(403, words)
        if not self._desk.by_hand:
            return problem(404, "This console only shows; it cannot ask.")
        try:
            event = await self._resume(request, await _by(request))
        except byhand.Mistake as mistake:
            return problem(422, str(mistake))
        except LogUnavailable as error:
            return problem(503, f"The log did not take it: {error}. Nothing was done; do it again later.")
        return Json({"connection": request.path_params["connection"], "entity": "", "written": event}, 202)

    async def _resume(self, request: Request, by: str) -> OperatorResumed:
        """What was written. Raises Mistake, LogUnavailable."""
        connection = questions.path_text(request, "connection")
        known = {one.connection: one.shown for one in await self._desk.model.guards()}
        event = byhand.resumed(connection, known.get(connection), who(request), by)
        await self._desk.tell("guards", connection, "", event)
        return event


async def _by(request: Request) -> str:
    """The name that was sent. Raises Mistake."""
    try:
        given = await questions.json_object(request)
    except ValueError as error:
        raise byhand.Mistake(f"This is no JSON object: {error}") from None
    for name in given:
        if name != "by":
            raise byhand.Mistake(f"There is no field {name[:80]!r}. There is by.")
    by = given.get("by", "")
    if not isinstance(by, str):
        raise byhand.Mistake("by must be a text.")
    return by
