"""Article groups, in exact bytes."""

from __future__ import annotations

from connectors.mplus.groups import DEEPEST, article_groups
from connectors.mplus.lookups import Numbered
from tests.connectors.mplus.till import SCHEMA, START, envelope, operation_of, tree


def group(number: int, name: str, *within: str, gone: bool = False) -> str:
    return tree(
        "articleGroups", tree("groupNumber", number), tree("name", name), tree("text", ""),
        tree("subGroupList", *within), tree("sortOrder", 1), tree("isDeleted", str(gone).lower()),
    )  # fmt: skip


def read(*rows: str) -> list[Numbered]:
    body = envelope(tree("GetArticleGroupsResponse", tree("articleGroupList", *rows)))
    return article_groups().read(body, START, START)


def test_groups_are_asked_for_without_their_articles() -> None:
    asked = article_groups()
    assert (
        b"<ns1:getArticleGroups><ns1:request><ns1:retrieveArticleNumbers>false</ns1:retrieveArticleNumbers>"
        b"</ns1:request></ns1:getArticleGroups>"
    ) in asked.body
    SCHEMA.assertValid(operation_of(asked.body))


def test_groups_within_groups_are_groups() -> None:
    found = read(group(1, "Kaas", group(11, "Hard"), group(12, "Zacht", gone=True)), group(2, "Brood"))
    assert found == [
        Numbered(1, "Kaas"),
        Numbered(11, "Hard"),
        Numbered(12, "Zacht", usable=False),
        Numbered(2, "Brood"),
    ]
    assert read() == []


def test_a_list_without_end_ends() -> None:
    nested = group(100, "x")
    for number in range(99, 0, -1):
        nested = group(number, "x", nested)
    assert [one.number for one in read(nested)] == list(range(1, DEEPEST + 1))
