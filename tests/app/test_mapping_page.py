"""docs/mapping.md: what it shows is what comes of it."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.mapping import fields, functions
from app.mapping_trial import tried
from connectors.bol.orders import order
from streams.mapping.addresses import split
from streams.mapping.fields import LONGEST as LONGEST_TEXT
from streams.mapping.functions import DESCRIBED
from streams.mapping.language import DEEPEST, FORBIDDEN, LONGEST, MOST, PATIENCE
from tests.markdown import table
from tests.streams.mapping.orders import rules

PAGE = (Path(__file__).parents[2] / "docs/mapping.md").read_text()
JSON = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


EXAMPLES = table(PAGE, "Examples")
ORDER = order(JSON[0].encode(), datetime(2026, 11, 25, tzinfo=UTC))
TABLES = tomllib.loads(TOML[-1])


@pytest.mark.parametrize("example", EXAMPLES, ids=[" ".join(one[:2])[:60] for one in EXAMPLES])
def test_the_examples(example: list[str]) -> None:
    field, expression, result = (*example, "")[:3]
    found = [
        row for row in tried(ORDER, rules({field: expression}, TABLES), personal=True) if row.field == field
    ]
    assert [(row.result, row.why) for row in found] == [(result, "")]


def test_the_examples_are_many() -> None:
    assert len(EXAMPLES) > 20
    assert {one.name for one in DESCRIBED} - set(re.findall(r"\$(\w+)", PAGE)) <= {
        "first",
        "digits",
        "country2",
        "euros",
    }


def test_the_settings_shown_are_settings() -> None:
    shown = tomllib.loads(TOML[0])["connections"]["winkel"]["orders"]
    rows = tried(ORDER, rules(shown["mapping"], shown["tables"]), personal=True)
    assert [row.why for row in rows] == ["", ""]


@pytest.mark.parametrize("row", table(PAGE, "Addresses"), ids=lambda row: row[0])
def test_the_addresses(row: list[str]) -> None:
    line, street, number, extension = (*row, "", "")[:4]
    assert split(line) == (street, number, extension)


def test_the_bounds_are_the_bounds() -> None:
    bounds = " ".join(PAGE.partition("## Bounds\n")[2].split())
    assert all(f"`${name}`" in bounds for name in FORBIDDEN)
    for said in (
        f"{LONGEST:,} characters",
        f"{DEEPEST} calls",
        f"{MOST:,} elements",
        f"{LONGEST_TEXT:,} characters",
    ):
        assert said in bounds
    assert PATIENCE == 500
    assert "half a second" in bounds


def test_the_lists_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert fields(as_json=False) == 0
    assert functions(as_json=False) == 0
    assert "order.reference" in capsys.readouterr().out
