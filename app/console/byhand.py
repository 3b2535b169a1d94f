"""What a person may do by hand: a form or a command becomes an event for a flow, or words on why it cannot be.

Pure. What is shown can be seconds old: the flow decides in the end, and says so on the order's timeline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.readmodel.entries import FINISHED
from streams.vocabulary.activity import GuardShown, LineShown, OrderShown, ReturnItemShown, ReturnShown
from streams.vocabulary.events import OperatorCancelled, OperatorHandled, OperatorResumed, OperatorShipped

TRANSPORTERS = {
    "TNT": "PostNL parcel",
    "TNT_BRIEF": "PostNL letterbox parcel",
    "TNT-EXTRA": "PostNL extra@home",
    "BRIEFPOST": "Letter post (no code needed)",
    "DHLFORYOU": "DHL Parcel",
    "DHL": "DHL",
    "DHL_DE": "DHL Germany",
    "DPD-NL": "DPD Netherlands",
    "DPD-BE": "DPD Belgium",
    "BPOST_BE": "bpost parcel",
    "BPOST_BRIEF": "bpost letter",
    "GLS": "GLS",
    "UPS": "UPS",
    "FEDEX_NL": "FedEx Netherlands",
    "FEDEX_BE": "FedEx Belgium",
    "DYL": "Dynalogic",
    "TRANSMISSION": "TransMission",
    "PACKS": "Packs",
    "COURIER": "Courier of your own",
    "OTHER": "Another transporter",
}
"""Codes that Bol has published. The contract (bol-retailer-v10, TransportInstruction) leaves them open: any other one
that Bol knows can be written out."""

REASONS = {
    "OUT_OF_STOCK": "Out of stock",
    "REQUESTED_BY_CUSTOMER": "The customer asked for it",
    "NOT_AVAIL_IN_TIME": "Not available in time",
    "UNFINDABLE_ITEM": "Cannot be found",
    "BAD_CONDITION": "In bad condition",
    "INCORRECT_PRICE": "The price is wrong",
    "HIGHER_SHIPCOST": "Sending it costs too much",
    "ORDERED_TWICE": "Ordered twice",
    "NO_BOL_GUARANTEE": "Bol gives no guarantee",
    "RETAIN_ITEM": "We keep it",
    "TECH_ISSUE": "A technical problem",
    "OTHER": "Something else",
}
"""Source: bol-retailer-v10, OrderItemCancellation.reasonCode."""

RESULTS = {
    "RETURN_RECEIVED": "Received, refund the customer",
    "EXCHANGE_PRODUCT": "Exchanged for another one",
    "RETURN_DOES_NOT_MEET_CONDITIONS": "Does not meet the conditions, no refund",
    "REPAIR_PRODUCT": "Repaired and sent back",
    "CUSTOMER_KEEPS_PRODUCT_PAID": "The customer keeps it and has paid",
    "STILL_APPROVED": "Approved after all",
}
"""Source: bol-retailer-v10, ReturnRequest.handlingResult."""
CREDITED = ("RETURN_RECEIVED", "STILL_APPROVED")
"""Results after which the customer gets the money back: a credit in Mplus goes with them."""

LONGEST_NAME = 60
LONGEST_TRACK = 60
LONGEST_TRANSPORTER = 40
MOST_ITEMS = 200
MOST_RETURNED = 9_999
"""Source: bol-retailer-v10, ReturnRequest.quantityReturned."""
_TRANSPORTER = re.compile(rf"[A-Z0-9][A-Z0-9_-]{{0,{LONGEST_TRANSPORTER - 1}}}")
_TRACK = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._/-]{{0,{LONGEST_TRACK - 1}}}")


class Mistake(Exception):
    """It cannot be done as it was asked; the text says why and what to do."""


def open_units(line: LineShown) -> int:
    """Units that Bol still waits for."""
    return max(0, line.quantity - line.shipped)


def ready_units(line: LineShown) -> int:
    """Units that have left according to Mplus, and that Bol has not been told of."""
    return max(0, min(line.delivered, line.quantity) - line.shipped)


def no_shipping(order: OrderShown) -> str:
    """Why nothing can be told to Bol as sent by hand; empty: it can."""
    return _closed(order) or (
        "Bol sends this order itself, from its own warehouse." if order.fulfilment == "FBB" else ""
    )


def no_cancelling(order: OrderShown) -> str:
    """Why nothing of it can be cancelled by hand; empty: something can."""
    return _closed(order) or (
        "Bol sends this order itself: only Bol can cancel it." if order.fulfilment == "FBB" else ""
    )


def _closed(order: OrderShown) -> str:
    if order.step == "done":
        return "This order is done: all of it has left, and Bol knows."
    if order.step == "cancelled":
        return "This order is cancelled."
    if order.step == "kept-out":
        return "This order was not taken over: handle it on Bol's own pages."
    if order.lines and not any(open_units(line) for line in order.lines):
        return "Nothing of this order is open at Bol any more."
    assert order.step not in FINISHED
    return ""


def shipped(order: OrderShown, who: str, transporter: str, track: str, everything: bool) -> OperatorShipped:
    """`Sent with ...`. `everything`: also what is not delivered in Mplus yet. Raises Mistake."""
    _refuse(no_shipping(order))
    code = transporter.strip().upper()
    if not code:
        raise Mistake("Choose the transporter that took it.")
    if not _TRANSPORTER.fullmatch(code):
        raise Mistake(
            f"This is no transporter code of Bol's: letters, digits, - and _, at most {LONGEST_TRANSPORTER}, "
            "as TNT or DPD-NL."
        )
    # Labels print them in groups, and people copy them so.
    number = "".join(track.split())
    if number and not _TRACK.fullmatch(number):
        raise Mistake(
            "This is no track and trace code: letters and digits (also - . / and _), "
            f"at most {LONGEST_TRACK}. Copy it from the label, without the web address."
        )
    if not everything and not any(ready_units(line) for line in order.lines):
        raise Mistake(
            "Nothing of this order is delivered in Mplus that Bol does not know of. Deliver it in Mplus first, "
            "or say that all that is open was sent."
        )
    return OperatorShipped(who=who, transporter=code, track=number, all=everything)


def cancelled(order: OrderShown, who: str, reason: str, item_ids: Sequence[str]) -> OperatorCancelled:
    """Items of the order (none named: all that is open) for a reason. Raises Mistake."""
    _refuse(no_cancelling(order))
    code = reason.strip().upper()
    if not code:
        raise Mistake("Choose the reason that Bol tells the customer.")
    if code not in REASONS:
        raise Mistake(f"Bol knows no such reason. Write one of {', '.join(REASONS)}.")
    if len(item_ids) > MOST_ITEMS:
        raise Mistake(f"At most {MOST_ITEMS} items can be named.")
    known = {line.item_id: line for line in order.lines}
    for one in item_ids:
        if one not in known:
            raise Mistake(
                f"Order {order.order_id} has no item {one[:80]}. It has {', '.join(known) or 'none yet'}."
            )
        if not open_units(known[one]):
            raise Mistake(f"Nothing of item {one} is open at Bol any more: it was sent or cancelled.")
    return OperatorCancelled(who=who, reason=code, item_ids=tuple(dict.fromkeys(item_ids)))


def item_open(item: ReturnItemShown) -> bool:
    """Whether a person can still say how this item of a return is handled."""
    return item.state in ("open", "failed")


def credit_open(item: ReturnItemShown) -> bool:
    """Whether a person can ask for the credit of an item that Bol knows to be handled; where it stands still half-way,
    asking again goes on with it."""
    return item.state == "handled" and (item.credit in ("none", "failed") or bool(item.stuck))


def handled(
    shown: ReturnShown, who: str, rma_id: str, result: str, quantity: int | None, credit: bool
) -> OperatorHandled:
    """`Handled as ...`, for one item of a return; no quantity: all of it. Of one that is handled already only the
    credit can be asked for, and the result is the one that Bol has. Raises Mistake."""
    item = next((one for one in shown.items if one.rma_id == rma_id), None)
    if item is None:
        known = ", ".join(one.rma_id for one in shown.items)
        raise Mistake(f"Return {shown.return_id} has no item {rma_id[:80]!r}. It has {known or 'none'}.")
    only_credit = credit_open(item)
    if not only_credit:
        _refuse(_no_handling(shown, item))
    elif not credit:
        raise Mistake(f"Item {rma_id} is handled at Bol already; only its credit in Mplus can be asked for.")
    code = item.handled_as if only_credit else result.strip().upper()
    if not only_credit and not code:
        raise Mistake("Choose what became of it.")
    if not only_credit and code not in RESULTS:
        raise Mistake(f"Bol knows no such result. Write one of {', '.join(RESULTS)}.")
    most = min(MOST_RETURNED, max(1, item.expected))
    count = most if quantity is None else quantity
    if not 1 <= count <= most:
        raise Mistake(f"The quantity must be from 1 to {most}: so many were expected back.")
    if credit and not only_credit and code not in CREDITED:
        raise Mistake(f"“{RESULTS[code]}” gives no money back, so that there is nothing to credit in Mplus.")
    return OperatorHandled(who=who, rma_id=rma_id, result=code, quantity=count, credit=credit)


def resumed(connection: str, shown: GuardShown | None, who: str, by: str = "") -> OperatorResumed:
    """`Go on`: the connection's numbers are sent again. `by`: who has looked, where that is told. Raises Mistake."""
    if shown is None or not shown.why:
        raise Mistake(f"The numbers of {connection[:80]} are not stopped.")
    name = " ".join(by.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Mistake(f"Write a name of at most {LONGEST_NAME} characters.")
    return OperatorResumed(who=name or who)


def _no_handling(shown: ReturnShown, item: ReturnItemShown) -> str:
    if item.state == "asked":
        return (
            f"Bol is being told just now how item {item.rma_id} is handled. Look again when that has ended."
        )
    if not item_open(item):
        return f"Item {item.rma_id} is handled already. What Bol knows of it can be changed on Bol's own pages only."
    if shown.fulfilment == "FBB":
        return "Bol handles this return itself: it goes back to Bol's own warehouse."
    return ""


def _refuse(why: str) -> None:
    if why:
        raise Mistake(why)
