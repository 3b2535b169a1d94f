"""Connecting to brokers that answer late, and to some that do not. No Kafka is needed."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aiokafka import errors

from streams.log.base import LogUnavailable
from streams.log.kafka import brokers as module
from streams.log.kafka.access import ANSWERS, KafkaAccess
from streams.log.kafka.brokers import OPENINGS, Brokers


class Client:
    """Fails so often, then connects."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left = failures
        self.error = error
        self.tries = 0
        self.closed = False

    async def bootstrap(self) -> None:
        self.tries += 1
        if self.left:
            self.left -= 1
            raise self.error

    async def close(self) -> None:
        self.closed = True


class Access:
    """Two servers, of which it is known what they say."""

    name = "kafka://one:9092,two:9092"
    unreachable = KafkaAccess.unreachable

    def __init__(self, client: Client, **said: str) -> None:
        self._client = client
        self._said = said

    async def why_not(self) -> dict[str, str]:
        return self._said

    def client(self, *_: Any) -> Client:
        return self._client


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.0,))


def made(client: Client, **said: str) -> Brokers:
    return Brokers(cast(KafkaAccess, Access(client, **said)), "test", 1.0)


async def test_brokers_that_answer_by_now_are_tried_again() -> None:
    """A worker ended for good in the middle of its work: its brokers had been slow, and answered a moment later."""
    client = Client(2, errors.KafkaConnectionError("Unable to bootstrap"))
    await made(client, one="refused", two=ANSWERS).open()
    assert (client.tries, client.closed) == (3, False)


async def test_where_nobody_answers_it_is_told_at_once() -> None:
    client = Client(9, errors.KafkaConnectionError("Unable to bootstrap"))
    with pytest.raises(LogUnavailable, match="one: refused; two: no such host"):
        await made(client, one="refused", two="no such host").open()
    assert (client.tries, client.closed) == (1, True)


async def test_what_does_not_pass_is_told_at_once() -> None:
    client = Client(9, errors.TopicAuthorizationFailedError())
    with pytest.raises(LogUnavailable):
        await made(client, one=ANSWERS).open()
    assert client.tries == 1


async def test_it_is_not_tried_for_ever() -> None:
    client = Client(99, TimeoutError())
    with pytest.raises(LogUnavailable, match=ANSWERS):
        await made(client, one=ANSWERS).open()
    assert (client.tries, client.closed) == (OPENINGS, True)
