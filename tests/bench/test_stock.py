"""The benches of stock run, in small: each has the vendors' books judge the real bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest

from tests.bench import articles, drift, freshness, race

pytestmark = pytest.mark.slow


def told(
    main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture[str], *asked: str
) -> dict[str, Any]:
    """What it measured; it must have found nothing wrong."""
    code = main([*asked, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, f"{out}\n{err}"
    figures: dict[str, Any] = orjson.loads(out)
    return figures


def test_twenty_last_units(capsys: pytest.CaptureFixture[str]) -> None:
    """A machine that runs tests may be slow: what nobody could know of within a second is no fault here."""
    found = told(race.main, capsys, "--rounds", "20", "--rate", "10", "--grace", "1")
    assert sum(found["fates"].values()) == 20
    assert found["fates"].get("knowable", 0) == 0
    assert found["still_shown_ms"]["causes"] > 0
    assert found["still_shown_ms"]["unchanged"] == 0


def test_offers_changed_by_hand_are_found_healed_and_told_in_one_round(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = told(drift.main, capsys, "--offers", "250", "--changed", "30")
    assert found["lines_in_the_log"] == {"foreign-write": 20, "hold": 10}
    assert found["pushes"] == 20


def test_a_shop_is_connected_for_the_first_time_and_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what differs is pushed, and a second start pushes nothing."""
    found = told(articles.main, capsys, "--articles", "300", "--watch", "2")
    first = found["first"]
    calls = first["calls"]
    assert calls["bol write-offer"] == first["offers_that_differ"] > 0
    assert set(first["told_while_it_went_on"]) == {"mplus-articles", "mplus-stock", "bol-offers"}
    assert "bol write-offer" not in found["second start"]["calls"]
    assert found["stock"]["applied_after"] > 0


def test_movements_are_followed(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(freshness.main, capsys, "--rates", "30", "--seconds", "3", "--articles", "100")
    assert set(found["rates"]) == {"30"}
    for rate in found["rates"].values():
        assert 0 < rate["pushes_per_movement"] < 1.5
        assert rate["freshness_ms"]["till-sale"]["causes"] > 5
