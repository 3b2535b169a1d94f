"""The page and the API of what has no other side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.vocabulary.activity import UnmatchedShown
from tests.app.console.site import Site, open_site

OFFER = UnmatchedShown(
    side="bol",
    name="9fb86330-0483-438a-bc0f-7412e20e1001",
    codes=("EAN 8712345678906", "reference A<1"),
    why="No article in Mplus carries EAN 8712345678906 or reference A<1. Add the barcode to the article in Mplus.",
)
ARTICLE = UnmatchedShown(
    side="mplus", name="1001", title="Mug, blue", codes=("SKU 1001",), why="It has no barcode in Mplus."
)


async def list_of(site: Site, *shown: UnmatchedShown) -> None:
    """These are unmatched."""
    for one in shown:
        site.log.note(one, f"offer/{one.name}", flow="catalogue")
    await site.projection.catch_up()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        await list_of(site, OFFER, ARTICLE)
        yield site


async def test_the_page_has_both_sides_with_counts_and_reasons(site: Site) -> None:
    async with site.client() as browser:
        page = (await browser.get("/unmatched")).text
        for words in ("both (2)", "without an article (1)", "without an offer (1)", "Mug, blue", OFFER.name):
            assert words in page, words
        assert "reference A&lt;1. Add the barcode" in page
        assert 'href="/unmatched" aria-current="page"' in page
        only = (await browser.get("/unmatched?side=mplus")).text
        assert "Mug, blue" in only
        assert OFFER.name not in only
        assert OFFER.name in (await browser.get("/unmatched?search=8712345678906")).text
        assert "Nothing unmatched has all of" in (await browser.get("/unmatched?search=nothing")).text


async def test_a_shop_where_all_is_matched_says_so(site: Site) -> None:
    for one in (OFFER, ARTICLE):
        await list_of(site, UnmatchedShown(side=one.side, name=one.name))
    async with site.client() as browser:
        assert "each offer at Bol has its article" in (await browser.get("/unmatched?side=bol")).text
        assert "Everything that is known is matched." in (await browser.get("/unmatched?side=odd")).text


async def test_the_api_has_the_same(site: Site) -> None:
    async with site.client() as program:
        told = (await program.get("/api/unmatched?side=bol&connection=demo")).json()
        assert told["total"] == 1
        assert told["rows"][0]["shown"]["codes"] == list(OFFER.codes)
        part = (await program.get("/api/unmatched?size=1&page=2")).json()
        assert (part["number"], part["size"], len(part["rows"]), part["total"]) == (2, 1, 1, 2)
