"""The same as the pages show and do, as JSON for programs. Lists are `{"rows": [...], "number": 1, "total": 7, ...}`.

What is done by hand is a POST of a JSON object; the answer is 202 with the event that was written, or a problem
(RFC 9457) whose `detail` says in words what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.console import byhand, questions
from app.console.desk import ByHand, Desk, ReturnLike
from app.console.security import from_a_program, who
from app.readmodel.queries.paging import SIZE
from app.readmodel.shown import OrderDetail
from streams.log.base import LogUnavailable
from streams.vocabulary.events import FlowName, OperatorAsked

TITLES = {403: "not from here", 404: "not found", 413: "too much", 422: "cannot be done", 503: "not now"}


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
        Route("/api/orders/{connection}/{order_id:path}/retry", api.retry, methods=["POST"]),
        Route("/api/orders/{connection}/{order_id:path}/ship", api.ship, methods=["POST"]),
        Route("/api/orders/{connection}/{order_id:path}/cancel", api.cancel, methods=["POST"]),
        Route("/api/orders/{connection}/{order_id:path}", api.order),
        Route("/api/returns", api.returns),
        Route("/api/returns/{connection}/{return_id:path}/handle", api.handle, methods=["POST"]),
        Route("/api/returns/{connection}/{return_id:path}", api.one_return),
        Route("/api/unmatched", api.unmatched),
        Route("/api/deadletters", api.dead_letters),
        Route("/api/deadletters/{id}", api.dead_letter),
        Route("/api/connections", api.connections),
    ]


def problem(status: int, detail: str) -> Json:
    """An error for a program (RFC 9457)."""
    content = {
        "title": TITLES.get(status, "error"),
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
        wanted = questions.order_filter(request)
        return Json(await self._desk.model.orders(wanted, questions.number(request, "page") or 1))

    async def order(self, request: Request) -> Response:
        connection, order_id = (questions.path_text(request, name) for name in ("connection", "order_id"))
        return _or_missing(await self._desk.model.order(connection, order_id), f"order {order_id}")

    async def retry(self, request: Request) -> Response:
        """`{}`: another try of a stuck step."""
        return await self._by_hand(request, lambda order, given: OperatorAsked(who=who(request)))

    async def ship(self, request: Request) -> Response:
        """`{"transporter": "TNT", "track": "3S...", "all": false}`."""
        return await self._by_hand(
            request,
            lambda order, given: byhand.shipped(
                order.shown,
                who(request),
                text_in(given, "transporter"),
                text_in(given, "track"),
                _flag(given, "all"),
            ),
        )

    async def cancel(self, request: Request) -> Response:
        """`{"reason": "OUT_OF_STOCK", "items": ["2012345678"]}`; no items: all that is open."""
        return await self._by_hand(
            request,
            lambda order, given: byhand.cancelled(
                order.shown, who(request), text_in(given, "reason"), _texts(given, "items")
            ),
        )

    async def returns(self, request: Request) -> Response:
        """`{"rows": [...], "after": "connection/return"}`; no `after`: that was all."""
        kept = self._desk.returns
        if kept is None:
            return problem(404, "Nothing is kept of returns here.")
        limit = min(questions.number(request, "limit") or 50, 500)
        rows = await kept.returns(
            questions.text(request, "connection") or None,
            questions.text(request, "state") or None,
            limit + 1,
            questions.text(request, "after") or None,
        )
        shown = list(rows[:limit])
        more = f"{shown[-1].connection}/{shown[-1].shown.return_id}" if len(rows) > limit else None
        return Json({"rows": shown, "after": more})

    async def one_return(self, request: Request) -> Response:
        return _or_missing(await self._return(request), f"return {request.path_params['return_id']}")

    async def handle(self, request: Request) -> Response:
        """`{"rma": "31234567", "result": "RETURN_RECEIVED", "quantity": 1, "credit": true}`; no quantity: all of it."""
        refusal = refusal_of(request, self._desk)
        if refusal is not None:
            return refusal
        found = await self._return(request)
        if found is None:
            return _or_missing(None, f"return {request.path_params['return_id']}")
        try:
            given = await given_in(request, ("rma", "result", "quantity", "credit"))
            event = byhand.handled(
                found.shown,
                who(request),
                text_in(given, "rma"),
                text_in(given, "result"),
                _count(given, "quantity"),
                _flag(given, "credit"),
            )
        except byhand.Mistake as mistake:
            return problem(422, str(mistake))
        return await written(self._desk, "returns", found.connection, found.shown.return_id, event)

    async def _by_hand(
        self, request: Request, event_of: Callable[[OrderDetail, Mapping[str, Any]], ByHand]
    ) -> Response:
        refusal = refusal_of(request, self._desk)
        if refusal is not None:
            return refusal
        connection, order_id = (questions.path_text(request, name) for name in ("connection", "order_id"))
        order = await self._desk.model.order(connection, order_id)
        if order is None:
            return _or_missing(None, f"order {order_id}")
        deed = request.url.path.rpartition("/")[2]
        try:
            event = event_of(order, await given_in(request, FIELDS[deed]))
        except byhand.Mistake as mistake:
            return problem(422, str(mistake))
        return await written(self._desk, "orders", connection, order.shown.order_id, event)

    async def _return(self, request: Request) -> ReturnLike | None:
        connection, return_id = (questions.path_text(request, name) for name in ("connection", "return_id"))
        kept = self._desk.returns
        return None if kept is None else await kept.one_return(connection, return_id)

    async def unmatched(self, request: Request) -> Response:
        """`side`: `bol` or `mplus`; `size`: 500 at most."""
        found = await self._desk.model.unmatched(
            side=questions.side(request),
            connection=questions.text(request, "connection"),
            search=questions.text(request, "search"),
            page=questions.number(request, "page") or 1,
            size=questions.number(request, "size") or SIZE,
        )
        return Json(found)

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


FIELDS = {"retry": (), "ship": ("transporter", "track", "all"), "cancel": ("reason", "items")}


def refusal_of(request: Request, desk: Desk) -> Response | None:
    """Why nothing is written for this request; None: it may be."""
    if not from_a_program(request):
        return problem(403, "Send JSON (Content-Type: application/json), and not from another site's page.")
    if not desk.by_hand:
        return problem(404, "This console only shows; it cannot ask.")
    return None


async def written(desk: Desk, flow: FlowName, connection: str, entity: str, event: ByHand) -> Response:
    """202 with what was written: the flow comes to it in a moment."""
    try:
        await desk.tell(flow, connection, entity, event)
    except LogUnavailable as error:
        return problem(503, f"The log did not take it: {error}. Nothing was done; do it again later.")
    return Json({"connection": connection, "entity": entity, "written": event}, 202)


async def given_in(request: Request, fields: Sequence[str]) -> Mapping[str, Any]:
    """What was sent: a field that we do not know would otherwise be left out without a word. Raises Mistake."""
    try:
        given = await questions.json_object(request)
    except ValueError as error:
        raise byhand.Mistake(f"This is no JSON object: {error}") from None
    for name in given:
        if name not in fields:
            raise byhand.Mistake(f"There is no field {name[:80]!r}. There is {', '.join(fields) or 'none'}.")
    return given


def text_in(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name, "")
    if not isinstance(found, str):
        raise byhand.Mistake(f"{name} must be a text.")
    return found[: questions.LONGEST]


def _texts(given: Mapping[str, Any], name: str) -> list[str]:
    found = given.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise byhand.Mistake(f"{name} must be a list of texts.")
    return found


def _flag(given: Mapping[str, Any], name: str) -> bool:
    found = given.get(name, False)
    if not isinstance(found, bool):
        raise byhand.Mistake(f"{name} must be true or false.")
    return found


def _count(given: Mapping[str, Any], name: str) -> int | None:
    found = given.get(name)
    if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
        raise byhand.Mistake(f"{name} must be a whole number.")
    return found
