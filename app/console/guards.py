"""Stopped numbers: which are, and the way on, as a button on every page and over the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.console import byhand, questions
from app.console.api import Json, given_in, problem, refusal_of, text_in, written
from app.console.desk import Desk
from app.console.pages import Pages
from app.console.security import who
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
        refusal = self._pages.refusal(request)
        if refusal is not None:
            return refusal
        try:
            connection, event = await self._resumed(request, "")
        except byhand.Mistake as mistake:
            return self._pages.problem(request, 422, "Nothing to do", str(mistake))
        return await self._pages.tell(request, "guards", connection, "", event, "/connections")

    async def resume_for_a_program(self, request: Request) -> Response:
        """`{"by": "Anna"}`; without a name: who has asked."""
        refusal = refusal_of(request, self._desk)
        if refusal is not None:
            return refusal
        try:
            by = text_in(await given_in(request, ("by",)), "by")
            connection, event = await self._resumed(request, by)
        except byhand.Mistake as mistake:
            return problem(422, str(mistake))
        return await written(self._desk, "guards", connection, "", event)

    async def _resumed(self, request: Request, by: str) -> tuple[str, OperatorResumed]:
        """The connection, and what is to be written for it. Raises Mistake."""
        connection = questions.path_text(request, "connection")
        known = {one.connection: one.shown for one in await self._desk.model.guards()}
        return connection, byhand.resumed(connection, known.get(connection), who(request), by)
