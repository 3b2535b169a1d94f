"""The same as the pages show, as JSON for programs. Lists are `{"rows": [...], "number": 1, "total": 7, ...}`."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.console import questions
from app.console.desk import Desk


class Json(Response):
    """Any of the read model's answers."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """See Response.render."""
        return msgspec.json.encode(content)


def routes(desk: Desk) -> list[Route]:
    """Everything below `/api`."""
    api = _Api(desk)
    return [
        Route("/api/overview", api.overview),
        Route("/api/standing", api.standing),
        Route("/api/stuck", api.stuck),
        Route("/api/history", api.history),
        Route("/api/freshness", api.freshness),
        Route("/api/articles", api.articles),
        Route("/api/articles/{connection}/{number:path}", api.article),
        Route("/api/orders", api.orders),
        Route("/api/orders/{connection}/{order_id:path}", api.order),
        Route("/api/deadletters", api.dead_letters),
        Route("/api/deadletters/{id}", api.dead_letter),
        Route("/api/connections", api.connections),
    ]


def problem(status: int, detail: str) -> Json:
    """An error for a program (RFC 9457)."""
    content = {
        "title": {404: "not found", 503: "not now"}.get(status, "error"),
        "status": status,
        "detail": detail,
    }
    return Json(content, status, media_type="application/problem+json")


class _Api:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def overview(self, request: Request) -> Response:
        return Json(await self._desk.overview())

    async def standing(self, request: Request) -> Response:
        return Json(self._desk.standing)

    async def stuck(self, request: Request) -> Response:
        return Json(await self._desk.model.stuck())

    async def history(self, request: Request) -> Response:
        return Json(await self._desk.model.history(questions.history_filter(request)))

    async def freshness(self, request: Request) -> Response:
        return Json(await self._desk.model.freshness(questions.number(request, "minutes") or 60))

    async def articles(self, request: Request) -> Response:
        found = await self._desk.model.articles(
            search=questions.text(request, "search"),
            connection=questions.text(request, "connection"),
            stuck=questions.checked(request, "stuck"),
            page=questions.number(request, "page") or 1,
        )
        return Json(found)

    async def article(self, request: Request) -> Response:
        connection, number = (questions.path_text(request, name) for name in ("connection", "number"))
        return _or_missing(await self._desk.model.article(connection, number), f"article {number}")

    async def orders(self, request: Request) -> Response:
        found = await self._desk.model.orders(
            search=questions.text(request, "search"),
            connection=questions.text(request, "connection"),
            step=questions.text(request, "step"),
            stuck=questions.checked(request, "stuck"),
            page=questions.number(request, "page") or 1,
        )
        return Json(found)

    async def order(self, request: Request) -> Response:
        connection, order_id = (questions.path_text(request, name) for name in ("connection", "order_id"))
        return _or_missing(await self._desk.model.order(connection, order_id), f"order {order_id}")

    async def dead_letters(self, request: Request) -> Response:
        found = await self._desk.model.dead_letters(
            connection=questions.text(request, "connection"), page=questions.number(request, "page") or 1
        )
        return Json(found)

    async def dead_letter(self, request: Request) -> Response:
        number = questions.whole(questions.path_text(request, "id"))
        found = None if number is None else await self._desk.model.dead_letter(number)
        return _or_missing(found, "dead letter")

    async def connections(self, request: Request) -> Response:
        return Json(await self._desk.model.connections())


def _or_missing(found: Any, what: str) -> Json:
    return problem(404, f"The read model has no {what}.") if found is None else Json(found)
