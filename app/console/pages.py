"""The pages. Each is a whole page; the browser asks for it again when something on it changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.console import byhand, picture, questions, wording
from app.console.desk import ByHand, Desk, ReturnLike
from app.console.looking_back import then
from app.console.security import from_our_own_page, who
from app.console.stopped import stopped_of
from app.past import AROUND
from app.readmodel.shown import OrderDetail
from streams.log.base import LogUnavailable
from streams.vocabulary.events import FlowName, OperatorAsked

HERE = Path(__file__).parent
OTHER = "*"
"""The transporter's code is written out."""
RETURNS = 50
"""In one part of the list."""
SAID = {
    "retry": "The order is tried again now; what comes of it appears below.",
    "ship": "Bol is told how it was sent; what comes of it appears below.",
    "cancel": "It is cancelled at Bol and in Mplus now; what comes of it appears below.",
    "handle": "It is seen to now; what comes of it appears here.",
}


def routes(desk: Desk) -> list[Route]:
    """Every page, and what is done from them."""
    pages = Pages(desk)
    return [
        Route("/", pages.overview),
        Route("/history", pages.history),
        Route("/articles", pages.articles),
        Route("/articles/{connection}/{number:path}", pages.article),
        Route("/orders", pages.orders),
        Route("/orders/{connection}/{order_id:path}/retry", pages.retry, methods=["POST"]),
        Route("/orders/{connection}/{order_id:path}/ship", pages.ship, methods=["POST"]),
        Route("/orders/{connection}/{order_id:path}/cancel", pages.cancel, methods=["POST"]),
        Route("/orders/{connection}/{order_id:path}/cancel", pages.ask_cancel),
        Route("/orders/{connection}/{order_id:path}", pages.order),
        Route("/returns", pages.returns),
        Route("/returns/{connection}/{return_id:path}/handle", pages.handle, methods=["POST"]),
        Route("/returns/{connection}/{return_id:path}", pages.one_return),
        Route("/unmatched", pages.unmatched),
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
                for name in (
                    *("kind", "fresh", "step", "sweep", "vendor", "euros", "whole", "lasted", "clock", "day"),
                    *("shipment", "item_state", "credit", "transporter"),
                    *("movement", "cause", "condition", "at_bol", "what_for"),
                )
            }
            | {
                "stands": wording.offer,
                "full": wording.full,
                "size": wording.size,
                "part": lambda text: quote(text, safe=""),
            }
        )
        self._templates.globals.update(
            picture=picture,
            track=wording.TRACK,
            steps=wording.STEPS,
            hints=wording.HINTS,
            states=wording.RETURN_STATES,
            ago=wording.ago,
            moment_of_day=wording.moment,
            byhand=byhand,
            other=OTHER,
        )

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page. `base` in a template is where the console is mounted."""
        now = self._desk.clock()
        html = self._templates.get_template(template).render(
            base=request.scope.get("root_path", ""),
            here=request.url.path.removeprefix(request.scope.get("root_path", "")),
            now=now,
            moment=lambda at: wording.moment(at, now),
            left=lambda day: wording.left(day, now),
            past=lambda day: wording.past(day, now),
            standing=self._desk.standing,
            by_hand=self._desk.by_hand,
            stopped=stopped_of(request),
            other_page=lambda number: _other_page(request, number),
            **values,
        )
        return HTMLResponse(html, status)

    def problem(self, request: Request, status: int, title: str, detail: str) -> HTMLResponse:
        """A page that says what is wrong and what to do."""
        return self.render(request, "problem.html", status, title=title, detail=detail)

    async def overview(self, request: Request) -> Response:
        overview = await self._desk.overview()
        returns = await self._desk.open_returns()
        return self.render(request, "overview.html", overview=overview, open_returns=returns)

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
        asked = await then(self._desk, request, connection, number)
        if asked.elsewhere:
            return RedirectResponse(asked.elsewhere, 303)
        return self.render(
            request,
            "article.html",
            asked.status,
            article=article,
            asked=asked,
            looks_back=self._desk.looks_back,
            around=AROUND // timedelta(minutes=1),
        )

    async def orders(self, request: Request) -> Response:
        wanted = questions.order_filter(request)
        page = await self._desk.model.orders(wanted, questions.number(request, "page") or 1)
        return self.render(request, "orders.html", page=page, wanted=wanted)

    async def order(self, request: Request) -> Response:
        order = await self._order(request)
        return order if isinstance(order, Response) else self._show(request, order)

    async def retry(self, request: Request) -> Response:
        """Asks the orders flow to try again; nothing is tried here."""
        refusal = self.refusal(request)
        order = refusal or await self._order(request)
        if isinstance(order, Response):
            return order
        return await self._tell_order(request, order, OperatorAsked(who=who(request)), "retry")

    async def ship(self, request: Request) -> Response:
        """`Sent with ...`."""
        refusal = self.refusal(request)
        order = refusal or await self._order(request)
        if isinstance(order, Response):
            return order
        form = await questions.form(request)
        chosen = form.get("transporter", "")
        code = form.get("other", "") if chosen == OTHER else chosen
        everything = form.get("all", "") == "1"
        try:
            event = byhand.shipped(order.shown, who(request), code, form.get("track", ""), everything)
        except byhand.Mistake as mistake:
            return self._show(request, order, 422, mistake=("ship", str(mistake)), form=form)
        return await self._tell_order(request, order, event, "ship")

    async def ask_cancel(self, request: Request) -> Response:
        """The second question: nothing is cancelled by asking it."""
        order = await self._order(request)
        if isinstance(order, Response):
            return order
        form = {"reason": questions.text(request, "reason")}
        items = questions.texts(request, "item")
        try:
            if order.shown.lines and not items:
                raise byhand.Mistake("Tick what is to be cancelled.")
            event = byhand.cancelled(order.shown, who(request), form["reason"], items)
        except byhand.Mistake as mistake:
            ticked = {"items": " ".join(items)}
            return self._show(request, order, 422, mistake=("cancel", str(mistake)), form=form | ticked)
        lines = [line for line in order.shown.lines if line.item_id in event.item_ids]
        return self.render(request, "cancel.html", order=order, event=event, lines=lines)

    async def cancel(self, request: Request) -> Response:
        """Cancels what was asked about."""
        refusal = self.refusal(request)
        order = refusal or await self._order(request)
        if isinstance(order, Response):
            return order
        form = await questions.form(request)
        items = await questions.form_list(request, "item")
        try:
            event = byhand.cancelled(order.shown, who(request), form.get("reason", ""), items)
        except byhand.Mistake as mistake:
            return self._show(request, order, 422, mistake=("cancel", str(mistake)), form=form)
        return await self._tell_order(request, order, event, "cancel")

    async def returns(self, request: Request) -> Response:
        of, state = questions.text(request, "connection"), questions.text(request, "state")
        after = questions.text(request, "after")
        kept = self._desk.returns
        rows = (
            []
            if kept is None
            else list(await kept.returns(of or None, state or None, RETURNS + 1, after or None))
        )
        older = None
        if len(rows) > RETURNS:
            rows = rows[:RETURNS]
            last = f"{rows[-1].connection}/{rows[-1].shown.return_id}"
            held = {name: value for name, value in request.query_params.items() if name != "after" and value}
            older = "?" + urlencode(held | {"after": last})
        return self.render(
            request, "returns.html", rows=rows, state=state, of=of, older=older, first=not after, kept=kept
        )

    async def one_return(self, request: Request) -> Response:
        found = await self._return(request)
        return found if isinstance(found, Response) else self._show_return(request, found)

    async def handle(self, request: Request) -> Response:
        """`Handled as ...`."""
        refusal = self.refusal(request)
        found = refusal or await self._return(request)
        if isinstance(found, Response):
            return found
        form = await questions.form(request)
        rma_id, written = form.get("rma", ""), form.get("quantity", "")
        count = questions.whole(written)
        try:
            if written and count is None:
                raise byhand.Mistake("The quantity must be a whole number.")
            event = byhand.handled(
                found.shown, who(request), rma_id, form.get("result", ""), count, form.get("credit") == "1"
            )
        except byhand.Mistake as mistake:
            return self._show_return(request, found, 422, mistake=(rma_id, str(mistake)), form=form)
        return await self._tell(request, "returns", found.connection, found.shown.return_id, event, "handle")

    async def _order(self, request: Request) -> OrderDetail | Response:
        connection, order_id = (questions.path_text(request, name) for name in ("connection", "order_id"))
        found = await self._desk.model.order(connection, order_id)
        if found is None:
            return self.problem(request, 404, "No such order", f"Nothing is known of order {order_id}.")
        return found

    async def _return(self, request: Request) -> ReturnLike | Response:
        connection, return_id = (questions.path_text(request, name) for name in ("connection", "return_id"))
        kept = self._desk.returns
        found = None if kept is None else await kept.one_return(connection, return_id)
        if found is None:
            return self.problem(request, 404, "No such return", f"Nothing is known of return {return_id}.")
        return found

    def _show(
        self,
        request: Request,
        order: OrderDetail,
        status: int = 200,
        mistake: tuple[str, str] = ("", ""),
        form: Mapping[str, str] | None = None,
    ) -> Response:
        """The order's page; with what was filled in wrongly, and why."""
        return self.render(
            request,
            "order.html",
            status,
            order=order,
            asked=SAID.get(questions.text(request, "asked"), ""),
            mistake=mistake,
            form=form or {},
            ready=sum(byhand.ready_units(line) for line in order.shown.lines),
            rest=sum(byhand.open_units(line) - byhand.ready_units(line) for line in order.shown.lines),
            no_shipping=byhand.no_shipping(order.shown),
            no_cancelling=byhand.no_cancelling(order.shown),
        )

    def _show_return(
        self,
        request: Request,
        found: ReturnLike,
        status: int = 200,
        mistake: tuple[str, str] = ("", ""),
        form: Mapping[str, str] | None = None,
    ) -> Response:
        asked = SAID.get(questions.text(request, "asked"), "")
        return self.render(
            request, "return.html", status, found=found, asked=asked, mistake=mistake, form=form or {}
        )

    def refusal(self, request: Request) -> Response | None:
        """Why a button does nothing for this request; None: it may."""
        if not from_our_own_page(request):
            return self.problem(
                request, 403, "Not from here", "This button works on the console's own pages only."
            )
        if not self._desk.by_hand:
            return self.problem(request, 404, "Not possible here", "This console only shows; it cannot ask.")
        return None

    async def _tell_order(self, request: Request, order: OrderDetail, event: ByHand, deed: str) -> Response:
        return await self._tell(request, "orders", order.connection, order.shown.order_id, event, deed)

    async def _tell(
        self, request: Request, flow: FlowName, connection: str, entity: str, event: ByHand, deed: str
    ) -> Response:
        """Writes it, and shows the page of what it is about."""
        where = f"/{flow}/{quote(connection, safe='')}/{quote(entity, safe='')}?asked={deed}"
        return await self.tell(request, flow, connection, entity, event, where)

    async def tell(
        self, request: Request, flow: FlowName, connection: str, entity: str, event: ByHand, where: str
    ) -> Response:
        """Writes it, and goes to the page there."""
        try:
            await self._desk.tell(flow, connection, entity, event)
        except LogUnavailable as error:
            words = f"The log did not take it: {error}. Nothing was done; do it again later."
            return self.problem(request, 503, "Not asked", words)
        return RedirectResponse(f"{request.scope.get('root_path', '')}{where}", 303)

    async def unmatched(self, request: Request) -> Response:
        search, of = questions.text(request, "search"), questions.text(request, "connection")
        side = questions.side(request)
        number = questions.number(request, "page") or 1
        page = await self._desk.model.unmatched(side=side, connection=of, search=search, page=number)
        counts = await self._desk.model.unmatched_counts(of)
        return self.render(
            request, "unmatched.html", page=page, counts=counts, search=search, side=side, of=of
        )

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
