"""Who gets which partition: whole, even, faithful, and never to two."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.log.base import TopicPartition
from streams.log.kafka.assignment import claims, granted, share, share_among

topics = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 9), min_size=1)
members = st.sets(st.sampled_from(["m1", "m2", "m3", "m4", "m5"]), min_size=1)
Shares = dict[str, frozenset[TopicPartition]]


def all_of(counts: dict[str, int]) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)]


def nothing(names: set[str]) -> Shares:
    return {name: frozenset() for name in names}


def check(parts: list[TopicPartition], shares: Shares) -> None:
    given_out = [at for held in shares.values() for at in held]
    assert sorted(given_out) == sorted(parts), "each to exactly one"
    totals = [len(held) for held in shares.values()]
    assert max(totals) - min(totals) <= 1
    for topic in {at.topic for at in parts}:
        counts = [sum(at.topic == topic for at in held) for held in shares.values()]
        assert max(counts) - min(counts) <= 1


@given(topics, members)
def test_shares_are_whole_and_even(counts: dict[str, int], names: set[str]) -> None:
    check(all_of(counts), share(all_of(counts), nothing(names)))


@given(topics, members)
def test_who_has_its_share_keeps_it(counts: dict[str, int], names: set[str]) -> None:
    first = share(all_of(counts), nothing(names))
    assert share(all_of(counts), first) == first


@given(topics, members, st.data())
def test_shares_are_even_whatever_was_held(
    counts: dict[str, int], names: set[str], data: st.DataObject
) -> None:
    parts = all_of(counts)
    holders = data.draw(
        st.lists(st.sampled_from([*sorted(names), ""]), min_size=len(parts), max_size=len(parts))
    )
    held = {
        name: frozenset(at for at, who in zip(parts, holders, strict=True) if who == name) for name in names
    }
    shares = share(parts, held)
    check(parts, shares)
    assert sum(len(shares[name] & held[name]) for name in names) >= sum(
        min(len([at for at in held[name] if at.topic == topic]), count // len(names))
        for topic, count in counts.items()
        for name in names
    ), "what fits into somebody's share is not moved"


@given(topics, members, st.sampled_from(["m1", "m2", "m3", "m4", "m5"]))
def test_when_somebody_leaves_the_others_keep_what_they_have(
    counts: dict[str, int], names: set[str], leaver: str
) -> None:
    names = names | {leaver, "m0"}
    before = share(all_of(counts), nothing(names))
    after = share(all_of(counts), {name: held for name, held in before.items() if name != leaver})
    for name, held in after.items():
        lost = Counter(at.topic for at in before[name] - held)
        assert all(number <= 1 for number in lost.values()), "one more or less, no more"


@given(topics, members, st.data())
def test_nobody_is_granted_what_another_still_has_and_two_rounds_settle_it(
    counts: dict[str, int], names: set[str], data: st.DataObject
) -> None:
    parts = all_of(counts)
    holders = data.draw(
        st.lists(st.sampled_from([*sorted(names), ""]), min_size=len(parts), max_size=len(parts))
    )
    held = {
        name: frozenset(at for at, who in zip(parts, holders, strict=True) if who == name) for name in names
    }
    first = granted(share(parts, held), held)
    for name in names:
        others = frozenset().union(*(had for other, had in held.items() if other != name))
        assert not first[name] & others
    second = granted(share(parts, first), first)
    check(parts, second)
    for name in names:
        assert first[name] <= second[name] or sum(map(len, first.values())) == len(parts)


def test_of_two_claims_the_younger_generation_is_right() -> None:
    both, own = TopicPartition("a", 0), TopicPartition("a", 1)
    told = {"sleeper": (3, frozenset({both, own})), "owner": (5, frozenset({both}))}
    assert claims(told) == {"owner": frozenset({both}), "sleeper": frozenset({own})}


def test_nobody_is_given_nothing() -> None:
    assert share(all_of({"a": 3}), {}) == {}


def test_a_topic_is_given_only_to_members_that_know_it() -> None:
    """A worker of an older release was given what a newer one had added, and ended."""
    old, new = TopicPartition("old", 0), TopicPartition("new", 0)
    more = TopicPartition("old", 1)
    wanted = {"a": frozenset({old, more}), "b": frozenset({old, more, new})}
    held = {"a": frozenset({old, more}), "b": frozenset[TopicPartition]()}
    given = share_among(wanted, held)
    assert given["b"] >= {new}
    assert given["a"] | given["b"] == {old, more, new}
    assert not given["a"] & given["b"]
    assert len(given["a"]) == 1


@given(topics, members)
def test_where_all_want_the_same_it_is_shared_as_ever(counts: dict[str, int], names: set[str]) -> None:
    wanted = dict.fromkeys(names, frozenset(all_of(counts)))
    assert share_among(wanted, nothing(names)) == share(all_of(counts), nothing(names))
