"""`kassabrug stock explain`, as processes beside a log and a read model: words, JSON, exit codes."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from app.readmodel import Projection, ReadModel
from streams.catalogue.state import CatalogueRow, Claim, CodeRow
from streams.codec import RowCodec, activity_draft, fact_headers, flow_header, key_of
from streams.flow import Row
from streams.log.base import Draft
from streams.log.embedded import EmbeddedLog
from streams.topics import TOPICS, rows_topic
from streams.vocabulary.activity import (
    Activity,
    GuardShown,
    InputShown,
    MovementShown,
    Noted,
    OfferShown,
    PushShown,
    StockShown,
    Term,
)
from streams.vocabulary.codes import code_entity
from streams.vocabulary.time import SHOP_ZONE, milliseconds, system_clock
from tests.app.cli.command import run
from tests.app.cli.test_commands import SETTINGS

OFFER = "6ff736b5-cdd0-4150-8c67-78269ee986f5"
EAN = "8712626055143"


class Shop(NamedTuple):
    """Two shops' log and read model, written by a bridge that runs."""

    config: Path
    log: EmbeddedLog
    noon: datetime
    """When the newest snapshot was made."""

    async def explain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command in a process of its own."""
        done = await asyncio.to_thread(run, "stock", "explain", *arguments, "--config", str(self.config))
        assert "Traceback" not in done.stderr
        assert "geheim" not in done.stdout + done.stderr
        return done


def espresso(free: int, at: datetime) -> StockShown:
    """An article with one of everything."""
    ago = timedelta(minutes=1)
    return StockShown(
        article_number="1001",
        description="Espresso cups, set of 4",
        terms=(
            Term(amount=str(free), label="free", why=f"in Mplus: {free} at branch 1"),
            Term(amount="-2", label="open Bol", why="orders not yet in a Mplus reading: A2K8290LP8"),
        ),
        desired=free - 2,
        sentence=f"{free} free - 2 open Bol = {free - 2}, {free - 2} on its way",
        offers=(
            OfferShown(
                offer_id=OFFER,
                ean=EAN,
                desired=free - 2,
                sent=free,
                sent_at=at - ago,
                at_bol=free,
                at_bol_read=at - ago,
                corrected=free - 1,
                price_cents=1995,
                on_hold=True,
                offline=("The economic operator is missing.",),
            ),
            OfferShown(offer_id="o2", ean=EAN, fulfilment="FBB", condition="SECONDHAND/GOOD", at_bol=30),
        ),
        inputs=(
            InputShown(what=f"branch 1: {free} free", at=at - ago, source="Mplus getStock, stockId 88121"),
        ),
        pushes=(
            PushShown(
                offer_id=OFFER, amount=free, at=at - ago, outcome="taken", cause="till-sale", millis=420
            ),
            PushShown(
                offer_id=OFFER, amount=free, at=at - ago, outcome="refused: 400 not valid", cause="part"
            ),
        ),
        waits=("Bol orders that are to be booked in Mplus",),
        movements=(MovementShown(at=at, kind="bol-order", change="-2", text="Bol order A2K8290LP8 takes 2"),),
    )


def note(fact: Activity, entity: str, at: datetime, connection: str = "shop") -> Draft:
    headers = (*fact_headers(connection, "t-1"), flow_header("stock"))
    return activity_draft(fact, key_of(connection, entity), headers, milliseconds(at))


def teapot(connection: str) -> StockShown:
    return StockShown(article_number="1002", description=f"Teapot of {connection}", desired=4, sentence="4")


PART = StockShown(article_number="7", description="Spoon", desired=5, sentence="5", part_of=(10, 11))


def carried(code: str, article: int) -> Draft:
    """Mplus has this code on the article."""
    codec: RowCodec[CatalogueRow] = RowCodec(CatalogueRow)
    row = CodeRow(claims=(Claim(article_number=article, description="Spoon"),))
    key = key_of("shop", code_entity("sku", code))
    return Draft(rows_topic("catalogue"), key, codec.write(Row(state=row, applied=1)))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    config = tmp_path / "kassabrug.toml"
    other = SETTINGS.partition("[connections.shop.bol]")[2]
    other = other.replace(".shop.", ".other.").replace('"demo"', '"other"')
    config.write_text(f"{SETTINGS}\n[connections.other.bol]{other}")
    noon = system_clock() - timedelta(minutes=2)
    log = await EmbeddedLog.open(tmp_path / "log.db", TOPICS, clock=system_clock, sleep=asyncio.sleep)
    await log.append(
        [
            *(note(teapot(name), "1002", noon - timedelta(days=2), name) for name in ("shop", "other")),
            note(espresso(20, noon - timedelta(hours=2)), "1001", noon - timedelta(hours=2)),
            note(
                Noted(kind="till-sale", text="8 sold at the till.", direction="in"),
                "1001",
                noon - timedelta(minutes=65),
            ),
            note(espresso(12, noon - timedelta(hours=1)), "1001", noon - timedelta(hours=1)),
            note(espresso(9, noon), "1001", noon),
            note(PART, "7", noon),
            carried("ESP-4", 1001),
            carried("SPOON", 1003),
        ]
    )
    model = await ReadModel.open(tmp_path / "kassabrug.readmodel.db", clock=system_clock)
    await Projection(model.database, log, clock=system_clock, sleep=asyncio.sleep).catch_up()
    yield Shop(config, log, noon)
    await model.close()
    await log.close()


async def test_everything_is_told_while_the_bridge_runs(shop: Shop) -> None:
    told = await shop.explain("1001")
    assert (told.returncode, told.stderr) == (0, "")
    for words in (
        "Espresso cups, set of 4  article 1001 of shop",
        "For sale at Bol: 7  so since",
        "orders not yet in a Mplus reading: A2K8290LP8",
        "9 free - 2 open Bol = 7, 7 on its way",
        "Mplus getStock, stockId 88121",
        f"{OFFER}  EAN {EAN}, new, FBR, € 19,95",
        "should be 7; sent 9 (",
        "at Bol 9, 8 after open orders (",
        "on its way",
        "on hold",
        "Bol does not show it: The economic operator is missing.",
        "o2  EAN 8712626055143, second-hand (good), FBB",
        "kept and sent by Bol (FBB)",
        "a till sale",
        "0.42 s",
        "refused: 400",
        "Bol orders that are to be booked in Mplus",
        "Sold at Bol",
    ):
        assert words in told.stdout, words
    assert "minutes before" not in told.stdout


@pytest.mark.parametrize("sku", [EAN, OFFER.upper(), "esp-4", "cups espresso", "o2"])
async def test_by_any_of_its_names(shop: Shop, sku: str) -> None:
    told = await shop.explain(sku, "--json")
    assert told.returncode == 0
    assert json.loads(told.stdout)["shown"]["article_number"] == "1001"


async def test_a_part_of_composed_articles_names_them(shop: Shop) -> None:
    told = await shop.explain("7")
    assert "There for what it is a part of: 5" in told.stdout
    assert "on sale as a part of article 10, 11" in told.stdout


async def test_as_json_it_is_the_whole_snapshot(shop: Shop) -> None:
    told = json.loads((await shop.explain("1001", "--json")).stdout)
    assert told["connection"] == "shop"
    assert told["asked"] is None
    assert set(told["shown"]) >= {"terms", "offers", "inputs", "pushes", "waits", "movements", "sentence"}


async def test_as_it_stood_with_what_happened_before(shop: Shop) -> None:
    then = (shop.noon - timedelta(minutes=58)).astimezone(SHOP_ZONE)
    told = await shop.explain("1001", "--at", f"{then:%Y-%m-%d %H:%M:%S}")
    assert (told.returncode, told.stderr) == (0, "")
    assert (
        f"For sale at Bol: 10  as it stood {then:%a} {then.day} {then:%b %Y %H:%M:%S}, so since"
        in told.stdout
    )
    assert "What happened in the 10 minutes before" in told.stdout
    assert "Sold at the till  8 sold at the till." in told.stdout
    as_json = json.loads((await shop.explain("1001", "--at", "90m", "--json")).stdout)
    assert as_json["shown"]["desired"] == 18
    assert as_json["around"] == []
    last = json.loads((await shop.explain("1001", "--at", "1s", "--json")).stdout)
    assert last["shown"]["desired"] == 7


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("1001", "--at", "3h"), 1, "Nothing is known of article 1001 of shop as it stood"),
        (("1002", "--at", "9d", "--connection", "other"), 1, "what is kept begins"),
        (("1002",), 2, "2 articles have '1002' as their article number: say which by its number, and with"),
        (("teapot",), 2, "Teapot of other"),
        (("expresso",), 1, "Perhaps you mean\n  shop             1001  Espresso cups, set of 4"),
        (("xyzzy",), 1, "has 'xyzzy' as its number, EAN, PLU or reference, offer or in its description"),
        (("spoon",), 1, "PLU or reference spoon is on article 1003 (Spoon) of shop in Mplus, and no offer"),
        (("1001", "--connection", "nobody"), 2, "There is shop, other."),
        (("1001", "--at", "noon"), 2, "'noon' is no moment: write 14:02"),
        (("1001", "--at", "2099-01-01"), 2, "has yet to come"),
    ],
)
async def test_what_is_not_found_is_told_with_what_to_do(
    shop: Shop, arguments: tuple[str, ...], code: int, words: str
) -> None:
    told = await shop.explain(*arguments)
    assert (told.returncode, told.stdout) == (code, "")
    assert words in told.stderr


async def test_while_the_numbers_are_stopped_it_says_why(shop: Shop) -> None:
    why = "40 of 50 offers would fall to 0. Look, then: kassabrug stock resume shop"
    await shop.log.append([note(GuardShown(why=why, kind="zero", stopped_at=shop.noon), "", shop.noon)])
    model = await ReadModel.open(shop.config.with_name("kassabrug.readmodel.db"), clock=system_clock)
    await Projection(model.database, shop.log, clock=system_clock, sleep=asyncio.sleep).catch_up()
    await model.close()
    told = await shop.explain("1001")
    assert f"The numbers of shop are stopped: {why}" in told.stdout
    then = await shop.explain("1001", "--at", "1s")
    assert "stopped" not in then.stdout


async def test_several_as_json(shop: Shop) -> None:
    told = await shop.explain("1002", "--json")
    assert told.returncode == 2
    assert [one["connection"] for one in json.loads(told.stdout)["matches"]] == ["other", "shop"]
    assert (await shop.explain("1002", "--connection", "other")).returncode == 0


async def test_without_a_read_model_the_log_tells_by_number(shop: Shop, tmp_path: Path) -> None:
    config = tmp_path / "kassabrug.toml"
    config.write_text(f'{config.read_text()}\n[readmodel]\npath = "none.db"\n')
    told = await shop.explain("1001", "--connection", "shop")
    assert told.returncode == 0
    assert "For sale at Bol: 7  so since" in told.stdout
    told = await shop.explain("espresso")
    assert told.returncode == 1
    assert "there is no read model at" in told.stderr
    assert "by its number and with --connection only" in told.stderr
    assert not (tmp_path / "none.db").exists()
