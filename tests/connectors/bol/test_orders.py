"""Orders from the wire, as the contract's examples and as Bol's odd ones."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import orders
from connectors.bol.wire import Unreadable
from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem, Discount
from tests.connectors.bol import contract
from tests.connectors.bol.market import START

WHOLE = contract.example("bol-retailer-v10", "Order")
NULLABLE = {
    "shipmentDetails": (
        "houseNumberExtension",
        "extraAddressInformation",
        "email",
        "company",
        "pickupPointName",
        "language",
    ),
    "billingDetails": ("company", "vatNumber", "kvkNumber", "orderReference"),
}


def parsed(body: Any) -> BolOrder:
    return orders.order(orjson.dumps(body), START)


def with_item(**changes: Any) -> dict[str, Any]:
    return WHOLE | {"orderItems": [WHOLE["orderItems"][0] | changes]}


def test_the_example_of_the_contract() -> None:
    contract.check("bol-retailer-v10", "Order", WHOLE)
    assert parsed(WHOLE) == BolOrder(
        order_id="A2K8290LP8",
        placed_at=datetime(2017, 2, 9, 11, 39, 48, tzinfo=UTC),
        items=(
            BolOrderItem(
                item_id="2012345678",
                ean="0000007740404",
                quantity=10,
                quantity_shipped=10,
                quantity_cancelled=0,
                unit_price_cents=1299,
                total_cents=11891,
                title="Product Title",
                offer_id="6ff736b5-cdd0-4150-8c67-78269ee986f5",
                reference="BOLCOM00123",
                fulfilment="FBR",
                cancellation_requested=False,
                # The example fills both; the day that the customer chose is the one that counts.
                latest_delivery="2017-02-13",
                exact_delivery=True,
                expires="2017-02-13",
                time_frame="REGULAR",
                distribution="RETAILER",
                commission_cents=518,
                discounts=(Discount(title="kiscier x + y promotion", cents=1099),),
                services=("PLACEMENT_AND_INSTALLATION",),
            ),
        ),
        ship_to=Address(
            first_name="Billie",
            surname="Jansen",
            company="bol.com",
            street="Dorpstraat",
            house_number="1",
            house_number_extension="B",
            extra="Apartment",
            zip_code="1111ZZ",
            city="Utrecht",
            country="NL",
            email="billie@verkopen.bol.com",
            phone="012123456",
            pickup_point="Albert Heijn: UTRECHT",
            language="nl",
        ),
        bill_to=Address(
            first_name="Billie",
            surname="Jansen",
            company="bol.com",
            street="Dorpstraat",
            house_number="1",
            house_number_extension="B",
            extra="Apartment",
            zip_code="1111ZZ",
            city="Utrecht",
            country="NL",
            email="billie@verkopen.bol.com",
            vat_number="NL999999999B99",
            chamber_of_commerce="99887766",
            order_reference="MijnReferentie",
        ),
        pickup_point=True,
    )


def test_everything_nullable_is_null() -> None:
    item = WHOLE["orderItems"][0] | {
        "fulfilment": None,
        "offer": None,
        "product": None,
        "additionalServices": None,
        "latestChangedDateTime": None,
    }
    body = WHOLE | {"orderItems": [item], "orderPlacedDateTime": None, "billingDetails": None}
    body["shipmentDetails"] = WHOLE["shipmentDetails"] | dict.fromkeys(NULLABLE["shipmentDetails"])
    contract.check("bol-retailer-v10", "Order", body)
    order = parsed(body)
    assert order.placed_at == START
    assert order.bill_to == Address()
    assert (order.ship_to.email, order.ship_to.company, order.ship_to.extra) == ("", "", "")
    [read] = order.items
    assert (read.ean, read.offer_id, read.fulfilment, read.latest_delivery) == ("", "", "FBR", "")
    assert (read.distribution, read.time_frame, read.expires, read.services) == ("", "", "", ())
    assert (order.ship_to.pickup_point, order.ship_to.language) == ("", "")


@pytest.mark.parametrize(
    ("dates", "latest", "exact"),
    [
        ({"latestDeliveryDate": "2026-11-24"}, "2026-11-24", False),
        ({"exactDeliveryDate": "2026-11-25"}, "2026-11-25", True),
        ({"latestDeliveryDate": None, "exactDeliveryDate": None}, "", False),
        ({"latestDeliveryDate": "2026-11-24T00:00:00+01:00"}, "2026-11-24", False),
        ({"latestDeliveryDate": "soon", "exactDeliveryDate": ""}, "", False),
    ],
)
def test_the_day_of_delivery(dates: dict[str, Any], latest: str, exact: bool) -> None:
    [item] = parsed(with_item(fulfilment={"method": "FBR", "timeFrameType": "EVENING", **dates})).items
    assert (item.latest_delivery, item.exact_delivery, item.time_frame) == (latest, exact, "EVENING")


def test_shipped_via_bol_and_free() -> None:
    """VVB: sent by the retailer with a label of Bol's; a gift has a price of nothing."""
    discounts = [{"title": "3 voor 2", "amount": 19.95}, {"title": "", "amount": 0.05}]
    fulfilment = {"method": "FBR", "distributionParty": "BOL", "timeFrameType": "REGULAR"}
    [item] = parsed(
        with_item(fulfilment=fulfilment, discounts=discounts, unitPrice=20, totalPrice=0, commission=0)
    ).items
    assert (item.fulfilment, item.distribution) == ("FBR", "BOL")
    assert item.discounts == (Discount(title="3 voor 2", cents=1995), Discount(title="", cents=5))
    assert (item.total_cents, item.commission_cents) == (0, 0)


