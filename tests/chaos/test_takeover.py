"""A worker's death stops no partition for ten seconds; `python -m tests.chaos.takeover` has more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apache_kafka.fixtures import kafka_runs as kafka_runs
from tests.chaos.takeover import LIMIT, takeover


@pytest.mark.slow
async def test_no_partition_stands_still_for_ten_seconds(tmp_path: Path, kafka_runs: None) -> None:
    told = await takeover(tmp_path, 1, "kill", 1, print)
    (one,) = told.deaths
    assert one.longest > 2 * told.in_peace, "it had something to do when it died"
    assert all(took < LIMIT for took in one.stalls.values()), one
    assert told.wrong == []
