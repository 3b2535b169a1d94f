"""find, get, create and update relations (facts/mplus.md 6)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.relations import (
    FLAG_FIELDS,
    NUMBER_FIELDS,
    SEARCHED,
    TEXT_FIELDS,
    Relation,
    Value,
)
from connectors.mplus.simulator.soap import Node, SoapFault, element, wrapped

MOST_RELATIONS = 1000
"""Rows in one answer of getRelations (facts/mplus.md 1.4)."""
_VAT_METHODS = ("VAT-METHOD-INCLUSIVE", "VAT-METHOD-EXCLUSIVE", "VAT-METHOD-SHIFTED", "VAT-METHOD-NONE")
_KEPT = {
    *TEXT_FIELDS,
    *NUMBER_FIELDS,
    *FLAG_FIELDS,
    "birthDate",
    "categoryIds",
    "defaultVatMethod",
    "contactList",
}
_READ_ONLY = {"relationNumber", "syncMarker", "createTimestamp", "changeTimestamp"}

_ORDER = (
    "active", "name", "address", "zipcode", "city", "country", "deliveryAddress", "deliveryZipcode", "deliveryCity",
    "deliveryCountry", "contact", "telephone", "mobile", "email", "website", "birthDate", "relationCode",
    "priceGroupNumber", "discountPercentage", "categoryId", "categoryIds", "cardNumber", "bankAccountNumber",
    "creditLimit", "paymentWithinDays", "vatNumber", "commerceNumber", "extraText", "defaultVatMethod",
    "neverPrintOrEmailReceipt", "alwaysPrintReceipt", "alwaysPrintLargeFormatReceipt", "alwaysEmailReceipt",
    "condenseCombinedInvoice", "companyName", "directDebit", "reminderEmail",
)  # fmt: skip
"""The contract's sequence behind the numbers and timestamps."""
_BELOW = _ORDER.index("companyName")
"""Where the contactList stands."""


def find_relation(books: MplusBooks, call: Node) -> Iterable[str]:
    """By fragments; every field that is sent must fit."""
    return _found(books, call.child("relation"), exact=False, answer="FindRelationResponse")


def find_relation_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """By fragments, or by whole values where exactMatch is true."""
    request = call.inside("request")
    exact = bool(request.flag("exactMatch"))
    return _found(books, request.child("relation"), exact=exact, answer="FindRelationV2Response")


def _found(books: MplusBooks, sought: Node | None, *, exact: bool, answer: str) -> Iterable[str]:
    relation = None
    if sought is not None:
        terms = {name: sought.text(name) or "" for name in SEARCHED}
        relation = books.relations.find(sought.whole("relationNumber") or 0, terms, exact=exact)
    result = "FIND-RELATION-RESULT-OK" if relation else "FIND-RELATION-RESULT-NOT-FOUND"
    return [wrapped(answer, element("result", result) + (_written(relation) if relation else ""))]


def get_relation(books: MplusBooks, call: Node) -> Iterable[str]:
    """By number. The schema wants a relation even where none was found: it is empty then."""
    relation = books.relations.get(call.whole("relationNumber") or 0)
    result = "GET-RELATION-RESULT-OK" if relation else "GET-RELATION-RESULT-NOT-FOUND"
    body = _written(relation) if relation else "<ns:relation/>"
    return [wrapped("GetRelationResponse", element("result", result) + body)]


def get_relations(books: MplusBooks, call: Node) -> Iterable[str]:
    """From a marker on, at most a thousand."""
    request = call.inside("request")
    numbers = set(request.wholes("relationNumbers"))
    category = request.small("categoryId")
    limit = request.small("syncMarkerLimit") or MOST_RELATIONS
    found = (
        relation
        for relation in books.relations.since(request.whole("syncMarker") or 0)
        if (not numbers or relation.number in numbers) and (not category or category in _categories(relation))
    )
    page = list(islice(found, max(0, min(limit, MOST_RELATIONS))))
    if books.config.shuffle_pages:
        books.rng.shuffle(page)
    return [wrapped("GetRelationsResponse", wrapped("relationList", "".join(_written(one) for one in page)))]


