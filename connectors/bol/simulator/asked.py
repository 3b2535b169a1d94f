"""What a client asks: bodies and query values, read strictly. Fields nobody knows are passed over, as JSON has it.

Shapes: contracts/bol-retailer-v10, bol-shared-v10 and bol-offers-v11. msgspec names the place of what is wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.datastructures import QueryParams

from connectors.bol.simulator.records import NotDone
from streams.vocabulary.money import cents_of

Country = Literal["NL", "BE"]
Text100 = Annotated[str, Meta(max_length=100)]
Text500 = Annotated[str, Meta(max_length=500)]
Id = Annotated[str, Meta(min_length=1, max_length=100)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]

# -- offers (v11)


class BundlePrice(Struct, rename="camel"):
    quantity: Int32
    unit_price: Decimal


class Pricing(Struct, rename="camel"):
    bundle_prices: Annotated[list[BundlePrice], Meta(max_length=100)]

    def cents(self) -> tuple[tuple[int, int], ...]:
        """(from how many pieces, cents). Raises NotDone for what is no price."""
        try:
            return tuple((one.quantity, cents_of(one.unit_price)) for one in self.bundle_prices)
        except (ValueError, ArithmeticError):
            raise NotDone("a unit price lies between 1 and 9999", name="pricing.bundlePrices") from None


class DeliveryPromise(Struct, rename="camel", omit_defaults=True):
    minimum_days_to_customer: Annotated[int, Meta(ge=0, le=1000)]
    maximum_days_to_customer: Annotated[int, Meta(ge=0, le=1000)]
    ultimate_order_time: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET


class Fulfilment(Struct, rename="camel", omit_defaults=True):
    method: Literal["FBR", "FBB"]
    schedule: Literal["BOL_DELIVERY_PROMISE", "MY_DELIVERY_PROMISE", "SHIPPING_VIA_BOL"] | UnsetType = UNSET
    delivery_promise: DeliveryPromise | UnsetType = UNSET

    def told(self) -> dict[str, Any]:
        """As it is given back."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


class New(Struct, tag_field="category", tag="NEW"):
    pass


class Secondhand(Struct, tag_field="category", tag="SECONDHAND", omit_defaults=True):
    state: Literal["AS_NEW", "GOOD", "REASONABLE", "MODERATE"]
    comment: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET


class Refurbished(Struct, tag_field="category", tag="REFURBISHED"):
    grade: Literal["A", "B", "C"]
    margin: bool


class Availability(Struct, rename="camel"):
    country_code: Country


class UpdateStock(Struct, rename="camel"):
    amount: Int32 | UnsetType = UNSET
    managed_by_retailer: bool | UnsetType = UNSET


class CreateStock(Struct, rename="camel"):
    amount: Int32
    managed_by_retailer: bool


class PatchOffer(Struct, rename="camel"):
    unknown_product_title: Text500 | UnsetType = UNSET
    economic_operator_id: Text100 | UnsetType = UNSET
    on_hold_by_retailer: bool | UnsetType = UNSET
    reference: Text100 | UnsetType = UNSET
    country_availabilities: Annotated[list[Availability], Meta(max_length=10)] | UnsetType = UNSET
    pricing: Pricing | UnsetType = UNSET
    fulfilment: Fulfilment | UnsetType = UNSET
    stock: UpdateStock | UnsetType = UNSET


class CreateOffer(Struct, rename="camel"):
    ean: str
    condition: New | Secondhand | Refurbished
    pricing: Pricing
    fulfilment: Fulfilment
    unknown_product_title: Text500 = ""
    economic_operator_id: Text100 = ""
    on_hold_by_retailer: bool = False
    reference: Text100 = ""
    country_availabilities: Annotated[list[Availability], Meta(max_length=10)] | UnsetType = UNSET
    stock: CreateStock | UnsetType = UNSET


# -- orders and shipments (v10: what is nullable there may be null)


