"""Topics: made from the one list where they are missing, and compared with it where they are there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from aiokafka import errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from streams.log.base import LogForeign, LogUnavailable
from streams.log.kafka.access import KafkaAccess, passing, words
from streams.log.kafka.brokers import pause_before
from streams.topics import DAY, Topic

log = logging.getLogger(__name__)
T = TypeVar("T")

COPIES = 3
"""Where there are as many brokers."""
MAX_RECORD = 10 * 1024 * 1024
"""A push is at most 8 MiB (app/sections)."""
ROWS_UNTOUCHED_MS = 15 * 60 * 1000
"""Rows are not compacted before: a late writer's row must not make compaction take the newer one before it is noticed
(rows.py). Later than a broker keeps an idle connection (10 minutes) such a row cannot come."""
TOMBSTONES_MS = DAY * 1000
"""How long a deletion stays readable, for the same reason."""
ROWS_SEGMENT = 32 * 1024 * 1024
"""Bytes of a changelog partition that are not compacted yet: what a recovery reads beside the rows themselves."""
TIMEOUT = 30.0
PATIENCE = 15.0
"""Seconds that a question is asked again."""


class Standing(NamedTuple):
    """A topic as the cluster has it."""

    partitions: int
    copies: int
    """The least of its partitions."""
    settings: Mapping[str, str]


class Difference(NamedTuple):
    """Where a topic is not as the list says."""

    topic: str
    what: str
    wanted: str
    found: str
    advice: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}. {self.advice}"


def settings_of(topic: Topic, copies: int) -> dict[str, str]:
    """How Kafka is told to keep a topic."""
    told = {
        "min.insync.replicas": str(min(2, copies)),
        "max.message.bytes": str(MAX_RECORD),
        "message.timestamp.type": "CreateTime",
    }
    if topic.compacted:
        told |= {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": str(ROWS_UNTOUCHED_MS),
            "delete.retention.ms": str(TOMBSTONES_MS),
            "segment.bytes": str(ROWS_SEGMENT),
            "segment.ms": str(3600 * 1000),
            "min.cleanable.dirty.ratio": "0.3",
        }
    else:
        kept = -1 if topic.retention is None else topic.retention * 1000
        told |= {"cleanup.policy": "delete", "retention.ms": str(kept)}
    return told


def differences(
    topics: Sequence[Topic], standing: Mapping[str, Standing], partitions: int, copies: int
) -> list[Difference]:
    """What differs so that we could lose or mix up records; more partitions or copies elsewhere are not our business.
    A missing topic is a difference too."""
    found: list[Difference] = []
    for topic in topics:
        there = standing.get(topic.name)
        if there is None:
            found.append(
                Difference(
                    topic.name, "the topic", "there", "missing", "`kassabrug worker` makes it at its start."
                )
            )
            continue
        if there.partitions != partitions:
            found.append(
                Difference(
                    topic.name,
                    "the number of partitions",
                    str(partitions),
                    str(there.partitions),
                    "Set log.partitions to what is there, or begin on new topics: keys would change their partition.",
                )
            )
        if there.copies < copies:
            found.append(
                Difference(
                    topic.name,
                    "the number of copies",
                    f"{copies} or more",
                    str(there.copies),
                    "Raise it with kafka-reassign-partitions, or set log.kafka.replication to what is there.",
                )
            )
        wanted = settings_of(topic, copies)
        kept = "min.compaction.lag.ms" if topic.compacted else "retention.ms"
        for name in ("cleanup.policy", "min.insync.replicas", "max.message.bytes", kept):
            has = there.settings.get(name, "")
            if name == "cleanup.policy":
                fits = set(has.split(",")) == {wanted[name]}
            else:
                fits = has in ("-1", wanted[name]) or (_number(has) >= _number(wanted[name]) > -1)
            if not fits:
                found.append(
                    Difference(
                        topic.name,
                        name,
                        wanted[name],
                        has or "not set",
                        f"kafka-configs --alter --topic {topic.name} --add-config {name}={wanted[name]}",
                    )
                )
    return found


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else -2


class Topics:
    """Speaks to the cluster about its topics."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._name = access.name
        self._admin = AIOKafkaAdminClient(
            client_id="kassabrug-topics", request_timeout_ms=int(TIMEOUT * 1000), **access.options()
        )

    async def __aenter__(self) -> Topics:
        try:
            await self._admin.start()
        except (errors.KafkaError, OSError, TimeoutError):
            await self._admin.close()
            raise self._access.unreachable(await self._access.why_not()) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def brokers(self) -> int:
        """How many there are now."""
        return len((await self._asked("describing the cluster", self._admin.describe_cluster))["brokers"])

    async def brokers_at_a_start(self) -> int:
        """The same; where fewer are there than addresses were given, the others get some seconds to come up: topics
        are made once, with as many copies as there are brokers then."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            count = await self.brokers()
            if count >= min(COPIES, len(self._access.servers)) or asyncio.get_running_loop().time() > until:
                return count
            await asyncio.sleep(0.5)

    async def standing(self, names: Sequence[str]) -> dict[str, Standing]:
        """Those of these topics that exist. Asked anew as a whole while brokers disagree: one that is being deleted is
        in the list of one broker, and another does not know its settings."""
        return await self._asked("describing topics and their settings", lambda: self._standing(set(names)))

    async def _standing(self, names: set[str]) -> dict[str, Standing]:
        told = await self._admin.describe_topics()
        there: dict[str, Any] = {one["topic"]: one for one in told if one["topic"] in names}
        if not there:
            return {}
        settings = await self._settings(list(there))
        return {
            name: Standing(
                len(one["partitions"]),
                min((len(part["replicas"]) for part in one["partitions"]), default=0),
                settings.get(name, {}),
            )
            for name, one in there.items()
        }

    async def _settings(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """Topic to its settings. A broker that has not heard yet of a topic that another one knows raises, and is
        asked again."""
        settings: dict[str, dict[str, str]] = {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        for response in await self._admin.describe_configs(resources):
            for code, said, _, name, entries in response.resources:
                if code and passing(for_code(code)()):
                    raise for_code(code)(f"{name}: {said or words(for_code(code)())}")
                if code:
                    raise LogUnavailable(
                        f"{self._name}: the settings of {name} cannot be read: {said or words(for_code(code)())}"
                    )
                settings[name] = {entry[0]: entry[1] or "" for entry in entries}
        return settings

    async def copies_missing(self) -> int:
        """How many copies of partitions are not up to date, or not there, in the whole cluster."""
        told = await self._asked("describing topics", self._admin.describe_topics)
        return sum(len(part["replicas"]) - len(part["isr"]) for one in told for part in one["partitions"])

    async def all_standing(self, names: Sequence[str]) -> dict[str, Standing]:
        """All of them, just made by us or by somebody else: until each broker that is asked has heard of them."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while len(found := await self.standing(names)) < len(names):
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.1)
        return found

    async def make(self, topics: Sequence[Topic], partitions: int, copies: int) -> None:
        """Makes these topics; one that somebody else made meanwhile is left as it is. Raises LogUnavailable."""
        wanted = [
            NewTopic(one.name, partitions, copies, topic_configs=settings_of(one, copies)) for one in topics
        ]
        response = await self._asked("making topics", lambda: self._admin.create_topics(wanted))
        for name, code, *said in response.topic_errors:
            if code and for_code(code) is not errors.TopicAlreadyExistsError:
                told = next((one for one in said if one), None) or words(for_code(code)())
                raise LogUnavailable(f"{self._name}: the topic {name} could not be made: {told}")
        log.info(
            "%s: made %s topics with %s partitions, %s copies", self._name, len(topics), partitions, copies
        )

    async def _asked(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer; asked again while another broker may know better (one has just died, or just come)."""
        until = asyncio.get_running_loop().time() + PATIENCE
        attempt = 0
        while True:
            try:
                return await ask()
            except (errors.KafkaError, OSError, TimeoutError) as error:
                attempt += 1
                if not passing(error) or asyncio.get_running_loop().time() > until:
                    raise LogUnavailable(f"{self._name}: {what} failed: {words(error)}") from None
                await asyncio.sleep(pause_before(attempt))


async def prepare(
    access: KafkaAccess, topics: Sequence[Topic], partitions: int, replication: int | None, make: bool
) -> dict[str, int]:
    """Topic to number of partitions, once all are there as they should be. Raises LogForeign with every difference,
    LogUnavailable; with `make=False` nothing is made, and topics that are missing are left out."""
    async with Topics(access) as cluster:
        standing = await cluster.standing([one.name for one in topics])
        first = make and len(standing) < len(topics)
        copies = replication or min(
            COPIES, await (cluster.brokers_at_a_start() if first else cluster.brokers())
        )
        if first:
            missing = [one for one in topics if one.name not in standing]
            await cluster.make(missing, partitions, copies)
            standing = await cluster.all_standing([one.name for one in topics])
        wrong = differences(topics, standing, partitions, copies) if make else []
        if wrong:
            listed = "\n".join(f"  {one}" for one in wrong)
            raise LogForeign(f"{access.name}: topics are not as they should be:\n{listed}")
        return {name: one.partitions for name, one in standing.items()}


async def compare(
    access: KafkaAccess, topics: Sequence[Topic], partitions: int, replication: int | None
) -> list[Difference]:
    """How the cluster's topics differ from the list; nothing is changed. Raises LogUnavailable."""
    async with Topics(access) as cluster:
        copies = replication or min(COPIES, await cluster.brokers())
        return differences(topics, await cluster.standing([one.name for one in topics]), partitions, copies)
