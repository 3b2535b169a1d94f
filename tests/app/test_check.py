"""What `kassabrug check` finds, with the real clients on both simulators. It changes nothing anywhere."""

from __future__ import annotations

import asyncio
import copy
import os
import shutil
import tomllib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from app.check import Finding, check, check_connection, check_log, check_web
from app.settings import Settings, settings_of
from connectors.bol.account import BolAccount
from connectors.bol.client import BolClient
from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import create_app as create_bol
from connectors.bol.simulator.faults import FaultRule
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.mplus.simulator import MplusSimulatorConfig
from connectors.mplus.simulator import create_app as create_mplus
from connectors.mplus.simulator.config import DeliveryMethod
from connectors.retry import RetryPolicy
from streams.log.embedded import EmbeddedLog
from streams.topics import TOPICS

ROOT = Path(__file__).parents[2]
GIVEN = tomllib.loads((ROOT / "kassabrug.example.toml").read_text())
ENVIRON = {
    "BOL_CLIENT_SECRET": "demo-secret",
    "MPLUS_SECRET": "demo-secret",
    "MPLUS_WEBHOOK_SECRET": "aGFhaw==",
}
TODAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
URL = "https://kassabrug.example.nl/webhooks/winkel/bol"
ONCE = RetryPolicy(tries=1)
POST = DeliveryMethod(code="POST", description="Post")
DHL = DeliveryMethod(code="DHL", description="DHL", enabled=False)


class Clients(NamedTuple):
    bol: Mapping[str, BolClient]
    mplus: Mapping[str, MplusClient]


class Shop:
    """Both simulators, and settings that can be changed before they are read."""

    def __init__(self, folder: Path) -> None:
        self.given: dict[str, Any] = copy.deepcopy(GIVEN)
        self.given["log"] = {"path": str(folder / "log.db")}
        self.given["readmodel"] = {"path": str(folder / "readmodel.db")}
        self.given["web"] = {"public_url": "https://kassabrug.example.nl"}
        self.mine = self.given["connections"]["winkel"]
        self.mine["bol"] |= {"client_id": "demo"}
        self.mine["mplus"] |= {"ident": "demo"}
        self.mine["orders"] |= {"payment_method": "BOL", "workplace": 2}
        self.mine["orders"]["shipping"] = {"delivery_methods": {"*": "POST"}, "transporters": {"POST": "TNT"}}
        bol = create_bol(
            BolSimulatorConfig(), clock=self.clock, sleep=self.sleep, rng=Random(1),
            lost=lambda: httpx.ReadTimeout("cut"),
        )  # fmt: skip
        mplus = create_mplus(
            MplusSimulatorConfig(article_count=3, delivery_methods=(POST, DHL)),
            clock=self.clock, sleep=self.sleep, rng=Random(1), lost=lambda: httpx.ReadTimeout("cut"),
        )  # fmt: skip
        self.bol, self.mplus = bol.state.simulator, mplus.state.simulator
        self.bol_http = httpx.AsyncClient(transport=httpx.ASGITransport(bol))
        self.mplus_http = httpx.AsyncClient(transport=httpx.ASGITransport(mplus))

    def clock(self) -> datetime:
        return START

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def settings(self) -> Settings:
        return settings_of(self.given, ENVIRON, "kassabrug.toml")

    def clients(self) -> Clients:
        """Each asks with what the settings say now."""
        one = self.settings().connections["winkel"]
        account = BolAccount(
            one.bol.client_id, one.bol.client_secret.get_secret_value(), one.bol.api_url, one.bol.login_url
        )
        shop = MplusAdministration(one.mplus.api_url, one.mplus.ident, one.mplus.secret.get_secret_value())
        return Clients(
            {"winkel": BolClient(self.bol_http, account, self.clock, self.sleep, Random(1), ONCE)},
            {"winkel": MplusClient(self.mplus_http, shop, self.clock, self.sleep, Random(1), ONCE)},
        )

    async def found(self) -> list[Finding]:
        return await check_connection(self.settings(), "winkel", self.clients(), TODAY)

    async def subscribe(self, url: str, enabled: bool = True) -> None:
        login = await self.bol_http.post(
            "https://login.bol.com/token?grant_type=client_credentials", auth=("demo", "demo-secret")
        )
        media = "application/vnd.retailer.v10+json"
        made = await self.bol_http.post(
            "https://api.bol.com/retailer/subscriptions",
            json={"resources": ["ORDER"], "url": url, "subscriptionType": "WEBHOOK", "enabled": enabled},
            headers={
                "Authorization": f"Bearer {login.json()['access_token']}", "Accept": media, "Content-Type": media,
            },
        )  # fmt: skip
        assert made.status_code == 202, made.text


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    yield made
    await made.bol_http.aclose()
    await made.mplus_http.aclose()
    await made.bol.aclose()
    await made.mplus.aclose()