def test_without_the_moment_it_was_placed_the_first_change_stands_for_it() -> None:
    items = [
        WHOLE["orderItems"][0] | {"latestChangedDateTime": moment}
        for moment in ("2026-11-19T11:00:00+01:00", "2026-11-19T09:30:00Z", None, "2026-11-18T08:00:00", "x")
    ]
    body = WHOLE | {"orderPlacedDateTime": None, "orderItems": items}
    assert parsed(body).placed_at == datetime(2026, 11, 19, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "cents"),
    [("12.99", 1299), ("0.1", 10), ("19.995", 2000), ("1e2", 10000), ("0", 0), ("1.10", 110), ("4.35", 435)],
)
def test_prices_are_exact(written: str, cents: int) -> None:
    text = orjson.dumps(with_item(unitPrice="PRICE")).replace(b'"PRICE"', written.encode())
    assert orders.order(text, START).items[0].unit_price_cents == cents


@given(st.integers(0, 99_999_999))
def test_prices_keep_every_cent(cents: int) -> None:
    written = str(Decimal(cents) / 100).encode()
    text = orjson.dumps(with_item(totalPrice="PRICE")).replace(b'"PRICE"', written)
    assert orders.order(text, START).items[0].total_cents == cents


@pytest.mark.parametrize(
    "price", ["1e999999", "-1e400", '"NaN"', '"Infinity"', "null", '"twelve"', "[]", "100000001"]
)
def test_what_is_no_price(price: str) -> None:
    text = orjson.dumps(with_item(unitPrice="PRICE")).replace(b'"PRICE"', price.encode())
    with pytest.raises(Unreadable):
        orders.order(text, START)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE | {"orderId": ""},
        WHOLE | {"orderId": "a b"},
        WHOLE | {"orderId": "a\n"},
        WHOLE | {"orderId": "x" * 65},
        WHOLE | {"orderId": 5},
        {"orderId": "A2K8290LP8"},
        with_item(quantity=-1),
        with_item(quantity=1_000_001),
        with_item(quantityCancelled=-1),
        with_item(quantity="1"),
        with_item(orderItemId=""),
        [],
        None,
    ],
)
def test_what_is_no_order(body: Any) -> None:
    with pytest.raises(Unreadable) as told:
        parsed(body)
    assert len(str(told.value)) < 300


def test_cut_at_every_byte() -> None:
    body = orjson.dumps(WHOLE)
    for length in range(len(body)):
        with pytest.raises(Unreadable):
            orders.order(body[:length], START)


@given(st.binary(max_size=200))
def test_rubbish(body: bytes) -> None:
    for read in (lambda text: orders.order(text, START), orders.listed):
        with pytest.raises(Unreadable, match="not what the contract says"):
            read(body + b"\xff")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(WHOLE["orderItems"][0])), json_values)
def test_any_value_in_any_field_is_read_or_refused(field: str, value: Any) -> None:
    try:
        body = orjson.dumps(with_item(**{field: value}))
    except TypeError:  # an integer that orjson does not write
        return
    try:
        order = orders.order(body, START)
    except Unreadable:
        return
    assert len(order.items) == 1


# -- the list


LISTED = contract.example("bol-retailer-v10", "ReducedOrders")


def items_of(**changes: Any) -> tuple[orders.ListedItem, ...]:
    body = {
        "orders": [LISTED["orders"][0] | {"orderItems": [LISTED["orders"][0]["orderItems"][0] | changes]}]
    }
    return orders.listed(orjson.dumps(body))[0].items


def test_the_list_of_the_contract() -> None:
    contract.check("bol-retailer-v10", "ReducedOrders", LISTED)
    [one] = orders.listed(orjson.dumps(LISTED))
    assert one.order_id == "A2K8290LP8"
    assert one.items == (orders.ListedItem("2012345678", 10, 10, 0, False),)


@pytest.mark.parametrize("body", [{}, {"orders": []}, {"orders": None}])
def test_an_empty_list(body: Any) -> None:
    assert orders.listed(orjson.dumps(body)) == []


@pytest.mark.parametrize("body", [{"orders": [{"orderId": ""}]}, {"orders": [{}]}, {"orders": {}}, [], "x"])
def test_no_list(body: Any) -> None:
    with pytest.raises(Unreadable):
        orders.listed(orjson.dumps(body))


def test_the_fingerprint_tells_what_matters() -> None:
    known = orders.fingerprint(items_of())
    assert known == orders.fingerprint(items_of(latestChangedDateTime="2026-01-01T00:00:00Z"))
    assert known == orders.fingerprint(items_of(fulfilmentStatus="HANDLED", ean="1"))
    changes = [
        {"orderItemId": "1"},
        {"quantity": 9},
        {"quantityShipped": 3},
        {"quantityCancelled": 1},
        {"cancellationRequest": True},
    ]
    others = {orders.fingerprint(items_of(**change)) for change in changes}
    assert len(others) == 5
    assert known not in others


listed_items = st.builds(
    orders.ListedItem,
    st.text(max_size=3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.booleans(),
)


@given(st.lists(listed_items, max_size=4), st.lists(listed_items, max_size=4))
def test_fingerprints_are_equal_only_for_the_same_items(
    some: list[orders.ListedItem], others: list[orders.ListedItem]
) -> None:
    def key(items: list[orders.ListedItem]) -> list[str]:
        return sorted(map(repr, items))

    same = orders.fingerprint(some) == orders.fingerprint(others)
    assert same == (key(some) == key(others))
    assert orders.fingerprint(reversed(some)) == orders.fingerprint(some)
