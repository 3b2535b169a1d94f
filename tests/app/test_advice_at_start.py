"""What cannot do what was meant stands in the log when the bridge starts."""

from __future__ import annotations

import copy
import logging
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.composition import tell_advice
from app.settings import settings_of

EXAMPLE = tomllib.loads((Path(__file__).parents[2] / "kassabrug.example.toml").read_text())
ENVIRON = {"BOL_CLIENT_SECRET": "a", "MPLUS_SECRET": "b", "MPLUS_WEBHOOK_SECRET": "aGFhaw=="}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), False),  # midnight in the shop
    ],
)
def test_a_start_that_is_still_to_come(caplog: pytest.LogCaptureFixture, now: datetime, told: bool) -> None:
    given = copy.deepcopy(EXAMPLE)
    given["connections"]["winkel"]["orders"] |= {
        "start": date(2026, 12, 1),
        "shipping": {"transporters": {"*": "TNT"}},
    }
    settings = settings_of(given, ENVIRON, "x")
    with caplog.at_level(logging.WARNING):
        tell_advice(settings, lambda: now)
    lines = [record.getMessage() for record in caplog.records]
    assert bool(lines) is told
    assert all(line.startswith("settings of winkel: orders.start is 2026-12-01") for line in lines)