def worst(found: list[Finding]) -> list[str]:
    return [f"{one.grade}: {one.text}" for one in found if one.grade != "ok"]


async def test_all_is_well(shop: Shop) -> None:
    found = await check(shop.settings(), shop.clients(), TODAY)
    assert worst(found) == []
    assert {one.part for one in found} == {"log", "web", "winkel"}
    assert all(one.text.endswith(".") for one in found)


async def test_only_reading_calls_are_made(shop: Shop) -> None:
    await shop.found()
    writing = ("create", "update", "save", "set", "cancel", "deliver", "pay", "process", "send")
    assert shop.mplus.calls
    assert not [name for name in shop.mplus.calls if name.startswith(writing)]
    assert sorted(shop.bol.calls) == sorted(
        name for name in shop.bol.calls if name in {"token", "list-offers", "list-orders", "subscriptions"}
    )
    assert shop.bol.books.subscriptions == {}


async def test_no_secret_is_told(shop: Shop) -> None:
    shop.mine["mplus"]["secret"] = "plain:wrong-secret-of-mplus"
    shop.mine["bol"]["client_secret"] = "plain:wrong-secret-of-bol"
    told = " ".join(one.text for one in await shop.found())
    assert "wrong-secret" not in told
    assert "does not work" in told


async def test_wrong_credentials_are_named_for_each_vendor(shop: Shop) -> None:
    shop.mine["mplus"]["secret"] = shop.mine["bol"]["client_secret"] = "plain:wrong"
    bol, mplus = worst(await shop.found())
    assert bol.startswith("fail: Bol: signing in at https://login.bol.com does not work. ")
    assert mplus.startswith(
        "fail: Mplus: https://api.mpluskassa.nl:12345 does not work with this ident and secret"
    )
    assert mplus.endswith("Ask the Mplus dealer for address with port, ident and secret.")


async def test_without_pushes_it_says_how_late_things_are_found(shop: Shop) -> None:
    del shop.given["web"]["public_url"], shop.mine["mplus"]["webhook_secret"]
    bol, mplus = worst(await shop.found())
    assert bol == (
        "warn: Bol: web.public_url is not set, so Bol cannot push; orders are found by polling alone, within "
        "60 seconds."
    )
    assert mplus.startswith("warn: Mplus: mplus.webhook_secret is not set")


@pytest.mark.parametrize(
    ("operation", "words"),
    [("list-offers", "offers cannot be read"), ("list-orders", "orders cannot be read")],
)
async def test_what_bol_does_not_give_is_named_with_its_words(shop: Shop, operation: str, words: str) -> None:
    shop.bol.faults.add(FaultRule(kind="http", operation=operation, status=403))
    (only,) = worst(await shop.found())
    assert only.startswith(f"fail: Bol: {words}. ")
    assert "403" in only or "simulated trouble" in only


async def test_the_subscription_that_is_ours_counts(shop: Shop) -> None:
    await shop.subscribe("https://someone.else.nl/hook", enabled=False)
    assert worst(await shop.found()) == []
    assert f"Bol: no subscription for {URL} yet; it is made at the first start." in [
        one.text for one in await shop.found()
    ]
    await shop.subscribe(URL)
    assert f"Bol: pushes go to {URL}." in [one.text for one in await shop.found()]


