"""The same job as a plain Faust agent: `python -m tests.bench.kafka.naive JOB SERVERS GROUP PARTITIONS`.

As its documentation says to do it: a table, a `send` for each output, at_least_once. It cannot tell when an event is
durable (that is one of its troubles: docs/architecture.md), so the bench watches the topics.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import Any

import faust
import orjson
import uvloop

from streams import collection
from streams.topics import ACTIVITY, inbox_topic
from tests.bench.kafka.job import JOBS, ledger_step
from tests.bench.kafka.telling import assigned, tell

LINGER = 0.02
"""Seconds that its producer gathers records. The default of 0 is half as fast."""


def application(job: str, servers: str, group: str, partitions: int) -> Any:
    """The app with its agent."""
    app = faust.App(
        group,
        broker=[f"kafka://{one}" for one in servers.split(",")],
        store="memory://",
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        table_standby_replicas=0,
        producer_linger=LINGER,
        stream_buffer_maxsize=65_536,
        broker_session_timeout=8,
        broker_heartbeat_interval=2,
    )
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    inbox = app.topic(inbox_topic("stock"), partitions=partitions, **raw)
    activity = app.topic(ACTIVITY.name, partitions=partitions, **raw)
    table = app.Table("rows", partitions=partitions, key_type=bytes, value_type=bytes)

    async def stock(stream: Any) -> None:
        step = JOBS["stock"].step
        async for event in stream.events():
            message = event.message
            row, outputs = step(
                table.get(event.key), event.key, event.value, round(message.timestamp * 1000), message.offset
            )
            table[event.key] = row
            for one in outputs:
                await activity.send(key=event.key, value=one, headers=event.headers)

    async def ledger(stream: Any) -> None:
        async for event in stream.events():
            known = table.get(event.key)
            row = ledger_step(None if known is None else orjson.loads(known), orjson.loads(event.value))
            table[event.key] = orjson.dumps(row)
            told = {"article": event.key.decode().partition("/")[2], **row}
            await activity.send(key=event.key, value=orjson.dumps(told), headers=event.headers)

    app.agent(inbox, name="rows-agent")({"stock": stock, "ledger": ledger}[job])
    return app


async def main(job: str, servers: str, group: str, partitions: int) -> None:
    """Works until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    app = application(job, servers, group, partitions)

    @app.on_rebalance_complete.connect
    async def complete(app: Any, **_: Any) -> None:
        ours = app.consumer.assignment()
        assigned(sum(tp.topic == inbox_topic("stock") for tp in ours))

    await app.start()
    tell("started")
    await ended.wait()
    await app.stop()


if __name__ == "__main__":
    collection.seldom()
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
