"""The stock part of the settings: every rule, what contradicts itself, and that nothing rots beside it."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from app.sections import BranchStock, CountedSo, Stock
from app.settings import Settings, SettingsError, settings_of
from app.stock_rules import contradictions, sound, stock_rules
from streams.stock.rules import BranchShare, Counting, StockRules

ROOT = Path(__file__).parents[2]
EXAMPLE = tomllib.loads((ROOT / "kassabrug.example.toml").read_text())
ENVIRON = {"BOL_CLIENT_SECRET": "a", "MPLUS_SECRET": "b", "MPLUS_WEBHOOK_SECRET": "aGFhaw=="}


def loaded(text: str, **others: str) -> Settings:
    """With `branches = [1]` and this as the stock part of `winkel`, and likewise of connections of the same Mplus."""
    given = copy.deepcopy(EXAMPLE)
    connections = given["connections"]
    for name, other in others.items():
        connections[name] = copy.deepcopy(connections["winkel"])
        connections[name]["bol"]["client_id"] = name
        connections[name]["stock"] = tomllib.loads(other)
    connections["winkel"]["stock"] = tomllib.loads(
        text if "branches =" in text else f"branches = [1]\n{text}"
    )
    return settings_of(given, ENVIRON, "kassabrug.toml")


def rules(text: str = "") -> StockRules:
    found = loaded(text).stock_rules("winkel")
    assert found is not None
    return found


def mistakes(text: str, **others: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(text, **others)
    first, *lines = str(caught.value).splitlines()
    assert first == "kassabrug.toml cannot be used:"
    return [line.strip().removeprefix("connections.winkel.stock.") for line in lines]


# -- what holds


def test_a_branch_is_enough_and_the_rest_is_the_rules_own() -> None:
    assert rules() == StockRules(branches=(1,))


def test_everything_that_can_be_set_arrives_in_the_rules() -> None:
    made = rules(
        """
        branches = [1, 2, 3]
        calculation = "expression"
        fixed = 4
        expression = "physical - 1"
        buffer = 2
        buffer_percent = 10
        cap = 50
        minimum = 3
        portion = 0.1
        split = "first"
        weights = {NEW = 3, "0d8f3a55-1b1c-4a0e-9a52-6f6f3a3d9a11" = 0}
        prices = true
        hold = true
        fbb_branch = 8
        till_sale_hold_seconds = 2
        branch.2 = {share = 50, maximum = 20}
        branch.3 = {share = 100}
        [group.13]
        calculation = "available"
        cap = 20
        [group.12]
        calculation = "fixed"
        [article.1001]
        expression = "free"
        portion = 2
        """
    )
    own = Counting(
        calculation="expression", fixed=4, expression="physical - 1", buffer=2, buffer_percent=10, cap=50,
        minimum=3, portion=Decimal("0.1"), managed=False,
    )  # fmt: skip
    assert made == StockRules(
        **{key: getattr(own, key) for key in Counting.__struct_fields__},
        branches=(1, 2, 3),
        shares={2: BranchShare(percent=50, maximum=20)},
        groups={
            13: msgspec.structs.replace(own, calculation="available", cap=20, managed=True),
            12: msgspec.structs.replace(own, calculation="fixed"),
        },
        articles={1001: msgspec.structs.replace(own, expression="free", portion=Decimal(2), managed=True)},
        split="first",
        weights={"NEW": 3, "0d8f3a55-1b1c-4a0e-9a52-6f6f3a3d9a11": 0},
        prices=True,
        hold=True,
        fbb_branch=8,
        till_sale_hold_seconds=2.0,
    )
    assert list(made.groups) == [13, 12], "in the file's order, in which they win"
    assert made.of(1001, (12,)).portion == 2
    assert made.of(1, (12, 13)).calculation == "available"
    led = rules("push = false\nfbr_branch = 9")
    assert (led.push, led.fbr_branch) == (False, 9)


def test_every_rule_has_a_setting() -> None:
    """A rule that is added without one would keep its default for every shop."""
    names = {"shares": "branch", "groups": "group", "articles": "article"}
    elsewhere = {"match"}  # how offers find their article is a rule of the catalogue
    assert {names.get(name, name) for name in StockRules.__struct_fields__} | elsewhere == set(
        Stock.model_fields
    )
    assert set(Counting.__struct_fields__) == set(CountedSo.model_fields)
    assert set(CountedSo.model_fields) < set(Stock.model_fields)


@pytest.mark.parametrize(
    ("text", "managed"),
    [
        ("", True),
        ('calculation = "incoming"', True),
        ('calculation = "physical"', False),
        ('calculation = "fixed"\nfixed = 5', False),
        ('calculation = "physical"\nmanaged = true', True),
        ('calculation = "expression"\nexpression = "free - 2"', True),
        ('calculation = "expression"\nexpression = "$sum(branches.free)"', True),
        ('calculation = "expression"\nexpression = "free + reserved"', False),
        ('calculation = "expression"\nexpression = "$sum(branches.physical)"', False),
        ('calculation = "expression"\nexpression = "article.price > 20 ? 2 : 5"', False),
        ('calculation = "expression"\nexpression = "article.description = \'reserved\' ? 0 : free"', True),
    ],
)
def test_managed_is_the_sound_one_where_it_is_not_said(text: str, managed: bool) -> None:
    assert rules(text).managed is managed


def test_an_override_with_another_calculation_has_what_is_sound_for_that() -> None:
    made = rules('article.1 = {calculation = "physical"}\narticle.2 = {cap = 3}')
    assert [made.of(number, ()).managed for number in (1, 2, 3)] == [False, True, True]
    said = rules('managed = true\narticle.1 = {calculation = "physical"}')
    assert said.of(1, ()).managed, "what is said for all holds for it too"


@pytest.mark.parametrize("written", ["0.1", "0.5", "1", "2.5", "0.000001", "1000000"])
def test_a_portion_is_the_number_that_stands_there(written: str) -> None:
    assert rules(f"portion = {written}").portion == Decimal(written)


# -- mistakes


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('calculation = "all"', "calculation", "write one of 'available', 'physical'"),
        ("fixed = -1", "fixed", "write a number of at least 0"),
        ("expression = 3", "expression", "write a text, in quotes"),
        ('expression = " "', "expression", "is empty"),
        ("buffer = 1.5", "buffer", "write a whole number"),
        ("buffer_percent = 101", "buffer_percent", "write a number of at most 100"),
        ("cap = 0", "cap", "write a number of at least 1"),
        ("minimum = true", "minimum", "write a whole number"),
        ("portion = 0", "portion", "write a number from 0.000001"),
        ("portion = -1", "portion", "write a number from"),
        ("portion = 0.0000001", "portion", "with six decimals at most"),
        ("portion = inf", "portion", "write a number from"),
        ("portion = nan", "portion", "write a number from"),
        ('portion = "0.5"', "portion", "write a number, without quotes"),
        ("portion = true", "portion", "write a number, without quotes"),
        ("managed = 1", "managed", "write true or false"),
        ('split = "fair"', "split", "write one of 'even', 'first' or 'shared'"),
        ("weights = {NEW = -1}", "weights.NEW", "write a number of at least 0"),
        ('weights = {"" = 1}', "weights.", "is empty"),
        ("weights = 3", "weights", "write a table"),
        ('push = "no"', "push", "write true or false"),
        ("fbb_branch = -1", "fbb_branch", "write a number of at least 0"),
        ("branch.1 = {share = 0}", "branch.1.share", "write a number of at least 1"),
        ("branch.1 = {share = 101}", "branch.1.share", "write a number of at most 100"),
        ("branch.1 = {percent = 50}", "branch.1.percent", "there is no such setting"),
        ("branch.one = {share = 50}", "branch.one", "write the number of a branch"),
        ("branch = 3", "branch", "write a table"),
        ("group.x = {cap = 3}", "group.x", "write the number of an article group"),
        ("group.2147483648 = {cap = 3}", "group.2147483648", "write the number of an article group"),
        ("group.12 = {split = 'even'}", "group.12.split", "there is no such setting"),
        ("group.12 = {cap = 0}", "group.12.cap", "write a number of at least 1"),
        ("article.0 = {cap = 3}", "article.0", "write an article number"),
        ("article.01 = {cap = 3}", "article.01", "write an article number"),
        ("article.1001 = 3", "article.1001", "write a part with settings in it"),
        # what does not go together
        ('calculation = "fixed"', "fixed", 'is missing, and calculation is "fixed": write the number of units'),
        ('group.12 = {calculation = "fixed"}', "group.12.fixed", "is missing, and group.12.calculation is"),
        ('calculation = "fixed"\nfixed = 5\ncap = 4', "fixed", "more than cap = 4 is never shown"),
        (
            'article.1 = {calculation = "fixed", fixed = 1000}',
            "article.1.fixed",
            "is 1000, and more than cap = 999 is never shown: write at most 999, or a higher cap",
        ),
        ('calculation = "fixed"\nfixed = 2\nminimum = 3', "fixed", "fewer than minimum = 3 are left 0 is shown"),
        ('calculation = "expression"', "expression", 'is missing, and calculation is "expression": write one'),
        ('expression = "free +"', "expression", "is no expression that can be used: "),
        ('expression = "free + $nix(1)"', "expression", "there is no function $nix (character 8)"),
        ('expression = "$now()"', "expression", "$now cannot be used"),
        ('article.1 = {expression = "(free"}', "article.1.expression", "is no expression that can be used"),
        ("minimum = 5\ncap = 4", "minimum", "is 5, and more than cap = 4 is never shown"),
        ("minimum = 5\narticle.7 = {cap = 4}", "minimum", "more than article.7.cap = 4 is never shown"),
        ("branch.2 = {share = 50}", "branch.2", "add 2 to branches, or take branch.2 out"),
        ("fbb_branch = 1", "fbb_branch", "is 1, which is one of branches: what lies in Bol's warehouse"),
        ("push = false\nfbr_branch = 1", "fbr_branch", "round and round"),
        ("push = false\nfbr_branch = 8\nfbb_branch = 8", "fbr_branch", "which is fbb_branch too"),
        ("fbr_branch = 9", "fbr_branch", "write push = false, or take fbr_branch out"),
        ("push = false\nprices = true", "prices", "take prices out, or write push = true"),
        ("push = false\nhold = true", "hold", "take hold out, or write push = true"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_key(text: str, key: str, words: str) -> None:
    (only,) = mistakes(text)
    assert only.startswith(f"{key}: ")
    assert words in only


def test_what_the_part_says_wrong_is_told_once_and_not_for_every_override() -> None:
    told = mistakes(
        'calculation = "fixed"\nminimum = 5\ncap = 4\nexpression = "("\n'
        "article.1 = {buffer = 1}\ngroup.2 = {managed = true}"
    )
    assert [one.partition(":")[0] for one in told] == ["expression", "minimum", "fixed"]


def test_what_stands_in_the_part_serves_an_override() -> None:
    made = rules(
        'fixed = 5\nexpression = "free"\narticle.1 = {calculation = "fixed"}\narticle.2 = {calculation = "expression"}'
    )
    assert made.of(1, ()).fixed == 5
    assert made.of(2, ()).expression == "free"


def test_two_connections_do_not_write_to_one_branch() -> None:
    (only,) = mistakes("fbb_branch = 8", zwolle="branches = [2]\npush = false\nfbr_branch = 8")
    assert only.startswith("connections.zwolle.stock.fbr_branch: is 8, and so is fbb_branch of winkel")
    given = copy.deepcopy(EXAMPLE)
    connections = given["connections"]
    connections["zwolle"] = copy.deepcopy(connections["winkel"])
    connections["zwolle"]["bol"]["client_id"] = "zwolle"
    connections["winkel"]["stock"]["fbb_branch"] = connections["zwolle"]["stock"]["fbb_branch"] = 8
    connections["zwolle"]["mplus"]["ident"] = "another"
    assert settings_of(given, ENVIRON, "x")


def test_what_is_in_force_can_be_shown_with_its_numbers() -> None:
    told = loaded("portion = 0.1\narticle.1001 = {portion = 0.25}").redacted()["connections"]["winkel"][
        "stock"
    ]
    assert (told["portion"], told["article"]["1001"]["portion"]) == ("0.1", "0.25")
    assert json.dumps(told)


# -- what must not rot


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "must be given"
    if default is None:
        return "none"
    if default == {}:
        return "nothing"
    return f"`{json.dumps(float(default) if isinstance(default, Decimal) else default)}`"


def test_the_page_of_settings_has_every_key_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    tables = dict(re.findall(r"^## (stock[.\w]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    parts: dict[str, type[BaseModel]] = {"stock": Stock, "stock.branch": BranchStock}
    assert set(tables) == set(parts)
    for name, model in parts.items():
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.+) \|$", tables[name], re.MULTILINE)
        assert all(len(sentence) > 10 for _, _, sentence in rows)
        wanted = {
            key: _shown(one.default if one.default_factory is None else {})
            for key, one in model.model_fields.items()
        }
        if name == "stock":
            wanted["managed"] = "by calculation"
        assert {key: default for key, default, _ in rows} == wanted
        assert len(rows) == len(wanted)
    keys = [
        key for key, _, _ in re.findall(r"^\| `(\w+)` \| (.*?) \| (.+) \|$", tables["stock"], re.MULTILINE)
    ]
    first, last = keys.index("calculation"), keys.index("managed")
    assert set(keys[first : last + 1]) == set(CountedSo.model_fields), "any key from calculation to managed"


def test_the_settings_that_the_page_shows_are_settings() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    whole = tomllib.loads("".join(blocks))["connections"]["winkel"]["stock"]
    assert contradictions(Stock.model_validate(whole)) == []
    assert stock_rules(Stock.model_validate(whole)).articles[1001].fixed == 3


def test_defaults_that_the_example_shows_are_the_defaults() -> None:
    text = (ROOT / "kassabrug.example.toml").read_text()
    body = text.split("[connections.winkel.stock]", 1)[1].split("\n[", 1)[0]
    compared = 0
    for key, one in Stock.model_fields.items():
        if isinstance(one.default, (str, bool, int, float, Decimal)) and key != "push":
            (line,) = re.findall(rf"^# ({key} = .+)$", body, re.MULTILINE)
            assert tomllib.loads(line)[key] == one.default, key
            compared += 1
    assert compared == 10


# -- properties

UNITS = st.integers(0, 20)
COUNTED: dict[str, st.SearchStrategy[Any]] = {
    "calculation": st.sampled_from(["available", "physical", "incoming", "fixed", "expression"]),
    "fixed": UNITS,
    "expression": st.sampled_from(["free", "free + reserved", "(", "5"]),
    "buffer": UNITS,
    "buffer_percent": st.integers(0, 100),
    "cap": st.integers(1, 20),
    "minimum": UNITS,
    "portion": st.sampled_from([0.1, 1, 2.5]),
    "managed": st.booleans(),
}
OVERRIDE = st.fixed_dictionaries({}, optional=COUNTED)
PARTS = st.fixed_dictionaries(
    {"branches": st.sampled_from([[1], [1, 2]])},
    optional={
        **COUNTED,
        "push": st.booleans(),
        "prices": st.booleans(),
        "fbb_branch": st.integers(1, 4),
        "fbr_branch": st.integers(1, 4),
        "branch": st.dictionaries(st.sampled_from(["1", "2"]), st.just({"share": 50}), max_size=2),
        "group": st.dictionaries(st.sampled_from(["12", "13"]), OVERRIDE, max_size=2),
        "article": st.dictionaries(st.sampled_from(["1", "2"]), OVERRIDE, max_size=2),
    },
)


@given_any(PARTS)
@settings(max_examples=300, deadline=None)
def test_whatever_is_not_contradicted_can_be_carried_out(given: dict[str, Any]) -> None:
    stock = Stock.model_validate(given)
    told = contradictions(stock)
    assert len(set(told)) == len(told)
    for mistake in told:
        assert not mistake.text.endswith(".")
        assert mistake.key.split(".")[0] in Stock.model_fields
    made = stock_rules(stock)
    assert msgspec.json.decode(msgspec.json.encode(made), type=StockRules) == made
    ways = [made, *made.groups.values(), *made.articles.values()]
    written = [number for number in (made.fbb_branch, made.fbr_branch) if number is not None]
    broken = (
        any(
            one.minimum > one.cap
            or (one.calculation == "expression" and one.expression in ("", "("))
            or (one.calculation == "fixed" and (one.fixed > one.cap or 0 < one.fixed < one.minimum))
            for one in ways
        )
        or bool(set(written) & set(made.branches))
        or len(set(written)) < len(written)
        or (made.push and made.fbr_branch is not None)
        or (made.prices and not made.push)
    )
    if not told:
        assert not broken
    for place, one in [(given, made), *((given["group"][str(key)], one) for key, one in made.groups.items())]:
        if "managed" not in place and "managed" not in given:
            assert one.managed is sound(one.calculation, one.expression)


@given_any(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
), st.sampled_from(sorted(Stock.model_fields)))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_stands_there_is_taken_or_told(held: Any, key: str) -> None:
    given = copy.deepcopy(EXAMPLE)
    given["connections"]["winkel"]["stock"][key] = held
    told = "kassabrug.toml cannot be used:\n  "
    try:
        settings_of(given, ENVIRON, "kassabrug.toml")
    except SettingsError as error:
        told = str(error)
    assert told.startswith("kassabrug.toml cannot be used:\n  ")
