"""What the read model answers about offers without an article and articles without an offer."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from app.readmodel import ReadModel
from app.readmodel.projection import Projection
from app.readmodel.pruning import Keep
from app.readmodel.shown import UnmatchedCounts
from streams.vocabulary.activity import UnmatchedShown
from tests.app.readmodel.conftest import at_once
from tests.app.readmodel.fakes import HandClock, MemoryLog

WHY = "No article in Mplus carries EAN 8712345678906."


def shown(side: Literal["bol", "mplus"], name: str, why: str = WHY, **more: Any) -> UnmatchedShown:
    return UnmatchedShown(side=side, name=name, why=why, **more)


def put(log: MemoryLog, *found: UnmatchedShown, connection: str = "demo") -> None:
    for one in found:
        log.note(one, f"offer/{one.name}", connection=connection, flow="catalogue")


def names(page: Any) -> list[str]:
    return [row.shown.name for row in page.rows]


async def test_the_newest_come_first_by_side_connection_and_words(
    model: ReadModel, log: MemoryLog, projection: Projection, clock: HandClock
) -> None:
    put(log, shown("bol", "o1", title="Teapot", codes=("EAN 8712345678906",)))
    clock.forward(60)
    put(log, shown("mplus", "1001", title="Mug, blue", codes=("SKU 1001",)))
    put(log, shown("bol", "o9"), connection="other")
    await projection.catch_up()
    page = await model.unmatched()
    assert names(page) == ["1001", "o9", "o1"]
    assert page.total == 3
    assert page.rows[0].shown == shown("mplus", "1001", title="Mug, blue", codes=("SKU 1001",))
    assert names(await model.unmatched(side="bol")) == ["o9", "o1"]
    assert names(await model.unmatched(side="bol", connection="demo")) == ["o1"]
    assert names(await model.unmatched(search="blue 1001")) == ["1001"]
    assert names(await model.unmatched(search="8712345678906")) == ["o1"]
    assert names(await model.unmatched(search="%")) == []
    assert await model.unmatched_counts() == UnmatchedCounts(bol=2, mplus=1)
    assert await model.unmatched_counts("demo") == UnmatchedCounts(bol=1, mplus=1)
    assert await model.unmatched_counts("nobody") == UnmatchedCounts()


async def test_what_is_matched_is_off_the_list_and_begins_anew_when_it_comes_back(
    model: ReadModel, log: MemoryLog, projection: Projection, clock: HandClock
) -> None:
    began = clock.now
    put(log, shown("bol", "o1"), shown("mplus", "o1"))
    await projection.catch_up()
    clock.forward(60)
    put(log, shown("bol", "o1", why="EAN 8712345678906 is on more than one article."))
    await projection.catch_up()
    [row] = (await model.unmatched(side="bol")).rows
    assert (row.since, row.at) == (began, clock.now)
    assert "more than one" in row.shown.why
    put(log, shown("bol", "o1", why=""))
    await projection.catch_up()
    assert [row.shown.side for row in (await model.unmatched()).rows] == ["mplus"], "the other side's stays"
    clock.forward(60)
    put(log, shown("bol", "o1"))
    await projection.catch_up()
    assert (await model.unmatched(side="bol")).rows[0].since == clock.now


@pytest.mark.parametrize("last", ["", WHY])
async def test_of_several_in_one_go_the_last_counts(
    model: ReadModel, log: MemoryLog, projection: Projection, last: str
) -> None:
    put(log, shown("bol", "o1"), shown("bol", "o1", why=""), shown("bol", "o1"), shown("bol", "o1", why=last))
    await projection.catch_up()
    assert names(await model.unmatched()) == (["o1"] if last else [])


async def test_parts_of_a_long_list(model: ReadModel, log: MemoryLog, projection: Projection) -> None:
    put(log, *(shown("mplus", str(number)) for number in range(120)))
    await projection.catch_up()
    page = await model.unmatched(page=3)
    assert (page.total, page.pages, len(page.rows)) == (120, 3, 20)
    assert len((await model.unmatched(size=500)).rows) == 120
    assert len((await model.unmatched(size=0)).rows) == 1
    every = {name for number in (1, 2, 3) for name in names(await model.unmatched(page=number))}
    assert len(every) == 120


async def test_the_list_is_bounded(
    model: ReadModel, log: MemoryLog, projection: Projection, clock: HandClock
) -> None:
    for number in range(7):
        put(log, shown("bol", f"o{number}"))
        clock.forward(1)
    await projection.catch_up()
    tidying = Projection(model.database, log, clock=clock, sleep=at_once, keep=Keep(unmatched_rows=5))
    await tidying.catch_up()
    await tidying.tidy()
    assert names(await model.unmatched()) == ["o6", "o5", "o4", "o3", "o2"]


async def test_half_a_letter_and_a_nul_stop_nothing(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    put(log, shown("bol", "o1", title="a\x00b"))
    await projection.catch_up()
    assert names(await model.unmatched()) == ["o1"]
