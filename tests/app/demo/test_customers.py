"""What customers order, by the dice."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.demo.customers import ordered, wish
from app.demo.shares import FULL, Shares
from connectors.mplus.simulator import generate_articles

RANGE = generate_articles(3, 40)
NUMBERS = {article.ean: article.article_number for article in RANGE}


def kinds(body: dict[str, Any]) -> set[str]:
    return {item["fulfilment"] for item in body["items"]}


@given(st.integers())
def test_an_order_can_be_taken_by_bol(seed: int) -> None:
    body = wish(Random(seed), FULL, RANGE)
    assert body == wish(Random(seed), FULL, RANGE), "the same dice, the same order"
    assert 1 <= len(body["items"]) <= FULL.most_lines
    assert len({item["ean"] for item in body["items"]}) == len(body["items"])
    for item in body["items"]:
        assert item.get("cancelled", 0) + item.get("shipped", 0) <= item["quantity"] <= FULL.most_pieces
    if body.get("distribution") == "BOL":
        assert "FBR" in kinds(body), (
            "the shop's own parcels have labels of Bol's, what Bol sends has none of ours"
        )
        assert not any("shipped" in item for item in body["items"])


def test_a_share_of_one_makes_every_order_so() -> None:
    for seed in range(50):
        assert kinds(wish(Random(seed), Shares(mixed=1), RANGE)) == {"FBR", "FBB"}
        assert kinds(wish(Random(seed), Shares(mixed=0, fbb=1), RANGE)) == {"FBB"}
        own = Shares(mixed=0, fbb=0, vvb=1, free=1, cancelled_before=1)
        body = wish(Random(seed), own, RANGE)
        assert (kinds(body), body["distribution"]) == ({"FBR"}, "BOL")
        assert all(item["priceCents"] == 0 for item in body["items"])
        assert body["items"][0]["cancelled"] >= 1


def test_staff_know_what_the_shop_sends() -> None:
    first, second = RANGE[:2]
    body = {
        "items": [
            {"ean": first.ean, "fulfilment": "FBB", "quantity": 1},
            {"ean": second.ean, "fulfilment": "FBR", "quantity": 1},
        ],
        "distribution": "BOL",
    }
    found = ordered(body, {"orderId": "A1", "itemIds": ["i1", "i2"]}, NUMBERS)
    assert found == ("A1", ("i2",), second.article_number, True)
