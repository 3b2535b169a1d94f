"""A Bol order in our own words: what the orders flow decides on. Built by connectors/bol from the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

import msgspec

from streams.vocabulary.fact import Value


class Address(Value, frozen=True):
    """Where something goes. Every field may be empty: marketplaces send odd addresses (facts/bol.md)."""

    first_name: str = ""
    surname: str = ""
    company: str = ""
    street: str = ""
    house_number: str = ""
    house_number_extension: str = ""
    extra: str = ""
    zip_code: str = ""
    city: str = ""
    country: str = ""
    """ISO 3166 alpha-2, as Bol sends it."""
    email: str = ""
    """A relay address, scrambled by Bol, new for every order (facts/bol.md, Orders)."""
    phone: str = ""
    vat_number: str = ""
    chamber_of_commerce: str = ""
    order_reference: str = ""
    """The customer's own (business customers)."""
    pickup_point: str = ""
    """The name of the point where it is collected."""
    language: str = ""
    """`nl`, `nl-BE`, `fr`, `fr-BE`, or nothing."""


class Discount(Value, frozen=True):
    """A promotion that Bol took off: `cents` including VAT."""

    title: str
    cents: int


class BolOrderItem(Value, frozen=True):
    """One line of a Bol order."""

    item_id: str
    ean: str
    quantity: int
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    unit_price_cents: int = 0
    """Including VAT, before `discount_cents`."""
    total_cents: int = 0
    """`totalPrice`: after discounts, for the whole line."""
    title: str = ""
    offer_id: str = ""
    reference: str = ""
    """The retailer's own reference on the offer (his SKU)."""
    fulfilment: str = "FBR"
    cancellation_requested: bool = False
    latest_delivery: str = ""
    """`YYYY-MM-DD`: the latest (or, where the customer chose one, the exact) day of delivery."""
    exact_delivery: bool = False
    """The customer chose that very day."""
    expires: str = ""
    """`YYYY-MM-DD`: when Bol cancels the item by itself."""
    time_frame: str = ""
    """REGULAR, EVENING, APPOINTMENT, SAMEDAY, SUNDAY, or nothing."""
    distribution: str = ""
    """RETAILER, or BOL: shipped via Bol with a label of Bol's (VVB)."""
    commission_cents: int = 0
    """Shown, never booked."""
    discounts: tuple[Discount, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def wanted(self) -> int:
        """Units the customer still wants: ordered less cancelled."""
        return max(0, self.quantity - self.quantity_cancelled)


class BolOrder(Value, frozen=True):
    """`GET /retailer/orders/{order-id}` (bol-retailer-v10) in our words."""

    order_id: str
    placed_at: datetime
    items: tuple[BolOrderItem, ...]
    ship_to: Address = Address()
    bill_to: Address = Address()
    pickup_point: bool = False


def fingerprint(items: Iterable[tuple[str, int, int, int, bool]]) -> str:
    """Of an order's items (id, quantity, shipped, cancelled, cancellation asked for): equal as long as nothing that the
    orders flow looks at has changed. The same for an entry of Bol's list and for the order itself."""
    return blake2b(msgspec.json.encode(sorted(items)), digest_size=8).hexdigest()