class ShippedItem(Struct, rename="camel"):
    order_item_id: Id
    quantity: Int32 | None = None


class Transport(Struct, rename="camel"):
    transporter_code: Annotated[str, Meta(max_length=100)]
    track_and_trace: Annotated[str, Meta(max_length=100)] | None = None


class ShipmentAsked(Struct, rename="camel"):
    order_items: Annotated[list[ShippedItem], Meta(min_length=1, max_length=100)]
    shipment_reference: Annotated[str, Meta(min_length=1, max_length=90)] | None = None
    shipping_label_id: Id | None = None
    transport: Transport | None = None


class CancelledItem(Struct, rename="camel"):
    order_item_id: Id
    reason_code: Literal[
        "OUT_OF_STOCK", "REQUESTED_BY_CUSTOMER", "BAD_CONDITION", "HIGHER_SHIPCOST", "INCORRECT_PRICE",
        "NOT_AVAIL_IN_TIME", "NO_BOL_GUARANTEE", "ORDERED_TWICE", "RETAIN_ITEM", "TECH_ISSUE",
        "UNFINDABLE_ITEM", "OTHER",
    ]  # fmt: skip


class CancellationAsked(Struct, rename="camel"):
    order_items: Annotated[list[CancelledItem], Meta(min_length=1, max_length=1)]


# -- returns (v10)

HandlingResult = Literal[
    "RETURN_RECEIVED", "EXCHANGE_PRODUCT", "RETURN_DOES_NOT_MEET_CONDITIONS", "REPAIR_PRODUCT",
    "CUSTOMER_KEEPS_PRODUCT_PAID",
]  # fmt: skip
ReturnedUnits = Annotated[int, Meta(ge=1, le=9999)]


class ReturnHandled(Struct, rename="camel"):
    handling_result: HandlingResult | Literal["STILL_APPROVED"]
    quantity_returned: ReturnedUnits


class ReturnMade(Struct, rename="camel"):
    order_item_id: Id
    handling_result: HandlingResult
    quantity_returned: ReturnedUnits


# -- process statuses and subscriptions (v10)


class ProcessNamed(Struct, rename="camel"):
    process_status_id: str


class ProcessesAsked(Struct, rename="camel"):
    process_status_queries: Annotated[list[ProcessNamed], Meta(min_length=1, max_length=1000)]


class SubscriptionAsked(Struct, rename="camel"):
    resources: Annotated[list[str], Meta(min_length=1, max_length=20)]
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    subscription_type: Literal["WEBHOOK", "GCP_PUBSUB", "AWS_SQS"]
    enabled: bool | None = None


# -- query values


def number(query: QueryParams, name: str, least: int, most: int, default: int) -> int:
    """Raises NotDone for what is no number or out of bounds."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not least <= int(text) <= most:
        raise NotDone(f"{name} must be a number from {least} to {most}", name=name)
    return int(text)


def choice(query: QueryParams, name: str, allowed: tuple[str, ...], default: str) -> str:
    """Raises NotDone for another word."""
    text = query.get(name, default)
    if text not in allowed:
        words = f"Request contains invalid value(s): '{text[:40]}', allowed values: {', '.join(allowed)}."
        raise NotDone(words, name=name)
    return text


def flag(query: QueryParams, name: str) -> bool | None:
    """None: not asked."""
    return {"": None, "true": True, "false": False}[choice(query, name, ("", "true", "false"), "")]


def day(query: QueryParams, name: str) -> date | None:
    """`YYYY-MM-DD`. None: not asked."""
    text = query.get(name)
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise NotDone(f"{name} must be a date (YYYY-MM-DD)", name=name)


def moment(query: QueryParams, name: str) -> datetime | None:
    """ISO 8601; without an offset it is UTC (bol-offers-v11, last-modified-date-time). None: not asked."""
    text = query.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotDone(f"{name} must be a date and time (ISO 8601)", name=name) from None
