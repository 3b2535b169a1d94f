"""Faust's issue 340 in small; `python -m tests.chaos.issue340` has it as large as it was reported."""

from __future__ import annotations

import pytest

from tests.apache_kafka.fixtures import kafka_runs as kafka_runs
from tests.chaos.issue340 import issue340


@pytest.mark.slow
async def test_every_event_is_counted_once_though_workers_die_at_their_work(kafka_runs: None) -> None:
    told = await issue340(30_000, 3, 3, 1, print, quiet=3.0)
    assert told.counted == 30_000
    assert len(told.kills) == 3
    assert all(one.lag > 0 for one in told.kills), "each of them had events before it"
