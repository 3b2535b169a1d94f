"""What expressions see of an order."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given

from streams.mapping.document import document, item_document, line_document
from streams.mapping.functions import functions
from streams.mapping.language import evaluated
from streams.vocabulary.bol_order import BolOrder
from tests.streams.mapping.orders import DRAFT, ORDER, ORDERS

CONTRACT = Path(__file__).parents[3] / "../shared/contracts/bol-retailer-v10.openapi.json"
SCHEMAS = json.loads(CONTRACT.read_text())["components"]["schemas"]
OURS = {"kind", "country", "business"}
UNKNOWN_TO_US = {"salutation", "latestChangedDateTime"}
"""Not in our words for an order: nobody has needed them."""


def names(schema: str) -> set[str]:
    return set(SCHEMAS[schema]["properties"])


def below(schema: str, name: str) -> str:
    found = SCHEMAS[schema]["properties"][name]
    reference: str = (found.get("items") or next(iter(found.get("allOf", ())), found))["$ref"]
    return reference.rpartition("/")[2]


def test_the_words_are_bols() -> None:
    seen = document(ORDER)
    assert set(seen) - OURS == names("Order")
    for details in ("shipmentDetails", "billingDetails"):
        schema = below("Order", details)
        assert set(seen[details]) >= names(schema) - UNKNOWN_TO_US
        both = names(below("Order", "shipmentDetails")) | names(below("Order", "billingDetails"))
        assert set(seen[details]) <= both
    item_schema = below("Order", "orderItems")
    item = seen["orderItems"][0]
    assert set(item) == names(item_schema) - UNKNOWN_TO_US
    for part in ("fulfilment", "offer", "product"):
        assert set(item[part]) <= names(below(item_schema, part))
    assert set(item["discounts"][0]) == names(below(item_schema, "discounts"))


def test_the_document_of_an_order() -> None:
    seen = document(ORDER)
    assert seen["orderPlacedDateTime"] == "2026-11-26T00:30:00+01:00"
    assert (seen["kind"], seen["country"], seen["business"]) == ("FBR", "BE", True)
    assert seen["shipmentDetails"]["streetName"] == "Kerkstraat"
    assert seen["billingDetails"]["vatNumber"] == "BE0123456789"
    item = item_document(ORDER.items[0])
    assert item["totalPrice"] == 37.90
    assert item["fulfilment"]["timeFrameType"] == "EVENING"
    assert line_document(DRAFT.lines[1])["price"] == -2.0


@given(ORDERS)
def test_money_is_right_to_the_cent_whatever_the_order(order: BolOrder) -> None:
    own = functions({}, "NL")
    total = evaluated("$cents($sum(orderItems.totalPrice))", document(order), own)
    assert (total or 0) == sum(item.total_cents for item in order.items)


@given(ORDERS)
def test_any_order_is_a_document_that_the_language_takes(order: BolOrder) -> None:
    assert evaluated("$count(orderItems)", document(order), {}) == len(order.items)
