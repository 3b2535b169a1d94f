"""`/_control`: what staff, customers and bad luck do to the shop, as JSON. Not part of Mplus.

Bodies are JSON objects and must say so (a web page of someone else cannot send that unasked). What cannot be
done is 400 or 404 with `{"error": ...}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.mplus.simulator import dump as told
from connectors.mplus.simulator.config import WebhookTarget
from connectors.mplus.simulator.control_articles import ArticleControl
from connectors.mplus.simulator.control_bodies import (
    ArticleChange,
    Cancelling,
    Count,
    Delivery,
    Editing,
    Goods,
    Line,
    Marking,
    NewArticle,
    Nothing,
    NotThere,
    OrderNamed,
    Restoring,
    Sale,
    SlipMarking,
    Target,
    above_zero,
    pieces_of,
    price_of,
)
from connectors.mplus.simulator.faults import FaultRule
from connectors.mplus.simulator.order_drafts import LineDraft
from connectors.mplus.simulator.orders import Order
from connectors.mplus.simulator.sessions import SaleLine
from connectors.mplus.simulator.stock import StockRow

if TYPE_CHECKING:
    from connectors.mplus.simulator.app import MplusSimulator

MOST_BODY = 1024 * 1024
T = TypeVar("T")
Act = Callable[[Any], Awaitable[Any]]


class Control:
    """The handlers, each from a decoded body to what is told back."""

    def __init__(self, simulator: MplusSimulator) -> None:
        self._simulator = simulator

    async def sell(self, sale: Sale) -> Any:
        """A customer pays."""
        return self._session(sale, refund=False)

    async def refund(self, sale: Sale) -> Any:
        """A customer brings it back; quantities are positive here."""
        return self._session(sale, refund=True)

    def _session(self, sale: Sale, *, refund: bool) -> Any:
        lines = sale.lines
        if sale.article is not None:
            lines = [
                Line(article=sale.article, quantity=sale.quantity, price_cents=sale.price_cents),
                *lines,
            ]
        books = self._simulator.books
        session, events = books.till.sell(
            [SaleLine(line.article, pieces_of(line.quantity), price_of(line.price_cents)) for line in lines],
            branch=sale.branch,
            workplace=sale.workplace,
            payment_method=sale.payment_method,
            refund=refund,
        )
        self._simulator.pushes.tell(books.webhook, events)
        return told.session_told(session)

    async def receive(self, goods: Goods) -> Any:
        """A supplier delivers."""
        row = self._row(goods.article, goods.branch)
        self._simulator.books.receive(row, above_zero(goods.quantity), goods.reference)
        return told.stock_row(row)

    async def announce(self, goods: Goods) -> Any:
        """Something is ordered at a supplier."""
        row = self._row(goods.article, goods.branch)
        self._simulator.books.announce(row, above_zero(goods.quantity), goods.reference)
        return told.stock_row(row)

    async def correct(self, count: Count) -> Any:
        """Someone counts the shelf."""
        row = self._row(count.article, count.branch)
        if (count.amount is None) == (count.change is None):
            raise ValueError("give either amount or change")
        off = (
            pieces_of(count.change)
            if count.change is not None
            else pieces_of(count.amount or 0) - row.on_hand
        )
        self._simulator.books.correct(row, off, count.reference)
        return told.stock_row(row)

    async def deliver_order(self, delivery: Delivery) -> Any:
        """Staff packs an order, whole or in part. `reference`: what they type on the slip."""
        simulator = self._simulator
        order = self._order(delivery)
        quantities = None
        if delivery.quantities is not None:
            quantities = {line: pieces_of(quantity) for line, quantity in delivery.quantities.items()}
        shipped = simulator.books.deliver(
            order.order_id, quantities, invoiced=delivery.invoiced, reference=delivery.reference
        )
        if shipped.slip is None:
            raise ValueError(f"{shipped.result}: {shipped.message}")
        simulator.pushes.call_back(simulator.books.take_callbacks())
        return told.slip_told(shipped.slip)

    async def cancel_order(self, named: Cancelling) -> Any:
        """Staff cancels an order, whole or in part."""
        if named.quantities is not None:
            order = self._order(named)
            pieces = {line: pieces_of(quantity) for line, quantity in named.quantities.items()}
            self._simulator.books.desk.cancel_lines(order, pieces)
            return told.order_told(order)
        done = self._simulator.books.desk.cancel(self._order(named).order_id, toggle=False)
        if done.result not in ("OK", "PENDING") or done.order is None:
            raise ValueError(f"{done.result}: {done.message}")
        return told.order_told(done.order)

    async def mark_order(self, marking: Marking) -> Any:
        """Staff writes a reference, moves an order to another category or sends it another way."""
        order = self._order(marking)
        self._simulator.books.desk.mark(
            order,
            reference=marking.reference,
            category=marking.category,
            delivery_method=marking.delivery_method,
        )
        return told.order_told(order)

    async def edit_order(self, editing: Editing) -> Any:
        """Staff writes other quantities on an order, takes lines off, adds some."""
        order = self._order(editing)
        if not editing.quantities and not editing.add:
            raise ValueError("give quantities, or lines to add")
        pieces = {line: pieces_of(quantity) for line, quantity in editing.quantities.items()}
        added = [
            LineDraft(
                line_id="",
                article=line.article,
                quantity=above_zero(line.quantity),
                price=price_of(line.price_cents),
            )
            for line in editing.add
        ]
        self._simulator.books.desk.edit_lines(order, pieces, added)
        return told.order_told(order)

    async def mark_slip(self, marking: SlipMarking) -> Any:
        """Staff writes on a packing slip that is there already."""
        books = self._simulator.books
        named = marking.packing_slip_id or next(reversed(self._order(marking).slips), "")
        slip = books.orders.slip(named)
        if slip is None:
            raise NotThere("no such packing slip: give packing_slip_id, or an order that has one")
        books.dispatch.mark(slip, marking.reference)
        return told.slip_told(slip)

    async def catch_up(self, nothing: Nothing) -> Any:
        """The branch's own database works off its queue of cancellations."""
        return {"cancelled": self._simulator.books.desk.catch_up()}

    async def add_fault(self, rule: FaultRule) -> Any:
        """Trouble from now on."""
        self._simulator.faults.add(rule)
        return self._simulator.faults.told()

    async def clear_faults(self, nothing: Nothing) -> Any:
        """No more trouble."""
        self._simulator.faults.clear()
        return []

    async def back_up(self, nothing: Nothing) -> Any:
        """A copy of the database is put aside, in the place of an earlier one."""
        self._simulator.back_up()
        return self._markers()

    async def restore(self, restoring: Restoring) -> Any:
        """The database goes back to its backup: every marker jumps back, and what came after is gone."""
        given = [(one, pieces_of(one.on_hand)) for one in restoring.stock]
        for one, _ in given:
            self._row(one.article, one.branch)
        self._simulator.restore()
        for one, on_hand in given:
            self._simulator.books.stock.rewrite(self._row(one.article, one.branch), on_hand)
        return self._markers()

    def _markers(self) -> Any:
        return told.dump(self._simulator.books, frozenset({"markers"}), frozenset())["markers"]

    async def reset(self, nothing: Nothing) -> Any:
        """The first day again."""
        await self._simulator.reset()
        return {"reset": True}

    async def set_webhook(self, target: Target) -> Any:
        """Where the tills' events go from now on."""
        wanted = (
            WebhookTarget(
                url=target.url, subscription_id=target.subscription_id, secret=target.secret,
                events=target.events,
            )
            if target.url
            else None
        )  # fmt: skip
        self._simulator.books.webhook = wanted
        return {"url": target.url, "subscription_id": target.subscription_id, "events": target.events}

    async def books(self, request: Request) -> Response:
        """Everything, or `?parts=stock,changes&articles=1001,1002`."""
        parts = frozenset(part for part in request.query_params.get("parts", "").split(",") if part)
        if unknown := parts - told.PARTS - {"pushes", "faults", "calls"}:
            return _answer({"error": f"unknown parts: {', '.join(sorted(unknown))[:200]}"}, 400)
        try:
            articles = frozenset(
                int(one) for one in request.query_params.get("articles", "").split(",") if one
            )
        except ValueError:
            return _answer({"error": "articles are numbers with commas between"}, 400)
        simulator = self._simulator
        found = told.dump(simulator.books, parts, articles)
        running = {
            "pushes": {"counts": dict(simulator.pushes.counts), "recent": list(simulator.pushes.recent)},
            "faults": simulator.faults.told(),
            "calls": dict(simulator.calls),
        }
        return _answer(found | {name: value for name, value in running.items() if not parts or name in parts})

    async def faults(self, request: Request) -> Response:
        """The rules in force and how often each struck."""
        return _answer(self._simulator.faults.told())

    def _row(self, article: int, branch: int | None) -> StockRow:
        return self._simulator.books.stock_row(branch, article)

    def _order(self, named: OrderNamed) -> Order:
        orders = self._simulator.books.orders
        order = orders.get(named.order_id) if named.order_id else orders.by_ext(named.ext_order_id)
        if order is None:
            raise NotThere("no such order: give order_id or ext_order_id")
        return order


