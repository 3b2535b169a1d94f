from __future__ import annotations

from tests.connectors.mplus.simulator.wire import Answer, Opened, Shop

PAGE = "<request><pluNumbers/><syncMarker>{marker}</syncMarker><syncMarkerLimit>{limit}</syncMarkerLimit></request>"


def articles(answer: Answer) -> list[int]:
    return sorted(int(one) for one in answer.all("productList.product.articleList.article.articleNumber"))


async def test_pages_by_marker_give_every_article_once(opened: Opened) -> None:
    shop = await opened(article_count=100)
    seen: list[int] = []
    marker = 1
    while True:
        page = await shop.call("getProducts", PAGE.format(marker=marker, limit=7))
        if not page.each("productList.product"):
            break
        assert len(articles(page)) <= 7
        seen += articles(page)
        marker = max(int(one) for one in page.all("productList.product.syncMarker")) + 1
    assert sorted(seen) == list(range(1001, 1101))
    assert marker == int((await shop.call("getCurrentSyncMarkers"))["articleSyncMarker"]) + 1


async def test_the_first_product_is_whole_even_above_the_limit(shop: Shop) -> None:
    many = next(product for product in shop.books.catalogue.products() if len(product.articles) > 1)
    page = await shop.call("getProducts", PAGE.format(marker=many.marker, limit=1))
    assert articles(page) == many.articles


async def test_a_change_is_the_next_delta(shop: Shop) -> None:
    marker = shop.books.catalogue.current + 1
    assert articles(await shop.call("getProducts", PAGE.format(marker=marker, limit=10))) == []
    await shop.control(
        "articles/change", {"article": 1002, "price_cents": 12345, "description": "Nieuw & <beter>"}
    )
    await shop.control("articles/deactivate", {"article": 1002})
    page = await shop.call("getProducts", PAGE.format(marker=marker, limit=10))
    article = next(
        one for one in page.each("productList.product.articleList.article") if one["articleNumber"] == "1002"
    )
    assert article["priceIncl"] == "12345"
    assert article["description"] == "Nieuw & <beter>"
    assert article["active"] == "false"
    assert int(article["syncMarker"]) == marker + 1 == int(page["productList.product.syncMarker"])


async def test_products_are_chosen_by_number_plu_and_state(shop: Shop) -> None:
    await shop.control("articles/deactivate", {"article": 1001})
    choose = "<request>{}</request>"
    by_number = choose.format(
        "<articleNumbers>1001</articleNumbers><articleNumbers>1005</articleNumbers><pluNumbers/>"
    )
    assert articles(await shop.call("getProducts", by_number)) == [1001, 1005]
    by_plu = choose.format("<pluNumbers><text><text>1005</text></text></pluNumbers>")
    assert articles(await shop.call("getProducts", by_plu)) == [1005]
    active = choose.format("<pluNumbers/><onlyActive>1</onlyActive>")
    assert articles(await shop.call("getProducts", active)) == list(range(1002, 1021))
    nothing = choose.format("<articleNumbers>7</articleNumbers>")
    assert articles(await shop.call("getProducts", nothing)) == []


async def test_a_product_can_be_asked_whole(shop: Shop) -> None:
    many = next(product for product in shop.books.catalogue.products() if len(product.articles) > 1)
    ask = f"<articleNumbers>{many.articles[0]}</articleNumbers>"
    assert articles(await shop.call("getProducts", f"<request>{ask}</request>")) == many.articles[:1]
    whole = f"{ask}<includeAllArticlesOfSelectedProducts>true</includeAllArticlesOfSelectedProducts>"
    assert articles(await shop.call("getProducts", f"<request>{whole}</request>")) == many.articles


async def test_changes_can_be_asked_by_moment(shop: Shop) -> None:
    await shop.time.sleep(60)
    await shop.control("articles/change", {"article": 1003, "webshop": False})
    moment = (
        "<changedSinceTimestamp><sec>1</sec><min>30</min><hour>10</hour><day>20</day><mon>11</mon><year>2026</year>"
        "<isdst>false</isdst><timezone>60</timezone></changedSinceTimestamp>"
    )
    assert articles(await shop.call("getProducts", f"<request>{moment}</request>")) == [1003]


async def test_prices_barcodes_and_vat(shop: Shop) -> None:
    await shop.control(
        "articles/change", {"article": 1001, "price_cents": 1995, "extra_barcodes": [["8712345678906", 6]]}
    )
    answer = await shop.call("getProducts", "<request><articleNumbers>1001</articleNumbers></request>")
    [article] = answer.each("productList.product.articleList.article")
    percentage = int(article["vatPercentage"])
    assert percentage in (900, 2100)
    assert int(article["priceExcl"]) == round(1995 * 10000 / (10000 + percentage))
    assert article.all("barcodeList.barcode.quantity") == ["1", "6"]
    assert article.all("barcodeList.barcode.barcode") == [article["barcode"], "8712345678906"]
    groups = await shop.call("getVatGroupList")
    assert groups.all("vatGroup.vatPercentage") == ["0", "900", "2100"]


async def test_vat_may_come_in_whole_percents(opened: Opened) -> None:
    shop = await opened(vat_percentage_divisor=100)
    assert (await shop.call("getVatGroupList")).all("vatGroup.vatPercentage") == ["0", "9", "21"]
