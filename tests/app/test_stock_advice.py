"""What in the stock part is hardly meant: an order that counts twice or never, and what is of no effect."""

from __future__ import annotations

import copy
import logging
import tomllib
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from app.composition import tell_advice
from app.order_advice import Advice
from app.sections import Connection, Stock
from app.settings import Settings, settings_of
from app.shared_stock import shared_advice
from app.stock_advice import sample, stock_advice
from app.stock_rules import stock_rules
from streams.stock.terms import available
from tests.app.test_settings_stock import ENVIRON, EXAMPLE, OVERRIDE, PARTS, loaded


def told(text: str, orders: str = "") -> list[Advice]:
    given = copy.deepcopy(EXAMPLE)
    mine = given["connections"]["winkel"]
    mine["stock"] = tomllib.loads(text if "branches =" in text else f"branches = [1]\n{text}")
    mine["orders"] |= tomllib.loads(orders)
    return stock_advice(settings_of(given, ENVIRON, "x").connections["winkel"])


# -- each order once

TWICE, NEVER, DOWN = "an open order counts twice", "an order counts never", "the number runs down"


@pytest.mark.parametrize(
    ("calculation", "managed", "words"),
    [
        ("available", "true", ""),
        ("available", "false", TWICE),
        ("incoming", "true", ""),
        ("incoming", "false", TWICE),
        ("physical", "true", NEVER),
        ("physical", "false", ""),
        ("fixed", "true", DOWN),
        ("fixed", "false", ""),
    ],
)
def test_a_pair_that_counts_an_order_twice_or_never(calculation: str, managed: str, words: str) -> None:
    fixed = "\nfixed = 5" if calculation == "fixed" else ""
    assert told(f'calculation = "{calculation}"{fixed}') == [], "what holds by itself is sound"
    found = told(f'calculation = "{calculation}"{fixed}\nmanaged = {managed}')
    if not words:
        assert found == []
        return
    (only,) = found
    assert only.key == "stock.managed"
    assert words in only.text
    other = {"true": "false", "false": "true"}[managed]
    assert f"Write stock.managed = {other}, or take it out. See docs/settings.md" in only.text


def test_it_is_what_the_sum_does() -> None:
    """The facts of the table, as the sum has them: an order that is booked, at Bol and in Mplus."""
    for calculation, managed, counted in (
        ("available", True, 1), ("available", False, 2), ("physical", True, 0), ("physical", False, 1),
    ):  # fmt: skip
        stock = Stock.model_validate({"branches": [1], "calculation": calculation, "managed": managed})
        row = sample(stock)  # 10 free and 2 reserved: the two of an open Bol order, of 12 that lie there
        sent = available(1001, row, stock_rules(stock))
        assert sent is not None
        left_at_bol = sent - (0 if managed else 2)
        assert 12 - left_at_bol == 2 * counted


def test_an_override_is_told_with_its_own_key() -> None:
    (only,) = told('managed = true\narticle.1001 = {calculation = "physical"}')
    assert only.key == "stock.managed"
    assert NEVER in only.text
    assert "Write stock.article.1001.managed = false." in only.text
    (only,) = told("group.12 = {managed = false}")
    assert only.key == "stock.group.12.managed"
    assert TWICE in only.text
    assert told('article.1001 = {calculation = "physical"}') == []
    assert told('managed = false\ncalculation = "physical"\narticle.1 = {cap = 3}') == []


@pytest.mark.parametrize(
    ("expression", "managed", "key", "words"),
    [
        ("free - 1", None, "", ""),
        ("free - 1", False, "managed", "Mplus leaves booked orders out of what is free"),
        (
            "free + reserved",
            None,
            "expression",
            "looks at reserved. See whether it counts all that lies there",
        ),
        ("free + reserved", False, "", ""),
        ("free + reserved", True, "managed", "nobody takes a booked order off"),
        ("physical - 3", None, "", ""),
        ("physical - 3", True, "managed", "looks at physical. See whether"),
        ("$sum(branches.physical)", None, "", ""),
        ("article.price > 20 ? 1 : 9", None, "", ""),
        ("article.price > 20 ? 1 : 9", True, "managed", "looks at no stock: like a fixed number"),
    ],
)
def test_what_to_look_at_in_an_expression(
    expression: str, managed: bool | None, key: str, words: str
) -> None:
    said = "" if managed is None else f"\nmanaged = {str(managed).lower()}"
    found = told(f'calculation = "expression"\nexpression = "{expression}"{said}')
    assert [one.key for one in found] == ([f"stock.{key}"] if key else [])
    assert all(words in one.text for one in found)


def test_where_nothing_is_sent_nothing_counts_twice() -> None:
    assert told("managed = false\npush = false") == []


