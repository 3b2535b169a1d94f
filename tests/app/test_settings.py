"""Settings: read, checked, and never telling a secret."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.settings import SettingsError, load_settings, settings_of

ROOT = Path(__file__).parents[2]
ENVIRON = {
    "BOL_CLIENT_SECRET": "bol-geheim",
    "MPLUS_SECRET": "mplus-geheim",
    "MPLUS_WEBHOOK_SECRET": "aGFhaw==",
}


@pytest.fixture
def given() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads((ROOT / "kassabrug.example.toml").read_text()))


def test_the_example_can_be_used_and_paths_are_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "kassabrug.toml"
    path.write_text((ROOT / "kassabrug.example.toml").read_text())
    settings = load_settings(path, ENVIRON)
    assert settings.log.path == tmp_path / "kassabrug.log.db"
    assert list(settings.connections) == ["winkel"]
    assert settings.connections["winkel"].bol.client_secret.get_secret_value() == "bol-geheim"


def test_every_setting_that_the_example_shows_exists(tmp_path: Path) -> None:
    lines = (ROOT / "kassabrug.example.toml").read_text().splitlines()
    shown = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in lines]
    path = tmp_path / "kassabrug.toml"
    path.write_text("\n".join(shown))
    settings = load_settings(path, {**ENVIRON, "KASSABRUG_PASSWORD": "x"})
    assert settings.web.username == "winkel"


def test_secrets_are_never_told(given: dict[str, Any]) -> None:
    settings = settings_of(given, ENVIRON, "x")
    told = repr(settings) + str(settings) + settings.model_dump_json()
    for secret in ENVIRON.values():
        assert secret not in told
    assert sorted(settings.secrets()) == sorted(ENVIRON.values())


def test_a_secret_in_the_file_itself_is_refused_without_repeating_it(given: dict[str, Any]) -> None:
    given["connections"]["winkel"]["mplus"]["secret"] = "hunter2"
    with pytest.raises(SettingsError) as caught:
        settings_of(given, ENVIRON, "kassabrug.toml")
    assert "connections.winkel.mplus.secret" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_secret_in_a_file(given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("uit-bestand\n")
    given["connections"]["winkel"]["mplus"]["secret"] = f"file:{tmp_path}/secret"
    settings = settings_of(given, ENVIRON, "x")
    assert settings.connections["winkel"].mplus.secret.get_secret_value() == "uit-bestand"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("connections", "winkel", "mplus", "api_url"), "api.mpluskassa.nl", "web address"),
        (("connections", "winkel", "mplus", "secret"), "env:NOT_THERE", "environment has no NOT_THERE"),
        (("connections", "winkel", "mplus", "secret"), "file:/not/there", "cannot be read"),
        (("connections", "winkel", "stock", "branches"), [], "at least 1"),
        (("connections", "winkel", "stock", "bufer"), 1, "no such setting"),
        (("connections", "winkel", "orders", "fulfilments"), ["FBX"], '["FBR"]'),
        (("connections", "winkel", "bol"), {}, "is missing"),
        (("connections", "Winkel!"), {}, "is missing"),
        (("web", "port"), 99999, "less than or equal"),
        (("web", "username"), "winkel", "belong together"),
        (("log", "partitions"), 0, "greater than or equal"),
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


def test_an_environment_variable_by_chance_is_no_setting(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB", '{"port": 1}')
    assert settings_of(given, ENVIRON, "x").web.port == 8080


def test_rules_follow_the_settings(given: dict[str, Any]) -> None:
    given["web"]["public_url"] = "https://kassabrug.example.nl/"
    settings = settings_of(given, ENVIRON, "x")
    sweeps = settings.sweep_rules("winkel")
    assert sweeps is not None
    assert sweeps.subscription_url == "https://kassabrug.example.nl/webhooks/winkel/bol"
    assert settings.stock_rules("other") is None
    assert settings.order_rules("other") is None
    assert settings.sweep_rules("other") is None
    orders = settings.order_rules("winkel")
    stock = settings.stock_rules("winkel")
    assert orders is not None
    assert stock is not None
    assert (orders.branch_number, stock.branches) == (1, (1,))
