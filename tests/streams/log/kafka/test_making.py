"""Topics: made from the list, and refused in words where they are not as it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource

from streams.log.base import LogForeign, LogUnavailable
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.log.kafka.making import (
    Standing,
    Topics,
    compare,
    differences,
    settings_of,
)
from streams.topics import DAY, TOPICS, Topic
from tests.streams.log.contract import EVENTS, PARTITIONS, ROWS
from tests.streams.log.contract import TOPICS as FEW
from tests.streams.log.kafka.conftest import Opener

KEPT, COMPACTED = FEW[0], FEW[2]


def standing(topic: Topic, **changed: str) -> dict[str, Standing]:
    return {topic.name: Standing(PARTITIONS, 3, settings_of(topic, 3) | changed)}


@pytest.mark.parametrize("topic", [KEPT, COMPACTED])
def test_a_topic_as_it_should_be_differs_in_nothing(topic: Topic) -> None:
    assert not differences([topic], standing(topic), PARTITIONS, 3)


def test_what_is_kept_longer_is_no_difference() -> None:
    for kept in ("-1", str(30 * DAY * 1000)):
        assert not differences([KEPT], standing(KEPT, **{"retention.ms": kept}), PARTITIONS, 3)


@pytest.mark.parametrize(
    ("topic", "name", "value"),
    [
        (KEPT, "retention.ms", "60000"),
        (KEPT, "retention.ms", ""),
        (KEPT, "cleanup.policy", "compact"),
        (COMPACTED, "cleanup.policy", "delete"),
        (COMPACTED, "cleanup.policy", "compact,delete"),
        (COMPACTED, "min.compaction.lag.ms", "0"),
        (KEPT, "min.insync.replicas", "1"),
        (COMPACTED, "max.message.bytes", "1048576"),
    ],
)
def test_what_would_lose_records_is_a_difference_with_the_command_that_heals_it(
    topic: Topic, name: str, value: str
) -> None:
    (found,) = differences([topic], standing(topic, **{name: value}), PARTITIONS, 3)
    assert found.what == name
    assert f"--topic {topic.name} --add-config {name}=" in str(found)


def test_partitions_copies_and_absence_are_differences() -> None:
    there = {KEPT.name: Standing(PARTITIONS + 1, 1, settings_of(KEPT, 3))}
    found = differences([KEPT, COMPACTED], there, PARTITIONS, 3)
    assert [(one.topic, one.what) for one in found] == [
        (KEPT.name, "the number of partitions"),
        (KEPT.name, "the number of copies"),
        (COMPACTED.name, "the topic"),
    ]


def test_every_topic_of_ours_has_settings() -> None:
    for topic in TOPICS:
        told = settings_of(topic, 3)
        assert told["min.insync.replicas"] == "2"
        assert ("retention.ms" in told) == (not topic.compacted)


async def test_what_is_made_is_as_the_list_says(opener: Opener, fresh: KafkaAccess) -> None:
    assert len(await compare(fresh, FEW, PARTITIONS, 1)) == len(FEW)
    await opener()
    assert await compare(fresh, FEW, PARTITIONS, 1) == []
    await opener()


async def test_several_may_make_them_at_the_same_moment(opener: Opener) -> None:
    import asyncio

    await asyncio.gather(*(opener() for _ in range(4)))


async def test_a_topic_that_differs_is_refused_with_every_difference(
    opener: Opener, fresh: KafkaAccess
) -> None:
    async with Topics(fresh) as cluster:
        await cluster.make([KEPT._replace(compacted=True), COMPACTED], PARTITIONS + 1, 1)
    with pytest.raises(LogForeign) as told:
        await opener()
    for words in (
        f"{EVENTS}: the number of partitions is 4, should be 3",
        f"{EVENTS}: cleanup.policy is compact",
        ROWS,
    ):
        assert words in str(told.value)


async def test_a_broker_that_has_not_heard_of_a_new_topic_is_asked_again(
    opener: Opener, fresh: KafkaAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three brokers, CI: the one asked for the settings answered 3, unknown topic, a moment after another made it."""
    await opener()
    async with Topics(fresh) as cluster:
        ask = cluster._admin.describe_configs
        answers = iter([3, 3, 0])

        async def late(resources: list[ConfigResource]) -> list[Any]:
            code = next(answers)
            if not code:
                return list(await ask(resources))
            return [SimpleNamespace(resources=[(code, None, 2, one.name, []) for one in resources])]

        monkeypatch.setattr(cluster._admin, "describe_configs", late)
        found = await cluster.standing([one.name for one in FEW])
    assert differences(FEW, found, PARTITIONS, 1) == []


async def test_a_topic_that_goes_while_it_is_looked_at_is_not_there(
    opener: Opener, fresh: KafkaAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three brokers, CI: a topic being deleted was in the list of one, and the others did not know its settings however
    often they were asked."""
    await opener()
    async with Topics(fresh) as cluster:
        listed = await cluster._admin.describe_topics()
        ghost = {**next(one for one in listed if one["topic"] == EVENTS), "topic": "gone"}
        lists = iter([[*listed, ghost]])

        async def describe() -> list[Any]:
            return next(lists, listed)

        ask = cluster._admin.describe_configs

        async def settings(resources: list[ConfigResource]) -> list[Any]:
            if any(one.name == "gone" for one in resources):
                return [SimpleNamespace(resources=[(3, None, 2, "gone", [])])]
            return list(await ask(resources))

        monkeypatch.setattr(cluster._admin, "describe_topics", describe)
        monkeypatch.setattr(cluster._admin, "describe_configs", settings)
        found = await cluster.standing(["gone", EVENTS])
    assert list(found) == [EVENTS]


async def test_settings_that_may_not_be_read_are_told_by_name(
    opener: Opener, fresh: KafkaAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opener()
    async with Topics(fresh) as cluster:

        async def forbidden(resources: list[ConfigResource]) -> list[Any]:
            return [SimpleNamespace(resources=[(29, "not yours", 2, one.name, []) for one in resources])]

        monkeypatch.setattr(cluster._admin, "describe_configs", forbidden)
        with pytest.raises(LogUnavailable, match=f"settings of {EVENTS} cannot be read: not yours"):
            await cluster.standing([EVENTS])


async def test_who_only_looks_makes_nothing(opener: Opener, fresh: KafkaAccess) -> None:
    await opener(make=False)
    assert len(await compare(fresh, FEW, PARTITIONS, 1)) == len(FEW)


async def test_a_cluster_that_is_not_there_is_told_in_words() -> None:
    access = KafkaAccess(("127.0.0.1:1",), mechanism="PLAIN", username="shop", password="s3cret")
    with pytest.raises(LogUnavailable, match=r"kafka://127\.0\.0\.1:1 cannot be reached") as told:
        await KafkaLog.open(access, FEW)
    assert "s3cret" not in str(told.value) + repr(access)
