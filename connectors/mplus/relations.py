"""Relations (customers) on the wire (facts/mplus.md 6). Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from connectors.mplus import soap, spelling
from connectors.mplus.elements import CUSTOM_FIELD, RELATION, Unfit, custom_fields
from connectors.mplus.operation import Operation, operation
from connectors.mplus.reply import Node, Unreadable
from connectors.mplus.result import granted, refusal
from streams.vocabulary.effects import Match
from streams.vocabulary.likeness import alike
from streams.vocabulary.mplus_order import Customer, Extra
from streams.vocabulary.outcomes import Refused

Sought = Literal["identity"] | Match
_CATEGORIES = "categoryIds"


class Stranger:
    """Mplus gave somebody, who is not who was asked for: an installation that matches parts all the same, or does not
    search in a field at all, or a namesake at the same postcode."""


STRANGER = Stranger()

Search = Operation[int | Stranger | None]
"""Gives the number of a relation that really is who was asked for: nothing may be booked on a stranger."""


class Searches(NamedTuple):
    """The calls that look for somebody, to be made until one finds; none where there is nothing to look by."""

    calls: tuple[Search, ...] = ()
    nearer: Search | None = None
    """Made last, and only where one of `calls` gave a stranger: of all that fit, Mplus gives one."""


def searches(customer: Customer, sought: Sought) -> Searches:
    """How this customer is looked for by this.

    Case never counts at Mplus; spaces and accents do. So a name is looked for under each spelling of the postcode,
    and where another one of that name lives there, with the address as we write it too.
    """
    match sought:
        case "identity":
            wanted = customer.identity.strip()
            return _single("extRelationId", wanted, lambda found: found.text("extRelationId") == wanted)
        case "email":
            email = customer.email.strip()
            fold = email.casefold()
            return _single(
                "email",
                email,
                lambda found: found.text("email").casefold() == fold and _one_taxpayer(customer, found),
            )
        case "vat":
            vat = customer.vat_number.strip()
            return _single("vatNumber", vat, lambda found: spelling.same(found.text("vatNumber"), vat))
        case "kvk":
            kvk = customer.chamber_of_commerce.strip()
            return _single(
                "commerceNumber", kvk, lambda found: spelling.same(found.text("commerceNumber"), kvk)
            )
        case "name-address":
            return _by_address(customer)


def _single(element: str, wanted: str, fits: Callable[[Node], bool]) -> Searches:
    return Searches((_find(soap.text(element, wanted), fits=fits),)) if wanted else Searches()


def _one_taxpayer(customer: Customer, found: Node) -> bool:
    """Two VAT numbers, or two of the chamber of commerce, are two companies, whatever they share: the invoice of one is
    none for the other."""
    pairs = (
        (customer.vat_number, found.text("vatNumber")),
        (customer.chamber_of_commerce, found.text("commerceNumber")),
    )
    return all(
        spelling.same_number(ours, theirs) for ours, theirs in pairs if ours.strip() and theirs.strip()
    )


def _by_address(customer: Customer) -> Searches:
    name, postcodes = customer.name.strip(), spelling.postcodes(customer.zip_code)
    if not name or not postcodes or not (customer.house_number.strip() or spelling.house(customer.address)):
        return Searches()

    def fits(found: Node) -> bool:
        there = found.text("name"), found.text("address"), found.text("zipcode")
        return alike(customer, *there) and _one_taxpayer(customer, found)

    called = soap.text("name", name)
    address = customer.address.strip()
    return Searches(
        tuple(_find(called, fits=fits, at=postcode) for postcode in postcodes),
        _find(called, soap.text("address", address), fits=fits, at=postcodes[0]) if address else None,
    )


def _find(*terms: str, fits: Callable[[Node], bool], at: str = "") -> Search:
    """findRelationV2 with exactMatch: plain findRelation matches parts of a word."""

    def read(answer: Node) -> int | Stranger | None:
        if not granted(answer, "NOT-FOUND"):
            return None
        relation = answer.child("relation")
        if relation is None:
            return None
        return _numbered(relation) if fits(relation) else STRANGER

    wanted = soap.tag("relation", *terms, soap.filled("zipcode", at))
    request = soap.tag("request", wanted, soap.flag("exactMatch", True))
    return operation("findRelationV2", read, request, kept=True, aside=True)


def create(customer: Customer, contact_below: bool = True) -> Operation[int | Refused]:
    """createRelation gives the new number. Not idempotent, and it has no key: whoever repeats it looks first.
    `contact_below` False leaves the contact of a company to the field alone. Raises Unfit."""

    def read(answer: Node) -> int | Refused:
        return refusal(answer) or _numbered(answer)

    below = customer.contact_below and bool(customer.contact) and contact_below
    own = {
        "extRelationId": soap.filled("extRelationId", customer.identity),
        **_fields(customer),
        "contactList": _contact(customer) if below else "",
        "companyName": soap.filled("companyName", customer.company),
    }
    request = soap.tag("relation", _written(own, customer.extra))
    return operation("createRelation", read, request, idempotent=False, kept=True)


def update(number: int, customer: Customer) -> Operation[int | Refused]:
    """updateRelation of what is filled; the rest stays as it is. Gives the same number. The extRelationId stays too:
    it may be another link's. So does a contact below, which would be a second one. Raises Unfit."""

    def read(answer: Node) -> int | Refused:
        return refusal(answer) or number

    own = {
        "relationNumber": soap.number("relationNumber", number),
        **_fields(customer),
        "companyName": soap.filled("companyName", customer.company),
    }
    request = soap.tag("relation", _written(own, customer.extra))
    return operation("updateRelation", read, request, kept=True)


