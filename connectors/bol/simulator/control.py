"""`/_control`: what customers, the retailer's staff and bad luck do, as JSON. Not part of Bol.

Bodies are JSON objects and must say so (a web page of someone else cannot send that unasked). What cannot be
done is 400, 404 or 409 with `{"error": ...}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.bol.simulator import dump
from connectors.bol.simulator.answers import drawn
from connectors.bol.simulator.asked import Int32
from connectors.bol.simulator.faults import FaultRule
from connectors.bol.simulator.records import Method, NotDone

if TYPE_CHECKING:
    from connectors.bol.simulator.app import BolSimulator

MOST_BODY = 64 * 1024 * 1024
T = TypeVar("T")


class _Offer(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    ean: str
    amount: Int32 = 0
    reference: str = ""
    price_cents: Int32 = 1995
    managed_by_retailer: bool = False
    fulfilment: Method = "FBR"
    title: str = ""
    offer_id: str = ""


class _Offers(msgspec.Struct, forbid_unknown_fields=True):
    offers: list[_Offer]


class _Item(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    quantity: int
    offer_id: str = ""
    ean: str = ""


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    items: list[_Item] = []
    force: bool = False
    fulfilment: Method | None = None


class _ItemNamed(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    item_id: str


class _Cancelled(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    item_id: str = ""
    order_id: str = ""


class _Stock(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    offer_id: str
    amount: Int32


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Control:
    """The handlers, each from a decoded body to what is told back."""

    def __init__(self, simulator: BolSimulator) -> None:
        self._simulator = simulator

    async def add_offers(self, body: _Offers) -> Any:
        """Loads offers. Those before one that cannot be stay."""
        books = self._simulator.books
        added = [
            books.add_offer(
                one.ean,
                one.amount,
                one.reference,
                one.price_cents,
                one.managed_by_retailer,
                one.fulfilment,
                one.title,
                one.offer_id,
            )
            for one in body.offers
        ]
        return {"offerIds": [offer.offer_id for offer in added]}

    async def order(self, body: _Order) -> Any:
        """A customer orders what is named, or something that is on sale."""
        books = self._simulator.books
        if body.items:
            wanted = [(one.offer_id or self._offer_of(one.ean), one.quantity) for one in body.items]
            placed = books.place_order(wanted, body.force, body.fulfilment)
        else:
            found = books.place_random()
            if found is None:
                raise NotDone("nothing is on sale", 409)
            placed = found
        self._simulator.pushes.tell()
        return {"orderId": placed.order_id, "itemIds": [item.item_id for item in placed.items]}

    def _offer_of(self, ean: str) -> str:
        found = self._simulator.books.offers_of(ean)
        if not found:
            raise NotDone(f"no offer has EAN {ean[:40]}", 404)
        return found[0].offer_id

    async def cancel(self, body: _Cancelled) -> Any:
        """An item, or all items of an order, are cancelled as far as they are open."""
        books = self._simulator.books
        if body.item_id:
            order, item = books.item(body.item_id)
            items = [item]
        else:
            order = books.order(body.order_id)
            items = order.items
        for item in items:
            books.cancel_item(order, item)
        self._simulator.pushes.tell()
        return {"cancelled": sum(item.cancelled for item in items)}

    async def ask_cancellation(self, body: _ItemNamed) -> Any:
        """The customer asks for a cancellation."""
        self._simulator.books.ask_cancellation(self._simulator.books.item(body.item_id)[1])
        return {}

    async def set_stock(self, body: _Stock) -> Any:
        """Someone sets the stock by hand, past the bridge."""
        books = self._simulator.books
        books.set_stock(books.offer(body.offer_id), body.amount, None, "by hand")
        return {}

    async def rotate(self, body: _Nothing) -> Any:
        """A new signature key."""
        return {"keyId": self._simulator.keys.rotate()}

    async def forget_tokens(self, body: _Nothing) -> Any:
        """Every access token is refused from now on."""
        self._simulator.forget_tokens()
        return {}

    async def add_fault(self, body: FaultRule) -> Any:
        """Trouble from now on."""
        self._simulator.faults.add(body)
        return self._simulator.faults.told()

    async def reset(self, body: _Nothing) -> Any:
        """The first day again."""
        await self._simulator.reset()
        return {}


def control_routes(simulator: BolSimulator) -> list[Route]:
    """All of them."""
    control = Control(simulator)

    async def books(request: Request) -> Response:
        return _told(
            dump.books(simulator.books) | {"pushes": simulator.pushes.counts, "calls": simulator.calls}
        )

    async def pushes(request: Request) -> Response:
        return _told({"attempts": dump.attempts(simulator.pushes.attempts)})

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            simulator.faults.clear()
        return _told(simulator.faults.told())

    return [
        Route("/_control/books", books, methods=["GET"]),
        Route("/_control/pushes", pushes, methods=["GET"]),
        Route("/_control/faults", faults, methods=["GET", "DELETE"]),
        Route("/_control/faults", _act(control.add_fault, FaultRule), methods=["POST"]),
        Route("/_control/offers", _act(control.add_offers, _Offers), methods=["POST"]),
        Route("/_control/orders", _act(control.order, _Order), methods=["POST"]),
        Route("/_control/orders/cancel", _act(control.cancel, _Cancelled), methods=["POST"]),
        Route(
            "/_control/orders/ask-cancellation", _act(control.ask_cancellation, _ItemNamed), methods=["POST"]
        ),
        Route("/_control/stock", _act(control.set_stock, _Stock), methods=["POST"]),
        Route("/_control/keys/rotate", _act(control.rotate, _Nothing), methods=["POST"]),
        Route("/_control/tokens/forget", _act(control.forget_tokens, _Nothing), methods=["POST"]),
        Route("/_control/reset", _act(control.reset, _Nothing), methods=["POST"]),
    ]


def _act(act: Callable[[Any], Awaitable[Any]], kind: type[T]) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(kind)

    async def handle(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _told({"error": "the body must be application/json"}, 415)
        try:
            return _told(await act(decoder.decode(await drawn(request, MOST_BODY) or b"{}")))
        except NotDone as refusal:
            return _told({"error": str(refusal)}, refusal.status)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            return _told({"error": str(error)}, 400)

    return handle


def _told(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