def control_routes(simulator: MplusSimulator) -> list[Route]:
    """The routes of `/_control`."""
    control = Control(simulator)
    articles = ArticleControl(simulator)
    acts: list[tuple[str, str, type[Any], Act]] = [
        ("POST", "sell", Sale, control.sell),
        ("POST", "refund", Sale, control.refund),
        ("POST", "receive", Goods, control.receive),
        ("POST", "announce", Goods, control.announce),
        ("POST", "correct", Count, control.correct),
        ("POST", "articles/change", ArticleChange, articles.change),
        ("POST", "articles/deactivate", ArticleChange, articles.deactivate),
        ("POST", "articles/add", NewArticle, articles.add),
        ("POST", "orders/deliver", Delivery, control.deliver_order),
        ("POST", "orders/cancel", Cancelling, control.cancel_order),
        ("POST", "orders/mark", Marking, control.mark_order),
        ("POST", "orders/edit", Editing, control.edit_order),
        ("POST", "orders/catch-up", Nothing, control.catch_up),
        ("POST", "slips/mark", SlipMarking, control.mark_slip),
        ("POST", "faults", FaultRule, control.add_fault),
        ("DELETE", "faults", Nothing, control.clear_faults),
        ("POST", "backup", Nothing, control.back_up),
        ("POST", "restore", Restoring, control.restore),
        ("POST", "reset", Nothing, control.reset),
        ("POST", "webhook", Target, control.set_webhook),
    ]
    return [
        Route("/_control/books", control.books, methods=["GET"]),
        Route("/_control/faults", control.faults, methods=["GET"]),
        *(
            Route(f"/_control/{path}", _handler(shape, act), methods=[method])
            for method, path, shape, act in acts
        ),
    ]


def _handler(shape: type[T], act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BODY:
                return _answer({"error": "the body is too long"}, 413)
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json" and (body or request.method == "POST"):
            return _answer({"error": "Content-Type must be application/json"}, 415)
        try:
            return _answer(await act(msgspec.json.decode(bytes(body) or b"{}", type=shape)))
        except NotThere as missing:
            return _answer({"error": str(missing)}, 404)
        except (msgspec.MsgspecError, ValueError) as error:
            return _answer({"error": str(error)[:500]}, 400)

    return handle


def _answer(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
