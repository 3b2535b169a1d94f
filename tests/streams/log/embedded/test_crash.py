"""kill -9 of a process that appends: what it was told is durable is there, whole, and nothing twice."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest

from streams.log.base import Subscription, TopicPartition
from streams.log.embedded import EmbeddedLog
from streams.log.host import FaustHost
from tests.streams.log.contract import EVENTS, OTHER, PARTITIONS, ROWS, Tally, everything
from tests.streams.log.embedded.conftest import Opener

ROOT = Path(__file__).parents[4]
LANES = 8

CHILD = """
import asyncio, sys
from streams.log.base import Draft, TopicPartition
from streams.log.embedded import EmbeddedLog
from streams.vocabulary.time import system_clock
from tests.streams.log.contract import EVENTS, OTHER, PARTITIONS, ROWS, TOPICS

async def lane(log, number, begin):
    n = begin
    while True:
        name = b"lane/%d" % number
        drafts = [Draft(EVENTS, name, b"%d" % (n + i), partition=number % PARTITIONS) for i in range(3)]
        drafts.append(Draft(OTHER, name, b"%d" % n))
        drafts.append(Draft(ROWS, name, b"%d" % (n + 3)))
        await log.write(drafts, [(name.decode(), TopicPartition(EVENTS, 0), n + 3)])
        n += 3
        print(number, n, flush=True)

async def main():
    log = await EmbeddedLog.open(sys.argv[1], TOPICS, partitions=PARTITIONS, clock=system_clock)
    await asyncio.gather(*[lane(log, n, int(b)) for n, b in enumerate(sys.argv[2:])])

asyncio.run(main())
"""


async def run_until_killed(path: Path, begin: list[int], lines: int) -> list[int]:
    """Runs the child until it has said so much, kills it, and gives what it was told last, by lane."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(path),
        *map(str, begin),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    told = list(begin)
    for _ in range(lines):
        line = await child.stdout.readline()
        assert line, "the child ended by itself"
        lane, count = map(int, line.split())
        told[lane] = count
    child.kill()
    rest = await child.stdout.read()
    for line in rest.splitlines(keepends=True):
        if line.endswith(b"\n"):
            lane, count = map(int, line.split())
            told[lane] = count
    await child.wait()
    return told


async def lanes_of(log: EmbeddedLog) -> list[int]:
    """What lies in the log, by lane; checks that every write is whole."""
    found: list[list[int]] = [[] for _ in range(LANES)]
    firsts: list[list[int]] = [[] for _ in range(LANES)]
    for _, one in await everything(log, EVENTS):
        found[lane_of(one.key)].append(int(one.value or b""))
    for _, one in await everything(log, OTHER):
        firsts[lane_of(one.key)].append(int(one.value or b""))
    rows = {lane_of(one.key): int(one.value or b"") for _, one in await everything(log, ROWS)}
    for lane in range(LANES):
        count = len(found[lane])
        assert found[lane] == list(range(count)), "something is missing, doubled or out of order"
        assert firsts[lane] == list(range(0, count, 3)), "a write is there in part"
        assert rows.get(lane, 0) == count
        assert (log.committed(f"lane/{lane}", TopicPartition(EVENTS, 0)) or 0) == count
    return [len(one) for one in found]


def lane_of(key: bytes | None) -> int:
    assert key is not None
    return int(key.split(b"/")[1])


@pytest.mark.parametrize("lines", [1, 40, 700])
async def test_nothing_acknowledged_is_missing_after_kill_9(opener: Opener, path: Path, lines: int) -> None:
    there = [0] * LANES
    for _ in range(2):
        told = await run_until_killed(path, there, lines)
        log = await opener()
        there = await lanes_of(log)
        assert all(has >= was_told for has, was_told in zip(there, told, strict=True))
        await log.close()


HOST_CHILD = """
import asyncio, sys
from streams.log.embedded import EmbeddedLog
from streams.log.host import FaustHost
from streams.vocabulary.time import system_clock
from tests.streams.log.contract import EVENTS, PARTITIONS, ROWS, TOPICS, Tally, events
from streams.log.base import Subscription

class Telling(Tally):
    async def apply(self, run):
        await super().apply(run)
        print(self.applied, flush=True)

async def main():
    log = await EmbeddedLog.open(sys.argv[1], TOPICS, partitions=PARTITIONS, clock=system_clock)
    host = FaustHost(log, [Subscription("tally", EVENTS, Telling(), ROWS)])
    await host.start()
    for _ in range(100_000):
        await log.append(events(20))

asyncio.run(main())
"""


async def test_a_host_that_is_killed_has_applied_every_event_exactly_once(opener: Opener, path: Path) -> None:
    """Rows, messages and positions are one transaction: not at least once, but once."""
    for lines in (3, 40, 120):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HOST_CHILD, str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        for _ in range(lines):
            assert await child.stdout.readline(), "the child ended by itself"
        child.kill()
        await child.stdout.read()
        await child.wait()
    log = await opener()
    there = [one for _, one in await everything(log, EVENTS)]
    left = len(there) - sum(
        log.committed("kassabrug", TopicPartition(EVENTS, n)) or 0 for n in range(PARTITIONS)
    )
    assert left < len(there)
    tally = Tally()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)])
    await host.start()
    await tally.until_applied(left)
    await host.stop()
    assert tally.counts() == Counter(one.key for one in there)
    followed = [(one.key, one.value) for _, one in await everything(log, OTHER)]
    assert Counter(followed) == Counter((one.key, one.value) for one in there)
