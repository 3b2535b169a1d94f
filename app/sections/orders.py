"""What a shop can set about its orders (streams/orders/rules.py says what each rule does).

Keys that hold for both kinds of order stand in the part itself, and what differs for one kind in `fbr` or `fbb`:
app/order_rules.py puts them together and looks for what contradicts itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from app.sections.countries import COUNTRIES, country
from app.sections.part import (
    Article,
    Branch,
    Code,
    Expression,
    Filled,
    Part,
    Relation,
    Span,
    Switch,
    Whole,
    fitting,
)

T = TypeVar("T")

EVERY_OTHER = "*"
"""In tables by country, method or code: what is not named."""
TIME_FRAMES = ("EVENING", "APPOINTMENT", "SAMEDAY", "SUNDAY", "REGULAR")
"""bol-retailer-v10: OrderFulfilment.timeFrameType."""
CHOICES = ("PICKUP", "VVB", *TIME_FRAMES)
"""What a customer can choose, as streams/orders/rules.py names it."""
LONGEST_PATTERN = 200

Reason = Literal[
    "OUT_OF_STOCK",
    "REQUESTED_BY_CUSTOMER",
    "BAD_CONDITION",
    "HIGHER_SHIPCOST",
    "INCORRECT_PRICE",
    "NOT_AVAIL_IN_TIME",
    "NO_BOL_GUARANTEE",
    "ORDERED_TWICE",
    "RETAIN_ITEM",
    "TECH_ISSUE",
    "UNFINDABLE_ITEM",
    "OTHER",
]
"""bol-retailer-v10: OrderItemCancellation.reasonCode."""
OrderType = Literal[
    "ORDER-TYPE-EXTERNAL-SALES-ORDER",
    "ORDER-TYPE-SALES-ORDER",
    "ORDER-TYPE-REPEAT-SALES-ORDER",
    "ORDER-TYPE-TABLE-ORDER",
    "ORDER-TYPE-CAFETERIA-ORDER",
]
"""facts/mplus.md 7.2."""
RelationField = Literal[
    "name",
    "contact",
    "address",
    "zip_code",
    "city",
    "country",
    "phone",
    "email",
    "company",
    "vat_number",
    "chamber_of_commerce",
    "delivery_address",
    "delivery_zip_code",
    "delivery_city",
    "delivery_country",
]
"""Of a relation (streams/vocabulary/mplus_order.py: Customer)."""


def _once(value: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(value)) != len(value):
        raise ValueError("write everything once")
    return value


def _some(value: tuple[T, ...]) -> tuple[T, ...]:
    if not value:
        raise ValueError("is empty; write at least one, or leave it out")
    return _once(value)


def _other_country(value: str) -> str:
    return value if value == EVERY_OTHER else country(value)


def _debtor_of(value: str) -> str:
    """`FBR/NL`, `FBB`, `BE` or `*`."""
    kind, slash, rest = value.partition("/")
    if kind in ("FBR", "FBB") and (not slash or rest in COUNTRIES):
        return value
    if slash or (value != EVERY_OTHER and value not in COUNTRIES):
        raise ValueError('write a kind, a country or both: "FBB", "BE", "FBR/NL"; "*" is every other order')
    return value


def _choice(value: str) -> str:
    """`PICKUP`, `EVENING/BE`, `BE` or `*`."""
    choice, slash, rest = value.partition("/")
    if choice in CHOICES and (not slash or rest in COUNTRIES):
        return value
    if slash or (value != EVERY_OTHER and value not in COUNTRIES):
        raise ValueError(
            f'write what the customer chose ({", ".join(CHOICES)}), a country, or both: "EVENING/BE"; '
            '"*" is every other order'
        )
    return value


def _domain(value: str) -> str:
    folded = value.strip().lower().removeprefix("@")
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", folded, re.ASCII):
        raise ValueError('write what stands behind the @ of an e-mail address, as in "verkopen.bol.com"')
    return folded


def _pattern(value: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # Python's own, about patterns that it may read otherwise some day
            found = re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no pattern that can be used (a regular expression): {error}") from None
    if found.search("") is not None:
        raise ValueError("matches an empty text, so that everything would be a track and trace code")
    return value


def _day(value: object) -> object:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ValueError("write a day, without quotes and without a time: 2026-12-01")


VatCodeKey = Annotated[
    str,
    fitting(
        r"\*|[1-9][0-9]{0,8}",
        'write a VAT code of your articles in quotes, as in "2"; "*" is every other code',
    ),
]
ArticleKey = Annotated[str, fitting(r"[1-9][0-9]{0,14}", 'write an article number in quotes, as in "1001"')]
TableName = Annotated[
    str, fitting(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", "name a table with letters, digits, - and _, at most 40")
]
ByCountry = Annotated[str, AfterValidator(_other_country)]
Country = Annotated[str, AfterValidator(country)]
Status = Code
"""The number of an order category: the shop's own order status."""
TurnoverGroup = Annotated[Whole, Field(ge=0, le=999)]
"""facts/mplus.md 2.4."""


class KindOrders(Part):
    """What differs for orders of one kind; what is not said holds as in `orders` itself."""

    branch: Branch | None = None
    workplace: Branch | None = None
    employee: Code | None = None
    order_type: OrderType | None = None
    order_category: Status | None = None
    financial_date: Literal["ordered", "booked"] | None = None
    commit: Literal["order", "invoice"] | None = None
    deliver: Literal["by-staff", "at-once"] | None = None
    payment_method: str | None = Field(default=None, max_length=100)
    prepaid: Switch | None = None
    ship_on: Literal["delivery", "category", "never"] | None = None


