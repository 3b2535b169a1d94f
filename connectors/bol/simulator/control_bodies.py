"""What `/_control` is asked: bodies, read strictly. Fields in camelCase; spans in seconds, prices in cents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from connectors.bol.simulator.asked import Int32, New, Refurbished, Secondhand
from connectors.bol.simulator.generator import Country, Customer
from connectors.bol.simulator.records import Method, Objection, Party, TimeFrame
from connectors.bol.simulator.wishes import ItemWish, OrderWish

Text = Annotated[str, Meta(max_length=200)]
Cents = Annotated[int, Meta(ge=0, le=10**12)]
Units = Annotated[int, Meta(ge=0, le=10**6)]
Amount = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Reason = Literal[
    "", "OUT_OF_STOCK", "REQUESTED_BY_CUSTOMER", "BAD_CONDITION", "HIGHER_SHIPCOST", "INCORRECT_PRICE",
    "NOT_AVAIL_IN_TIME", "NO_BOL_GUARANTEE", "ORDERED_TWICE", "RETAIN_ITEM", "TECH_ISSUE", "UNFINDABLE_ITEM", "OTHER",
]  # fmt: skip


class Body(Struct, rename="camel", forbid_unknown_fields=True):
    """A body, or a part of one."""


class Nothing(Body):
    """No field."""


class NewOffer(Body):
    ean: str
    amount: Int32 = 0
    reference: str = ""
    price_cents: Int32 = 1995
    managed_by_retailer: bool = False
    fulfilment: Method = "FBR"
    title: str = ""
    offer_id: str = ""
    condition: New | Secondhand | Refurbished | None = None
    on_hold: bool = False
    economic_operator: str = ""


class NewOffers(Body):
    offers: list[NewOffer]


class DiscountGiven(Body):
    title: Text
    cents: Cents


class Delivery(Body, kw_only=True):
    """How an item is delivered; at an order, of its items that do not say so."""

    distribution: Party | None = None
    """BOL: with a label of Bol's (VVB)."""
    latest_delivery: date | None = None
    exact_delivery: date | None = None
    expires: date | None = None
    time_frame: TimeFrame | None = None


class OrderedItem(Delivery, kw_only=True):
    quantity: int
    offer_id: str = ""
    ean: str = ""
    price_cents: Cents | None = None
    """A piece; 0: a gift."""
    discounts: list[DiscountGiven] | None = None
    """For the whole line; []: none; not given: by chance."""
    commission_cents: Cents | None = None
    fulfilment: Method | None = None
    services: list[Text] = []
    shipped: Units = 0
    """Units that have left before anybody sees the order."""
    cancelled: Units = 0
    cancellation_asked: bool = False


