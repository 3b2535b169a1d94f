"""Articles and relations by number, in exact bytes."""

from __future__ import annotations

from typing import TypeVar

import pytest

from connectors.mplus import presence
from connectors.mplus.lookups import Numbered
from connectors.mplus.operation import Operation
from connectors.mplus.reply import Unreadable
from tests.connectors.mplus.till import START, envelope, sample, tree

T = TypeVar("T")


def read(operation: Operation[T], body: bytes) -> T:
    return operation.read(body, START, START)


def test_articles_are_asked_for_once_each_in_the_schemas_order() -> None:
    assert (
        b"<ns1:getProducts><ns1:request><ns1:articleNumbers>3</ns1:articleNumbers>"
        b"<ns1:articleNumbers>9001</ns1:articleNumbers><ns1:pluNumbers/><ns1:onlyWebshop>false</ns1:onlyWebshop>"
        b"<ns1:onlyActive>false</ns1:onlyActive></ns1:request></ns1:getProducts>"
    ) in presence.articles([9001, 3, 9001]).body


def test_no_article_is_not_every_article() -> None:
    with pytest.raises(ValueError, match="by their numbers"):
        presence.articles([])


def test_articles_that_nobody_asked_for_are_passed_over() -> None:
    assert [one.number for one in read(presence.articles([1001]), sample("resp_getProducts"))] == [1001]
    assert read(presence.articles([5]), sample("resp_getProducts")) == []
    assert read(presence.articles([1001]), sample("resp_getProducts_empty")) == []


def test_a_relation_by_its_number() -> None:
    assert b"<ns1:getRelation><ns1:relationNumber>14</ns1:relationNumber></ns1:getRelation>" in (
        presence.relation(14).body
    )

    def answer(result: str, *content: str) -> bytes:
        return envelope(
            tree("GetRelationResponse", tree("result", f"GET-RELATION-RESULT-{result}"), *content)
        )

    found = tree(
        "relation", tree("relationNumber", 14), tree("active", "false"), tree("name", "Jan"),
        tree("companyName", "Bol.com"),
    )  # fmt: skip
    assert read(presence.relation(14), answer("OK", found)) == Numbered(14, "Bol.com", False)
    assert read(presence.relation(15), answer("OK", found)) is None
    assert read(presence.relation(14), answer("NOT-FOUND")) is None
    with pytest.raises(Unreadable):
        read(presence.relation(14), answer("BROKEN"))