def get(number: int) -> Operation[str | None]:
    """getRelation: the name of the relation with this number; None: there is none."""

    def read(answer: Node) -> str | None:
        if not granted(answer, "NOT-FOUND"):
            return None
        relation = answer.child("relation")
        if relation is None or relation.whole("relationNumber", 0) != number:
            raise Unreadable("a relation was found, but it is not in the reply")
        return relation.text("name") or relation.text("companyName")

    return operation("getRelation", read, soap.number("relationNumber", number))


def _fields(customer: Customer) -> dict[str, str]:
    return {
        "name": soap.filled("name", customer.name),
        "address": soap.filled("address", customer.address),
        "zipcode": soap.filled("zipcode", customer.zip_code),
        "city": soap.filled("city", customer.city),
        "country": soap.filled("country", customer.country),
        "deliveryAddress": soap.filled("deliveryAddress", customer.delivery_address),
        "deliveryZipcode": soap.filled("deliveryZipcode", customer.delivery_zip_code),
        "deliveryCity": soap.filled("deliveryCity", customer.delivery_city),
        "deliveryCountry": soap.filled("deliveryCountry", customer.delivery_country),
        "contact": soap.filled("contact", customer.contact),
        "telephone": soap.filled("telephone", customer.phone),
        "email": soap.filled("email", customer.email),
        "vatNumber": soap.filled("vatNumber", customer.vat_number),
        "commerceNumber": soap.filled("commerceNumber", customer.chamber_of_commerce),
    }


def _contact(customer: Customer) -> str:
    person = (
        soap.text("name", customer.contact),
        soap.filled("telephone", customer.phone),
        soap.filled("email", customer.email),
    )
    return soap.tag("contactList", soap.tag("relation", *person))


def _written(own: dict[str, str], extra: dict[str, Extra]) -> str:
    """`categoryIds` takes numbers with commas between; `customFieldList.<name>` a custom field."""
    further = {name: value for name, value in extra.items() if not name.startswith(CUSTOM_FIELD)}
    own = {**own, "customFieldList": custom_fields(extra)}
    if _CATEGORIES in further:
        own[_CATEGORIES] = _categories(further.pop(_CATEGORIES))
    return RELATION.written(own, further)


def _categories(value: Extra) -> str:
    try:
        numbers = [int(one) for one in str(value).split(",")]
    except ValueError:
        raise Unfit(
            f"the field {_CATEGORIES!r} of a relation in Mplus takes numbers, not {str(value)[:40]!r}"
        ) from None
    return soap.tag(_CATEGORIES, *(soap.number("category", one) for one in numbers))


def _numbered(node: Node) -> int:
    number = node.whole("relationNumber")
    if number <= 0:
        raise Unreadable(f"a relation with the number {number}")
    return number