class Buyer(Body):
    """Fields of the customer's addresses that are to be so."""

    first_name: Text | None = None
    surname: Text | None = None
    street: Text | None = None
    house_number: Text | None = None
    extension: Text | None = None
    extra: Text | None = None
    zip_code: Text | None = None
    city: Text | None = None
    country: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    language: Literal["nl", "nl-BE", "fr", "fr-BE"] | None = None
    pickup_point: Text | None = None
    bill_to_box: Text | None = None
    company: Text | None = None
    vat_number: Text | None = None
    kvk_number: Text | None = None
    order_reference: Text | None = None

    def put_on(self, one: Customer) -> Customer:
        """The customer, so."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return replace(one, **{name: value for name, value in given.items() if value is not None})


class NewOrder(Delivery, kw_only=True):
    """An order of what is named, or (without items) of something that is on sale. What is not given is by chance."""

    items: list[OrderedItem] = []
    force: bool = False
    fulfilment: Method | None = None
    country: Country | None = None
    business: bool | None = None
    pickup_point: bool | None = None
    odd_address: bool | None = None
    repeat: bool | None = None
    """The same person as in some order before."""
    same_as: str = ""
    """An order id: the same person as in that one."""
    customer: Buyer | None = None
    lines: Annotated[int, Meta(ge=1, le=10)] = 2
    """At most so many, where no items are named."""
    pieces: Annotated[int, Meta(ge=1, le=100)] = 2
    """At most so many of each, likewise."""

    def wish(self) -> OrderWish:
        """All but the lines, and but for `same_as` and `customer`."""
        return OrderWish(
            country=self.country,
            business=self.business,
            pickup=self.pickup_point,
            odd=self.odd_address,
            repeat=self.repeat,
        )

    def line(self, one: OrderedItem, offer_id: str) -> ItemWish:
        """A line, of this offer."""
        dated = one.latest_delivery is not None or one.exact_delivery is not None
        return ItemWish(
            offer_id=offer_id,
            quantity=one.quantity,
            unit_cents=one.price_cents,
            discounts=None if one.discounts is None else tuple((d.title, d.cents) for d in one.discounts),
            commission_cents=one.commission_cents,
            fulfilment=one.fulfilment,
            distribution=one.distribution or self.distribution,
            latest=one.latest_delivery if dated else self.latest_delivery,
            exact=one.exact_delivery if dated else self.exact_delivery,
            expires=one.expires or self.expires,
            time_frame=one.time_frame or self.time_frame,
            services=tuple(one.services),
            shipped=one.shipped,
            cancelled=one.cancelled,
            cancellation_asked=one.cancellation_asked,
        )


class ItemNamed(Body):
    item_id: str


class Cancelled(Body):
    """An item, or all items of an order."""

    item_id: str = ""
    order_id: str = ""
    by: Literal["bol", "customer", "partner-site"] = "bol"
    reason: Reason = ""


class UnitsNamed(Body):
    item_id: str
    quantity: Int32 | None = None
    """None: all that are open."""


class Shipped(Body):
    """Shipped by hand in the partner site; no items: all that is open."""

    order_id: str
    items: list[UnitsNamed] = []
    reference: Annotated[str, Meta(max_length=90)] = ""
    transporter_code: Text = ""
    track_and_trace: Text = ""

    def transport(self) -> dict[str, str]:
        """As a shipment has it."""
        tracked = {"trackAndTrace": self.track_and_trace} if self.track_and_trace else {}
        return {"transporterCode": self.transporter_code, **tracked} if self.transporter_code else {}


class LabelBought(Body):
    """A label bought in the partner site; no items: for all that the retailer sends."""

    order_id: str
    item_ids: list[str] = []
    transporter_code: Text = "TNT"


class ReturnAnnounced(Body):
    """A customer sends back; no items: all that left of the order."""

    order_id: str = ""
    items: list[UnitsNamed] = []
    main_reason: Text = ""
    detailed_reason: Text = ""
    comments: Annotated[str, Meta(max_length=2000)] | None = None


class StockSet(Body):
    offer_id: str
    amount: Int32


class OfferChanged(Body):
    """What somebody changes in the partner site; what is not given stays."""

    offer_id: str
    amount: Amount | None = None
    managed_by_retailer: bool | None = None
    price_cents: Int32 | None = None
    """Of one piece; the prices for several stay."""
    on_hold: bool | None = None
    reference: Annotated[str, Meta(max_length=100)] | None = None
    economic_operator: Annotated[str, Meta(max_length=100)] | None = None


class OfferNamed(Body):
    offer_id: str


class ObjectionRaised(Body):
    """A reason of Bol's (bol-offers-v11, Reason), its example where nothing is given."""

    category: Literal[
        "CONTENT", "PRICE", "STOCK", "SHOP_STATUS", "SELLING_RIGHTS", "ACCOUNT_RIGHTS", "ON_HOLD", "ASSORTMENT_POLICY",
        "OFFER",
    ] = "ASSORTMENT_POLICY"  # fmt: skip
    code: Annotated[str, Meta(min_length=1, max_length=40)] = "3001-99"
    description: Annotated[str, Meta(min_length=1, max_length=1000)] = (
        "Offline due to incomplete economic operator"
    )

    def objection(self) -> Objection:
        """As the books have it."""
        return Objection(category=self.category, code=self.code, description=self.description)


class OfferTakenOff(Body):
    """Bol takes an offer off the shop; no reasons: it is back."""

    offer_id: str
    reasons: Annotated[list[ObjectionRaised], Meta(max_length=20)] = field(
        default_factory=lambda: [ObjectionRaised()]
    )


class LyingSet(Body):
    """How much of an EAN lies at Bol from now on."""

    ean: str
    regular: Amount = 0
    graded: Amount = 0
    title: Text = ""
    bsku: Annotated[str, Meta(max_length=40)] = ""
    """Empty: the EAN's first one, or a new one."""
    gone: bool = False
    """The EAN is listed no more."""


class InventorySet(Body):
    items: Annotated[list[LyingSet], Meta(max_length=100_000)]
