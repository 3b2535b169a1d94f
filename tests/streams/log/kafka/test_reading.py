"""Reading without a group: what contract.py does not ask of every log."""

from __future__ import annotations

import pytest

from streams.log.base import Draft, LogUnavailable, TopicPartition
from streams.log.kafka.brokers import Brokers
from tests.streams.log.contract import EVENTS
from tests.streams.log.kafka.conftest import Opener

AT = TopicPartition(EVENTS, 0)


async def test_a_cluster_that_was_away_when_news_were_first_asked_for_is_asked_again(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console that met an outage at its start stood still until it was started again."""
    log = await opener()
    real = Brokers.open

    async def away(self: Brokers) -> None:
        raise LogUnavailable("the cluster is away")

    monkeypatch.setattr(Brokers, "open", away)
    with pytest.raises(LogUnavailable):
        await log.changed({AT: 0}, 0.1)
    monkeypatch.setattr(Brokers, "open", real)
    await log.append([Draft(EVENTS, b"k", b"x", partition=0)])
    assert await log.changed({AT: 0}, 10)
    assert [one.value for one in (await log.read(AT, 0)).records] == [b"x"]
