"""Returns on the wire: contracts/bol-retailer-v10.openapi.json."""

from __future__ import annotations

from connectors.bol.simulator import asked, told
from connectors.bol.simulator.endpoint import V10, Call, Endpoint, Told
from connectors.bol.simulator.records import NotDone

PAGE = 50
MOST_PAGES = 1_000_000
MOST_RMA = 2**63 - 1


def list_returns(call: Call) -> Told:
    """`GET /retailer/returns`: handled ones newest first, the others oldest first. What comes without `handled` is not
    in the contract: those that are not handled, here; without a method, both."""
    page = asked.number(call.query, "page", 1, MOST_PAGES, 1)
    method = asked.choice(call.query, "fulfilment-method", ("FBR", "FBB", ""), "")
    handled = asked.flag(call.query, "handled") is True
    found = [
        one
        for one in call.books.returns.values()
        if one.handled == handled and method in ("", one.fulfilment)
    ]
    shown = (found[::-1] if handled else found)[(page - 1) * PAGE : page * PAGE]
    return Told(200, {"returns": [told.returned_reduced(one) for one in shown]})


def get_return(call: Call) -> Told:
    """`GET /retailer/returns/{return-id}`."""
    return Told(200, told.returned(call.books.returned(call.names["return_id"])))


def handle_return(call: Call) -> Told:
    """`PUT /retailer/returns/{rma-id}`."""
    rma_id, body = call.names["rma_id"], call.body
    if not (rma_id.isascii() and rma_id.isdigit() and len(rma_id) < 20 and int(rma_id) <= MOST_RMA):
        raise NotDone("rma-id must be a number", name="rma-id")
    process = call.books.handle(rma_id, body.handling_result, body.quantity_returned, call.fate())
    return call.accepted(process)


def make_return(call: Call) -> Told:
    """`POST /retailer/returns`: a return that nobody registered, handled at once."""
    body: asked.ReturnMade = call.body
    process = call.books.create_return(
        body.order_item_id, body.handling_result, body.quantity_returned, call.fate()
    )
    return call.accepted(process)


ENDPOINTS = (
    Endpoint("GET", "/retailer/returns", "list-returns", V10, list_returns),
    Endpoint("POST", "/retailer/returns", "write-return", V10, make_return, asked.ReturnMade),
    Endpoint("GET", "/retailer/returns/{return_id}", "get-return", V10, get_return),
    Endpoint("PUT", "/retailer/returns/{rma_id}", "write-return", V10, handle_return, asked.ReturnHandled),
)
