"""Composed articles at the till and on the shelf; on orders they are in test_staff.py."""

from __future__ import annotations

import pytest

from connectors.mplus.simulator.articles import FIRST_COMPOSED
from connectors.mplus.simulator.config import WebhookTarget
from tests.connectors.mplus.simulator.receiver import Receiver
from tests.connectors.mplus.simulator.wire import Opened, Shop

NEW = {"article": 7, "ean": "8712345678906", "description": "Pakket", "price_cents": 2500}


def on_hand(shop: Shop, *articles: int) -> list[float]:
    return [float(shop.books.stock_row(1, one).on_hand) for one in articles]


async def test_a_kit_at_the_till_takes_its_parts_and_is_told_as_itself(opened: Opened) -> None:
    receiver = Receiver()
    shop = await opened(receiver.client(), composed_count=1, webhook=WebhookTarget(url="http://bridge/hooks"))
    before = on_hand(shop, 1001, 1002)
    marker = shop.books.stock.current
    sold = await shop.control("sell", {"article": FIRST_COMPOSED, "quantity": 2})
    assert on_hand(shop, 1001, 1002) == [before[0] - 4, before[1] - 2]
    assert [one["article"] for one in sold["lines"]] == [FIRST_COMPOSED]
    await shop.simulator.pushes.drained()
    [(_, told)] = receiver.got
    assert [(one["articleNumber"], one["quantity"]) for one in told["session"]["lines"]] == [
        (FIRST_COMPOSED, 2)
    ]
    inner = f"<request><sinceStockId>{marker + 1}</sinceStockId></request>"
    rows = (await shop.call("getStockHistoryV2", inner)).each("articleStockHistory")
    assert [(row["articleNumber"], row["amountChanged"], row["type"][19:]) for row in rows] == [
        ("1001", "-4", "SALES"),
        ("1002", "-2", "SALES"),
    ]
    assert {row["receiptNumber.number"] for row in rows} == {"1"}
    await shop.control("refund", {"article": FIRST_COMPOSED, "quantity": 2})
    assert on_hand(shop, 1001, 1002) == before


async def test_a_part_can_be_a_fraction(shop: Shop) -> None:
    told = await shop.control("articles/add", NEW | {"components": [[1001, "0.25"]]})
    assert told["components"] == [[1001, 0.25]]
    before = on_hand(shop, 1001)
    await shop.control("sell", {"article": 7, "quantity": 3})
    assert on_hand(shop, 1001) == [before[0] - 0.75]
    await shop.order(article=7, quantity=2)
    assert float(shop.books.stock_row(1, 1001).reserved) == 0.5
    listed = await shop.call("getProducts", "<request><articleNumbers>7</articleNumbers></request>")
    part = "productList.product.articleList.article.componentArticleList.componentArticle"
    assert (listed[f"{part}.quantity"], listed[f"{part}.decimalPlaces"]) == ("25", "2")


async def test_an_article_with_a_unit_in_groups(shop: Shop) -> None:
    told = await shop.control("articles/add", NEW | {"si_unit": "kg", "unit": "zak", "groups": [20, 30]})
    assert (told["si_unit"], told["unit"], told["groups"]) == ("kg", "zak", [20, 30])
    ask = "<request><groupNumbers>30</groupNumbers></request>"
    listed = await shop.call("getProducts", ask)
    assert listed.all("productList.product.groupNumbers") == ["20", "30"]
    article = listed.each("productList.product.articleList.article")[0]
    assert (article["siUnit"], article["unit"]) == ("kg", "zak")
    marker = shop.books.catalogue.current
    await shop.control("articles/change", {"article": 7, "groups": [40], "si_unit": "g"})
    assert shop.books.catalogue.current == marker + 1
    assert (await shop.call("getProducts", ask)).each("productList.product") == []
    assert (await shop.dump("?parts=articles&articles=1001"))["articles"][0]["groups"] == [10]


@pytest.mark.parametrize(
    "components", [[[99, 1]], [[7, 1]], [[1001, 0]], [[1001, -1]], [[1001, "x"]], [[1001, 1]] * 1001]
)
@pytest.mark.parametrize("path", ["articles/add", "articles/change"])
async def test_what_nothing_can_be_made_of(shop: Shop, path: str, components: list[list[object]]) -> None:
    body: dict[str, object] = {"components": components}
    if path == "articles/add":
        body |= NEW
    else:
        await shop.control("articles/add", NEW)
        body |= {"article": 7}
    before = await shop.dump("?parts=articles,markers")
    await shop.control(path, body, status=400)
    assert await shop.dump("?parts=articles,markers") == before
