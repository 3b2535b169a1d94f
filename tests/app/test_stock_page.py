"""docs/stock-expression.md: what it shows is what comes of it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.sections import Stock
from app.stock_rules import contradictions, stock_rules
from streams.mapping.language import ExpressionFailed
from streams.stock.expression import SEEN, counted, document
from streams.stock.rules import StockRules
from streams.stock.state import Article
from tests.markdown import table
from tests.streams.stock.rows import article, reading

PAGE = (Path(__file__).parents[2] / "docs/stock-expression.md").read_text()
JSON: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
RULES = StockRules(branches=(1, 2))


def row() -> Article:
    """The page's article."""
    its = JSON["article"]
    return article(
        *(
            reading(str(one["free"]), one["reserved"], one["incoming"], branch=one["number"])
            for one in JSON["branches"]
        ),
        ordered=JSON["openBol"],
        sold=JSON["soldAtTill"],
        description=its["description"],
        unit=its["unit"],
        groups=tuple(its["groups"]),
        price_cents=round(its["price"] * 100),
    )


def gives(expression: str) -> str:
    return str(counted(expression, JSON["article"]["number"], row(), RULES))


EXAMPLES = table(PAGE, "Examples")


@pytest.mark.parametrize("example", EXAMPLES, ids=[one[0] for one in EXAMPLES])
def test_the_examples(example: list[str]) -> None:
    expression, units, whom = example
    assert gives(expression) == units
    assert whom


def test_the_names_that_it_sees_are_those_on_the_page() -> None:
    rows = {one[0]: one[1] for one in table(PAGE, "What an expression sees")}
    assert tuple(rows) == SEEN
    seen = document(1001, row(), RULES)
    for name, held in (("branches", seen["branches"][0]), ("article", seen["article"])):
        assert set(re.findall(r"\w+", rows[name])) >= set(held)
    assert {key: seen["article"][key] for key in JSON["article"]} == JSON["article"]


def test_the_settings_shown_are_settings() -> None:
    given = tomllib.loads(TOML[0])["connections"]["winkel"]["stock"]
    stock = Stock.model_validate(given)
    assert contradictions(stock) == []
    rules = stock_rules(stock)
    assert counted(rules.expression, 1001, row(), rules) == counted("free + 10", 1001, row(), rules)
    assert rules.of(1001, (12,)).expression == "branches[number = 1].free"
    assert rules.managed
    assert rules.of(1001, (12,)).managed


def test_what_the_page_says_of_a_computers_rest() -> None:
    assert gives("0.1 + 0.2") == "0.3"
    assert gives("$floor(0.3 / 0.1)") == "2", "so it is said to leave that to the end"
    with pytest.raises(ExpressionFailed):
        gives("fre")
