"""From the log to the tables: exactly once, in whatever way it is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import event, insert, select, text, update

from app.readmodel import Applied, Keep, ReadModel, ReadModelUnavailable
from app.readmodel.entries import READ
from app.readmodel.projection import PACE, Projection
from app.readmodel.tables import VERSION, meta, metadata, positions
from streams.codec import fact_headers
from streams.log.base import Draft, LogUnavailable, TopicPartition
from streams.topics import ACTIVITY, BOL_RAW
from streams.vocabulary.activity import Noted, StockShown
from tests.app.readmodel.conftest import Databases, at_once
from tests.app.readmodel.fakes import HandClock, MemoryLog
from tests.app.readmodel.shop import SECRETS, fill

Contents = dict[str, list[tuple[Any, ...]]]


async def contents(model: ReadModel) -> Contents:
    """All rows of all tables; ids only count arrivals."""
    return await model.database.read(
        lambda db: {
            table.name: sorted(
                tuple(row)
                for row in db.execute(select(*[column for column in table.columns if column.name != "id"]))
            )
            for table in metadata.sorted_tables
        }
    )


def list_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


class Crash(BaseException):
    """The process is gone."""


async def test_the_shop_is_read(model: ReadModel, log: MemoryLog, projection: Projection) -> None:
    fill(log)
    await projection.catch_up()
    overview = await model.overview()
    assert (overview.total.in_hour, overview.total.out_hour) == (3, 2)
    assert (overview.articles, overview.orders, overview.dead_letters) == (2, 2, 2)
    assert projection.standing.caught_up
    assert projection.standing.skipped == 0
    assert projection.standing.records == sum(len(records) for records in log.partition.values())


async def test_nothing_personal_is_in_the_tables(
    tmp_path: Path, databases: Databases, model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    fill(log)
    await projection.catch_up()
    everything = repr(await contents(model))
    assert "A2K8290LP8" in everything
    assert not [secret for secret in SECRETS if secret in everything]
    if databases.kind == "sqlite":
        raw = b"".join(path.read_bytes() for path in list_of(tmp_path))
        assert b"A2K8290LP8" in raw
        assert not [secret for secret in SECRETS if secret.encode() in raw]


async def test_again_changes_nothing(
    model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    fill(log)
    await projection.catch_up()
    before = await contents(model)
    await projection.catch_up()
    await Projection(model.database, log, clock=clock, sleep=at_once).catch_up()
    assert await contents(model) == before


async def test_lines_sent_twice_are_one(model: ReadModel, log: MemoryLog, projection: Projection) -> None:
    fill(log)
    await projection.catch_up()
    before = await model.overview()
    doubled = 0
    for at, records in log.partition.items():
        for record in list(records):
            log.add(Draft(at.topic, record.key, record.value, record.headers, record.timestamp, at.partition))
            doubled += 1
    await projection.catch_up()
    after = await model.overview()
    assert msgspec.json.encode(after) == msgspec.json.encode(before)
    assert 0 < projection.standing.doubled < doubled


Listen = Callable[[ReadModel, int], None]


async def _attempt(
    databases: Databases, name: str, log: MemoryLog, clock: HandClock, listen: Listen, step: int
) -> Contents | None:
    """Reads the log in a process that dies at its step number `step`: None. Else what the tables hold."""
    model = await databases.open(name)
    listen(model, step)
    try:
        await Projection(model.database, log, clock=clock, sleep=at_once).catch_up()
        return await contents(model)
    except Crash:
        return None
    finally:
        await model.close()


def _before_statements(model: ReadModel, step: int) -> None:
    left = iter(range(step))

    def die(*_: Any) -> None:
        if next(left, None) is None:
            raise Crash

    event.listen(model.database.engine, "before_cursor_execute", die)
    event.listen(model.database.engine, "commit", die)


def _after_commits(model: ReadModel, step: int) -> None:
    work, left = model.database.write, iter(range(step))

    async def write(step: Any) -> Any:
        done = await work(step)
        if next(left, None) is None:
            raise Crash  # durable, but nobody was told
        return done

    model.database.write = write  # type: ignore[method-assign]  # the process dies right behind it


def _never(model: ReadModel, step: int) -> None:
    pass


@pytest.mark.parametrize(
    ("listen", "at_once", "steps"),
    [
        (_before_statements, 500, 20),
        (_before_statements, 3, 40),
        (_after_commits, 500, 1),
        (_after_commits, 3, 5),
    ],
)
async def test_a_crash_between_any_two_steps(
    databases: Databases,
    log: MemoryLog,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    listen: Listen,
    at_once: int,
    steps: int,
) -> None:
    monkeypatch.setattr("app.readmodel.projection.AT_ONCE", at_once)
    fill(log)
    log.add(Draft(ACTIVITY.name, b"demo/1", b"{not a fact"))
    calm = await _attempt(databases, "calm", log, clock, _never, 0)
    assert calm is not None
    assert len(calm["skipped"]) == 1
    step = 0
    while await _attempt(databases, f"step{step}", log, clock, listen, step) is None:
        assert await _attempt(databases, f"step{step}", log, clock, _never, 0) == calm, f"crashed at {step}"
        step += 1
    assert step > steps


async def test_two_consoles_on_one_read_model_count_once(
    databases: Databases, model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    other_model = await databases.open()
    other = Projection(other_model.database, log, clock=clock, sleep=at_once)
    await projection.catch_up()
    await other.catch_up()
    for _ in range(5):
        fill(log)
        await projection.catch_up()
    fill(log)
    await asyncio.gather(other.catch_up(), projection.catch_up())
    records = sum(len(found) for found in log.partition.values())
    assert projection.standing.records + other.standing.records == records
    await other_model.close()


async def test_long_stretches_are_read_in_batches(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    for number in range(1203):
        log.note(Noted(kind="push", text=f"{number}", direction="out", millis=number), "1001")
    sizes: list[int] = []
    projection._on_applied = lambda applied: sizes.append(applied.records)
    await projection.catch_up()
    assert sizes == [500, 500, 203]
    assert (await model.overview()).total.out_hour == 1203


async def test_what_changed_is_told(model: ReadModel, log: MemoryLog, clock: HandClock) -> None:
    told: list[Applied] = []
    projection = Projection(model.database, log, clock=clock, sleep=at_once, on_applied=told.append)
    log.note(StockShown(article_number="1001"), "1001")
    log.note(Noted(kind="x", text="y"), "1001")
    await projection.catch_up()
    assert told == [
        Applied(2, 0, 0, frozenset({"articles", "history"}), frozenset({"demo/1001"})),
    ]


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft(ACTIVITY.name, b"demo/1", b"{"), "not an event of this inbox"),
        (Draft(ACTIVITY.name, b"demo/1", None), "no value"),
        (Draft(ACTIVITY.name, None, b'{"is":"noted","kind":"a","text":"b"}'), "no key"),
        (Draft(ACTIVITY.name, b"\xff", b'{"is":"noted","kind":"a","text":"b"}'), "not text"),
        (Draft(ACTIVITY.name, b"demo/1", b'{"is":"never-heard-of"}'), "Invalid value 'never-heard-of'"),
        (Draft(ACTIVITY.name, b"d/1", b"{}", (("schema", b"99"),)), "upgrade first"),
        (
            Draft(ACTIVITY.name, b"d/1", b'{"is":"stock-shown","article_number":"1","desired":%d}' % 10**18),
            "larger than any stock",
        ),
        (Draft(BOL_RAW.name, b"d/1", b"{}", (("status", b"many"),)), "status is not a number"),
    ],
)
async def test_what_cannot_be_read_is_counted(
    model: ReadModel, log: MemoryLog, projection: Projection, draft: Draft, reason: str
) -> None:
    log.add(draft)
    log.add(draft)
    log.note(Noted(kind="x", text="the next one is read"), "1")
    await projection.catch_up()
    overview = await model.overview()
    assert projection.standing.skipped == 2
    assert sum(one.number for one in overview.skipped) == 2
    assert reason in overview.skipped[0].reason
    assert [line.text for line in overview.recent] == ["the next one is read"]


async def test_odd_text_does_not_stop_it(model: ReadModel, log: MemoryLog, projection: Projection) -> None:
    log.note(Noted(kind="x\x00", text="a\x00b \u2028 ☕", millis=-5), "entity/with/slashes")
    log.add(Draft(ACTIVITY.name, b"demo/1", b'{"is":"noted","kind":"k","text":"t"}', (), -(2**62)))
    log.add(Draft(ACTIVITY.name, b"demo/1", b'{"is":"noted","kind":"k","text":"u"}', (), 2**62))
    await projection.catch_up()
    lines = (await model.overview()).recent
    assert {line.text for line in lines} == {"a\ufffdb \u2028 ☕", "t", "u"}
    assert {line.entity for line in lines} == {"entity/with/slashes", "1"}


async def test_it_goes_on_after_the_log_was_away(model: ReadModel, log: MemoryLog, clock: HandClock) -> None:
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds != PACE:
            naps.append(seconds)
            assert projection.standing.stalled == "the broker is away"

    arrived = asyncio.Event()
    projection = Projection(
        model.database, log, clock=clock, sleep=sleep, on_applied=lambda applied: arrived.set()
    )
    log.refuse = 7
    log.note(Noted(kind="x", text="y"), "1")
    running = asyncio.create_task(projection.run())
    async with asyncio.timeout(5):
        await arrived.wait()
    assert naps == [1, 2, 4, 8, 16, 30, 30]
    arrived.clear()
    log.note(Noted(kind="x", text="z"), "1")  # it waits for news and wakes up
    async with asyncio.timeout(5):
        await arrived.wait()
    assert projection.standing.stalled == ""
    running.cancel()
    await asyncio.wait([running])
    assert [line.text for line in (await model.overview()).recent] == ["z", "y"]


async def test_another_log_is_read_anew(
    model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    fill(log)
    await projection.catch_up()
    young = MemoryLog(clock)
    young.note(Noted(kind="x", text="a new beginning"), "1")
    other = Projection(model.database, young, clock=clock, sleep=at_once)
    await other.catch_up()
    assert other.standing.rebuilt == 1
    overview = await model.overview()
    assert [line.text for line in overview.recent] == ["a new beginning"]
    assert overview.orders == 0


async def test_what_retention_took_is_passed_over(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    at = TopicPartition(ACTIVITY.name, 1)
    for number in range(4):
        log.add(Draft(*at[:1], b"d/1", b'{"is":"noted","kind":"k","text":"%d"}' % number, partition=1))
    log.gaps[at] = 3
    await projection.catch_up()
    assert [line.text for line in (await model.overview()).recent] == ["3"]
    log.gaps[at] = 4
    await projection.catch_up()


async def test_an_emptied_partition_is_not_asked_for_again_and_again(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    at = TopicPartition(ACTIVITY.name, 0)
    log.add(Draft(ACTIVITY.name, b"d/1", b"{}", partition=0))
    log.gaps[at] = 1
    await projection.catch_up()
    rows = await model.database.read(lambda db: db.execute(select(positions)).all())
    assert [tuple(row) for row in rows] == [(ACTIVITY.name, 0, 1)]


async def test_older_tables_are_built_anew(databases: Databases, model: ReadModel) -> None:
    await model.database.write(lambda db: db.execute(update(meta).values(value="0")))
    await model.database.write(lambda db: db.execute(text("DROP TABLE history")))
    await model.database.write(
        lambda db: db.execute(insert(positions).values(topic="x", partition=0, position=4))
    )
    again = await databases.open()
    assert await contents(again) == {name: [] for name in metadata.tables} | {"meta": [("version", VERSION)]}
    await again.close()


async def test_a_file_that_is_no_database(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "photo.db").write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(ReadModelUnavailable, match=r"not a database.*deleted it is built again"):
        await ReadModel.open(tmp_path / "photo.db", clock=clock)


async def test_after_closing_it_says_so(databases: Databases) -> None:
    model = await databases.open()
    await model.close()
    with pytest.raises(ReadModelUnavailable, match="closed"):
        await model.overview()


async def test_a_log_without_a_topic_is_a_reason_to_wait(model: ReadModel, clock: HandClock) -> None:
    class Bare(MemoryLog):
        async def partitions(self, topic: str) -> int:
            raise LogUnavailable(f"no topic {topic}")

    projection = Projection(model.database, Bare(clock), clock=clock, sleep=at_once)
    with pytest.raises(LogUnavailable, match=READ[0]):
        await projection.catch_up()


# -- retention


async def test_retention_by_age_and_by_count(model: ReadModel, log: MemoryLog, clock: HandClock) -> None:
    keep = Keep(history_rows=1200, history_days=2, answers_rows=3, dead_rows=1, orders_days=5)
    projection = Projection(model.database, log, clock=clock, sleep=at_once, keep=keep)
    fill(log)
    for number in range(2000):
        log.note(Noted(kind="push", text=str(number), direction="out", millis=7), "1001")
    await projection.catch_up()
    assert await projection.tidy() > 800
    rows = await contents(model)
    assert len(rows["history"]) == 1200
    assert len(rows["answers"]) == 3
    assert len(rows["dead_letters"]) == 1
    assert (await model.overview()).total.out_hour == 2002
    clock.forward(3 * 24 * 3600)
    await projection.tidy()
    rows = await contents(model)
    assert (rows["history"], rows["counts"], rows["timings"]) == ([], [], [])
    assert len(rows["orders"]) == 2
    clock.forward(3 * 24 * 3600)
    await projection.tidy()
    assert [row[1] for row in (await contents(model))["orders"]] == ["A2K8290LQ1"]  # the stuck one stays
    log.note(Noted(kind="x", text="it still writes"), "1")
    await projection.catch_up()
    assert [line.text for line in (await model.overview()).recent] == ["it still writes"]


async def test_articles_that_nothing_sells_go_and_their_answers_go_sooner(
    model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    fill(log)
    log.note(StockShown(article_number="1001"), "1001")
    log.answer("mplus", "getStock", b"<a/>", "1002")
    await projection.catch_up()
    clock.forward(1.5 * 24 * 3600)
    await projection.tidy()
    rows = await contents(model)
    assert {row[4] for row in rows["answers"]} == {"A2K8290LP8", "A2K8290LQ1"}
    clock.forward(31 * 24 * 3600)
    await projection.tidy()
    assert [row[1] for row in (await contents(model))["articles"]] == ["1002"]


async def test_the_most_rows_of_a_kind(model: ReadModel, log: MemoryLog, clock: HandClock) -> None:
    keep = Keep(articles_rows=1, orders_rows=1, skipped_reasons=2)
    projection = Projection(model.database, log, clock=clock, sleep=at_once, keep=keep)
    fill(log)
    headers = fact_headers("demo", "")
    for number in range(5):
        clock.forward(1)
        log.add(Draft(ACTIVITY.name, b"d/1", b'{"is":"new-%d"}' % number, headers))
    await projection.catch_up()
    await projection.tidy()
    rows = await contents(model)
    assert [len(rows[name]) for name in ("articles", "orders", "skipped")] == [1, 1, 2]
