"""Articles in Mplus and items at Bol."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.orders.allotment import allotted, articles_of
from streams.orders.state import Line

LINES = st.lists(
    st.builds(
        lambda article, units, wanted: (article, units, wanted),
        st.integers(1, 3),
        st.integers(1, 4),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=5,
).map(
    lambda rows: tuple(
        Line(item_id=f"i{n}", ean="", reference="", wanted=wanted, article_number=article, units=units)
        for n, (article, units, wanted) in enumerate(rows)
    )
)
ARTICLES = st.dictionaries(st.integers(1, 3), st.integers(0, 30))


@given(LINES, ARTICLES)
def test_never_more_than_there_is_and_never_more_than_wanted(
    lines: tuple[Line, ...], there: dict[int, int]
) -> None:
    most = {line.item_id: line.wanted for line in lines}
    units = allotted(lines, there, most)
    assert all(0 <= units[name] <= most[name] for name in most)
    assert all(count <= there.get(article, 0) for article, count in articles_of(lines, units).items())


@given(LINES)
def test_everything_that_is_wanted_is_found_again_in_its_own_articles(lines: tuple[Line, ...]) -> None:
    wanted = {line.item_id: line.wanted for line in lines}
    assert allotted(lines, articles_of(lines, wanted), wanted) == wanted


def test_two_items_of_one_article_share_it_in_their_order() -> None:
    lines = tuple(Line(item_id=name, ean="", reference="", wanted=2, article_number=1) for name in ("a", "b"))
    assert allotted(lines, {1: 3}, {"a": 2, "b": 2}) == {"a": 2, "b": 1}
