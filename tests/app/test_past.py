"""An article as it stood at some time, from the activity topic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import past as module
from app.past import AROUND, LINES, Past, stock_at
from streams.codec import activity_draft, fact_headers, flow_header, key_of
from streams.log.base import Draft
from streams.log.embedded import EmbeddedLog
from streams.topics import TOPICS
from streams.vocabulary.activity import Activity, MovementShown, Noted, OfferShown, PushShown, StockShown
from streams.vocabulary.time import milliseconds, system_clock
from tests.app.readmodel.fakes import NOON, HandClock, MemoryLog

KEY = key_of("demo", "1001")


def snapshot(desired: int, article: str = "1001") -> StockShown:
    return StockShown(article_number=article, desired=desired, sentence=f"{desired} free = {desired}")


def draft(
    fact: Activity, at: datetime, entity: str = "1001", flow: str = "stock", connection: str = "demo"
) -> Draft:
    headers = (*fact_headers(connection, "t-1"), flow_header(flow))
    return activity_draft(fact, key_of(connection, entity), headers, milliseconds(at))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
    opened = await EmbeddedLog.open(
        tmp_path / "log.db", TOPICS, partitions=2, clock=system_clock, sleep=asyncio.sleep
    )
    yield opened
    await opened.close()


async def desired(log: EmbeddedLog, moment: datetime) -> int | None:
    found = await stock_at(log, KEY, moment)
    return None if found.shown is None else found.shown.desired


async def test_between_snapshots_the_one_before_counts(log: EmbeddedLog) -> None:
    await log.append(
        [
            one
            for minute in range(0, 50, 10)
            for one in (
                draft(snapshot(minute), at(minute)),
                draft(snapshot(500 + minute, "1002"), at(minute), "1002"),
                draft(snapshot(900 + minute), at(minute), connection="other"),
            )
        ]
    )
    assert await desired(log, at(0) - timedelta(milliseconds=1)) is None
    assert await desired(log, at(0)) == 0
    assert await desired(log, at(9.99)) == 0
    assert await desired(log, at(25)) == 20
    assert await desired(log, at(40)) == 40
    assert await desired(log, at(100_000)) == 40
    found = await stock_at(log, KEY, at(25))
    assert (found.at, found.kept_since, found.back_to) == (at(20), None, None)


async def test_before_the_first_it_is_told_since_when_anything_is_kept(log: EmbeddedLog) -> None:
    assert await stock_at(log, KEY, at(0)) == Past(None, None)
    await log.append([draft(snapshot(5), at(3)), draft(snapshot(6), at(30))])
    assert await stock_at(log, KEY, at(2)) == Past(None, None, kept_since=at(3))


async def test_what_happened_before_it_is_told_with_it(log: EmbeddedLog) -> None:
    def sale(minute: float, number: int = 1, **more: str) -> Draft:
        return draft(Noted(kind="till-sale", text=f"{number} sold at the till."), at(minute), **more)

    await log.append(
        [
            sale(-11),
            draft(snapshot(9), at(-11)),
            sale(-9, 2),
            sale(-8, 3, flow="returns"),  # a return with the article's number
            sale(-7, 4, entity="1002"),
            sale(0, 5),
            sale(1, 6),
        ]
    )
    found = await stock_at(log, KEY, at(0))
    assert found.shown is not None
    assert [(line.text[0], line.at) for line in found.lines] == [("2", at(-9)), ("5", at(0))]


async def test_of_many_lines_the_last_are_told(log: EmbeddedLog) -> None:
    lines = [Noted(kind="reading", text=f"line {number}") for number in range(LINES + 5)]
    await log.append([draft(line, at(0)) for line in lines])
    found = await stock_at(log, KEY, at(0))
    assert [line.text for line in found.lines] == [line.text for line in lines[5:]]


async def test_it_is_found_far_back_among_others_with_progress(
    log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST", 10)
    monkeypatch.setattr(module, "LARGEST", 80)
    monkeypatch.setattr(module, "LATE", 5)
    others = [draft(Noted(kind="push", text="x"), at(10 + n), "1001", flow="returns") for n in range(300)]
    await log.append([draft(snapshot(4), at(0)), *others])
    told: list[tuple[int, int]] = []
    found = await stock_at(log, KEY, at(310), lambda done, of: told.append((done, of)))
    assert (found.shown, found.at) == (snapshot(4), at(0))
    assert [done for done, _ in told] == [10, 30, 70, 150, 230, 301]
    assert {of for _, of in told} == {301}


async def test_it_is_given_up_after_so_many_records(log: EmbeddedLog) -> None:
    others = [draft(Noted(kind="push", text="x"), at(n), "1001", flow="returns") for n in range(300)]
    await log.append([draft(snapshot(4), at(-1)), *others])
    found = await stock_at(log, KEY, at(299), most=100)
    assert (found.shown, found.kept_since, found.back_to) == (None, None, at(200))


async def test_what_was_written_late_counts_by_its_own_time(log: EmbeddedLog) -> None:
    """After a stop one partition of an inbox is worked off before another: lines of an hour ago lie behind younger
    ones of other articles."""
    await log.append(
        [
            draft(snapshot(1), at(-90)),
            *(draft(Noted(kind="push", text="x"), at(0), "1001", flow="returns") for _ in range(50)),
            draft(snapshot(2), at(-60)),
            draft(snapshot(3), at(-30)),
        ]
    )
    assert [await desired(log, at(minute)) for minute in (-91, -90, -61, -60, -31, -30, 0)] == [
        None, 1, 1, 2, 2, 3, 3
    ]  # fmt: skip


async def test_what_retention_took_is_gone() -> None:
    clock = HandClock()
    memory = MemoryLog(clock, count=1)
    for minute in range(5):
        memory.add(draft(snapshot(minute), at(minute)))
    (place,) = [one for one in memory.partition if one.topic == "activity"]
    memory.gaps[place] = 3
    assert await stock_at(memory, KEY, at(2)) == Past(None, None, kept_since=at(3))
    found = await stock_at(memory, KEY, at(3))
    assert found.shown == snapshot(3)


async def test_vendors_words_are_told_without_what_is_personal(log: EmbeddedLog) -> None:
    mail = "jan@example.nl"
    shown = StockShown(
        article_number="1001",
        stuck=f"refused: {mail}",
        offers=(OfferShown(offer_id="o1", stuck=f"refused: {mail}", offline=(f"ask {mail}",)),),
        pushes=(PushShown(offer_id="o1", amount=1, at=NOON, outcome=f"refused: token=abc {mail}"),),
        movements=(MovementShown(at=NOON, kind="sale", change="-1", text=f"-1 at branch 1: sold ({mail})"),),
    )
    await log.append([draft(shown, at(0)), draft(Noted(kind="moved", text=f"sold ({mail})"), at(0))])
    found = await stock_at(log, KEY, at(0))
    assert "jan" not in repr(found)
    assert "abc" not in repr(found)
    assert repr(found).count("***@***") == 6


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["1001", "1002"])), max_size=40),
    st.integers(-1, 41),
    st.integers(1, 9),
)
def test_it_is_what_looking_at_everything_finds(
    notes: list[tuple[int, str]], minute: int, first: int
) -> None:
    """Whatever the stretches are."""
    clock = HandClock()
    memory = MemoryLog(clock, count=1)
    for number, (when, entity) in enumerate(sorted(notes)):
        memory.add(draft(snapshot(number, entity), at(when), entity))
        memory.add(draft(Noted(kind="push", text=str(number)), at(when), entity))
    mine = [
        (when, n) for n, (when, entity) in enumerate(sorted(notes)) if entity == "1001" and when <= minute
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FIRST", first)
        found = asyncio.run(stock_at(memory, KEY, at(minute)))
    assert (found.shown.desired if found.shown else None) == (mine[-1][1] if mine else None)
    near = [n for when, n in mine if when >= minute - AROUND // timedelta(minutes=1)]
    assert [line.text for line in found.lines] == [str(n) for n in near]
