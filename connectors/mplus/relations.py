"""Relations (customers) on the wire (facts/mplus.md 6). Pure."""

from __future__ import annotations

from connectors.mplus import soap
from connectors.mplus.operation import Operation, operation
from connectors.mplus.reply import Node, Unreadable
from connectors.mplus.result import granted, refusal
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import Refused


def find(email: str) -> Operation[int | None]:
    """findRelationV2 with exactMatch: plain findRelation matches parts of an address. Raises ValueError without
    an address: an empty term would find just anybody."""
    if not email.strip():
        raise ValueError("a customer is looked up by an e-mail address")

    def read(answer: Node) -> int | None:
        if not granted(answer, "NOT-FOUND"):
            return None
        relation = answer.child("relation")
        if relation is None or relation.text("email").casefold() != email.strip().casefold():
            return None  # an installation that matches parts all the same: a stranger gets no order
        return _numbered(relation)

    wanted = soap.tag("relation", soap.text("email", email.strip()))
    request = soap.tag("request", wanted, soap.flag("exactMatch", True))
    return operation("findRelationV2", read, request, kept=True)


def create(customer: Customer) -> Operation[int | Refused]:
    """createRelation gives the new number. Not idempotent, and it has no key: whoever repeats it looks first."""

    def read(answer: Node) -> int | Refused:
        return refusal(answer) or _numbered(answer)

    return operation("createRelation", read, _relation(None, customer), idempotent=False, kept=True)


def update(number: int, customer: Customer) -> Operation[int | Refused]:
    """updateRelation of what is filled; the rest stays as it is. Gives the same number."""

    def read(answer: Node) -> int | Refused:
        return refusal(answer) or number

    return operation("updateRelation", read, _relation(number, customer), kept=True)


def _relation(number: int | None, customer: Customer) -> str:
    return soap.tag(
        "relation",
        soap.optional("relationNumber", number),
        soap.filled("name", customer.name),
        soap.filled("address", customer.address),
        soap.filled("zipcode", customer.zip_code),
        soap.filled("city", customer.city),
        soap.filled("country", customer.country),
        soap.filled("deliveryAddress", customer.delivery_address),
        soap.filled("deliveryZipcode", customer.delivery_zip_code),
        soap.filled("deliveryCity", customer.delivery_city),
        soap.filled("deliveryCountry", customer.delivery_country),
        soap.filled("telephone", customer.phone),
        soap.filled("email", customer.email),
        soap.filled("vatNumber", customer.vat_number),
        soap.filled("commerceNumber", customer.chamber_of_commerce),
        soap.filled("companyName", customer.company),
    )


def _numbered(node: Node) -> int:
    number = node.whole("relationNumber")
    if number <= 0:
        raise Unreadable(f"a relation with the number {number}")
    return number
