"""What a shop can set about its guards, and what is refused."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from app.sections import Guards
from app.sections.guards import MOST
from app.settings import SettingsError, settings_of
from streams.guards import state
from streams.guards.rules import GuardRules, Kind

ROOT = Path(__file__).parents[2]
ENVIRON = {"BOL_CLIENT_SECRET": "b", "MPLUS_SECRET": "m", "MPLUS_WEBHOOK_SECRET": "aGFhaw=="}


@pytest.fixture
def given() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads((ROOT / "kassabrug.example.toml").read_text()))


def test_without_settings_the_rules_are_the_flows_own(given: dict[str, Any]) -> None:
    made = settings_of(given, ENVIRON, "x")
    assert made.guard_rules("winkel") == GuardRules()
    assert made.guard_rules("none") is None


def test_what_is_set_is_in_the_rules(given: dict[str, Any]) -> None:
    said = {"on": True, "off": ["jump", "empty-list"], "window": 60.0, "zero_percent": 5, "zero_least": 3}
    given["connections"]["winkel"]["guards"] = said
    rules = settings_of(given, ENVIRON, "x").guard_rules("winkel")
    assert rules == GuardRules(off=("jump", "empty-list"), window=60.0, zero_percent=5, zero_least=3)
    assert rules is not None
    assert [kind for kind in get_args(Kind) if rules.watches(kind)] == [
        "zero",
        "negative",
        "back",
        "marker-back",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("off", ["zeros"]),
        ("off", ["zero", "zero"]),
        ("window", 1.0),
        ("zero_percent", 0),
        ("zero_percent", 101),
        ("zero_least", 0),
        ("back_least", MOST + 1),
        ("on", "yes"),
        ("zero", True),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(given: dict[str, Any], key: str, value: object) -> None:
    given["connections"]["winkel"]["guards"] = {key: value}
    with pytest.raises(SettingsError, match=rf"connections\.winkel\.guards\.{key}"):
        settings_of(given, ENVIRON, "x")


def test_no_setting_asks_for_more_than_a_row_remembers() -> None:
    assert MOST == state.MOST
    for total in (None, 1, 10, 49, 50, 51, 100_000):
        rules = GuardRules()
        for kind in get_args(Kind):
            assert rules.mass(kind, total) >= 1
    assert [GuardRules().mass("zero", total) for total in (None, 40, 50, 51, 1000)] == [10, 10, 10, 11, 200]


def test_the_page_and_the_example_have_every_key_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text().split("\n## guards\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.+) \|$", page, re.MULTILINE)
    wanted = {key: f"`{json.dumps(one.default)}`" for key, one in Guards.model_fields.items()}
    assert {key: default for key, default, _ in rows} == wanted
    assert set(re.findall(r'^\| `"([\w-]+)"` \|', page, re.MULTILINE)) == set(get_args(Kind))
    example = (ROOT / "kassabrug.example.toml").read_text()
    body = example.split("[connections.winkel.guards]", 1)[1].split("\n[", 1)[0]
    shown = re.findall(r"^# (\w+) = (\S+)", body, re.MULTILINE)
    assert {key for key, _ in shown} == set(Guards.model_fields)
    for key, value in shown:
        if key != "off":  # an example
            assert tomllib.loads(f"x = {value}")["x"] == Guards.model_fields[key].default, key
