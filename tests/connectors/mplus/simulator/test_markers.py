from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.simulator.markers import MarkerFeed


@given(st.lists(st.integers(0, 20), max_size=200), st.integers(0, 220))
def test_a_feed_gives_each_key_once_where_it_changed_last(touched: list[int], start: int) -> None:
    feed: MarkerFeed[int] = MarkerFeed()
    last = {key: feed.touch(key) for key in touched}
    wanted = sorted((marker, key) for key, marker in last.items() if marker >= start)
    assert list(feed.since(start)) == [key for _, key in wanted]
    assert feed.current == len(touched)


def test_many_changes_of_few_keys_do_not_pile_up() -> None:
    feed: MarkerFeed[int] = MarkerFeed()
    for count in range(50_000):
        feed.touch(count % 10)
    assert len(feed._keys) < 2000
    assert list(feed.since(49_996)) == [5, 6, 7, 8, 9]
    assert feed.of(9) == 50_000


def test_a_marker_for_nobody_counts() -> None:
    feed: MarkerFeed[int] = MarkerFeed()
    feed.touch(1)
    assert feed.advance() == 2
    assert feed.current == 2
    assert list(feed.since(2)) == []
