"""From the orders part of the settings to the rules in force, and what contradicts itself there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from app.mistakes import Mistake
from app.sections.orders import EVERY_OTHER, Orders
from streams.orders.rules import (
    ANYWHERE,
    CancelRules,
    CustomerRules,
    KindRules,
    OrderRules,
    ShippingRules,
    VatRules,
)

T = TypeVar("T")

KINDS = ("FBR", "FBB")
EVERY_OTHER_VAT = 0
"""`*` in `vat.by_country`, as streams/orders/rules.py has it."""
_RULES = {"branch": "branch_number", "workplace": "workplace_number", "employee": "employee_number"}
_OF_FBB: Mapping[str, Any] = {"deliver": "at-once", "ship_on": "never"}
"""Bol sends these itself: nobody in the shop picks them, and there is nothing to tell Bol. What `orders` says is
about the shop's own parcels and does not hold for them."""


class Said(NamedTuple):
    """A setting of a kind: its value, and the key below `orders` that it comes from."""

    value: Any
    key: str
    explicit: bool = True
    """It stands in the file."""


def said(orders: Orders, kind: str, key: str) -> Said:
    """What holds for a kind, and where it is set."""
    own = getattr(orders, kind.lower())
    given = getattr(own, key)
    if given is not None:
        return Said(given, f"{kind.lower()}.{key}")
    if kind == "FBB" and key in _OF_FBB:
        return Said(_OF_FBB[key], f"fbb.{key}", explicit=False)
    if key == "workplace" and said(orders, kind, "branch").value != orders.branch:
        return Said(None, f"{kind.lower()}.workplace", explicit=False)  # a workplace is one of its branch
    return Said(getattr(orders, key), key, key in orders.model_fields_set)


def kind_rules(orders: Orders, kind: str) -> KindRules:
    """How orders of a kind are booked."""
    keys = type(orders.fbr).model_fields
    return KindRules(**{_RULES.get(key, key): said(orders, kind, key).value for key in keys})


def order_rules(orders: Orders) -> OrderRules:
    """The rules of a connection."""
    customer, vat, shipping, cancel = orders.customer, orders.vat, orders.shipping, orders.cancel
    return OrderRules(
        kinds={kind: kind_rules(orders, kind) for kind in KINDS if kind in orders.kinds},
        start=orders.start,
        ext_order_prefix=orders.ext_order_prefix,
        customer=CustomerRules(
            match=customer.match,
            relay_domains=customer.relay_domains,
            create=customer.create,
            update=customer.update,
            company_contact=customer.company_contact,
            keep_relay_email=customer.keep_relay_email,
            default=_anywhere(customer.default),
            fallback=customer.fallback,
        ),
        codes=orders.codes,
        fallback_article=orders.fallback_article,
        vat=VatRules(
            by_country={
                country: {
                    EVERY_OTHER_VAT if code == EVERY_OTHER else int(code): to for code, to in codes.items()
                }
                for country, codes in vat.by_country.items()
            },
            by_article={int(article): code for article, code in vat.by_article.items()},
            reverse_charge=vat.reverse_charge,
            reverse_charge_code=vat.reverse_charge_code,
        ),
        turnover_groups=_anywhere(orders.turnover_groups),
        discount_article=orders.discount_article,
        shipping=ShippingRules(
            delivery_methods=_anywhere(shipping.delivery_methods),
            transporters=_anywhere(shipping.transporters),
            track=shipping.track,
            track_pattern=shipping.track_pattern,
            track_wait=shipping.track_wait,
            follow_bol=shipping.follow_bol,
            shipped_category=shipping.shipped_category,
            done_category=shipping.done_category,
            cancelled_category=shipping.cancelled_category,
        ),
        cancel=CancelRules(
            asked_by_customer=cancel.asked_by_customer,
            at_bol=cancel.at_bol,
            in_mplus=cancel.in_mplus,
            reason=cancel.reason,
        ),
        mapping=dict(orders.mapping),
        tables={name: dict(table) for name, table in orders.tables.items()},
        warn_hours=orders.warn_hours,
        days_on_the_way=orders.days_on_the_way,
        keep_days=orders.keep_days,
    )


def _anywhere(table: Mapping[str, T]) -> dict[str, T]:
    return {ANYWHERE if key == EVERY_OTHER else key: value for key, value in table.items()}


# -- what contradicts itself


def contradictions(orders: Orders) -> list[Mistake]:
    """Settings that cannot hold together, each once."""
    found = [one for kind in KINDS if kind in orders.kinds for one in _of_kind(orders, kind)]
    vat, customer = orders.vat, orders.customer
    if vat.reverse_charge and vat.reverse_charge_code is None:
        countries = ", ".join(vat.reverse_charge)
        found.append(
            Mistake(
                "vat.reverse_charge_code",
                f"is missing: write the VAT code of lines to businesses in {countries}, or take reverse_charge out",
            )
        )
    if not customer.match and EVERY_OTHER not in customer.default:
        found.append(
            Mistake(
                "customer.match",
                'is empty, so that every order would make a relation of its own: write ["email", "name-address"], '
                'or one debtor for all orders: default = {"*" = 1}',
            )
        )
    return list(dict.fromkeys(found))


def _of_kind(orders: Orders, kind: str) -> Iterator[Mistake]:
    shipping = orders.shipping
    ship_on, commit, deliver, method, prepaid, first = (
        said(orders, kind, key)
        for key in ("ship_on", "commit", "deliver", "payment_method", "prepaid", "order_category")
    )
    if kind == "FBB" and ship_on.value != "never":
        yield Mistake(ship_on.key, 'write "never", or take it out: Bol sends these orders itself')
    if commit.value == "invoice" and deliver.value == "by-staff" and deliver.explicit:
        yield Mistake(
            deliver.key,
            f'is "by-staff", and {commit.key} is "invoice", which delivers at once: take {deliver.key} out, or '
            f'write {commit.key} = "order"',
        )
    if not method.value and (commit.value == "invoice" or prepaid.value):
        why = f'{commit.key} is "invoice"' if commit.value == "invoice" else f"{prepaid.key} is true"
        yield Mistake(
            method.key,
            f"is empty, and {why}, which books a payment: write the code of a payment method of Mplus",
        )
    if ship_on.value != "category":
        return
    if shipping.shipped_category is None:
        yield Mistake(
            "shipping.shipped_category",
            f'is missing, and {ship_on.key} is "category": write the order category that means that the parcel has '
            f'left, or {ship_on.key} = "delivery"',
        )
        return
    if shipping.shipped_category == shipping.cancelled_category:
        yield Mistake(
            "shipping.cancelled_category",
            "is shipped_category too, so that a cancelled order would be told to Bol as sent: give it one of its own",
        )
    if shipping.shipped_category == first.value:
        yield Mistake(
            first.key,
            "is shipping.shipped_category too, so that every order would be told to Bol as sent when it is booked: "
            "give it one of its own",
        )
