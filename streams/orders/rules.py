"""What a shop can set about its orders. Filled from the settings (app/sections.py), one for each connection."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from streams.vocabulary.effects import Match
from streams.vocabulary.fact import Value

Kind = Literal["FBR", "FBB"]
"""Sent by the retailer, or by Bol from its own warehouse."""
ANYWHERE = ""
"""In the tables by country: every country that is not named."""


class KindRules(Value, frozen=True):
    """How orders of one kind (FBR or FBB) are booked."""

    branch_number: int
    """The Mplus branch that they are booked at, and whose stock they take."""
    workplace_number: int | None = None
    """Needed for a branch that is not the default one (facts/mplus.md 8, quirk 12)."""
    employee_number: int = 999999
    order_type: str = "ORDER-TYPE-EXTERNAL-SALES-ORDER"
    order_category: int | None = None
    """The order status at first."""
    financial_date: Literal["ordered", "booked"] = "ordered"
    """The day that the customer ordered on, or the day that it comes into Mplus."""
    commit: Literal["order", "invoice"] = "order"
    """`invoice`: ordered, delivered and paid in one go, which makes the invoice."""
    deliver: Literal["by-staff", "at-once"] = "by-staff"
    """Who makes the packing slip in Mplus. An invoice is always delivered at once."""
    payment_method: str = "Bol.com"
    """The code that the order carries; empty: none."""
    prepaid: bool = False
    """Books the whole amount as a deposit (an order; an invoice is always paid)."""
    reserves: bool = True
    """Whether its stock is what is on sale: the branch is one of those that the stock flow counts."""
    ship_on: Literal["delivery", "category", "never"] = "delivery"
    """What tells that the parcel has left: the packing slip, or `shipped_category`."""


class CustomerRules(Value, frozen=True):
    """Which relation an order is booked on."""

    match: tuple[Match, ...] = ("email", "name-address")
    """The best first. A relay address of Bol's is never matched on (it is new for every order), so that with `email`
    alone every order would make a relation."""
    relay_domains: tuple[str, ...] = ("verkopen.bol.com",)
    create: bool = True
    update: tuple[str, ...] = ("address", "zip_code", "city", "country", "phone")
    """Fields of one that is there already which an order may overwrite; none: it is left as it is."""
    company_contact: Literal["below", "field"] = "below"
    """Where a company's contact goes: a relation below it (`contactList`) and the field, or the field alone."""
    keep_relay_email: bool = True
    """Whether a new relation gets the relay address as its e-mail."""
    default: dict[str, int] = msgspec.field(default_factory=dict)
    """Instead of looking for anybody: the relation for all orders of a kind and country, by `FBR/NL`, `FBB`, `BE` or
    `` (all), the most exact one first."""
    fallback: int | None = None
    """For an order whose customer has nothing to be known by; None: such an order waits for a person."""

    def default_for(self, kind: str, country: str) -> int | None:
        """The one debtor for this kind and country, if there is one."""
        for key in (f"{kind}/{country}", kind, country, ANYWHERE):
            if key in self.default:
                return self.default[key]
        return None


class VatRules(Value, frozen=True):
    """VAT codes for the lines; without a rule a line has its article's own."""

    by_country: dict[str, dict[int, int]] = msgspec.field(default_factory=dict)
    """By country of delivery: the article's own VAT code -> the code there (OSS). `*` as 0: every other code."""
    by_article: dict[int, int] = msgspec.field(default_factory=dict)
    """An article's code, whatever the country says."""
    reverse_charge: tuple[str, ...] = ()
    """Countries where a business customer with a valid VAT number of that country is charged none (VAT shifted)."""
    reverse_charge_code: int | None = None
    """The VAT code of lines with the VAT shifted."""


class ShippingRules(Value, frozen=True):
    """From a delivery in Mplus to a shipment at Bol."""

    delivery_methods: dict[str, str] = msgspec.field(default_factory=dict)
    """The Mplus delivery method of an order by what the customer chose: `PICKUP`, `VVB`, a time frame (`EVENING`,
    `APPOINTMENT`, `SAMEDAY`, `SUNDAY`, `REGULAR`), each also with a country (`EVENING/BE`), a country, or ``."""
    transporters: dict[str, str] = msgspec.field(default_factory=dict)
    """Mplus delivery method -> Bol's transporter code; ``: every other."""
    track: Literal["none", "order-reference", "slip-reference"] = "slip-reference"
    """Where staff write the track and trace code (facts/mplus.md 7.7: Mplus has no field for it)."""
    track_pattern: str = r"\b(?=[A-Z0-9]*\d)[A-Z0-9]{8,40}\b"
    """What in that text is the code: the first match, without our own order number in it."""
    track_wait: float = 4 * 3600.0
    """Seconds from the delivery in Mplus until it is told to Bol without a code."""
    shipped_category: int | None = None
    """With `ship_on = "category"`: the order status that means it has left."""
    follow_bol: bool = True
    """What Bol shows as shipped (by hand in the partner site, with a label of Bol's, before it was booked) and Mplus
    not as delivered is delivered in Mplus too."""
    done_category: int | None = None
    """The order status that an order gets once Bol has taken its shipment; None: it is left alone."""
    cancelled_category: int | None = None
    """Likewise once it is cancelled at Bol."""


class CancelRules(Value, frozen=True):
    """Who may cancel what by himself."""

    asked_by_customer: Literal["until-delivered", "before-booking", "by-hand"] = "until-delivered"
    """Until when a customer's request at Bol is granted without asking anybody."""
    at_bol: Literal["cancel", "show"] = "cancel"
    """What Bol has cancelled: cancelled in Mplus too, or only shown."""
    in_mplus: Literal["cancel", "show"] = "cancel"
    """What staff cancel in Mplus: cancelled at Bol too, or only shown."""
    reason: str = "OUT_OF_STOCK"
    """Bol's reason code where staff cancelled; the customer's own request is REQUESTED_BY_CUSTOMER."""


class OrderRules(Value, frozen=True):
    """The rules in force for one connection."""

    kinds: dict[str, KindRules]
    """By Kind: those that are not named are not taken over."""
    start: date | None = None
    """Orders placed before this day (in the shop's own time) are not taken over."""
    ext_order_prefix: str = "BOL-"
    customer: CustomerRules = CustomerRules()
    codes: tuple[Literal["ean", "sku"], ...] = ("ean", "sku")
    """How an item's article is found, the best first."""
    fallback_article: int | None = None
    """The article of items that no article carries; None: the order waits for it."""
    vat: VatRules = VatRules()
    turnover_groups: dict[str, int] = msgspec.field(default_factory=dict)
    """The turnover group (revenue account) of all lines by country of delivery; ``: every other country."""
    discount_article: int | None = None
    """Given: lines carry the full price, and each discount of Bol's is a line of its own on this article. None:
    discounts are within the price."""
    shipping: ShippingRules = ShippingRules()
    cancel: CancelRules = CancelRules()
    mapping: dict[str, str] = msgspec.field(default_factory=dict)
    """Target field (streams/mapping) -> expression."""
    tables: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Lookup tables for the expressions, by name."""
    warn_hours: float = 18.0
    """Hours before the end of the last day on which an order can be handed over in time that it is raised as late."""
    days_on_the_way: int = 1
    """Days from handing over to delivery: an order must leave so long before Bol's latest delivery date."""
    keep_days: int = 100
    """How long a finished order is remembered: longer than Bol's lists reach back (3 months)."""
