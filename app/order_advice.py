"""What in the orders part can be used and yet does not do what was probably meant. Known without asking anybody, so
that it is said at the start as well (app/composition.py). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from app.finding import Known, closest
from app.order_rules import KINDS, said
from app.sections.orders import EVERY_OTHER, Orders
from connectors.bol.transporters import TRANSPORTERS


class Advice(NamedTuple):
    """The key (`orders.start`), and what about it."""

    key: str
    text: str


def order_advice(orders: Orders, today: date) -> list[Advice]:
    """In the order of the settings; `today` in the shop's own time."""
    return [
        *_beginning(orders, today),
        *_kinds(orders),
        *_customer(orders),
        *_without_effect(orders),
        *_transporters(orders),
    ]


def _beginning(orders: Orders, today: date) -> Iterator[Advice]:
    if orders.start is not None and orders.start > today:
        yield Advice(
            "orders.start",
            f"orders.start is {orders.start}: orders that are placed before that day are never taken over, so there "
            "is nothing to do until then.",
        )


def _kinds(orders: Orders) -> Iterator[Advice]:
    for kind in KINDS:
        part = kind.lower()
        if getattr(orders, part).model_fields_set and kind not in orders.kinds:
            yield Advice(
                f"orders.{part}",
                f"orders.{part} has settings, and orders.kinds does not name {kind}, so that no such order is taken "
                f'over. Write orders.kinds = ["FBR", "FBB"], or take orders.{part} out.',
            )


def _customer(orders: Orders) -> Iterator[Advice]:
    if orders.customer.match == ("email",) and EVERY_OTHER not in orders.customer.default:
        yield Advice(
            "orders.customer.match",
            "orders.customer.match is the e-mail address alone, and Bol gives another one for every order, so that "
            'every order makes a relation. Write orders.customer.match = ["email", "name-address"].',
        )


def _without_effect(orders: Orders) -> Iterator[Advice]:
    ways = {said(orders, kind, "ship_on").value for kind in orders.kinds}
    if orders.shipping.shipped_category is not None and "category" not in ways:
        yield Advice(
            "orders.shipping.shipped_category",
            "orders.shipping.shipped_category is of no effect, because what tells that a parcel has left is "
            'orders.ship_on. Write orders.ship_on = "category", or take shipped_category out.',
        )
    if orders.vat.reverse_charge_code is not None and not orders.vat.reverse_charge:
        yield Advice(
            "orders.vat.reverse_charge_code",
            "orders.vat.reverse_charge_code is of no effect without countries in orders.vat.reverse_charge.",
        )


def _transporters(orders: Orders) -> Iterator[Advice]:
    shipping = orders.shipping
    tells = "FBR" in orders.kinds and said(orders, "FBR", "ship_on").value != "never"
    if tells and not shipping.transporters:
        yield Advice(
            "orders.shipping.transporters",
            "orders.shipping.transporters is empty, so Bol is told that a parcel has left, but neither with whom nor "
            'its track and trace code. Write orders.shipping.transporters = {"*" = "TNT"} (that is PostNL).',
        )
    known = [Known(code, name) for code, name in TRANSPORTERS.items()]
    for method, code in shipping.transporters.items():
        if code in TRANSPORTERS:
            continue
        key = f"orders.shipping.transporters.{method}"
        found = closest(code, known)
        what = f'Write "{found.code}" ({found.name}), if you mean that' if found else "Look it up at Bol"
        yield Advice(
            key,
            f"{key} is {code}, which is not among Bol's transporter codes as we know them: "
            f"{', '.join(TRANSPORTERS)}. {what}; a shipment with a code that Bol does not know is refused.",
        )
