"""Relations (customers) on the wire (facts/mplus.md 6). Pure."""

from __future__ import annotations

from connectors.mplus import soap
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import Refused


def find_relation(email: str) -> bytes:
    """findRelationV2 with exactMatch: plain findRelation matches parts of an address."""
    return soap.envelope(
        "findRelationV2",
        soap.tag("request", soap.tag("relation", soap.text("email", email)), soap.flag("exactMatch", True)),
    )


def found(reply: soap.Element, email: str) -> int | None:
    """The number of the relation that has exactly this address. Raises Unreadable."""
    if not soap.string(reply, "result").endswith("RESULT-OK"):
        return None
    relation = soap.child(reply, "relation")
    if relation is None or soap.string(relation, "email").casefold() != email.casefold():
        return None  # an installation that matches parts all the same: a stranger gets no order
    return soap.integer(relation, "relationNumber")


def create_relation(customer: Customer) -> bytes:
    """createRelation: not idempotent."""
    return soap.envelope("createRelation", _relation(None, customer))


def update_relation(number: int, customer: Customer) -> bytes:
    """updateRelation of what is filled; the rest stays as it is."""
    return soap.envelope("updateRelation", _relation(number, customer))


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


def created(reply: soap.Element) -> int | Refused:
    """The new relation's number, or Mplus's no. Raises Unreadable."""
    result = soap.string(reply, "result")
    if result.endswith("RESULT-OK"):
        return soap.integer(reply, "relationNumber")
    return Refused(said=soap.string(reply, "errorMessage") or result, code=result)


def updated(reply: soap.Element) -> Refused | None:
    """None: done. Mplus says FAILED about an update that changes nothing in some versions: no errorMessage, no
    refusal."""
    result = soap.string(reply, "result")
    said = soap.string(reply, "errorMessage")
    if result.endswith("RESULT-OK") or "NO-CHANGES" in result:
        return None
    return Refused(said=said or result, code=result)