async def test_a_disabled_subscription_is_told(shop: Shop) -> None:
    await shop.subscribe(URL, enabled=False)
    (only,) = worst(await shop.found())
    assert only.startswith(f"warn: Bol: the subscription for {URL} is disabled")


async def test_nothing_there_at_all(shop: Shop) -> None:
    """Both answers are lost: the vendors' part still ends in sentences."""

    async def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    await shop.bol_http.aclose()
    await shop.mplus_http.aclose()
    shop.bol_http = httpx.AsyncClient(transport=httpx.MockTransport(dead))
    shop.mplus_http = httpx.AsyncClient(transport=httpx.MockTransport(dead))
    bol, mplus = worst(await shop.found())
    assert "cannot be reached" in bol
    assert "cannot be reached" in mplus


# -- this machine


async def test_a_log_that_is_there_is_read_while_it_is_in_use(shop: Shop) -> None:
    settings = shop.settings()
    assert "is made at the first start" in (await check_log(settings))[0].text
    log = await EmbeddedLog.open(
        settings.log.path, TOPICS, partitions=2, clock=shop.clock, sleep=asyncio.sleep
    )
    try:
        lock = settings.log.path.with_name(settings.log.path.name + ".lock")
        assert lock.read_text().strip() == str(os.getpid())
        (only,) = await check_log(settings)
        assert only == Finding("log", "ok", f"{settings.log.path} can be read; it has {len(TOPICS)} topics.")
    finally:
        await log.close()
    lock.write_text(f"{os.getppid()}\n")
    assert f"process {os.getppid()} runs on it" in (await check_log(settings))[0].text
    for rubbish in ("", "x", "-1", "9" * 40):
        lock.write_text(rubbish)
        assert "runs on it" not in (await check_log(settings))[0].text


async def test_a_log_that_is_none_of_ours(shop: Shop) -> None:
    settings = shop.settings()
    settings.log.path.write_bytes(b"something else altogether" * 100)
    (only,) = await check_log(settings)
    assert only.grade == "fail"
    assert str(settings.log.path) in only.text


@pytest.mark.parametrize("key", ["log", "readmodel"])
async def test_a_folder_that_is_not_there(shop: Shop, key: str, tmp_path: Path) -> None:
    shop.given[key]["path"] = str(tmp_path / "none" / "x.db")
    (only,) = worst(await check_log(shop.settings()))
    assert only == f"fail: The folder {tmp_path / 'none'} is not there. Make it, or set {key}.path otherwise."


async def test_a_path_that_is_a_folder(shop: Shop, tmp_path: Path) -> None:
    shop.given["log"]["path"] = str(tmp_path)
    (only,) = worst(await check_log(shop.settings()))
    assert "is a folder; set log.path to a file in it" in only


async def test_what_cannot_be_written(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patched, since whoever runs the tests may be root."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for only in worst(await check_log(shop.settings())):
        assert "cannot be written by this user" in only
    assert len(worst(await check_log(shop.settings()))) == 2


async def test_little_room(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 5_000_000))
    first, second = worst(await check_log(shop.settings()))
    assert first.startswith("warn: Only 5 MB are free on the disk of ")
    assert second.startswith("warn: Only 5 MB are free on the disk of ")


@pytest.mark.parametrize(
    ("host", "password", "warned"),
    [
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("localhost", False, False),
        ("0.0.0.0", False, True),
        ("kassa.lan", False, True),
        ("0.0.0.0", True, False),
    ],
)
def test_a_page_that_everyone_sees_is_told(shop: Shop, host: str, password: bool, warned: bool) -> None:
    shop.given["web"]["host"] = host
    if password:
        shop.given["web"] |= {"username": "winkel", "password": "plain:x"}
    assert bool(worst(check_web(shop.settings()))) is warned


def test_an_address_that_bol_does_not_push_to(shop: Shop) -> None:
    shop.given["web"]["public_url"] = "http://kassabrug.example.nl"
    (only,) = worst(check_web(shop.settings()))
    assert "Bol pushes to https addresses only" in only
