"""Offers v11: contracts/bol-offers-v11.openapi.json."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.connectors.bol.contract import contract
from tests.connectors.bol.simulator.judge import check
from tests.connectors.bol.simulator.wire import EAN, NOWHERE, Opened, Shop


def made(**more: Any) -> dict[str, Any]:
    body = {
        "ean": EAN,
        "reference": "sku0",
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 19.95}]},
        "fulfilment": {"method": "FBR", "schedule": "MY_DELIVERY_PROMISE"},
        "stock": {"amount": 4, "managedByRetailer": True},
        **more,
    }
    return {name: value for name, value in body.items() if value is not None}


async def post(shop: Shop, **more: Any) -> str:
    body = made(**more)
    check("bol-offers-v11", "CreateOfferRequest", body)
    return str((await shop.call("POST", "/retailer/offers", body, 201))["offerId"])


async def get(shop: Shop, offer_id: str) -> Any:
    return await shop.call("GET", f"/retailer/offers/{offer_id}")


async def patch(shop: Shop, offer_id: str, body: dict[str, Any]) -> None:
    check("bol-offers-v11", "PatchOfferRequest", body)
    await shop.call("PATCH", f"/retailer/offers/{offer_id}", body, 204)


async def test_an_offer_comes_back_as_it_was_made(shop: Shop) -> None:
    given = {
        "reference": "r" * 100,
        "condition": {"category": "SECONDHAND", "state": "GOOD", "comment": "a scratch"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 19.95}, {"quantity": 10, "unitPrice": 17}]},
        "fulfilment": {
            "method": "FBR",
            "schedule": "BOL_DELIVERY_PROMISE",
            "deliveryPromise": {
                "minimumDaysToCustomer": 1,
                "maximumDaysToCustomer": 2,
                "ultimateOrderTime": "17:00",
            },
        },
        "onHoldByRetailer": True,
        "economicOperatorId": "eo-1",
    }
    told = await get(shop, await post(shop, **given, countryAvailabilities=[{"countryCode": "BE"}]))
    assert {name: told[name] for name in given} == given
    assert told["stock"] == {"amount": 4, "correctedStock": 4, "managedByRetailer": True}
    assert told["countryAvailabilities"] == [{"countryCode": "BE", "forSale": False}]
    assert told["lastModifiedDateTime"] == "2026-11-20T09:30:00.123Z"


async def test_what_may_be_left_out_has_a_default(shop: Shop) -> None:
    told = await get(shop, await post(shop, reference=None, stock=None, fulfilment={"method": "FBB"}))
    assert told["stock"] == {"amount": 0, "correctedStock": 0, "managedByRetailer": False}
    assert (told["reference"], told["onHoldByRetailer"]) == ("", False)
    assert [one["countryCode"] for one in told["countryAvailabilities"]] == ["NL", "BE"]


async def test_one_offer_for_an_ean_and_condition(shop: Shop) -> None:
    offer_id = await post(shop)
    name, reason = await shop.refused("POST", "/retailer/offers", made(), 409)
    assert (name, EAN in reason) == ("ean", True)
    await post(shop, condition={"category": "REFURBISHED", "grade": "A", "margin": False})
    await shop.call("DELETE", f"/retailer/offers/{offer_id}", status=204)
    assert await post(shop) != offer_id


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"ean": None}, "body"),
        ({"ean": "12"}, "ean"),
        ({"ean": "١٢٣٤٥٦٧٨"}, "ean"),
        ({"ean": 8712345678906}, "ean"),
        ({"condition": {"category": "OLD"}}, "condition.category"),
        ({"condition": {"category": "SECONDHAND"}}, "condition"),
        ({"fulfilment": "FBR"}, "fulfilment"),
        ({"fulfilment": {"method": "FBX"}}, "fulfilment.method"),
        ({"stock": {"amount": 1}}, "stock"),
        ({"stock": {"amount": -1, "managedByRetailer": True}}, "stock.amount"),
        ({"stock": {"amount": 1.5, "managedByRetailer": True}}, "stock.amount"),
        ({"stock": {"amount": True, "managedByRetailer": True}}, "stock.amount"),
        ({"stock": {"amount": 2**31, "managedByRetailer": True}}, "stock.amount"),
        ({"reference": "r" * 101}, "reference"),
        ({"countryAvailabilities": [{"countryCode": "DE"}]}, "countryAvailabilities[0].countryCode"),
    ],
)
async def test_an_offer_that_cannot_be(shop: Shop, more: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in made(**more).items() if value is not None}
    assert (await shop.refused("POST", "/retailer/offers", body))[0] == field
    assert shop.books.offers == {}


@pytest.mark.parametrize(
    "prices",
    [[], [(2, 5)], [(1, 0.99)], [(1, 9999.01)], [(1, 5), (1, 4)], [(1, 5), (3, 5)], [(1, 5), (4, 4), (3, 3)]],
)
async def test_prices_that_cannot_be(shop: Shop, prices: list[tuple[int, float]]) -> None:
    pricing = {"bundlePrices": [{"quantity": count, "unitPrice": price} for count, price in prices]}
    offer_id = shop.offer(5, price_cents=1000)
    body = {"pricing": pricing, "stock": {"amount": 1}, "reference": "new"}
    field, _ = await shop.refused("PATCH", f"/retailer/offers/{offer_id}", body)
    assert field == "pricing.bundlePrices"
    offer = shop.books.offers[offer_id]
    assert (offer.prices, offer.amount, offer.reference) == (((1, 1000),), 5, "sku0")


@pytest.mark.parametrize("number", ["1e999999999", "NaN", "-1e-400", "123456789012345678901234567890"])
async def test_a_price_that_is_no_number_of_this_world(shop: Shop, number: str) -> None:
    body = b'{"pricing":{"bundlePrices":[{"quantity":1,"unitPrice":%s}]}}' % number.encode()
    answer = await shop.raw("PATCH", f"/retailer/offers/{shop.offer()}", body)
    assert answer.status_code == 400


async def test_a_price_is_exact_to_the_cent(shop: Shop) -> None:
    offer_id = shop.offer()
    for cents in range(100, 100_000, 1237):
        price = Decimal(cents) / 100
        body = b'{"pricing":{"bundlePrices":[{"quantity":1,"unitPrice":%s}]}}' % str(price).encode()
        assert (await shop.raw("PATCH", f"/retailer/offers/{offer_id}", body)).status_code == 204
        answer = await shop.raw("GET", f"/retailer/offers/{offer_id}")
        assert shop.books.offers[offer_id].prices == ((1, cents),)
        assert f'"unitPrice":{cents // 100}.{cents % 100:02d}}}'.encode() in answer.content


async def test_a_patch_changes_what_it_names_and_nothing_else(shop: Shop) -> None:
    offer_id = await post(shop)
    before = await get(shop, offer_id)
    shop.time.go(60)
    for change in (
        {"reference": "other"},
        {"onHoldByRetailer": True},
        {"economicOperatorId": "eo"},
        {"fulfilment": {"method": "FBR", "schedule": "SHIPPING_VIA_BOL"}},
        {"pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 5.5}]}},
        {"unknownProductTitle": "A thing"},
    ):
        await patch(shop, offer_id, change)
        after = await get(shop, offer_id)
        expected = before | {name: v for name, v in change.items() if name != "unknownProductTitle"}
        if "onHoldByRetailer" in change:
            expected["countryAvailabilities"] = [
                {"countryCode": code, "forSale": False} for code in ("NL", "BE")
            ]
        assert after == expected | {"lastModifiedDateTime": "2026-11-20T09:31:00.123Z"}
        before = after


async def test_stock_price_and_hold_go_in_one_patch(shop: Shop) -> None:
    offer_id = await post(shop)
    await patch(
        shop,
        offer_id,
        {
            "stock": {"amount": 9, "managedByRetailer": False},
            "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 3}]},
            "onHoldByRetailer": False,
            "countryAvailabilities": [],
        },
    )
    told = await get(shop, offer_id)
    assert told["stock"] == {"amount": 9, "correctedStock": 9, "managedByRetailer": False}
    assert told["countryAvailabilities"] == []
    await patch(shop, offer_id, {"stock": {"managedByRetailer": True}})
    assert (await get(shop, offer_id))["stock"]["amount"] == 9
    await patch(shop, offer_id, {})


async def test_an_offer_that_is_not_there(shop: Shop) -> None:
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        told = await shop.call(method, f"/retailer/offers/{NOWHERE}", body, 404)
        assert NOWHERE in told["detail"]
        for name in ("nonsense", NOWHERE.replace("-", ""), "x" * 36):
            assert (await shop.refused(method, f"/retailer/offers/{name}", body))[0] == "offer-id"


async def test_why_an_offer_is_not_for_sale(opened: Opened) -> None:
    shop = await opened()
    offer_id = shop.offer(0)
    path = f"/retailer/offers/{offer_id}/not-for-sale-reasons"
    told = await shop.call("GET", path)
    assert [one["countryCode"] for one in told["countries"]] == ["NL", "BE"]
    assert [one["category"] for one in told["countries"][0]["reasons"]] == ["STOCK"]
    await patch(shop, offer_id, {"onHoldByRetailer": True, "stock": {"amount": 1}})
    told = await shop.call("GET", path)
    assert [one["category"] for one in told["countries"][0]["reasons"]] == ["ON_HOLD"]
    await patch(shop, offer_id, {"onHoldByRetailer": False})
    assert await shop.call("GET", path) == {"offerId": offer_id, "countries": []}
    other = await opened(no_reasons_status=204)
    answer = await other.raw("GET", f"/retailer/offers/{other.offer(1)}/not-for-sale-reasons")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_the_reasons_are_in_bols_words(shop: Shop) -> None:
    """Codes and descriptions as in the contract's examples."""
    offer_id = shop.offer(0, on_hold=True)
    await shop.control("offers/offline", {"offerId": offer_id})
    told = await shop.call("GET", f"/retailer/offers/{offer_id}/not-for-sale-reasons")
    assert told["countries"][1]["reasons"] == [
        {
            "category": "ASSORTMENT_POLICY",
            "code": "3001-99",
            "description": "Offline due to incomplete economic operator",
        },
        {
            "category": "ON_HOLD",
            "code": "4003-1",
            "description": "The seller has not marked the offer for-sale",
        },
        {
            "category": "STOCK",
            "code": "4003-3",
            "description": "Out of stock or remaining stock is reserved for pending orders.",
        },
    ]
    schemas = contract("bol-offers-v11")["components"]["schemas"]
    for reason, name in zip(
        told["countries"][0]["reasons"],
        ("AssortmentPolicyReason", "OnHoldReason", "StockReason"),
        strict=True,
    ):
        assert {one: reason[one] for one in ("code", "description")} == {
            one: schemas[name]["properties"][one]["example"] for one in ("code", "description")
        }


