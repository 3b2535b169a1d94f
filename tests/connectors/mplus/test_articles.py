"""Units, groups and parts of an article; the rest of it is in test_wire.py."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus import articles
from connectors.mplus.articles import MOST_GROUPS, MOST_PARTS, Product
from streams.vocabulary.events import ArticleSeen, Part
from tests.connectors.mplus.till import START, envelope, tree


def products(content: str) -> list[Product]:
    body = envelope(tree("GetProductsResponse", tree("productList", tree("product", content))))
    return articles.get_products(0).read(body, START, START).found


def seen(*fields: str, groups: str = "", number: int = 7) -> ArticleSeen:
    article = tree("article", tree("articleNumber", number), *fields)
    [found] = products(tree("articleList", article) + groups)
    assert not found.left_out
    [one] = found.articles
    return one


def component(number: object, quantity: object = 1, places: object = "") -> str:
    return tree(
        "componentArticle",
        tree("articleNumber", number) if number != "" else "",
        tree("quantity", quantity) if quantity != "" else "",
        tree("decimalPlaces", places) if places != "" else "",
    )


def parts(*components: str) -> list[tuple[int, Decimal]]:
    one = seen(tree("componentArticleList", *components))
    return [(part.article_number, part.quantity) for part in one.parts]


@pytest.mark.parametrize(
    ("fields", "unit"),
    [
        ((), ""),
        ((tree("siUnit", "kg"), tree("unit", "doos")), "kg"),
        ((tree("siUnit", " "), tree("unit", " meter ")), "meter"),
        ((tree("unit", "x" * 50),), "x" * articles.LONGEST_UNIT),
    ],
)
def test_what_one_of_it_is(fields: tuple[str, ...], unit: str) -> None:
    assert seen(*fields).unit == unit


def test_the_groups_of_a_product_are_those_of_its_articles() -> None:
    groups = "".join(tree("groupNumbers", one) for one in (30, 10, 30, "x", ""))
    assert seen(groups=groups).groups == (10, 30)
    assert seen().groups == ()
    assert len(seen(groups="".join(tree("groupNumbers", one) for one in range(80))).groups) == MOST_GROUPS


def test_the_parts_of_a_composed_article() -> None:
    found = parts(
        component(1002, 1, 0), component(1001, 25, 1), component(1001, 2), component(1003, ""),
        component("", 4), component(0, 4), component(1004, 0), component(1005, -1), component(7, 1),
    )  # fmt: skip
    assert found == [(1001, Decimal("4.5")), (1002, 1), (1003, 1)]
    assert seen(tree("componentArticleList")).parts == seen().parts == ()
    assert len(parts(*(component(1000 + one) for one in range(300)))) == MOST_PARTS


def test_a_component_of_a_part_is_no_part_of_the_article() -> None:
    """A component lists what is linked to it, with numbers and quantities of its own (the contract's LinkedArticle)."""
    linked = tree("linkedArticleList", tree("linkedArticle", tree("articleNumber", 9), tree("quantity", 5)))
    inner = component(1001, 2).replace("</ns:componentArticle>", f"{linked}</ns:componentArticle>")
    assert parts(inner) == [(1001, 2)]


@pytest.mark.parametrize("bad", [component("a"), component(1001, "b"), component(1001, 1, 99)])
def test_an_article_whose_parts_cannot_be_read_is_left_out(bad: str) -> None:
    article = tree("article", tree("articleNumber", 7), tree("componentArticleList", bad))
    other = tree("article", tree("articleNumber", 8))
    [found] = products(tree("articleList", article, other))
    assert [one.article_number for one in found.articles] == [8]
    assert (found.left_out, found.why[:16]) == (1, "componentArticle")


@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(-5, 5), st.integers(0, 2)), max_size=12))
def test_whatever_is_listed_parts_are_added_up_and_never_nothing(rows: list[tuple[int, int, int]]) -> None:
    found = seen(tree("componentArticleList", *(component(*row) for row in rows))).parts
    wanted: dict[int, Decimal] = {}
    for number, quantity, places in rows:
        if number > 0 and quantity > 0:
            wanted[number] = wanted.get(number, Decimal(0)) + Decimal(quantity).scaleb(-places)
    assert found == tuple(Part(article_number=one, quantity=wanted[one]) for one in sorted(wanted))
