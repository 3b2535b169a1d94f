"""The bench of a stop of a day runs, and its verdict is that of the vendors' books."""

from __future__ import annotations

import orjson
import pytest

from tests.bench.orders import main


@pytest.mark.slow
def test_a_small_day_after_a_stop_is_booked_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """The bench did not start, and later could not book its Belgian orders: the demo's settings had grown, its shop had
    not."""
    assert main(["--orders", "12", "--limits", "4", "--json"]) == 0
    figures = orjson.loads(capsys.readouterr().out)
    assert figures["orders"] == 12, figures