async def test_a_patch_of_the_price_alone_replaces_all_prices_and_nothing_else(shop: Shop) -> None:
    offer_id = shop.offer(5, prices=((1, 1000), (3, 900)))
    before = await get(shop, offer_id)
    await patch(shop, offer_id, {"pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 12.5}]}})
    after = await get(shop, offer_id)
    assert after == before | {"pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 12.5}]}}


@pytest.mark.parametrize("recounts", [False, True])
async def test_whether_every_update_is_the_one_after_which_orders_count_is_a_setting(
    opened: Opened, recounts: bool
) -> None:
    """managedByRetailer true: "after the last offer update" (bol-offers-v11), "stock update" (facts/bol.md)."""
    shop = await opened(any_update_recounts=recounts)
    offer_id = shop.offer(5, managed=True)
    order = shop.books.place_order([(offer_id, 2)])
    await patch(shop, offer_id, {"onHoldByRetailer": False})
    assert (await get(shop, offer_id))["stock"]["correctedStock"] == (5 if recounts else 3)
    shop.books.cancel_item(order, order.items[0])
    assert (await get(shop, offer_id))["stock"]["correctedStock"] == 5


# -- the list


async def listed(shop: Shop, query: str = "") -> list[str]:
    """References of all pages."""
    found: list[str] = []
    cursor = ""
    while True:
        told = await shop.call("GET", f"/retailer/offers?page-size=25{query}{cursor}")
        assert told["page"]["pageSize"] == 25
        assert len(told["offers"]) <= 25
        found += [one["reference"] for one in told["offers"]]
        if "nextCursor" not in told["page"]:
            return found
        cursor = f"&cursor={told['page']['nextCursor']}"


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 50, 130])
async def test_pages_hold_every_offer_once(shop: Shop, count: int) -> None:
    for number in range(count):
        shop.offer(1, number)
    assert await listed(shop) == [f"sku{number}" for number in range(count)]


async def test_an_offer_deleted_between_two_pages_hides_no_other(shop: Shop) -> None:
    ids = [shop.offer(1, number) for number in range(60)]
    first = await shop.call("GET", "/retailer/offers?page-size=25")
    for offer_id in ids[10:30]:
        await shop.call("DELETE", f"/retailer/offers/{offer_id}", status=204)
    cursor = first["page"]["nextCursor"]
    second = await shop.call("GET", f"/retailer/offers?page-size=100&cursor={cursor}")
    assert [one["offerId"] for one in second["offers"]] == ids[30:]


async def test_the_list_by_what_is_asked(shop: Shop) -> None:
    ids = [shop.offer(number % 2, number) for number in range(30)]
    assert await listed(shop, f"&offer-ids={ids[3]}&offer-ids={ids[28]}") == ["sku3", "sku28"]
    assert await listed(shop, f"&eans={EAN}&eans={int(EAN) + 29}") == ["sku0", "sku29"]
    assert await listed(shop, f"&eans={EAN}&offer-ids={ids[1]}") == []
    assert await listed(shop, "&reference=sku7") == ["sku7"]
    assert await listed(shop, "&for-sale=true") == [f"sku{n}" for n in range(1, 30, 2)]
    assert await listed(shop, "&for-sale=false") == [f"sku{n}" for n in range(0, 30, 2)]
    await shop.control("offers/offline", {"offerId": ids[1]})
    assert "sku1" not in await listed(shop, "&for-sale=true")
    assert await listed(shop, "&for-sale=false&reference=sku1") == ["sku1"]
    await shop.control("offers/offline", {"offerId": ids[1], "reasons": []})
    assert await listed(shop, "&for-sale=true&reference=sku1") == ["sku1"]
    shop.time.go(10)
    await patch(shop, ids[5], {"stock": {"amount": 3}})
    assert await listed(shop, "&last-modified-date-time=2026-11-20T09:30:10Z") == ["sku5"]
    assert await listed(shop, "&last-modified-date-time=2026-11-20T10:30:10%2B01:00") == ["sku5"]
    assert await listed(shop, "&last-modified-date-time=2026-11-20T09:30:10.123456Z") == ["sku5"]
    assert await listed(shop, "&last-modified-date-time=2026-11-20T09:30:10.123457Z") == []
    small = await shop.call("GET", "/retailer/offers?page-size=1")
    assert (len(small["offers"]), small["page"]["pageSize"]) == (1, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page-size=0", "page-size"),
        ("page-size=101", "page-size"),
        ("page-size=٣", "page-size"),
        ("cursor=nonsense", "cursor"),
        ("cursor=99999999999999999999", "cursor"),
        ("for-sale=maybe", "for-sale"),
        ("last-modified-date-time=yesterday", "last-modified-date-time"),
        ("last-modified-date-time=0001-01-01T00:00:00%2B23:00", "last-modified-date-time"),
        ("offer-ids=nonsense", "offer-id"),
        ("&".join(["eans=1"] * 1001), "offer-ids"),
    ],
)
async def test_a_list_that_cannot_be(shop: Shop, query: str, field: str) -> None:
    assert (await shop.refused("GET", f"/retailer/offers?{query}"))[0] == field


async def test_answers_are_what_the_wire_says(shop: Shop) -> None:
    """Byte for byte: the order of fields and the two places of a price."""
    offer_id = shop.offer(5, price_cents=1990)
    answer = await shop.raw("GET", f"/retailer/offers/{offer_id}")
    assert orjson.loads(answer.content)["pricing"] == {"bundlePrices": [{"quantity": 1, "unitPrice": 19.9}]}
    assert b'"bundlePrices":[{"quantity":1,"unitPrice":19.90}]' in answer.content
