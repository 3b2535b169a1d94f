"""Which fields of the vendors hold something of a person, and which hold a secret.

Names are compared as bare lower-case letters: `zipCode`, `zip_code` and `ns1:zipcode` are one. Sources:
contracts/bol-retailer-v10 (ShipmentDetails, BillingDetails, CustomerDetails), contracts/mplusqapi-67.1.3.xsd
(Relation, Address, Order), streams/vocabulary/{bol_order,mplus_order}.py (dead letters hold our own events).
A track and trace code leads to a name and an address: the page shows it where the order has it, logs and raw answers
do not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

_PARTS = (
    "firstname|lastname|surname|middlename|fullname|initials|salutation|gender|birth|street|housenumber|address"
    "|zip|postal|postcode|city|mail|phone|mobile|telefoon|fax|iban|bankaccount|cardnumber|company|contact"
    "|vatnumber|vatid|kvk|commercenumber|chamberofcommerce|attentionof|customername|relationname|employeename"
    "|recipient|consignee|username|website|extratext|pickuppoint|orderreference|customercomment|trackandtrace"
)
_WHOLE = "track|name|extra|customer|comment|note|notes|remark|remarks|relationcode|iban|bic"
_SECRET_PARTS = "secret|password|passwd|token|authorization|apikey|credential|signature|privatekey|cookie"
_GROUPS = (
    "customer|customerdetails|shipmentdetails|billingdetails|shipto|billto|relation|relationlist|contactlist"
    "|deliveryaddress|invoiceaddress|address|addresses"
)

_PERSONAL = re.compile(f"{_PARTS}|^(?:{_WHOLE})$")
_SECRET = re.compile(f"{_SECRET_PARTS}|^ident$")
_GROUP = re.compile(f"^(?:{_GROUPS})$")
_HARMLESS_NAMES = frozenset(
    {"violation", "violations", "product", "article", "distributionparties", "parties"}
)
"""Below these a plain `name` is that of a thing or a field, not of a person."""
_PLAIN_IN_A_GROUP = {
    *("country", "countrycode", "deliverycountry", "language", "relationnumber", "syncmarker", "active"),
    *(
        "categoryid",
        "categoryids",
        "category",
        "points",
        "pricegroupnumber",
        "discountpercentage",
        "defaultvatmethod",
    ),
    *("result", "resultcode", "sec", "min", "hour", "day", "mon", "year", "isdst", "timezone"),
}
"""What may be shown of a person's record all the same."""


Verdict = Literal["secret", "personal", "plain"]

KNOWN = 4_096
"""Fields that are kept: the vendors' have some hundreds, each of them a thousand times a minute."""
LONGEST_KNOWN = 100
"""Characters of a name that is kept; a hostile body must not fill the memory with its own."""


class Field:
    """Where a value stands. Two of the same place are mostly one object, and nothing changes it."""

    __slots__ = ("above", "name", "short", "verdict", "within")

    def __init__(self, name: str = "", above: str = "", within: Literal["", "person", "detail"] = "") -> None:
        """Its bare name and the name above it. `within`: whether all around it is about a person. `person`: a person's
        record, of which a few fields may be shown. `detail`: inside one personal field."""
        self.name = name
        self.above = above
        self.within = within
        self.short = len(name) <= LONGEST_KNOWN and len(above) <= LONGEST_KNOWN
        self.verdict: Verdict = _verdict(name, above, within)
        """What may be done with a value here."""

    def below(self, name: str) -> Field:
        """The field of this name inside this one."""
        if self.short and len(name) <= LONGEST_KNOWN:
            return _known_below(self, name)
        return Field(*_place_below(self, name))


def _place_below(field: Field, name: str) -> tuple[str, str, Literal["", "person", "detail"]]:
    within = field.within
    if _GROUP.search(field.name):
        within = within or "person"
    elif field.verdict == "personal":
        within = "detail"
    return bare(name), field.name or field.above, within


def _verdict(name: str, above: str, within: str) -> Verdict:
    if _SECRET.search(name):
        return "secret"
    if within == "detail":
        return "personal"
    if within == "person":
        return "plain" if name in _PLAIN_IN_A_GROUP else "personal"
    if name == "name" and above in _HARMLESS_NAMES:
        return "plain"
    return "personal" if _PERSONAL.search(name) else "plain"


_known = lru_cache(KNOWN)(Field)


@lru_cache(KNOWN)
def _known_below(field: Field, name: str) -> Field:
    return _known(*_place_below(field, name))


def bare(name: str) -> str:
    """A field's name as its lower-case letters and digits."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition("}")[2].rpartition(":")[2].lower())
