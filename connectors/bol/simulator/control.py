"""`/_control`: what customers, the retailer's staff and bad luck do, as JSON. Not part of Bol.

Bodies are JSON objects and must say so (a web page of someone else cannot send that unasked). What cannot be
done is 400, 404 or 409 with `{"error": ...}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.bol.simulator import dump
from connectors.bol.simulator.answers import drawn
from connectors.bol.simulator.control_bodies import (
    Cancelled,
    InventorySet,
    ItemNamed,
    LabelBought,
    NewOffers,
    NewOrder,
    Nothing,
    OfferChanged,
    OfferNamed,
    OfferTakenOff,
    OrderedItem,
    ReturnAnnounced,
    Shipped,
    StockSet,
)
from connectors.bol.simulator.faults import FaultRule
from connectors.bol.simulator.generator import customer
from connectors.bol.simulator.records import Item, NotDone, Order

if TYPE_CHECKING:
    from connectors.bol.simulator.app import BolSimulator

MOST_BODY = 64 * 1024 * 1024
T = TypeVar("T")


class Control:
    """The handlers, each from a decoded body to what is told back."""

    def __init__(self, simulator: BolSimulator) -> None:
        self._simulator = simulator

    async def add_offers(self, body: NewOffers) -> Any:
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
                condition=None if one.condition is None else msgspec.to_builtins(one.condition),
                on_hold=one.on_hold,
                economic_operator=one.economic_operator,
            )
            for one in body.offers
        ]
        return {"offerIds": [offer.offer_id for offer in added]}

    async def order(self, body: NewOrder) -> Any:
        """A customer orders what is named, or something that is on sale."""
        books = self._simulator.books
        wish = body.wish()
        if body.same_as:
            wish = replace(wish, person=books.order(body.same_as).customer)
        if body.customer is not None:
            known = wish.person or customer(
                books.rng,
                "new",
                books.habits,
                body.country,
                body.business,
                body.pickup_point,
                body.odd_address,
            )
            wish = replace(wish, person=body.customer.put_on(known), email=body.customer.email)
        if body.items:
            lines = [body.line(one, one.offer_id or self._offer_of(one.ean)) for one in body.items]
            placed = books.place_order(lines, body.force, body.fulfilment, wish)
        else:
            found = books.pick(body.lines, body.pieces)
            if not found:
                raise NotDone("nothing is on sale", 409)
            lines = [body.line(OrderedItem(quantity=quantity), offer_id) for offer_id, quantity in found]
            placed = books.place_order(lines, fulfilment=body.fulfilment, wish=wish)
        self._simulator.pushes.tell()
        return {
            "orderId": placed.order_id,
            "itemIds": [item.item_id for item in placed.items],
            "email": placed.customer.email,
        }

    def _offer_of(self, ean: str) -> str:
        found = self._simulator.books.offers_of(ean)
        if not found:
            raise NotDone(f"no offer has EAN {ean[:40]}", 404)
        return found[0].offer_id

    async def cancel(self, body: Cancelled) -> Any:
        """An item, or all items of an order, are cancelled as far as they are open: by Bol, unless somebody else."""
        books = self._simulator.books
        if body.item_id:
            order, item = books.item(body.item_id)
            items = [item]
        else:
            order = books.order(body.order_id)
            items = order.items
        for item in items:
            books.cancel_item(order, item, body.by, body.reason)
        self._simulator.pushes.tell()
        return {"cancelled": sum(item.cancelled for item in items)}

    async def ask_cancellation(self, body: ItemNamed) -> Any:
        """The customer asks for a cancellation."""
        self._simulator.books.ask_cancellation(self._simulator.books.item(body.item_id)[1])
        return {}

    async def ship(self, body: Shipped) -> Any:
        """Somebody ships in the partner site; what Bol sends itself leaves its warehouse."""
        books = self._simulator.books
        wanted = [(one.item_id, one.quantity) for one in body.items]
        made = books.ship_by_hand(books.order(body.order_id), wanted, body.reference, body.transport())
        self._simulator.pushes.tell()
        return {"shipmentIds": [one.shipment_id for one in made]}

    async def buy_label(self, body: LabelBought) -> Any:
        """Somebody buys a label in the partner site."""
        books = self._simulator.books
        order = books.order(body.order_id)
        items = (
            [self._item_of(order, one) for one in body.item_ids]
            if body.item_ids
            else [item for item in order.items if item.fulfilment == "FBR" and item.open]
        )
        label = books.buy_label(order, items, body.transporter_code)
        return {
            "labelId": label.label_id,
            "transporterCode": label.transporter,
            "trackAndTrace": label.track,
        }

    def _item_of(self, order: Order, item_id: str) -> Item:
        found, item = self._simulator.books.item(item_id)
        if found is not order:
            raise NotDone(f"order item {item_id[:40]} is not of order {order.order_id}")
        return item

    async def announce_return(self, body: ReturnAnnounced) -> Any:
        """A customer registers a return."""
        books = self._simulator.books
        wanted = [(one.item_id, one.quantity) for one in body.items]
        if not wanted:
            order = books.order(body.order_id)
            wanted = [(item.item_id, None) for item in order.items if item.shipped > item.returned]
            if not wanted:
                raise NotDone(f"nothing of order {order.order_id} can come back", 409)
        reason = (body.main_reason, body.detailed_reason) if body.main_reason else None
        made = books.register_return(wanted, reason, body.comments)
        return {"returnId": made.return_id, "rmaIds": [one.rma_id for one in made.items]}

    async def set_stock(self, body: StockSet) -> Any:
        """Someone sets the stock by hand, past the bridge."""
        books = self._simulator.books
        books.set_stock(books.offer(body.offer_id), body.amount, None, "by hand")
        return {}

    async def change_offer(self, body: OfferChanged) -> Any:
        """Someone changes an offer by hand, past the bridge."""
        books = self._simulator.books
        offer = books.offer(body.offer_id)
        if body.price_cents is not None:
            books.set_price(offer, body.price_cents)
        if body.amount is not None or body.managed_by_retailer is not None:
            books.set_stock(offer, body.amount, body.managed_by_retailer, "by hand")
        if body.on_hold is not None:
            books.set_hold(offer, body.on_hold, "by hand")
        if body.reference is not None:
            offer.reference = body.reference
        if body.economic_operator is not None:
            offer.economic_operator = body.economic_operator
        return {}

    async def delete_offer(self, body: OfferNamed) -> Any:
        """Someone deletes an offer by hand."""
        books = self._simulator.books
        books.delete_offer(books.offer(body.offer_id))
        return {}

    async def take_offline(self, body: OfferTakenOff) -> Any:
        """Bol takes an offer off the shop, or puts it back."""
        books = self._simulator.books
        books.set_offline(books.offer(body.offer_id), tuple(one.objection() for one in body.reasons))
        return {}

    async def set_inventory(self, body: InventorySet) -> Any:
        """Goods come in at Bol, are counted there, or are gone. Those before one that cannot be stay."""
        books = self._simulator.books
        bskus = []
        for one in body.items:
            if one.gone:
                books.clear_out(one.ean)
                bskus.append("")
            else:
                bskus.append(books.stock_at_bol(one.ean, one.bsku, one.regular, one.graded, one.title))
        return {"bskus": bskus}

    async def rotate(self, body: Nothing) -> Any:
        """A new signature key."""
        return {"keyId": self._simulator.keys.rotate()}

    async def forget_tokens(self, body: Nothing) -> Any:
        """Every access token is refused from now on."""
        self._simulator.forget_tokens()
        return {}

    async def add_fault(self, body: FaultRule) -> Any:
        """Trouble from now on."""
        self._simulator.faults.add(body)
        return self._simulator.faults.told()

    async def reset(self, body: Nothing) -> Any:
        """The first day again."""
        await self._simulator.reset()
        return {}


def control_routes(simulator: BolSimulator) -> list[Route]:
    """All of them."""
    control = Control(simulator)

    def act(
        what: Callable[[Any], Awaitable[Any]], kind: type[Any]
    ) -> Callable[[Request], Awaitable[Response]]:
        return _act(lambda: simulator.books.diary.catch_up(), what, kind)

    async def books(request: Request) -> Response:
        simulator.books.diary.catch_up()
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
        Route("/_control/faults", act(control.add_fault, FaultRule), methods=["POST"]),
        Route("/_control/offers", act(control.add_offers, NewOffers), methods=["POST"]),
        Route("/_control/offers/change", act(control.change_offer, OfferChanged), methods=["POST"]),
        Route("/_control/offers/delete", act(control.delete_offer, OfferNamed), methods=["POST"]),
        Route("/_control/offers/offline", act(control.take_offline, OfferTakenOff), methods=["POST"]),
        Route("/_control/inventory", act(control.set_inventory, InventorySet), methods=["POST"]),
        Route("/_control/orders", act(control.order, NewOrder), methods=["POST"]),
        Route("/_control/orders/cancel", act(control.cancel, Cancelled), methods=["POST"]),
        Route(
            "/_control/orders/ask-cancellation", act(control.ask_cancellation, ItemNamed), methods=["POST"]
        ),
        Route("/_control/orders/ship", act(control.ship, Shipped), methods=["POST"]),
        Route("/_control/orders/label", act(control.buy_label, LabelBought), methods=["POST"]),
        Route("/_control/returns", act(control.announce_return, ReturnAnnounced), methods=["POST"]),
        Route("/_control/stock", act(control.set_stock, StockSet), methods=["POST"]),
        Route("/_control/keys/rotate", act(control.rotate, Nothing), methods=["POST"]),
        Route("/_control/tokens/forget", act(control.forget_tokens, Nothing), methods=["POST"]),
        Route("/_control/reset", act(control.reset, Nothing), methods=["POST"]),
    ]


def _act(
    first: Callable[[], None], act: Callable[[Any], Awaitable[Any]], kind: type[T]
) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(kind)

    async def handle(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _told({"error": "the body must be application/json"}, 415)
        try:
            body = decoder.decode(await drawn(request, MOST_BODY) or b"{}")
            first()
            return _told(await act(body))
        except NotDone as refusal:
            return _told({"error": str(refusal)}, refusal.status)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            return _told({"error": str(error)}, 400)

    return handle


def _told(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
