"""The same job on Quix Streams, in its own virtual environment (tests/bench/kafka/peers.txt):
`python -m tests.bench.kafka.quix JOB SERVERS GROUP GUARANTEE STATE_DIR MARKS`.

As its documentation says to do it: state in RocksDB with a changelog, outputs with `to_topic`, idempotent producer
(acks=all), a checkpoint (outputs and changelog flushed, then the positions committed) every `COMMIT_INTERVAL`.
`GUARANTEE`: at-least-once or exactly-once. `MARKS`: JSON, a list of {partition: end}; where all partitions of this
worker have reached one of them a checkpoint is made at once, so that no figure contains a wait for the next one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from quixstreams import Application, State, message_context
from quixstreams.processing import ProcessingContext

from streams import collection
from streams.topics import ACTIVITY, inbox_topic
from tests.bench.kafka.job import JOBS, ledger_step
from tests.bench.kafka.telling import applied, assigned, tell

COMMIT_INTERVAL = float(os.environ.get("BENCH_QUIX_COMMIT", "1.0"))
"""Seconds. Its default of 5 was not faster (docs/bench/README.md)."""


def stock(app: Application) -> None:
    """The real decide: rows and activity as the bridge writes them, byte for byte."""
    job = JOBS["stock"]

    def decide(value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> list[bytes]:
        row, outputs = job.step(state.get_bytes("row"), key, value, timestamp, message_context().offset)
        state.set_bytes("row", row)
        return outputs

    inbox = app.topic(inbox_topic("stock"), key_deserializer="bytes", value_deserializer="bytes")
    activity = app.topic(ACTIVITY.name, key_serializer="bytes", value_serializer="bytes")
    frame = app.dataframe(inbox)
    frame = frame.apply(decide, stateful=True, metadata=True, expand=True)
    frame.to_topic(activity)


def ledger(app: Application) -> None:
    """The small job, with dictionaries and JSON as in its examples."""

    def count(
        value: dict[str, Any], key: bytes, timestamp: int, headers: Any, state: State
    ) -> dict[str, Any]:
        row = ledger_step(state.get("row"), value)
        state.set("row", row)
        return {"article": key.decode().partition("/")[2], **row}

    inbox = app.topic(inbox_topic("stock"), key_deserializer="bytes", value_deserializer="json")
    activity = app.topic(ACTIVITY.name, key_serializer="bytes", value_serializer="json")
    frame = app.dataframe(inbox)
    frame = frame.apply(count, stateful=True, metadata=True)
    frame.to_topic(activity)


class Told:
    """Tells the bench what a checkpoint has made durable, and asks for one at the marks."""

    def __init__(self, marks: Sequence[Mapping[str, int]]) -> None:
        self._marks = [{int(partition): end for partition, end in one.items()} for one in marks]
        self._ours: set[int] = set()
        self._position: dict[int, int] = {}
        self._processed = 0
        self._now = False

    def processed(self, topic: str, partition: int, offset: int) -> None:
        """After each event."""
        self._processed += 1
        self._position[partition] = offset + 1
        for mark in self._marks:
            if mark.get(partition) == offset + 1:
                self._now = all(self._position.get(one, 0) >= mark.get(one, 0) for one in self._ours)

    def watch(self, app: Any) -> None:
        """Wraps what Quix does when partitions come and when a checkpoint is due."""
        context: ProcessingContext = app._processing_context
        commit, take_up = context.commit_checkpoint, app._on_assign

        def told_commit(force: bool = False, revoking: bool = False) -> None:
            before = context.checkpoint
            commit(force or self._now, revoking)
            if context.checkpoint is not before and self._processed:
                applied(self._processed)
                self._processed = 0
                self._now = False

        def told_take_up(consumer: Any, parts: Any) -> None:
            take_up(consumer, parts)
            self._ours = {one.partition for one in parts if one.topic == inbox_topic("stock")}
            assigned(len(self._ours))

        context.commit_checkpoint = told_commit  # type: ignore[method-assign]
        app._on_assign = told_take_up


def main(job: str, servers: str, group: str, guarantee: Any, state: Path, marks: str) -> None:
    """Works until SIGTERM."""
    told = Told(orjson.loads(marks))
    app = Application(
        broker_address=servers,
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_INTERVAL,
        processing_guarantee=guarantee,
        state_dir=state,
        on_message_processed=told.processed,
        loglevel="WARNING",
        producer_extra_config={"acks": "all"},
        consumer_poll_timeout=0.05,
        auto_create_topics=False,
    )
    told.watch(app)
    {"stock": stock, "ledger": ledger}[job](app)
    tell("started")
    app.run()


if __name__ == "__main__":
    collection.seldom()
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], Path(sys.argv[5]), sys.argv[6])
