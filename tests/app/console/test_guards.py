"""Stopped numbers on the pages and over the API: what is told, and the way on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.console import byhand
from streams.vocabulary.activity import GuardShown
from streams.vocabulary.events import Message, OperatorResumed
from tests.app.console.site import OPEN, RETURN, Site, open_site
from tests.app.readmodel.fakes import NOON

NOBODY = "Someone at the console"
WHY = "Within 5 minutes 12 of 40 offers would fall to 0 & <b>nothing</b> says why. What to do: look."
STOPPED = GuardShown(why=WHY, kind="zero", stopped_at=NOON)
BUTTON = 'action="/guards/demo/resume"'


async def show(site: Site, shown: GuardShown, connection: str = "demo") -> None:
    site.log.note(shown, "", connection=connection, flow="guards")
    await site.projection.catch_up()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


async def test_the_banner_is_on_every_page_as_long_as_it_is_stopped(site: Site) -> None:
    pages: tuple[str, ...] = (
        "/",
        "/orders",
        f"/orders/demo/{OPEN}",
        f"/returns/demo/{RETURN}",
        "/articles",
        "/history",
    )
    pages += ("/returns", "/connections", "/deadletters", "/articles/demo/none")
    async with site.client() as http:
        assert BUTTON not in (await http.get("/")).text
        await show(site, STOPPED)
        await show(site, GuardShown(resumed_by="Anna"), "other")
        for page in pages:
            text = (await http.get(page)).text
            assert text.count(BUTTON) == 1, page
            assert "The numbers of demo are stopped" in text
            assert "12 of 40 offers would fall to 0 &amp; &lt;b&gt;nothing" in text
            assert "of other are stopped" not in text
        await show(site, GuardShown(resumed_by="Anna"))
        for page in pages:
            assert BUTTON not in (await http.get(page)).text


async def test_it_counts_as_stuck_since_it_stopped(site: Site) -> None:
    await show(site, STOPPED)
    await show(site, GuardShown(why=WHY.replace("12", "24"), kind="zero", stopped_at=NOON))
    async with site.client() as http:
        overview = (await http.get("/api/overview")).json()
        (row,) = (await http.get("/api/guards")).json()
        (thing,) = [one for one in (await http.get("/api/stuck")).json() if one["about"] == "guard"]
        await show(site, GuardShown(resumed_by="Anna"))
        after = (await http.get("/api/overview")).json()
        (gone,) = (await http.get("/api/guards")).json()
    assert (thing["title"], thing["connection"]) == ("The numbers of demo", "demo")
    assert "24 of 40" in thing["why"]
    assert row["connection"] == "demo"
    assert row["stuck_since"] == thing["since"]
    assert overview["stuck_total"] - after["stuck_total"] == 1
    assert (gone["stuck_since"], gone["shown"]) == (None, {"is": "guard-shown", "resumed_by": "Anna"})


async def test_one_click_goes_on(site: Site) -> None:
    await show(site, STOPPED)
    async with site.client() as http:
        answer = await http.post("/guards/demo/resume")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connections")
    assert site.written == [("demo", Message(flow="guards", entity="", event=OperatorResumed(who=NOBODY)))]


async def test_a_click_that_came_too_late_or_from_elsewhere_is_refused(site: Site) -> None:
    async with site.client() as http:
        for connection in ("demo", "none"):
            answer = await http.post(f"/guards/{connection}/resume")
            assert answer.status_code == 422
            assert f"The numbers of {connection} are not stopped." in answer.text
        await show(site, STOPPED)
        site.refuse.append("the disk is full")
        answer = await http.post("/guards/demo/resume")
        assert answer.status_code == 503
        assert "the disk is full. Nothing was done" in answer.text
    async with site.client(headers={"Sec-Fetch-Site": "cross-site"}) as http:
        assert (await http.post("/guards/demo/resume")).status_code == 403
        assert (await http.post("/api/guards/demo/resume", json={})).status_code == 403
    async with site.client(headers={}) as http:
        assert (await http.post("/guards/demo/resume")).status_code == 403
        assert (await http.post("/api/guards/demo/resume", data={"by": "x"})).status_code == 403
    assert site.written == []


async def test_a_program_says_who_has_looked(site: Site) -> None:
    await show(site, STOPPED)
    async with site.client(headers={}) as http:
        answer = await http.post("/api/guards/demo/resume", json={"by": "  Anna   de V. "})
        assert answer.status_code == 202
        assert answer.json()["written"] == {"is": "operator-resumed", "who": "Anna de V."}
        await http.post("/api/guards/demo/resume", json={})
        for given, words in (
            ({"by": 7}, "by must be a text"),
            ({"by": "x" * 61}, "at most 60 characters"),
            ({"by": "a\x07b"}, "at most 60 characters"),
            ({"who": "Anna"}, "no field 'who'"),
            (["Anna"], "no JSON object"),
        ):
            refused = await http.post("/api/guards/demo/resume", json=given)
            assert refused.status_code == 422
            assert words in refused.json()["detail"], given
        site.refuse.append("the disk is full")
        assert (await http.post("/api/guards/demo/resume", json={})).status_code == 503
        assert (await http.post("/api/guards/other/resume", json={})).status_code == 422
    assert [message.event for _, message in site.written] == [
        OperatorResumed(who="Anna de V."),
        OperatorResumed(who=NOBODY),
    ]


async def test_a_console_that_only_shows_has_no_button(tmp_path: Path) -> None:
    async with open_site(tmp_path, by_hand=False) as site:
        await show(site, STOPPED)
        async with site.client() as http:
            page = (await http.get("/")).text
            assert "The numbers of demo are stopped" in page
            assert BUTTON not in page
            assert (await http.post("/guards/demo/resume")).status_code == 404
            assert (await http.post("/api/guards/demo/resume", json={})).status_code == 404


async def test_with_a_password_it_is_the_user_who_has_looked_and_nobody_else_sees_it(tmp_path: Path) -> None:
    async with open_site(tmp_path, username="winkel", password="geheim") as site:
        await show(site, STOPPED)
        async with site.client() as http:
            refused = await http.get("/")
            assert (refused.status_code, "stopped" in refused.text) == (401, False)
            assert (await http.post("/guards/demo/resume", auth=("winkel", "geheim"))).status_code == 303
    assert [message.event for _, message in site.written] == [OperatorResumed(who="winkel")]


def test_going_on_by_hand() -> None:
    assert byhand.resumed("shop", STOPPED, "x") == OperatorResumed(who="x")
    assert byhand.resumed("shop", STOPPED, "x", "Anna") == OperatorResumed(who="Anna")
    for shown in (None, GuardShown(), GuardShown(resumed_by="Anna", stopped_at=NOON - timedelta(hours=1))):
        with pytest.raises(byhand.Mistake, match="The numbers of shop are not stopped"):
            byhand.resumed("shop", shown, "x")
