"""The store: what it writes, keeps, drops and refuses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from streams.log.base import Draft, LogForeign, LogFull, LogUnavailable, TopicPartition, UnknownTopic
from streams.log.embedded import EmbeddedLog, store
from streams.log.embedded.file import SPAN
from streams.log.embedded.tail import TAIL_BYTES, TAIL_RECORDS
from streams.log.embedded.upkeep import SLICE
from streams.topics import DAY, Topic
from streams.vocabulary.time import milliseconds
from tests.streams.log.contract import EVENTS, OTHER, ROWS, everything
from tests.streams.log.embedded.conftest import START, HandClock, Opener

AT = TopicPartition(EVENTS, 0)
ROWS_AT = TopicPartition(ROWS, 0)


def many(count: int, value: bytes = b"v", topic: str = EVENTS) -> list[Draft]:
    return [Draft(topic, b"k%d" % n, value, partition=0) for n in range(count)]


# -- writing


async def test_writes_that_wait_together_are_all_placed_in_the_order_they_came(log: EmbeddedLog) -> None:
    placed = await asyncio.gather(
        *[log.append([Draft(EVENTS, b"k", b"%d" % n, partition=0)]) for n in range(500)]
    )
    assert [one[0] for one in placed] == [(AT, n) for n in range(500)]
    run = await log.read(AT, 0, 500)
    assert [one.value for one in run.records] == [b"%d" % n for n in range(500)]


async def test_an_append_is_whole_or_not_at_all(log: EmbeddedLog) -> None:
    with pytest.raises(UnknownTopic):
        await log.append([*many(3), Draft("no.such", b"k", b"v")])
    assert await log.bounds(AT) == (0, 0)


async def test_an_empty_append_is_nothing(log: EmbeddedLog) -> None:
    assert await log.append([]) == []


@pytest.mark.parametrize(
    ("draft", "error", "words"),
    [
        (Draft(EVENTS, b"k", b"x" * (store.RECORD_BYTES + 1)), ValueError, "bytes"),
        (Draft(EVENTS, "text", b"v"), TypeError, "str, not bytes"),  # type: ignore[arg-type]
        (Draft(EVENTS, b"k", b"v", timestamp=1 << 60), ValueError, "timestamp"),
        (Draft(EVENTS, b"k", b"v", timestamp=-1), ValueError, "timestamp"),
        (Draft(EVENTS, b"k", b"v", [("a", b"b")]), TypeError, "unhashable"),  # type: ignore[arg-type]
        (Draft(EVENTS, b"k", b"v", (("a", "b"),)), AttributeError, "decode"),  # type: ignore[arg-type]
        (Draft(ROWS, None, b"v"), ValueError, "no key"),
    ],
)
async def test_what_no_log_can_hold_harms_nobody_else(
    log: EmbeddedLog, draft: Draft, error: type[Exception], words: str
) -> None:
    good = asyncio.ensure_future(log.append(many(1)))
    with pytest.raises(error, match=words):
        await log.append([draft])
    assert await good == [(AT, 0)]


async def test_records_without_a_key_are_spread(log: EmbeddedLog) -> None:
    placed = await log.append([Draft(EVENTS, None, b"v") for _ in range(30)])
    assert {at.partition for at, _ in placed} == {0, 1, 2}


async def test_a_write_larger_than_a_group_goes_alone(log: EmbeddedLog) -> None:
    small = asyncio.ensure_future(log.append(many(1)))
    await asyncio.sleep(0)
    large = await log.append(many(5_000))
    await small
    assert large[0][1] == 1
    assert log.end(AT) == 5_001


async def test_writes_wait_for_room_instead_of_filling_the_memory(log: EmbeddedLog) -> None:
    value = b"x" * (8 * 1024 * 1024)
    placed = await asyncio.gather(*[log.append([Draft(EVENTS, b"k", value, partition=0)]) for _ in range(12)])
    assert sorted(one[0][1] for one in placed) == list(range(12))


async def test_a_write_that_nobody_waits_for_any_more_does_no_harm(log: EmbeddedLog) -> None:
    waiting = asyncio.ensure_future(log.append(many(1)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await log.append(many(1))
    assert log.end(AT) == 2


async def test_a_position_is_written_with_its_records(opener: Opener) -> None:
    log = await opener()
    assert log.committed("group", AT) is None
    await log.write(many(2), [("group", AT, 2), ("group", TopicPartition(OTHER, 1), 0)])
    assert log.committed("group", AT) == 2
    await log.close()
    log = await opener()
    assert log.committed("group", AT) == 2
    assert log.committed("other", AT) is None


# -- reading


async def test_what_is_further_back_than_the_tail_comes_from_the_file(log: EmbeddedLog) -> None:
    count = TAIL_RECORDS * 2 + 500
    await log.append(many(count))
    whole = await everything(log, EVENTS)
    assert [one.offset for _, one in whole] == list(range(count))
    assert (await log.read(AT, 7, 2)).records[0].key == b"k7"


async def test_large_records_leave_the_tail(log: EmbeddedLog) -> None:
    for _ in range(4):
        await log.append(many(3, b"x" * (TAIL_BYTES // 2)))
    assert len(await everything(log, EVENTS)) == 12
    await log.append(many(1, b"x" * (TAIL_BYTES + 1)))
    run = await log.read(AT, 12)
    assert (run.end, len(run.records)) == (13, 1)


async def test_a_run_is_cut_off_when_it_grows_too_large(opener: Opener) -> None:
    log = await opener()
    await log.append(many(300, b"x" * 50_000))
    await log.close()
    log = await opener()
    run = await log.read(AT, 0, 300)
    assert 80 <= len(run.records) < 300
    assert run.end == len(run.records)


async def test_a_moment_is_found_across_many_spans(opener: Opener, clock: HandClock) -> None:
    log = await opener()
    base = milliseconds(START)
    drafts = [
        Draft(EVENTS, b"k", b"v", (), base + (n if n != 100 else 10**6), 0) for n in range(SPAN * 3 + 10)
    ]
    await log.append(drafts[: SPAN + 5])
    await log.close()
    log = await opener()
    await log.append(drafts[SPAN + 5 :])
    for offset in (0, 1, 99, SPAN - 1, SPAN, SPAN * 2 + 7, SPAN * 3 + 9):
        expected = min(offset, 100)
        assert await log.offset_at(AT, base + offset) == expected
    assert await log.offset_at(AT, base + 10**6) == 100
    assert await log.offset_at(AT, base + 10**6 + 1) == SPAN * 3 + 10


async def test_who_waits_for_news_learns_that_the_log_closes(log: EmbeddedLog) -> None:
    waiting = asyncio.ensure_future(log.changed({AT: 0}, 10))
    await asyncio.sleep(0)
    await log.close()
    with pytest.raises(LogUnavailable, match="closed"):
        await waiting


# -- compaction and retention


async def test_a_compacted_topic_keeps_the_last_record_of_a_key(opener: Opener) -> None:
    log = await opener()
    for n in range(3):
        await log.append(
            [Draft(ROWS, b"a", b"%d" % n, partition=0), Draft(ROWS, b"b%d" % n, b"x", partition=0)]
        )
    await log.append([Draft(ROWS, b"a", b"1st", partition=0), Draft(ROWS, b"a", b"last", partition=0)])
    await log.close()
    log = await opener()
    run = await log.read(ROWS_AT, 0)
    assert [(one.offset, one.key, one.value) for one in run.records] == [
        (1, b"b0", b"x"),
        (3, b"b1", b"x"),
        (5, b"b2", b"x"),
        (7, b"a", b"last"),
    ]
    assert (run.begin, run.end) == (1, 8)
    assert await log.bounds(ROWS_AT) == (1, 8)


async def test_tombstones_stay_for_a_day(opener: Opener, clock: HandClock) -> None:
    log = await opener()
    await log.append([Draft(ROWS, b"a", b"1", partition=0), Draft(ROWS, b"b", b"1", partition=0)])
    await log.append([Draft(ROWS, b"a", None, partition=0)])
    clock.pass_(hours=23)
    assert await log.tidy() == 0
    clock.pass_(hours=2)
    assert await log.tidy() == 1
    await log.close()
    log = await opener()
    assert [(one.key, one.value) for one in (await log.read(ROWS_AT, 0)).records] == [(b"b", b"1")]
    assert log.end(ROWS_AT) == 3


async def test_old_records_go_and_the_rest_keeps_its_place(opener: Opener, clock: HandClock) -> None:
    log = await opener()
    await log.append(many(SLICE * 3 + 10))
    clock.pass_(days=6)
    await log.append(many(5))
    assert await log.tidy() == 0
    clock.pass_(days=2)
    assert await log.tidy() == SLICE * 3 + 10
    begin = SLICE * 3 + 10
    assert await log.bounds(AT) == (begin, begin + 5)
    await log.close()
    log = await opener()
    run = await log.read(AT, 0)
    assert (run.begin, run.end, len(run.records)) == (begin, begin + 5, 5)
    assert await log.offset_at(AT, 0) == begin
    assert (await log.append(many(1)))[0][1] == begin + 5


async def test_an_emptied_partition_goes_on_counting(opener: Opener, clock: HandClock) -> None:
    log = await opener()
    await log.append(many(3))
    clock.pass_(days=8)
    assert await log.tidy() == 3
    await log.close()
    log = await opener()
    assert await log.bounds(AT) == (3, 3)
    run = await log.read(AT, 0)
    assert (run.begin, run.end, list(run.records)) == (3, 3, [])
    assert (await log.append(many(1)))[0][1] == 3


async def test_what_a_group_has_not_applied_stays(log: EmbeddedLog, clock: HandClock) -> None:
    await log.append(many(10))
    await log.write([], [("group", AT, 4)])
    clock.pass_(days=30)
    assert await log.tidy() == 4
    assert await log.bounds(AT) == (4, 10)


async def test_upkeep_comes_round_by_itself(opener: Opener, clock: HandClock) -> None:
    naps: asyncio.Queue[float] = asyncio.Queue()
    wake = asyncio.Event()

    async def sleep(seconds: float) -> None:
        naps.put_nowait(seconds)
        await wake.wait()
        wake.clear()

    log = await opener(sleep=sleep)
    await log.append(many(3))
    clock.pass_(days=8)
    assert await naps.get() == 300.0
    wake.set()
    assert await naps.get() == 300.0
    assert await log.bounds(AT) == (3, 3)


async def test_a_topic_can_be_kept_for_ever(opener: Opener, clock: HandClock) -> None:
    log = await opener(topics=[Topic("kept", "raw", "key", "all", retention=None)])
    await log.append([Draft("kept", b"k", b"v")])
    clock.pass_(days=10_000)
    assert await log.tidy() == 0


# -- topics


async def test_topics_are_added_and_keep_their_partitions(opener: Opener) -> None:
    log = await opener(partitions=2)
    assert await log.partitions(EVENTS) == 2
    await log.append(many(1))
    await log.close()
    more = Topic("more", "raw", "key", "more", retention=DAY)
    log = await opener(topics=[Topic(EVENTS, "inbox", "key", "events"), more], partitions=5)
    assert (await log.partitions(EVENTS), await log.partitions("more")) == (2, 5)
    assert log.end(AT) == 1
    assert await log.partitions(OTHER) == 2


async def test_a_topic_cannot_change_how_it_is_kept(opener: Opener) -> None:
    log = await opener()
    await log.close()
    with pytest.raises(LogForeign, match=f"{EVENTS} by age, this version keeps it by key"):
        await opener(topics=[Topic(EVENTS, "rows", "key", "rows", compacted=True)])
    await opener()


async def test_a_senseless_number_of_partitions_is_refused(opener: Opener) -> None:
    with pytest.raises(ValueError, match="0 partitions"):
        await opener(partitions=0)


# -- no room


async def test_a_full_log_keeps_what_it_has_and_goes_on_when_there_is_room(
    opener: Opener, clock: HandClock
) -> None:
    log = await opener(max_bytes=1_000_000)
    kept = 0
    refused: LogFull | None = None
    while refused is None and kept < 1_000:
        try:
            await log.write(many(10, b"x" * 4_000), [("group", AT, kept + 10)])
            kept += 10
        except LogFull as error:
            refused = error
    assert "no room" in str(refused)
    assert "make room" in str(refused)
    assert 100 <= kept < 300
    assert log.end(AT) == kept
    assert log.committed("group", AT) == kept
    assert len(await everything(log, EVENTS)) == kept
    with pytest.raises(LogFull):
        await log.append(many(10, b"x" * 4_000))
    clock.now = START + timedelta(days=8)
    assert await log.tidy() == kept
    assert (await log.append(many(10, b"x" * 4_000)))[0] == (AT, kept)
    await log.close()
    log = await opener()
    assert await log.bounds(AT) == (kept, kept + 10)


async def test_a_closed_log_says_so(log: EmbeddedLog) -> None:
    await log.append(many(1))
    await log.close()
    await log.close()
    with pytest.raises(LogUnavailable, match="is closed"):
        await log.append(many(1))
    with pytest.raises(LogUnavailable, match="is closed"):
        await log.bounds(AT)
    assert "is closed" in str(await log.failed())


async def test_closing_writes_what_was_waiting(opener: Opener) -> None:
    log = await opener()
    waiting = [asyncio.ensure_future(log.append(many(1))) for _ in range(50)]
    await asyncio.sleep(0)
    await log.close()
    assert [one.result()[0][1] for one in waiting] == list(range(50))


async def test_the_folder_has_to_be_there(clock: HandClock, tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="Check that the folder exists"):
        await EmbeddedLog.open(tmp_path / "nowhere" / "shop.db", [], clock=clock)