def create_relation(books: MplusBooks, call: Node) -> Iterable[str]:
    """OK with the number, or why not. Repeating it makes a second relation."""
    sent = call.child("relation")
    made: Relation | str = "FAILED"
    below = _contacts(books, call, sent)
    refused = below and books.config.contact_lists == "refused"
    if sent is not None and not refused:
        kept = below if books.config.contact_lists == "kept" else ()
        made = books.relations.create(sent.whole("relationNumber") or 0, _fields(books, call, sent), kept)
    if isinstance(made, str):
        lacking = "contactList cannot be created" if refused else "a relation needs a name or a companyName"
        message = {"FAILED": lacking}.get(made, "relationNumber is taken")
        body = element("relationNumber", 0) + element("errorMessage", message)
        return [wrapped("CreateRelationResponse", element("result", f"CREATE-RELATION-RESULT-{made}") + body)]
    return [
        wrapped(
            "CreateRelationResponse",
            element("result", "CREATE-RELATION-RESULT-OK")
            + element("relationNumber", made.number)
            + element("changeTimestamp", made.changed_at)
            + element("syncMarker", made.marker)
            + element("errorMessage", ""),
        )
    ]


def update_relation(books: MplusBooks, call: Node) -> Iterable[str]:
    """Only the fields that are sent change."""
    sent = call.child("relation")
    relation = None
    if sent is not None:
        relation = books.relations.update(sent.whole("relationNumber") or 0, _fields(books, call, sent))
    if relation is None:
        body = element("result", "UPDATE-RELATION-RESULT-NOT-FOUND") + element(
            "errorMessage", "relation not found"
        )
    else:
        body = (
            element("result", "UPDATE-RELATION-RESULT-OK")
            + element("errorMessage", "")
            + element("changeTimestamp", relation.changed_at)
            + element("syncMarker", relation.marker)
        )
    return [wrapped("UpdateRelationResponse", body)]


def _contacts(books: MplusBooks, call: Node, sent: Node | None) -> tuple[dict[str, Value], ...]:
    below = None if sent is None else sent.child("contactList")
    return () if below is None else tuple(_fields(books, call, one) for one in below.children("relation"))


def _fields(books: MplusBooks, call: Node, sent: Node) -> dict[str, Value]:
    books.note_ignored(call.name, sent.names(), _KEPT | _READ_ONLY)
    fields: dict[str, Value] = {}
    for name in TEXT_FIELDS:
        if (text := sent.text(name)) is not None:
            fields[name] = text
    for name in NUMBER_FIELDS:
        if (number := sent.small(name)) is not None:
            fields[name] = number
    for name in FLAG_FIELDS:
        if (flag := sent.flag(name)) is not None:
            fields[name] = flag
    if (born := sent.day("birthDate")) is not None:
        fields["birthDate"] = born
    if (categories := sent.child("categoryIds")) is not None:
        fields["categoryIds"] = tuple(categories.wholes("category"))
    if vat_method := sent.text("defaultVatMethod"):
        if vat_method not in _VAT_METHODS:
            raise SoapFault(f"{call.name}.relation.defaultVatMethod is not a VatMethod: {vat_method[:40]!r}")
        fields["defaultVatMethod"] = vat_method
    return fields


def _categories(relation: Relation) -> tuple[int, ...]:
    kept = relation.fields.get("categoryIds", ())
    single = relation.fields.get("categoryId")
    return (*(kept if isinstance(kept, tuple) else ()), *((single,) if isinstance(single, int) else ()))


def _written(relation: Relation) -> str:
    return wrapped(
        "relation",
        element("relationNumber", relation.number)
        + _field("extRelationId", relation.fields.get("extRelationId"))
        + element("syncMarker", relation.marker)
        + element("createTimestamp", relation.created_at)
        + element("changeTimestamp", relation.changed_at)
        + "".join(_field(name, relation.fields.get(name)) for name in _ORDER[:_BELOW])
        + (wrapped("contactList", "".join(map(_contact, relation.contacts))) if relation.contacts else "")
        + "".join(_field(name, relation.fields.get(name)) for name in _ORDER[_BELOW:]),
    )


def _contact(fields: dict[str, Value]) -> str:
    return wrapped(
        "relation",
        _field("extRelationId", fields.get("extRelationId"))
        + "".join(_field(name, fields.get(name)) for name in _ORDER),
    )


def _field(name: str, value: Value | None) -> str:
    if isinstance(value, tuple):
        return wrapped(name, "".join(element("category", one) for one in value))
    return element(name, value)


RELATIONS = {
    "findRelation": find_relation,
    "findRelationV2": find_relation_v2,
    "getRelation": get_relation,
    "getRelations": get_relations,
    "createRelation": create_relation,
    "updateRelation": update_relation,
}
