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
from typing import Literal, NamedTuple

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
"""Fields whose place and verdict are kept: the vendors' have some hundreds, each of them a thousand times a minute."""
LONGEST_KNOWN = 100
"""Characters of a name that is kept; a hostile body must not fill the memory with its own."""


class Field(NamedTuple):
    """Where a value stands: its bare name, the name above it, and whether all around it is about a person."""

    name: str = ""
    above: str = ""
    within: Literal["", "person", "detail"] = ""
    """`person`: a person's record, of which a few fields may be shown. `detail`: inside one personal field."""

    def below(self, name: str) -> Field:
        """The field of this name inside this one."""
        if len(name) > LONGEST_KNOWN or len(self.name) > LONGEST_KNOWN or len(self.above) > LONGEST_KNOWN:
            return _below(self, name)
        return _known_below(self, name)

    @property
    def verdict(self) -> Verdict:
        """What may be done with a value here."""
        if len(self.name) > LONGEST_KNOWN or len(self.above) > LONGEST_KNOWN:
            return _verdict(self)
        return _known_verdict(self)


def _below(field: Field, name: str) -> Field:
    within = field.within
    if _GROUP.search(field.name):
        within = within or "person"
    elif field.verdict == "personal":
        within = "detail"
    return Field(bare(name), field.name or field.above, within)


def _verdict(field: Field) -> Verdict:
    if _SECRET.search(field.name):
        return "secret"
    if field.within == "detail":
        return "personal"
    if field.within == "person":
        return "plain" if field.name in _PLAIN_IN_A_GROUP else "personal"
    if field.name == "name" and field.above in _HARMLESS_NAMES:
        return "plain"
    return "personal" if _PERSONAL.search(field.name) else "plain"


_known_below = lru_cache(KNOWN)(_below)
_known_verdict = lru_cache(KNOWN)(_verdict)


def bare(name: str) -> str:
    """A field's name as its lower-case letters and digits."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition("}")[2].rpartition(":")[2].lower())
