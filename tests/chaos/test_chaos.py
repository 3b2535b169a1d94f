"""A short run of chaos on each log; scripts/chaos has long ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apache_kafka.fixtures import missing_kafka
from tests.chaos.plan import Attack, Log
from tests.chaos.run import chaos
from tests.chaos.stage import CAN_STEP

pytestmark = pytest.mark.slow

SHORT: dict[Log, list[Attack]] = {
    "embedded": [
        Attack(1.0, "kill-worker", 0, 0.5),
        Attack(1.0, "cut-vendor", 0, 0.0),
        Attack(1.0, "stall-vendor", 1, 1.0),
        Attack(1.0, "step-clock", 1, 3.0),
        Attack(1.0, "fill-disk", 0, 2.0),
        Attack(1.0, "end-worker", 0, 0.0),
    ],
    "kafka": [
        Attack(1.0, "kill-worker", 0, 0.5),
        Attack(1.0, "cut-log", 1, 0.0),
        Attack(1.0, "kill-ingress", 0, 0.5),
        Attack(1.0, "step-clock", 1, 3.0),
        Attack(1.0, "stop-worker", 1, 8.0),
        Attack(1.0, "cut-vendor", 1, 0.0),
        Attack(1.0, "kill-broker", 2, 1.0),
    ],
}


@pytest.mark.parametrize("on", ["embedded", "kafka"])
async def test_the_books_are_right_after_an_attack_of_each_kind(on: Log, tmp_path: Path) -> None:
    if on == "kafka":
        missing_kafka()
    if os.environ.get("KASSABRUG_REQUIRE_KAFKA"):
        assert CAN_STEP, "libfaketime is required here (Debian: apt-get install faketime)"
    told = await chaos(tmp_path, 7, on, SHORT[on], print)
    assert told.right, "\n".join([*told.timeline, *told.verdict.differences])
    assert told.verdict.till_sales > 0
    assert told.restarts == 0, "\n".join(told.timeline)