# -- expressions


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('expression = "fre - 1"\nmanaged = true', "", "gives no number for an ordinary article"),
        ('expression = "fre - 1"', "", "it gives nothing, where a number of units is wanted"),
        (
            'expression = "free - openBol"',
            "",
            "looks at openBol, which is taken off what it gives in any case",
        ),
        ('expression = "free - openBol - soldAtTill"', "", "looks at openBol, soldAtTill, which"),
        ('expression = "physical - openBol"\nmanaged = false', None, ""),
        ('expression = "physical - soldAtTill"', "", "looks at soldAtTill, which"),
        (
            'expression = "free"\ngroup.12 = {expression = "free & \'x\'"}',
            "group.12.",
            "it gives the text '10x'",
        ),
    ],
)
def test_an_expression_that_is_hardly_meant(text: str, key: str | None, words: str) -> None:
    found = [one for one in told(f'calculation = "expression"\n{text}') if not one.key.endswith("managed")]
    assert [one.key for one in found] == ([] if key is None else [f"stock.{key}expression"])
    assert all(words in one.text for one in found)


# -- what is of no effect


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("fixed = 5", "fixed", 'because stock.calculation is "available". Write stock.calculation = "fixed"'),
        ('expression = "free"', "expression", 'Write stock.calculation = "expression"'),
        ("article.7 = {fixed = 5}", "article.7.fixed", "of no effect, because stock.calculation is"),
        (
            'fixed = 5\narticle.7 = {calculation = "fixed", fixed = 3}',
            "fixed",
            "stock.fixed is of no effect",
        ),
        ('fixed = 5\narticle.7 = {calculation = "fixed"}', "", ""),
        (
            'calculation = "fixed"\nfixed = 5\nbuffer = 2',
            "buffer",
            "because a fixed number is on sale as it is",
        ),
        ('calculation = "fixed"\nfixed = 5\nportion = 2\ngroup.1 = {calculation = "available"}', "", ""),
        ('group.1 = {calculation = "fixed", fixed = 1, portion = 2}', "group.1.portion", "is of no effect"),
        ("buffer_percent = 100", "buffer_percent", "nothing is ever on sale"),
        ("group.1 = {buffer_percent = 100}", "group.1.buffer_percent", "nothing is ever on sale"),
        ("group.12 = {}", "group.12", "says nothing that does not hold anyway"),
        ("buffer = 2\narticle.7 = {buffer = 2}", "article.7", "says nothing that does not hold anyway"),
        ("article.7 = {}\ngroup.12 = {cap = 3}", "", ""),  # it keeps the article out of the group's settings
        ("group.7 = {}\ngroup.12 = {cap = 3}", "", ""),
        ("group.12 = {cap = 3}\ngroup.7 = {}", "group.7", "says nothing that does not hold anyway"),
        ("weights = {USED = 2}", "weights.USED", "Write SECONDHAND, or an offer's id"),
        ("weights = {new = 2}", "weights.new", "Write NEW, or an offer's id"),
        ("weights = {Zeppelin = 2}", "weights.Zeppelin", "(NEW, SECONDHAND, REFURBISHED)"),
        ('weights = {NEW = 2, "0d8f3a55-1b1c-4a0e-9a52-6f6f3a3d9a11" = 3}', "", ""),
        ('split = "shared"\nweights = {NEW = 2}', "weights", 'of no effect with split = "shared"'),
        ('split = "shared"\nweights = {NEW = 0}', "", ""),
        ('split = "shared"', "", ""),
        ('split = "shared"\ncalculation = "physical"', "split", "go on showing the piece"),
        (
            'split = "shared"\narticle.1 = {calculation = "physical"}',
            "split",
            'with stock.article.1.calculation = "physical"',
        ),
    ],
)
def test_what_is_of_no_effect(text: str, key: str, words: str) -> None:
    found = told(text)
    assert [one.key for one in found] == ([f"stock.{key}"] if key else [])
    assert all(words in one.text for one in found)


# -- the branch of the orders


@pytest.mark.parametrize(
    ("stock", "orders", "key", "words"),
    [
        ("branches = [2]", "", "orders.branch", "add 1 to stock.branches"),
        ("branches = [1, 2]", "branch = 2", "", ""),
        ("branches = [1]", "fbr = {branch = 3}", "orders.fbr.branch", "never taken off what is"),
        ("branches = [2]\npush = false", "", "", ""),
        ("branches = [2]", 'kinds = ["FBB"]', "", ""),
        ("branches = [1]", 'kinds = ["FBR", "FBB"]', "orders.branch", "taken off your stock there"),
        (
            "branches = [1]",
            'kinds = ["FBR", "FBB"]\nfbb = {branch = 1}',
            "orders.fbb.branch",
            "less is on sale",
        ),
        ("branches = [1]", 'kinds = ["FBR", "FBB"]\nfbb = {branch = 8}', "", ""),
        (
            "branches = [1]\nfbb_branch = 9",
            'kinds = ["FBR", "FBB"]\nfbb = {branch = 8}',
            "orders.fbb.branch",
            "Write orders.fbb.branch = 9",
        ),
        ("branches = [1]\nfbb_branch = 8", 'kinds = ["FBR", "FBB"]\nfbb = {branch = 8}', "", ""),
    ],
)
def test_orders_at_a_branch_that_does_not_go_with_the_stock(
    stock: str, orders: str, key: str, words: str
) -> None:
    found = told(stock, orders)
    assert [one.key for one in found] == ([key] if key else [])
    assert all(words in one.text for one in found)


