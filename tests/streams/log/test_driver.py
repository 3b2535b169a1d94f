"""The book of runs: one on its way per partition, and only what was applied counts."""

from __future__ import annotations

import random

import pytest

from streams.log.base import Run, TopicPartition
from streams.log.driver import RunBook

AT = TopicPartition("events", 0)
OTHER = TopicPartition("events", 1)


def run(begin: int, end: int, at: TopicPartition = AT) -> Run:
    return Run(at, begin, end, ())


def test_the_next_run_waits_for_the_one_on_its_way() -> None:
    book = RunBook()
    assert book.next(AT) is None
    book.begin(AT, 5)
    book.begin(OTHER, 0)
    assert book.next(AT) == 5
    book.handed(run(5, 9))
    assert book.next(AT) is None
    assert book.next(OTHER) == 0
    book.applied(AT, 9)
    book.finished(AT)
    assert book.next(AT) == 9
    assert dict(book.positions) == {AT: 9, OTHER: 0}


def test_a_rewind_is_taken_up_when_the_run_on_its_way_is_done() -> None:
    book = RunBook()
    book.begin(AT, 0)
    book.handed(run(0, 9))
    book.rewind(AT, 4)
    assert book.next(AT) is None
    book.finished(AT)
    assert book.next(AT) == 4


def test_what_is_dropped_is_read_again_from_what_was_applied() -> None:
    book = RunBook()
    book.begin(AT, 0)
    book.handed(run(0, 9))
    book.applied(AT, 9)
    book.finished(AT)
    book.handed(run(9, 20))
    book.dropped()
    assert book.next(AT) == 9
    book.dropped()
    assert book.next(AT) == 9


def test_a_partition_that_was_taken_away_is_not_brought_back() -> None:
    book = RunBook()
    book.begin(AT, 0)
    book.handed(run(0, 9))
    book.end(AT)
    book.applied(AT, 9)
    book.rewind(AT, 3)
    book.finished(AT)
    assert book.next(AT) is None
    assert dict(book.positions) == {}
    book.begin(AT, 2)
    assert book.next(AT) == 2


def test_after_a_halt_nothing_is_next() -> None:
    book = RunBook()
    book.begin(AT, 0)
    book.halt()
    assert book.next(AT) is None


def test_the_consumer_is_woken_when_something_may_be_read() -> None:
    book = RunBook()
    woken: list[str] = []
    book.wake = lambda: woken.append("woken")
    book.begin(AT, 0)
    book.handed(run(0, 1))
    book.finished(AT)
    book.rewind(AT, 0)
    book.dropped()
    assert len(woken) == 4


@pytest.mark.parametrize("seed", range(20))
def test_runs_that_get_lost_leave_no_gap(seed: int) -> None:
    """Handed runs vanish at random, as Faust makes them; in the end everything was applied in order."""
    dice = random.Random(seed)
    book = RunBook()
    book.begin(AT, 0)
    end, applied = 200, 0
    while applied < end:
        position = book.next(AT)
        if position is None:
            book.dropped()
            continue
        one = run(position, min(end, position + dice.randint(1, 20)))
        book.handed(one)
        if dice.random() < 0.3:
            continue  # lost
        assert one.begin <= applied, "a gap"
        applied = max(applied, one.end)
        book.applied(AT, applied)
        book.finished(AT)
    assert book.positions[AT] == end
