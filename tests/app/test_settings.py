"""Settings: read, checked, and never telling a secret."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import BaseModel

from app.readmodel.pruning import Keep
from app.sections import (
    Bol,
    Cancel,
    Customer,
    Kafka,
    Log,
    Mplus,
    Orders,
    ReadModel,
    Shipping,
    Stock,
    Sweeps,
    Vat,
    Vendors,
    Web,
)
from app.settings import SettingsError, load_settings, log_at, settings_of
from connectors.retry import RetryPolicy
from streams.catalogue.rules import CatalogueRules
from streams.log.kafka.store import PARTITIONS, SESSION_TIMEOUT
from streams.orders.rules import KindRules, OrderRules
from streams.stock.rules import StockRules
from streams.sweeps.rules import SweepRules
from streams.topics import DAY, TOPICS

ROOT = Path(__file__).parents[2]
EXAMPLE = tomllib.loads((ROOT / "kassabrug.example.toml").read_text())
VALUES = st.one_of(
    st.text(max_size=20), st.sampled_from(["env:", "file:", "file:\0", "plain:x", "env:A=B"]), st.integers(),
    st.floats(), st.booleans(), st.datetimes(), st.lists(st.integers(), max_size=3),
)  # fmt: skip
ENVIRON = {
    "BOL_CLIENT_SECRET": "bol-geheim",
    "MPLUS_SECRET": "mplus-geheim",
    "MPLUS_WEBHOOK_SECRET": "aGFhaw==",
}


@pytest.fixture
def given() -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE)


def test_the_example_can_be_used_and_paths_are_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "kassabrug.toml"
    path.write_text((ROOT / "kassabrug.example.toml").read_text())
    made = load_settings(path, ENVIRON)
    assert made.log.path == tmp_path / "kassabrug.log.db"
    assert list(made.connections) == ["winkel"]
    assert made.connections["winkel"].bol.client_secret.get_secret_value() == "bol-geheim"


def test_every_setting_that_the_example_shows_exists(tmp_path: Path) -> None:
    lines = (ROOT / "kassabrug.example.toml").read_text().splitlines()
    shown = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in lines]
    path = tmp_path / "kassabrug.toml"
    path.write_text("\n".join(shown))
    seen: list[str] = []
    more = {
        "KASSABRUG_PASSWORD": "x",
        "KAFKA_PASSWORD": "y",
        "POSTGRES_PASSWORD": "z",
        "HOSTNAME": "worker-1",
    }

    def heard(mapping: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> list[str]:
        seen.extend((*mapping, *tables))
        return []

    made = load_settings(path, {**ENVIRON, **more}, check_mapping=heard)
    assert seen == ["order.reference", "regions"]
    assert made.web.username == "winkel"
    assert made.log.kafka.instance == "worker-1"
    assert made.log.kafka.key_file == tmp_path / "kassabrug-key.pem"
    assert {"x", "y", "z"} < set(made.secrets())


def test_every_setting_there_is_is_shown_in_the_example() -> None:
    lines = (ROOT / "kassabrug.example.toml").read_text().splitlines()
    shown: dict[str, set[str]] = {}
    part = ""
    for line in lines:
        if header := re.match(r"\[(\S+)\]", line):
            part = header[1].replace("connections.winkel.", "")
            above, _, name = part.rpartition(".")
            shown.setdefault(above, set()).add(name)
            shown.setdefault(part, set())
        elif key := re.match(r"(?:# )?(\w+)(?:\.\w+)? = ", line):
            shown[part].add(key[1])
    shown["orders"] |= {"fbr"}  # likewise fbb, it says
    parts: dict[str, type[BaseModel]] = {
        "log": Log, "log.kafka": Kafka, "readmodel": ReadModel, "web": Web, "vendors": Vendors, "bol": Bol,
        "mplus": Mplus, "stock": Stock, "orders": Orders, "orders.customer": Customer, "orders.vat": Vat,
        "orders.shipping": Shipping, "orders.cancel": Cancel, "sweeps": Sweeps,
    }  # fmt: skip
    for name, model in parts.items():
        assert shown[name] == set(model.model_fields), name


def test_secrets_are_never_told(given: dict[str, Any]) -> None:
    made = settings_of(given, ENVIRON, "x")
    told = repr(made) + str(made) + made.model_dump_json()
    for secret in ENVIRON.values():
        assert secret not in told
    assert sorted(made.secrets()) == sorted(ENVIRON.values())


def test_a_secret_in_the_file_itself_is_refused_without_repeating_it(given: dict[str, Any]) -> None:
    given["connections"]["winkel"]["mplus"]["secret"] = "hunter2"
    with pytest.raises(SettingsError) as caught:
        settings_of(given, ENVIRON, "kassabrug.toml")
    assert "connections.winkel.mplus.secret" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_mistake_is_named_at_once(given: dict[str, Any]) -> None:
    given["connections"]["winkel"]["bol"]["client_secret"] = "env:NOT_THERE"
    given["connections"]["winkel"]["stock"]["cap"] = "much"
    given["wbe"] = {}
    with pytest.raises(SettingsError) as caught:
        settings_of(given, ENVIRON, "kassabrug.toml")
    assert str(caught.value).splitlines() == [
        "kassabrug.toml cannot be used:",
        "  connections.winkel.bol.client_secret: the environment has no NOT_THERE: set it to the secret",
        "  wbe: there is no such setting; see kassabrug.example.toml for those there are",
        "  connections.winkel.stock.cap: write a whole number, without quotes",
    ]


def test_two_connections_do_not_sell_on_one_account(given: dict[str, Any]) -> None:
    given["connections"]["filiaal"] = copy.deepcopy(given["connections"]["winkel"])
    with pytest.raises(SettingsError, match="winkel and filiaal have the same Bol client_id"):
        settings_of(given, ENVIRON, "x")
    given["connections"]["filiaal"]["bol"]["client_id"] = "another"
    assert list(settings_of(given, ENVIRON, "x").connections) == ["winkel", "filiaal"]


def test_what_is_in_force_can_be_shown(given: dict[str, Any]) -> None:
    given["connections"]["winkel"]["mplus"]["ident"] = "ident-of-the-shop"
    told = settings_of(given, ENVIRON, "x").redacted()
    assert told["connections"]["winkel"]["stock"]["branches"] == [1]
    assert told["connections"]["winkel"]["bol"]["client_secret"] == "**********"
    shown = json.dumps(told)
    for secret in (*ENVIRON.values(), "ident-of-the-shop"):
        assert secret not in shown


@given_any(st.recursive(VALUES, lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4)))
@settings(max_examples=200, deadline=None)
def test_whatever_a_file_holds_is_told_in_words(held: Any) -> None:
    for at in (
        ("connections", "winkel", "mplus", "secret"),
        ("connections", "winkel"),
        ("web", "port"),
        ("log",),
    ):
        tree = copy.deepcopy(EXAMPLE)
        part = tree
        for key in at[:-1]:
            part = part[key]
        part[at[-1]] = held
        told = "kassabrug.toml cannot be used:\n  "
        try:
            settings_of(tree, ENVIRON, "kassabrug.toml")
        except SettingsError as error:
            told = str(error)
        assert told.startswith("kassabrug.toml cannot be used:\n  ")


def test_log_and_read_model_are_two_files(tmp_path: Path) -> None:
    path = tmp_path / "kassabrug.toml"
    (tmp_path / "sub").mkdir()
    text = (ROOT / "kassabrug.example.toml").read_text()
    path.write_text(text.replace("kassabrug.readmodel.db", "sub/../kassabrug.log.db"))
    with pytest.raises(SettingsError, match="one of its own"):
        load_settings(path, ENVIRON)
    path.write_text(text.replace("kassabrug.readmodel.db", "~nobody-of-that-name/x"))
    with pytest.raises(SettingsError, match="not the name of a file"):
        load_settings(path, ENVIRON)


def test_a_secret_in_a_file(given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("uit-bestand\n")
    given["connections"]["winkel"]["mplus"]["secret"] = f"file:{tmp_path}/secret"
    made = settings_of(given, ENVIRON, "x")
    assert made.connections["winkel"].mplus.secret.get_secret_value() == "uit-bestand"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("connections", "winkel", "mplus", "api_url"), "api.mpluskassa.nl", "web address"),
        (("connections", "winkel", "mplus", "secret"), "env:NOT_THERE", "environment has no NOT_THERE"),
        (("connections", "winkel", "mplus", "secret"), "file:/not/there", "cannot be read"),
        (("connections", "winkel", "stock", "branches"), [], "write at least one branch"),
        (("connections", "winkel", "stock", "bufer"), 1, "no such setting"),
        (("connections", "winkel", "orders", "fulfilments"), ["FBX"], '["FBR"]'),
        (("connections", "winkel", "bol"), {}, "is missing"),
        (("connections", "Winkel!"), {}, "is missing"),
        (("web", "port"), 99999, "write a number of at most 65535"),
        (("web", "username"), "winkel", "belong together"),
        (
            ("connections", "winkel", "mplus", "api_url"),
            "https://a.nl/?ident=x&secret=hunter2",
            "bare address",
        ),
        (("connections", "winkel", "mplus", "api_url"), "https://u:hunter2@a.nl", "bare address"),
        (("connections", "winkel", "mplus", "api_url"), "https://a.nl:999999", "web address"),
        (("connections", "winkel", "mplus", "api_url"), "https://a b.nl", "web address"),
        (("connections", "winkel", "mplus", "secret"), "file:/a\0b", "cannot be read"),
        (("connections", "winkel", "mplus", "secret"), "file:~nobody-of-that-name/b", "cannot be read"),
        (("connections", "winkel", "mplus", "secret"), "file:secret", "whole path"),
        (("connections", "winkel", "mplus", "secret"), "file:/dev/null", "is empty"),
        (("connections", "winkel", "mplus", "secret"), "file:/dev/zero", "at most 4096"),
        (("connections", "winkel", "mplus", "secret"), "env:BLANK", "environment has no BLANK"),
        (("connections", "winkel", "mplus", "secret"), 5, "write a text"),
        (("connections", "winkel", "mplus", "webhook_secret"), "plain:hunter2!", "base64"),
        (("connections", "winkel", "mplus", "webhook_secret"), "plain:====", "base64"),
        (("connections", "winkel", "stock", "branches"), [1, 1], "every branch once"),
        (("connections", "winkel", "stock", "branches"), [True], "write a whole number"),
        (("connections", "winkel", "stock", "branches"), ["1"], "write a whole number"),
        (("connections", "winkel", "stock", "branches"), [-1], "write a number of at least 0"),
        (("connections", "winkel", "stock", "branches"), 1, "write a list"),
        (("connections", "winkel", "stock", "cap"), 1.5, "write a whole number"),
        (("connections", "winkel", "orders", "ext_order_prefix"), "BOL/", "write letters, digits"),
        (("connections", "winkel", "sweeps"), {"markers": float("inf")}, "write a number of at most 2678400"),
        (("connections", "winkel", "sweeps"), {"markers": float("nan")}, "write a number"),
        (("connections", "winkel", "sweeps"), {"markers": "20"}, "write a number, without quotes"),
        (("connections", "winkel"), 1, "part with settings"),
        (("connections",), [], "part for each shop"),
        (("vendors",), {"bol_timeout": float("inf")}, "write a number of at most 600"),
        (("vendors",), {"tries": 0}, "write a number of at least 1"),
        (("web", "max_body"), 10**9, "write a number of at most 8388608"),
        (("web", "port"), True, "write a whole number"),
        (("_cli_parse_args",), True, "no such setting"),
        (("log", "path"), 3, "write a path"),
        (("log", "partitions"), 0, "write a number of at least 1"),
        (("log", "partitions"), 65, "at most 64 partitions"),
        (("log", "address"), "localhost:9092", "write kafka://host:port"),
        (("log", "address"), "kafka://", "write kafka://host:port"),
        (("log", "address"), "http://localhost:9092", "write kafka://host:port"),
        (("log", "address"), "kafka://a:9092,,b:9092", "is not host:port"),
        (("log", "address"), "kafka://a:99999", "is not host:port"),
        (("log", "address"), "kafka://a:0", "is not host:port"),
        (("log", "address"), "kafka://a:0x1", "is not host:port"),
        (("log", "address"), "kafka://shop:hunter2@a:9092", "belong under [log.kafka]"),
        (("log", "address"), "kafka://a:9092/topic", "is not host:port"),
        (("log", "address"), 9092, "write a text"),
        (
            ("log", "kafka"),
            {"mechanism": "GSSAPI"},
            "write one of '', 'PLAIN', 'SCRAM-SHA-256' or 'SCRAM-SHA-512'",
        ),
        (("log", "kafka"), {"mechanism": "PLAIN"}, "belong together: give all three"),
        (("log", "kafka"), {"username": "shop"}, "belong together: give all three"),
        (("log", "kafka"), {"password": "hunter2"}, "write env:NAME or file:/path"),
        (("log", "kafka"), {"ca_file": "ca.pem"}, "ca_file is of use with TLS only"),
        (("log", "kafka"), {"tls": True, "cert_file": "c.pem"}, "cert_file and key_file belong together"),
        (("log", "kafka"), {"tls": "yes"}, "write true or false"),
        (("log", "kafka"), {"session_timeout": 1}, "write a number of at least 6"),
        (("log", "kafka"), {"instance": "env:NOT_THERE"}, "the environment has no NOT_THERE"),
        (("log", "kafka"), {"instance": ""}, "is empty"),
        (("log", "kafka"), {"acks": 1}, "no such setting"),
        (("readmodel", "url"), "kassabrug", "write postgresql://"),
        (("readmodel", "url"), "mysql://a/b", "write postgresql://"),
        (("readmodel", "url"), "postgresql://localhost", "write postgresql://"),
        (("readmodel", "url"), "postgresql://a:b/c", "write postgresql://"),
        (("readmodel", "url"), "postgresql://shop:hunter2@db/shop", "the password does not belong in it"),
        (("readmodel", "url"), "postgresql://db/shop?password=hunter2", "the password does not belong in it"),
        (("readmodel", "password"), "hunter2", "write env:NAME or file:/path"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    given: dict[str, Any], path: tuple[str, ...], value: Any, words: str
) -> None:
    part = given
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(SettingsError) as caught:
        settings_of(given, ENVIRON, "kassabrug.toml")
    assert "kassabrug.toml cannot be used" in str(caught.value)
    assert words in str(caught.value)
    assert ".".join(path[:-1]) in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["Winkel", "a b", "a/b", "1a", "a" * 41, ""])
def test_a_connections_name_that_would_break_a_key_is_refused(given: dict[str, Any], name: str) -> None:
    given["connections"] = {name: given["connections"]["winkel"]}
    with pytest.raises(SettingsError, match="small letters"):
        settings_of(given, ENVIRON, "x")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"kassabrug\.example\.toml"):
        load_settings(tmp_path / "none.toml", {})


def test_rubbish_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "kassabrug.toml"
    path.write_bytes(b"\xff\xfe[")
    with pytest.raises(SettingsError, match="not TOML"):
        load_settings(path, {})


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"a = " + b"[" * 100_000, "nested too deep"),
        (b"#" * (1024 * 1024 + 1), "longer than"),
    ],
)
def test_no_file_is_too_odd_to_be_refused(tmp_path: Path, held: bytes, words: str) -> None:
    path = tmp_path / "kassabrug.toml"
    path.write_bytes(held)
    with pytest.raises(SettingsError, match=words):
        load_settings(path, {})


def test_no_name_is_too_odd_to_be_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})
    with pytest.raises(SettingsError, match="not the name of a file"):
        load_settings(Path("a\0b"), {})


def test_defaults_are_those_of_the_rules(given: dict[str, Any]) -> None:
    made = settings_of(given, ENVIRON, "x")
    assert made.stock_rules("winkel") == StockRules(branches=(1,))
    assert made.order_rules("winkel") == OrderRules(kinds={"FBR": KindRules(branch_number=1)})
    sweeps = made.sweep_rules("winkel")
    assert sweeps is not None
    assert replace(sweeps, stock_mark="") == SweepRules(branches=(1,))
    assert made.catalogue_rules("winkel") == CatalogueRules()
    assert made.keep() == Keep()
    assert made.retry_policy() == RetryPolicy()
    assert made.topics() == TOPICS


def test_the_mark_of_the_stock_rules_changes_with_any_of_them_and_with_nothing_else(
    given: dict[str, Any],
) -> None:
    def mark(**stock: Any) -> str:
        shop = given["connections"]["winkel"]
        rules = settings_of(
            given | {"connections": {"winkel": shop | {"stock": shop["stock"] | stock}}}, ENVIRON, "x"
        ).sweep_rules("winkel")
        assert rules is not None
        return rules.stock_mark

    first = mark()
    assert first == mark() == mark(buffer=0, match=["ean", "sku"])
    others = [
        mark(buffer=1),
        mark(branches=[1, 2]),
        mark(match=["ean"]),
        mark(group={"12": {"cap": 5}}),
        mark(article={"1001": {"cap": 5}}),
    ]
    assert len({first, *others}) == 6
    groups = {"12": {"cap": 5}, "13": {"cap": 6}}
    assert mark(group=groups) != mark(group=dict(reversed(groups.items()))), "the first of them wins"


@pytest.mark.parametrize(
    ("kinds", "stock", "read"),
    [(("FBR",), {}, False), (("FBR", "FBB"), {}, True), (("FBR",), {"fbb_branch": 8}, True)],
)
def test_what_lies_at_bol_is_read_where_it_matters(
    given: dict[str, Any], kinds: tuple[str, ...], stock: dict[str, Any], read: bool
) -> None:
    shop = given["connections"]["winkel"]
    shop["orders"]["kinds"] = list(kinds)
    shop["orders"]["fbb"] = {"branch": 1}
    shop["stock"] |= stock
    rules = settings_of(given, ENVIRON, "x").sweep_rules("winkel")
    assert rules is not None
    assert rules.bol_inventory == (21600.0 if read else None)


@pytest.mark.parametrize(
    ("sweeps", "unseen", "spread"),
    [
        ({}, 2 * 21600 + 3600, 21600),
        ({"bol_offers": 600}, 1200 + 3600, 3600),
        ({"bol_offers": 2_000_000}, 2 * 86400 + 3600, 86400),
        ({"bol_offers": 2_000_000, "compare_at": ""}, 4_000_000 + 3600, 2_000_000),
    ],
)
def test_an_offer_is_asked_for_when_two_rounds_have_missed_it(
    given: dict[str, Any], sweeps: dict[str, Any], unseen: float, spread: float
) -> None:
    given["connections"]["winkel"]["sweeps"] = {
        name: float(one) if name == "bol_offers" else one for name, one in sweeps.items()
    }
    rules = settings_of(given, ENVIRON, "x").catalogue_rules("winkel")
    assert rules is not None
    assert (rules.unseen, rules.spread) == (unseen, spread)


@pytest.mark.parametrize(
    ("stock", "sweeps", "unseen", "spread"),
    [
        ({}, {}, None, 21600),
        ({"fbb_branch": 8}, {}, 2 * 21600 + 3600, 21600),
        ({"fbb_branch": 8}, {"bol_inventory": 600.0}, 1200 + 3600, 3600),
        ({}, {"bol_inventory": 600.0}, None, 3600),
    ],
)
def test_an_ean_is_asked_for_when_two_inventories_have_missed_it_and_never_where_none_is_read(
    given: dict[str, Any], stock: dict[str, Any], sweeps: dict[str, Any], unseen: float | None, spread: float
) -> None:
    given["connections"]["winkel"]["stock"] |= stock
    given["connections"]["winkel"]["sweeps"] = sweeps
    rules = settings_of(given, ENVIRON, "x").catalogue_rules("winkel")
    assert rules is not None
    assert (rules.lying_unseen, rules.lying_spread) == (unseen, spread)


@pytest.mark.parametrize(
    ("part", "key", "value", "words"),
    [
        ("sweeps", "compare_at", "3:15", "write a time of day"),
        ("sweeps", "compare_at", "24:00", "write a time of day"),
        ("stock", "match", [], 'write "ean", "sku" or both'),
        ("stock", "match", ["ean", "ean"], 'write "ean", "sku" or both'),
    ],
)
def test_what_the_night_and_the_match_cannot_be(
    given: dict[str, Any], part: str, key: str, value: Any, words: str
) -> None:
    shop = given["connections"]["winkel"]
    shop[part] = shop.get(part, {}) | {key: value}
    with pytest.raises(SettingsError, match=f"connections.winkel.{part}.{key}: .*{words}"):
        settings_of(given, ENVIRON, "x")


@pytest.mark.parametrize(
    ("track", "slips"), [("slip-reference", True), ("order-reference", False), ("none", False)]
)
def test_packing_slips_are_swept_where_codes_are_on_them(
    given: dict[str, Any], track: str, slips: bool
) -> None:
    given["connections"]["winkel"]["orders"]["shipping"] = {"track": track}
    rules = settings_of(given, ENVIRON, "x").sweep_rules("winkel")
    assert rules is not None
    assert rules.slips == slips


def test_how_long_is_kept_follows_the_settings(given: dict[str, Any]) -> None:
    given["log"]["keep_days"] = 7
    given["readmodel"] |= {"history_days": 8, "orders_days": 9}
    given["vendors"] = {"tries": 2}
    made = settings_of(given, ENVIRON, "x")
    kept = {topic.name: topic.retention for topic in made.topics()}
    assert kept["bol.webhooks"] == kept["mplus.raw"] == kept["activity"] == 7 * DAY
    assert kept["deadletters"] == 90 * DAY
    assert kept["kassabrug-stock-changelog"] is None
    assert (made.keep().history_days, made.keep().orders_days, made.retry_policy().tries) == (8, 9, 2)


def test_an_environment_variable_by_chance_is_no_setting(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB", '{"port": 1}')
    assert settings_of(given, ENVIRON, "x").web.port == 8080


def test_a_log_on_kafka(given: dict[str, Any]) -> None:
    given["log"] = {"address": "kafka://Kafka-1,10.0.0.2:9093,[::1]:9094/"}
    log = settings_of(given, ENVIRON, "x").log
    assert log.servers == ("kafka-1:9092", "10.0.0.2:9093", "[::1]:9094")
    assert (log.parts, log.kafka.session_timeout) == (PARTITIONS, SESSION_TIMEOUT)
    given["log"]["partitions"] = 100
    assert settings_of(given, ENVIRON, "x").log.parts == 100


def test_without_an_address_it_is_the_embedded_one(given: dict[str, Any]) -> None:
    given["log"] = {"address": ""}
    log = settings_of(given, ENVIRON, "x").log
    assert (log.servers, log.parts) == ((), 4)


def test_the_same_cluster_has_one_name(given: dict[str, Any]) -> None:
    given["readmodel"] = {"url": "postgres://winkel@db/kassabrug?sslmode=require"}
    assert (
        settings_of(given, ENVIRON, "x").readmodel.url == "postgresql://winkel@db/kassabrug?sslmode=require"
    )


def test_the_command_line_counts_more_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kassabrug.toml"
    path.write_text((ROOT / "kassabrug.example.toml").read_text())
    said = {"log": {"address": "kafka://a:1"}, "readmodel": {}, "web": {"port": 0}}
    made = load_settings(path, ENVIRON, said)
    assert (made.log.servers, made.log.keep_days, made.web.port) == (("a:1",), 30, 0)
    with pytest.raises(SettingsError, match=r"log\.address: write kafka://host:port"):
        load_settings(path, ENVIRON, {"log": {"address": "a:1"}})
    path.write_text("log = 3\n")
    with pytest.raises(SettingsError, match="log: write a part with settings in it"):
        load_settings(path, ENVIRON, said)


def test_one_file_for_both_does_not_matter_where_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "kassabrug.toml"
    text = (ROOT / "kassabrug.example.toml").read_text().replace("kassabrug.readmodel.db", "kassabrug.log.db")
    path.write_text(text)
    with pytest.raises(SettingsError, match="the log's file too"):
        load_settings(path, ENVIRON)
    assert load_settings(path, ENVIRON, {"log": {"address": "kafka://a:1"}}).log.address


def test_a_log_without_a_file_of_settings() -> None:
    assert log_at("kafka://a").servers == ("a:9092",)
    with pytest.raises(SettingsError, match="--log: write kafka://"):
        log_at("a")


@given_any(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_address_is_given_is_taken_whole_or_told(address: str) -> None:
    told, servers = "--log: ", ("a:1",)
    try:
        servers = log_at(f"kafka://{address}").servers
    except SettingsError as error:
        told = str(error)
    assert told.startswith("--log: ")
    assert servers
    for one in servers:
        host, _, port = one.rpartition(":")
        assert host
        assert 0 < int(port) < 65536


def test_rules_follow_the_settings(given: dict[str, Any]) -> None:
    given["web"]["public_url"] = "https://kassabrug.example.nl/"
    made = settings_of(given, ENVIRON, "x")
    sweeps = made.sweep_rules("winkel")
    assert sweeps is not None
    assert sweeps.subscription_url == "https://kassabrug.example.nl/webhooks/winkel/bol"
    assert made.stock_rules("other") is None
    assert made.order_rules("other") is None
    assert made.sweep_rules("other") is None
    assert made.catalogue_rules("other") is None
    orders = made.order_rules("winkel")
    stock = made.stock_rules("winkel")
    assert orders is not None
    assert stock is not None
    assert (orders.kinds["FBR"].branch_number, stock.branches) == (1, (1,))
