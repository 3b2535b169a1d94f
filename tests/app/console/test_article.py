"""The page of an article: why it has its number, now and at some time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.console import desk
from streams.vocabulary.activity import (
    InputShown,
    MovementShown,
    Noted,
    OfferShown,
    PushShown,
    StockShown,
    Term,
)
from tests.app.console.site import Site, open_site
from tests.app.readmodel.fakes import NOON, MemoryLog

PATH = "/articles/demo/1001"


def espresso(free: int) -> StockShown:
    ago = timedelta(minutes=1)
    return StockShown(
        article_number="1001",
        description="Espresso <cups>",
        terms=(Term(amount=str(free), label="free", why="in Mplus"),),
        desired=free,
        sentence=f"{free} free = {free}, {free} on its way",
        offers=(
            OfferShown(
                offer_id="o1",
                ean="8712626055143",
                desired=free,
                sent=3,
                sent_at=NOON - ago,
                at_bol=3,
                corrected=2,
                price_cents=1995,
                on_hold=True,
                offline=("The economic operator is missing.",),
            ),
            OfferShown(offer_id="o2", condition="SECONDHAND/GOOD", fulfilment="FBB", at_bol=30),
        ),
        inputs=(InputShown(what="branch 1: 9 free", at=NOON - ago, source="Mplus getStock, stockId 88121"),),
        pushes=(
            PushShown(offer_id="o1", amount=3, at=NOON - ago, outcome="taken", cause="till-sale", millis=420),
            PushShown(offer_id="o1", amount=3, at=NOON - ago, outcome="refused: 400", cause="part"),
        ),
        waits=("a reading of Mplus from 12:02:12 or later",),
        movements=(MovementShown(at=NOON, kind="delivery", change="+12", text="+12 at branch 1"),),
    )


def write(log: MemoryLog, shown: StockShown, minutes: int) -> None:
    log.clock.now = NOON + timedelta(minutes=minutes)
    log.note(Noted(kind="till-sale", text=f"down to {shown.desired}.", direction="in"), "1001", flow="stock")
    log.note(shown, "1001", flow="stock")
    log.clock.now = NOON


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        for free, minutes in ((20, -60), (9, -30), (5, 0)):
            write(site.log, espresso(free), minutes)
        await site.projection.catch_up()
        yield site


async def test_it_says_why_and_what_is_waited_for(site: Site) -> None:
    async with site.client() as browser:
        page = (await browser.get(PATH)).text
    for words in (
        "Espresso &lt;cups&gt;",
        "5 free = 5, 5 on its way",
        "a reading of Mplus from 12:02:12 or later",
        "2 after open orders",
        "€ 19,95",
        "on hold",
        "Bol does not show it: The economic operator is missing.",
        "second-hand (good)",
        "kept and sent by Bol (FBB)",
        "branch 1: 9 free",
        "Mplus getStock, stockId 88121",
        "after a till sale",
        "0.42 s",
        "refused: 400",
        "Goods received",
        "+12 at branch 1",
    ):
        assert words in page, words
    for part in ("stuck", "sum", "offers", "inputs", "pushes", "movements", "history"):
        assert f'id="{part}" data-live' in page


async def test_the_api_tells_the_same(site: Site) -> None:
    async with site.client() as program:
        shown = (await program.get("/api/articles/demo/1001")).json()["shown"]
    assert shown["inputs"][0]["source"] == "Mplus getStock, stockId 88121"
    assert shown["pushes"][0]["millis"] == 420
    assert shown["waits"] == ["a reading of Mplus from 12:02:12 or later"]
    assert shown["movements"][0]["change"] == "+12"
    assert shown["offers"][0]["offline"] == ["The economic operator is missing."]


async def test_an_article_of_which_nothing_is_known_yet(site: Site) -> None:
    site.log.note(StockShown(article_number="7"), "7", flow="stock")
    await site.projection.catch_up()
    async with site.client() as browser:
        page = (await browser.get("/articles/demo/7")).text
    for words in ("Nothing was heard of it yet.", "None was sent yet.", "Nothing that is remembered."):
        assert words in page


async def test_a_part_of_composed_articles_names_them(site: Site) -> None:
    site.log.note(StockShown(article_number="7", desired=5, part_of=(10, 11)), "7", flow="stock")
    await site.projection.catch_up()
    async with site.client() as browser:
        page = (await browser.get("/articles/demo/7")).text
    assert "there for what it is a part of" in page
    assert '<a href="/articles/demo/10">article 10</a>, <a href="/articles/demo/11">article 11</a>.' in page


async def test_as_it_stood(tmp_path: Path) -> None:
    async with open_site(tmp_path, log_too=True) as again:
        for free, minutes in ((20, -60), (9, -30), (5, 0)):
            write(again.log, espresso(free), minutes)
        await again.projection.catch_up()
        async with again.client() as browser:
            assert 'name="at"' in (await browser.get(PATH)).text
            page = (await browser.get(f"{PATH}?at=2026-11-23T11:35:00")).text
            assert "As it stood Mon 23 Nov 2026 11:35:00" in page
            assert "9 free = 9, 9 on its way" in page
            assert "down to 9." in page
            assert "down to 20." not in page
            missing = (await browser.get(f"{PATH}?at=2026-11-23T09:00:00")).text
            assert "What is kept begins Mon 23 Nov 2026 11:00:00" in missing
            assert "5 free = 5" in missing
            moved = await browser.get(f"{PATH}?at=11:35")
            assert (moved.status_code, moved.headers["location"]) == (303, "?at=2026-11-23T11%3A35%3A00")
            wrong = await browser.get(f"{PATH}?at=noon")
            assert wrong.status_code == 422
            assert "is no moment" in wrong.text
            assert "5 free = 5" in wrong.text


async def test_an_open_page_of_then_does_not_read_the_log_each_time(tmp_path: Path) -> None:
    async with open_site(tmp_path, log_too=True) as site:
        write(site.log, espresso(9), -30)
        await site.projection.catch_up()
        async with site.client() as browser:
            await browser.get(f"{PATH}?at=2026-11-23T11:35:00")
            reads = site.log.reads
            page = await browser.get(f"{PATH}?at=2026-11-23T11:35:00")
            assert "9 free = 9" in page.text
            assert site.log.reads == reads
            for minute in range(desk.PASTS):
                await browser.get(f"{PATH}?at=2026-11-23T11:{36 + minute // 60}:{minute % 60:02}")
            assert site.log.reads > reads
            reads = site.log.reads
            await browser.get(f"{PATH}?at=2026-11-23T11:35:00")
            assert site.log.reads > reads, "what was found once is not kept for ever"


async def test_far_back_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOKED_THROUGH", 5)
    async with open_site(tmp_path, log_too=True) as site:
        write(site.log, espresso(9), -30)
        for _ in range(20):
            site.log.note(Noted(kind="push", text="x"), "1001", flow="returns")
        await site.projection.catch_up()
        async with site.client() as browser:
            page = (await browser.get(f"{PATH}?at=2026-11-23T11:35:00")).text
    assert "kassabrug stock explain 1001 --connection demo --at 2026-11-23T11:35:00" in page


async def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async with open_site(tmp_path, log_too=True) as site:
        write(site.log, espresso(9), -30)
        await site.projection.catch_up()
        site.log.refuse = 1
        async with site.client() as browser:
            answer = await browser.get(f"{PATH}?at=2026-11-23T11:35:00")
            assert answer.status_code == 503
            assert "the broker is away" in answer.text
            assert "9 free = 9" in answer.text
            assert (await browser.get(f"{PATH}?at=2026-11-23T11:35:00")).status_code == 200


async def test_where_no_log_is_at_hand_there_is_no_field(site: Site) -> None:
    async with site.client() as browser:
        page = (await browser.get(f"{PATH}?at=2026-11-23T11:35:00")).text
    assert 'name="at"' not in page
    assert "5 free = 5" in page