class Customer(Part):
    """Which relation an order is booked on."""

    match: Annotated[tuple[Literal["email", "vat", "kvk", "name-address"], ...], AfterValidator(_once)] = (
        "email",
        "name-address",
    )
    relay_domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ("verkopen.bol.com",)
    create: Switch = True
    update: Annotated[tuple[RelationField, ...], AfterValidator(_once)] = (
        "address",
        "zip_code",
        "city",
        "country",
        "phone",
    )
    company_contact: Literal["below", "field"] = "below"
    keep_relay_email: Switch = True
    default: dict[Annotated[str, AfterValidator(_debtor_of)], Relation] = Field(default_factory=dict)
    fallback: Relation | None = None


class Vat(Part):
    """VAT codes for the lines."""

    by_country: dict[Country, dict[VatCodeKey, Code]] = Field(default_factory=dict)
    by_article: dict[ArticleKey, Code] = Field(default_factory=dict)
    reverse_charge: Annotated[tuple[Country, ...], AfterValidator(_once)] = ()
    reverse_charge_code: Code | None = None


class Shipping(Part):
    """From a delivery in Mplus to a shipment at Bol."""

    delivery_methods: dict[Annotated[str, AfterValidator(_choice)], Filled] = Field(default_factory=dict)
    transporters: dict[Filled, Filled] = Field(default_factory=dict)
    track: Literal["none", "order-reference", "slip-reference"] = "slip-reference"
    track_pattern: Annotated[str, Field(max_length=LONGEST_PATTERN), AfterValidator(_pattern)] = (
        r"\b(?=[A-Z0-9]*\d)[A-Z0-9]{8,40}\b"
    )
    track_wait: Span = Field(default=4 * 3600.0, ge=0, le=7 * 24 * 3600)
    """Seconds."""
    follow_bol: Switch = True
    shipped_category: Status | None = None
    done_category: Status | None = None
    cancelled_category: Status | None = None


class Cancel(Part):
    """Who may cancel what by himself."""

    asked_by_customer: Literal["until-delivered", "before-booking", "by-hand"] = "until-delivered"
    at_bol: Literal["cancel", "show"] = "cancel"
    in_mplus: Literal["cancel", "show"] = "cancel"
    reason: Reason = "OUT_OF_STOCK"


class Orders(Part):
    """The rules for the orders of a connection."""

    branch: Branch
    workplace: Branch | None = None
    employee: Code = 999999
    order_type: OrderType = "ORDER-TYPE-EXTERNAL-SALES-ORDER"
    order_category: Status | None = None
    financial_date: Literal["ordered", "booked"] = "ordered"
    commit: Literal["order", "invoice"] = "order"
    deliver: Literal["by-staff", "at-once"] = "by-staff"
    payment_method: str = Field(default="Bol.com", max_length=100)
    prepaid: Switch = False
    ship_on: Literal["delivery", "category", "never"] = "delivery"

    kinds: tuple[str, ...] = ("FBR",)
    start: Annotated[date | None, BeforeValidator(_day)] = None
    ext_order_prefix: str = Field(default="BOL-", pattern=r"^[A-Za-z0-9_-]{1,20}$")
    codes: Annotated[tuple[Literal["ean", "sku"], ...], AfterValidator(_some)] = ("ean", "sku")
    fallback_article: Article | None = None
    discount_article: Article | None = None
    warn_hours: Span = Field(default=18.0, ge=0, le=240)
    days_on_the_way: Whole = Field(default=1, ge=0, le=14)
    keep_days: Whole = Field(default=100, ge=95, le=3650)

    fbr: KindOrders = KindOrders()
    fbb: KindOrders = KindOrders()
    customer: Customer = Customer()
    vat: Vat = Vat()
    turnover_groups: dict[ByCountry, TurnoverGroup] = Field(default_factory=dict)
    shipping: Shipping = Shipping()
    cancel: Cancel = Cancel()
    mapping: dict[Filled, Expression] = Field(default_factory=dict)
    tables: dict[TableName, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _old_names(cls, given: Any) -> Any:
        """Keys of before there were parts: they mean what they meant."""
        if not isinstance(given, Mapping):
            return given
        now = dict(given)
        for old, part, key in (
            ("fulfilments", "", "kinds"),
            ("default_relation", "customer", "fallback"),
            ("delivery_method", "shipping", "delivery_methods"),
        ):
            if old not in now:
                continue
            value = now.pop(old)
            if old == "delivery_method":
                if value == "":  # as it stood for none
                    continue
                value = {EVERY_OTHER: value}
            held = now.get(part, {}) if part else now
            if not isinstance(held, Mapping):
                continue  # the part's own mistake is told
            if key in held:
                name = f"{part}.{key}" if part else key
                raise ValueError(f"{old} is the old name of {name}: keep {name}, and take {old} out")
            if part:
                now[part] = {**held, key: value}
            else:
                now[key] = value
        return now

    @field_validator("kinds")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - {"FBR", "FBB"}:
            raise ValueError('write ["FBR"], ["FBB"] or ["FBR", "FBB"]')
        return _once(value)
