"""Garbage is looked for seldom, and still looked for."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import msgspec
import pytest

from streams import collection
from streams.flow import Context, Decision, Row
from streams.vocabulary.fact import Fact, Value


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_the_young_are_looked_through_seldom() -> None:
    collection.seldom()
    gc.collect()
    rounds = gc.get_stats()[0]["collections"]
    kept = [[n] for n in range(20_000)]
    assert gc.get_stats()[0]["collections"] == rounds, f"for {len(kept)} objects"


def test_what_points_at_itself_is_freed_in_the_end() -> None:
    collection.seldom()
    ring = Ring()
    gone = weakref.ref(ring)
    del ring
    kept = [[n] for n in range(collection.THRESHOLDS[0] + 1_000)]
    assert gone() is None, f"after {len(kept)} objects"


@pytest.mark.parametrize("kind", [Fact, Value, Row, Decision, Context])
def test_facts_and_rows_are_left_alone(kind: type[msgspec.Struct]) -> None:
    kinds = [kind]
    while kinds:
        one = kinds.pop()
        assert not one.__struct_config__.gc, one.__name__
        kinds.extend(one.__subclasses__())
