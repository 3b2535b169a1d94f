"""Branches, article groups and articles that the stock part names, looked up at Mplus."""

from __future__ import annotations

import pytest

from app.check_stock import AT_ONCE
from connectors.mplus.simulator.faults import FaultRule
from tests.app.test_check import Shop, worst
from tests.app.test_check import shop as shop
from tests.app.test_check_orders import Till
from tests.connectors.mplus.test_groups import group
from tests.connectors.mplus.till import tree


def groups(shop: Shop) -> Till:
    rows = group(12, "Kaas", group(121, "Hard"), group(122, "Weg", gone=True))
    return Till(shop, {"getArticleGroups": tree("GetArticleGroupsResponse", tree("articleGroupList", rows))})


async def test_groups_that_are_there(shop: Shop) -> None:
    shop.mine["stock"]["group"] = {"12": {"buffer": 2}, "121": {"buffer": 3}}
    till = groups(shop)
    found = await shop.found()
    assert worst(found) == []
    assert "Mplus: article group 12, 121 is there." in [one.text for one in found]
    await till.inner.aclose()


async def test_groups_that_are_not_there_are_named_with_those_that_are(shop: Shop) -> None:
    shop.mine["stock"]["group"] = {"13": {"buffer": 2}, "122": {"buffer": 3}}
    till = groups(shop)
    first, second = [one for one in await shop.found() if one.grade != "ok"]
    assert (first.key, second.key) == ("stock.group.13", "stock.group.122")
    assert "there is no article group 13; in use are: 12 (Kaas), 121 (Hard). " in first.text
    assert "122 is switched off there" in second.text
    await till.inner.aclose()


async def test_an_mplus_that_does_not_tell_its_groups(shop: Shop) -> None:
    """The simulator does not know the operation, as an older Mplus does not."""
    shop.mine["stock"]["group"] = {"12": {"buffer": 2}}
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert (only.grade, only.key) == ("warn", "stock.group.12")
    assert "could not be checked" in only.text
    assert "getArticleGroups" in only.text


async def test_articles(shop: Shop) -> None:
    there = [str(one.number) for one in shop.mplus.books.catalogue.articles()][:2]
    shop.mine["stock"]["article"] = {number: {"buffer": 2} for number in (*there, "4711")}
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert (only.grade, only.key) == ("fail", "stock.article.4711")
    assert "is about article 4711, and there is no such article. Write the article number" in only.text
    del shop.mine["stock"]["article"]["4711"]
    assert f"Mplus: article {', '.join(there)} is there." in [one.text for one in await shop.found()]


async def test_many_articles_are_asked_for_by_the_page(shop: Shop) -> None:
    shop.mine["stock"]["article"] = {
        str(number): {"buffer": 2} for number in range(500_000, 500_001 + AT_ONCE)
    }
    till = Till(shop, {})
    failed = [one for one in await shop.found() if one.grade == "fail"]
    assert len(failed) == AT_ONCE + 1
    assert till.asked.count("getProducts") == 2
    await till.inner.aclose()


async def test_articles_that_cannot_be_asked_for(shop: Shop) -> None:
    shop.mine["stock"]["article"] = {"1001": {"buffer": 2}}
    shop.mplus.faults.add(FaultRule(kind="http", operation="getProducts", status=503))
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert (only.grade, only.key) == ("warn", "stock.article.1001")
    assert "See in the Mplus back office that article 1001 exists" in only.text


@pytest.mark.parametrize("key", ["fbb_branch", "fbr_branch"])
async def test_a_branch_that_is_written_to(shop: Shop, key: str) -> None:
    shop.mine["stock"] |= {key: 8, "push": key == "fbb_branch"}
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert (only.grade, only.key) == ("fail", f"stock.{key}")
    assert f"there is no branch 8; there are: 1 (Winkel). Set stock.{key} otherwise" in only.text


async def test_a_pair_that_counts_twice_is_told_too(shop: Shop) -> None:
    shop.mine["stock"]["managed"] = False
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert (only.grade, only.key) == ("warn", "stock.managed")
    assert "counts twice" in only.text
