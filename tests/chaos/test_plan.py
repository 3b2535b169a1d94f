"""The plan of attacks: the seed's alone, and of what makes sense on that log."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import KINDS, PAUSE, Attack, Log, kills, kinds, plan


@given(st.integers(), st.sampled_from(["embedded", "kafka"]), st.floats(1, 600))
def test_the_same_seed_has_the_same_attacks_and_they_fit_the_time(seed: int, on: Log, seconds: float) -> None:
    attacks = plan(seed, on, seconds)
    assert attacks == plan(seed, on, seconds)
    there = {kind.name: kind for kind in kinds(on)}
    for one in attacks:
        kind = there[one.kind]
        least, most = kind.lasts
        assert least <= one.seconds <= most
        assert PAUSE[0] <= one.pause <= PAUSE[1]
    assert sum(one.pause + one.seconds for one in attacks[:-1]) < seconds


def test_each_kind_comes_as_often_as_it_should_before_any_comes_more_often() -> None:
    for on in ("embedded", "kafka"):
        often = {kind.name: kind.often for kind in kinds(on)}
        first = plan(3, on, 10_000)[: sum(often.values())]
        assert Counter(one.kind for one in first) == often


def test_another_seed_has_other_attacks() -> None:
    assert plan(1, "kafka", 300) != plan(2, "kafka", 300)


def test_only_what_is_chosen_and_makes_sense_there() -> None:
    assert {one.kind for one in plan(1, "kafka", 60, ("kill-broker", "cut-log"))} == {
        "kill-broker",
        "cut-log",
    }
    with pytest.raises(ValueError, match="kill-broker"):
        plan(1, "embedded", 60, ("kill-broker",))


def test_kills_are_counted() -> None:
    kinds_done = ("kill-worker", "cut-log", "stop-worker", "more-workers", "kill-broker")
    assert kills([Attack(1, kind, 0, 0) for kind in kinds_done]) == 4, (
        "kill -9 only; two more workers are two"
    )
    assert all(kind.what for kind in KINDS)
