"""The pages. Each is a whole page; the browser asks for it again when something on it changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.console import picture, questions, wording
from app.console.desk import Desk
from app.console.security import from_our_own_page
from streams.log.base import LogUnavailable

HERE = Path(__file__).parent
NOBODY = "Someone at the console"


def routes(desk: Desk) -> list[Route]:
    """Every page, and the one button."""
    pages = Pages(desk)
    return [
        Route("/", pages.overview),
        Route("/history", pages.history),
        Route("/articles", pages.articles),
        Route("/articles/{connection}/{number:path}", pages.article),
        Route("/orders", pages.orders),
        Route("/orders/{connection}/{order_id:path}/retry", pages.retry, methods=["POST"]),
        Route("/orders/{connection}/{order_id:path}", pages.order),
        Route("/deadletters", pages.dead_letters),
        Route("/deadletters/{id}", pages.dead_letter),
        Route("/connections", pages.connections),
    ]


class Pages:
    """Renders pages for one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            {
                name: getattr(wording, name)
                for name in ("kind", "fresh", "step", "sweep", "vendor", "euros", "whole", "lasted", "clock")
            }
            | {"full": wording.full, "size": wording.size, "part": lambda text: quote(text, safe="")}
        )
        self._templates.globals.update(
            picture=picture, track=wording.TRACK, steps=wording.STEPS, ago=wording.ago
        )

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page. `base` in a template is where the console is mounted."""
        now = self._desk.clock()
        html = self._templates.get_template(template).render(
            base=request.scope.get("root_path", ""),
            here=request.url.path.removeprefix(request.scope.get("root_path", "")),
            now=now,
            moment=lambda at: wording.moment(at, now),
            standing=self._desk.standing,
            can_retry=self._desk.ask_operator is not None,
            other_page=lambda number: _other_page(request, number),
            **values,
        )
        return HTMLResponse(html, status)

    def problem(self, request: Request, status: int, title: str, detail: str) -> HTMLResponse:
        """A page that says what is wrong and what to do."""
        return self.render(request, "problem.html", status, title=title, detail=detail)

    async def overview(self, request: Request) -> Response:
        overview = await self._desk.overview()
        return self.render(request, "overview.html", overview=overview)

    async def history(self, request: Request) -> Response:
        wanted = questions.history_filter(request)
        lines = await self._desk.model.history(wanted)
        older = None
        if lines and len(lines) == min(wanted.limit, 500):
            kept = {name: value for name, value in request.query_params.items() if name != "before"}
            older = "?" + urlencode(kept | {"before": str(lines[-1].id)})
        return self.render(
            request, "history.html", lines=lines, wanted=wanted, older=older, kinds=wording.KINDS
        )

    async def articles(self, request: Request) -> Response:
        search, stuck = questions.text(request, "search"), questions.checked(request, "stuck")
        of = questions.text(request, "connection")
        page = await self._desk.model.articles(
            search=search, connection=of, stuck=stuck, page=questions.number(request, "page") or 1
        )
        return self.render(request, "articles.html", page=page, search=search, stuck=stuck, of=of)

    async def article(self, request: Request) -> Response:
        connection, number = (questions.path_text(request, name) for name in ("connection", "number"))
        article = await self._desk.model.article(connection, number)
        if article is None:
            return self.problem(request, 404, "No such article", f"Nothing is known of article {number}.")
        return self.render(request, "article.html", article=article)

    async def orders(self, request: Request) -> Response:
        search, stuck = questions.text(request, "search"), questions.checked(request, "stuck")
        step, of = questions.text(request, "step"), questions.text(request, "connection")
        page = await self._desk.model.orders(
            search=search, connection=of, step=step, stuck=stuck, page=questions.number(request, "page") or 1
        )
        return self.render(request, "orders.html", page=page, search=search, stuck=stuck, wanted=step, of=of)

    async def order(self, request: Request) -> Response:
        connection, order_id = (questions.path_text(request, name) for name in ("connection", "order_id"))
        order = await self._desk.model.order(connection, order_id)
        if order is None:
            return self.problem(request, 404, "No such order", f"Nothing is known of order {order_id}.")
        return self.render(request, "order.html", order=order, asked=questions.checked(request, "asked"))

    async def retry(self, request: Request) -> Response:
        """Asks the orders flow to try again; nothing is tried here."""
        connection, order_id = (questions.path_text(request, name) for name in ("connection", "order_id"))
        if not from_our_own_page(request):
            return self.problem(
                request, 403, "Not from here", "This button works on the console's own pages only."
            )
        if self._desk.ask_operator is None:
            return self.problem(request, 404, "Not possible here", "This console only shows; it cannot ask.")
        if await self._desk.model.order(connection, order_id) is None:
            return self.problem(request, 404, "No such order", f"Nothing is known of order {order_id}.")
        who = request.scope.get("state", {}).get("who") or NOBODY
        try:
            await self._desk.ask_operator(connection, order_id, who)
        except LogUnavailable as error:
            return self.problem(
                request, 503, "Not asked", f"The log did not take it: {error}. Press it again later."
            )
        base = request.scope.get("root_path", "")
        where = f"{base}/orders/{quote(connection, safe='')}/{quote(order_id, safe='')}?asked=1"
        return RedirectResponse(where, 303)

    async def dead_letters(self, request: Request) -> Response:
        of = questions.text(request, "connection")
        page = await self._desk.model.dead_letters(connection=of, page=questions.number(request, "page") or 1)
        return self.render(request, "deadletters.html", page=page)

    async def dead_letter(self, request: Request) -> Response:
        number = questions.whole(questions.path_text(request, "id"))
        letter = None if number is None else await self._desk.model.dead_letter(number)
        if letter is None:
            return self.problem(request, 404, "No such record", "It may have been too old to keep.")
        return self.render(request, "deadletter.html", letter=letter)

    async def connections(self, request: Request) -> Response:
        rows = await self._desk.model.connections()
        return self.render(request, "connections.html", rows=rows)


def _other_page(request: Request, number: int) -> str:
    kept = {name: value for name, value in request.query_params.items() if name != "page" and value}
    return "?" + urlencode(kept | {"page": str(number)})
