"""Offers from the wire, their prices as they are sent, and why Bol does not show one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import offers, wire
from streams.vocabulary.events import OfferSeen
from tests.connectors.bol import contract
from tests.connectors.bol.market import OFFER, START, sold_offer

PAGE = contract.example("bol-offers-v11", "OfferListResponse")
EXAMPLE = contract.contract("bol-offers-v11")["paths"]["/retailer/offers/{offer-id}/not-for-sale-reasons"][
    "get"
]["responses"]["200"]["content"]["application/vnd.retailer.v11+json"]["example"]


def listed(body: Any, for_sale: bool | None = None) -> tuple[list[OfferSeen], str]:
    return offers.listed(orjson.dumps(body), START, for_sale)


def seen(**more: Any) -> OfferSeen:
    body = sold_offer(OFFER, 7) | more
    contract.check("bol-offers-v11", "OfferResponse", body)
    return offers.offer(orjson.dumps(body), START).seen


def test_the_offers_of_the_contract() -> None:
    # The contract's own example of `margin` and the like is no matter of ours; its shape is judged in the market.
    [one], cursor = listed(
        {"offers": [PAGE["offers"][0]], "page": {"pageSize": 50, "nextCursor": "abc"}}, True
    )
    assert one == OfferSeen(
        offer_id=OFFER,
        ean="0000007740404",
        reference="AX1234",
        amount=0,
        fulfilment="FBR",
        read_at=START,
        corrected=7,
        price_cents=999,
        on_hold=False,
        condition="SECONDHAND/AS_NEW",
        economic_operator="0c6573a2-a80c-48b7-a03e-d5939f1173fa",
        for_sale=True,
    )
    assert cursor == "abc"


def test_an_offer_with_all_we_look_at() -> None:
    one = seen(
        fulfilment={"method": "FBB"},
        stock={"amount": 7, "correctedStock": 5, "managedByRetailer": False},
        onHoldByRetailer=True,
        economicOperatorId="eo-1",
        pricing={"bundlePrices": [{"quantity": 1, "unitPrice": 19.9}, {"quantity": 5, "unitPrice": 17}]},
    )
    assert (one.amount, one.corrected, one.managed_by_retailer, one.fulfilment) == (7, 5, False, "FBB")
    assert (one.on_hold, one.economic_operator, one.price_cents, one.for_sale) == (True, "eo-1", 1990, None)


def test_an_offer_with_the_least() -> None:
    body = {
        key: value
        for key, value in sold_offer(OFFER).items()
        if key
        in ("offerId", "lastModifiedDateTime", "onHoldByRetailer", "condition", "pricing", "fulfilment")
    }
    contract.check("bol-offers-v11", "OfferResponse", body)
    [one], cursor = listed({"offers": [body], "page": {}}, False)
    assert (one.ean, one.reference, one.amount, one.managed_by_retailer) == ("", "", 0, True)
    assert (one.corrected, one.economic_operator, one.for_sale, cursor) == (None, "", False, "")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"category": "NEW"}, "NEW"),
        ({"category": "SECONDHAND", "state": "GOOD", "comment": "a scratch"}, "SECONDHAND/GOOD"),
        ({"category": "REFURBISHED", "grade": "A", "margin": False}, "REFURBISHED/A"),
    ],
)
def test_a_condition(condition: dict[str, Any], told: str) -> None:
    assert seen(condition=condition).condition == told


def test_a_price_for_one_piece_is_the_price_and_to_the_cent() -> None:
    prices = b'[{"quantity":3,"unitPrice":8.35},{"quantity":1,"unitPrice":9.95}]'
    one = offers.offer(b'{"offerId":"o","pricing":{"bundlePrices":' + prices + b"}}", START)
    assert (one.seen.price_cents, one.prices) == (995, ((1, 995), (3, 835)))
    for pricing in (None, {}, {"bundlePrices": []}, {"bundlePrices": [{"quantity": 2, "unitPrice": 5}]}):
        assert (
            offers.offer(orjson.dumps({"offerId": "o", "pricing": pricing}), START).seen.price_cents is None
        )


@pytest.mark.parametrize(
    ("countries", "shown"),
    [
        (None, False),
        ([], False),
        ([{"countryCode": "NL"}], False),
        ([{"countryCode": "NL", "forSale": False}, {"countryCode": "BE", "forSale": True}], True),
    ],
)
def test_whether_bol_says_that_it_is_shown(countries: Any, shown: bool) -> None:
    body = sold_offer(OFFER) | ({} if countries is None else {"countryAvailabilities": countries})
    contract.check("bol-offers-v11", "OfferResponse", body)
    assert offers.offer(orjson.dumps(body), START).shown is shown


@pytest.mark.parametrize(
    "body",
    [
        {"offers": [{}]},
        {"offers": [{"offerId": ""}]},
        {"offers": [sold_offer("a b")]},
        {"offers": [sold_offer(OFFER, 10**12)]},
        {"offers": [sold_offer(OFFER) | {"stock": {"amount": "3"}}]},
        {"offers": [sold_offer(OFFER) | {"stock": {"correctedStock": 10**12}}]},
        {"offers": [sold_offer(OFFER) | {"pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": "x"}]}}]},
        {"offers": [sold_offer(OFFER) | {"pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 1e30}]}}]},
        {"offers": [sold_offer(OFFER) | {"onHoldByRetailer": "yes"}]},
        {"offers": [], "page": {"nextCursor": "x" * 5000}},
        {"offers": {}},
        [],
    ],
)
def test_what_are_no_offers(body: Any) -> None:
    with pytest.raises(wire.Unreadable):
        listed(body)


def test_cut_at_every_byte() -> None:
    page = orjson.dumps({"offers": [sold_offer(OFFER)], "page": {"nextCursor": "c"}})
    why = orjson.dumps(EXAMPLE)
    for length in range(len(page)):
        with pytest.raises(wire.Unreadable):
            offers.listed(page[:length], START)
    for length in range(len(why)):
        with pytest.raises(wire.Unreadable):
            offers.reasons(why[:length], EXAMPLE["offerId"])


# -- another price


@pytest.mark.parametrize(
    ("known", "cents", "sent"),
    [
        ((), 1000, ((1, 1000),)),
        (((1, 900),), 1000, ((1, 1000),)),
        (((1, 900), (3, 800), (10, 700)), 1000, ((1, 1000), (3, 800), (10, 700))),
        (((1, 900), (3, 800), (10, 700)), 800, ((1, 800), (10, 700))),
        (((1, 900), (3, 800), (10, 700)), 100, ((1, 100),)),
        (((10, 700), (3, 800), (1, 900)), 750, ((1, 750), (10, 700))),
    ],
)
def test_the_prices_for_several_pieces_go_along(
    known: offers.Prices, cents: int, sent: offers.Prices
) -> None:
    assert offers.repriced(known, cents) == sent


@given(
    st.lists(st.tuples(st.integers(-1, 20), st.integers(1, 3000)), max_size=8).map(tuple),
    st.integers(100, 3000),
)
def test_prices_are_sent_as_bol_takes_them_and_nobody_pays_more(known: offers.Prices, cents: int) -> None:
    """bol-offers-v11, Pricing: from one piece on, quantities strictly up, prices strictly down."""
    sent = offers.repriced(known, cents)
    assert sent[0] == (1, cents)
    assert all(more > less and cheaper < dearer for (less, dearer), (more, cheaper) in pairwise(sent))
    assert set(sent[1:]) <= set(known)
    best = sorted(known)
    if all(more > less and cheaper < dearer for (less, dearer), (more, cheaper) in pairwise(best)):
        for quantity, price in best:
            if quantity > 1:
                assert [one for least, one in sent if least <= quantity][-1] <= price


# -- why it is not for sale


def reason(description: str = "Price too high", code: str = "4000-1", **more: Any) -> dict[str, Any]:
    return {"category": "PRICE", "code": code, "description": description, **more}


def told(*countries: list[dict[str, Any]]) -> tuple[str, ...]:
    body = {
        "offerId": OFFER,
        "countries": [
            {"countryCode": code, "reasons": some}
            for code, some in zip(("NL", "BE"), countries, strict=False)
        ],
    }
    contract.check("bol-offers-v11", "NotForSaleReasons", body)
    return offers.reasons(orjson.dumps(body), OFFER)


def test_the_reasons_of_the_contract() -> None:
    assert offers.reasons(orjson.dumps(EXAMPLE), "123456789") == ("Price too high (4000-1)",)


def test_a_reason_is_told_once_for_all_countries() -> None:
    operator = {
        "category": "ASSORTMENT_POLICY",
        "code": "3001-99",
        "description": "Offline due to incomplete economic operator",
    }
    assert told([reason(), operator], [operator]) == (
        "Price too high (4000-1)",
        "Offline due to incomplete economic operator (3001-99)",
    )
    assert told([], []) == told() == ()
    assert offers.reasons(orjson.dumps({"offerId": OFFER}), OFFER) == ()


def test_missing_content_is_named() -> None:
    missing = [{"name": f"Attribute {number}"} for number in range(9)]
    one = {
        "category": "CONTENT",
        "code": "4004-2",
        "description": "For this product essential product information is missing",
        "missingAttributes": missing,
    }
    assert told([one]) == (
        "For this product essential product information is missing: "
        "Attribute 0, Attribute 1, Attribute 2, Attribute 3, Attribute 4 (4004-2)",
    )


def test_reasons_are_bounded_and_printable() -> None:
    many = told([reason(f"{number} " + "x\n" * 500, "c" * 90) for number in range(20)])
    assert len(many) == offers.MOST_REASONS
    assert all(len(one) <= offers.LONGEST_REASON and one.isprintable() and "(ccc" in one for one in many)


def test_a_reason_that_says_little_is_told_all_the_same() -> None:
    for said, shown in (
        ({"category": "STOCK"}, "STOCK"),
        ({"category": "STOCK", "code": "4003-3"}, "STOCK (4003-3)"),
        ({"code": "1"}, "1"),
        ({"description": "no"}, "no"),
    ):
        body = {"offerId": OFFER, "countries": [{"reasons": [said]}]}
        assert offers.reasons(orjson.dumps(body), OFFER) == (shown,)


@pytest.mark.parametrize(
    "body",
    [
        {"offerId": "another"},
        {},
        {"offerId": OFFER, "countries": {}},
        {"offerId": OFFER, "countries": [{"reasons": ["x"]}]},
        [],
    ],
)
def test_what_are_no_reasons(body: Any) -> None:
    with pytest.raises(wire.Unreadable):
        offers.reasons(orjson.dumps(body), OFFER)


@given(st.binary(max_size=100) | st.just(b"[" * 100_000))
def test_rubbish(body: bytes) -> None:
    for read in (
        lambda: offers.listed(body + b"\xff", START),
        lambda: offers.offer(body + b"\xff", START),
        lambda: offers.reasons(body + b"\xff", OFFER),
    ):
        with pytest.raises(wire.Unreadable, match="not what the contract says"):
            read()