# -- connections with one Mplus


def shared(text: str, **others: str) -> dict[str, list[str]]:
    found = shared_advice(loaded(text, **others).connections)
    return {name: [one.key for one in told] for name, told in found.items()}


def test_two_connections_that_sell_the_same_branch_are_told_of_shares() -> None:
    made = loaded("branches = [1, 2]", zwolle="branches = [2, 3]")
    told = shared_advice(made.connections)
    (mine,), (its,) = told["winkel"], told["zwolle"]
    assert mine.key == its.key == "stock.branch.2.share"
    assert "on sale by zwolle (100 %) too" in mine.text
    assert "that is 200 %" in mine.text
    assert "in [connections.winkel.stock.branch.2] share = 50." in mine.text


@pytest.mark.parametrize(
    ("mine", "its", "told"),
    [
        ("branches = [1]", "branches = [2]", False),
        ("branches = [1]\nbranch.1 = {share = 50}", "branches = [1]\nbranch.1 = {share = 50}", False),
        ("branches = [1]\nbranch.1 = {share = 60}", "branches = [1]\nbranch.1 = {share = 50}", True),
        ("branches = [1]\nbranch.1 = {share = 60}", "branches = [1]\npush = false", False),
        ("branches = [1]\nbranch.1 = {maximum = 5}", "branches = [1]\nbranch.1 = {share = 99}", True),
    ],
)
def test_shares_that_are_a_whole_together_promise_nothing_twice(mine: str, its: str, told: bool) -> None:
    found = shared(mine, zwolle=its)
    assert [bool(keys) for keys in found.values()] == [told, told]


def test_three_share_by_a_third() -> None:
    made = loaded("branches = [1]", zwolle="branches = [1]", assen="branches = [1]")
    (only,) = shared_advice(made.connections)["assen"]
    assert "share = 33." in only.text


def test_another_administration_is_another_stock() -> None:
    given = copy.deepcopy(EXAMPLE)
    connections = given["connections"]
    connections["zwolle"] = copy.deepcopy(connections["winkel"])
    connections["zwolle"]["bol"]["client_id"] = "zwolle"
    connections["zwolle"]["mplus"]["ident"] = "another"
    assert shared_advice(settings_of(given, ENVIRON, "x").connections) == {"winkel": [], "zwolle": []}


def test_what_another_keeps_for_bol_is_not_to_be_sold() -> None:
    assert shared("branches = [1, 8]", zwolle="branches = [2]\nfbb_branch = 8") == {
        "winkel": ["stock.branches"],
        "zwolle": [],
    }
    assert shared("branches = [1, 8]\npush = false", zwolle="branches = [2]\nfbb_branch = 8") == {
        "winkel": [],
        "zwolle": [],
    }


# -- all of it


def test_it_stands_in_the_log_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    made: Settings = loaded("managed = false", zwolle="branches = [1]")
    with caplog.at_level(logging.WARNING):
        tell_advice(made, lambda: datetime(2026, 11, 30, tzinfo=UTC))
    lines = [record.getMessage() for record in caplog.records if "stock." in record.getMessage()]
    assert [line.split(" names")[0].split(" is ")[0] for line in lines] == [
        "settings of winkel: stock.managed",
        "settings of winkel: stock.branches",
        "settings of zwolle: stock.branches",
    ]


def test_the_example_is_meant_as_it_is() -> None:
    made = settings_of(EXAMPLE, ENVIRON, "x")
    assert stock_advice(made.connections["winkel"]) == []
    assert made.connections["winkel"].orders.start != date.min


@given_any(PARTS, st.dictionaries(st.sampled_from(["12", "13"]), OVERRIDE, max_size=2))
@settings(max_examples=200, deadline=None)
def test_whatever_is_set_the_advice_is_in_whole_sentences(given: dict[str, Any], groups: Any) -> None:
    connection = settings_of(EXAMPLE, ENVIRON, "x").connections["winkel"]
    stock = Stock.model_validate({**given, "group": groups})
    made = Connection.model_validate({**dict(connection), "stock": stock})
    found = stock_advice(made)
    assert len({one.text for one in found}) == len(found)
    for one in found:
        assert one.text.endswith(".")
        assert one.key.startswith(("stock.", "orders."))
    plain = stock.model_copy(update={"managed": None, "group": {}, "article": {}})
    sound = Connection.model_validate({**dict(connection), "stock": plain})
    words = ("counts twice", "counts never", "count twice:", "runs down", "looks at no stock")
    judged = [one for one in stock_advice(sound) if any(word in one.text for word in words)]
    assert [one for one in judged if "reserved" not in one.text] == []
