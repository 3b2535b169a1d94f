"""An update sends back all that was read, but for what changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus import orders, revision
from connectors.mplus.orders import Held
from streams.vocabulary.outcomes import Refused
from tests.connectors.mplus.till import SCHEMA, START, envelope, operation_of, sample, tree

D = Decimal


def data(quantity: int, *more: str, places: int = 0) -> str:
    return tree("data", tree("quantity", quantity), tree("decimalPlaces", places), *more)


def line(line_id: str, article: int, content: str, kind: str = "LINE-TYPE-NONE", *more: str) -> str:
    return tree(
        "line",
        tree("lineId", line_id),
        tree("articleNumber", article),
        content,
        tree("lineType", kind),
        *more,
    )


SUMS = tree("price", 1995) + tree("totalInclAmount", 3990) + tree("totalExclAmount", 3298)
PART = "LINE-TYPE-COMPONENT"
WHOLE = tree(
    "order",
    tree("orderId", "o1"), tree("extOrderId", "BOL-1"), tree("relationNumber", 681),
    tree("deliveryAddress", tree("name", "Jan &amp; Zn"), tree("city")), tree("reference", " 3S1 "),
    tree("totalInclAmount", 9), tree("totalExclAmount", 8),
    tree("vatGroupList", tree("vatGroup", tree("vatCode", 2), tree("vatPercentage", 2100))),
    tree("changeCounter", 4), tree("versionNumber", 3), tree("orderCategoryNumber", 1),
    tree("orderCategoryDescription", "Nieuw"), tree("onDeliveryUrl", "https://x.example/1"),
    tree("lineList", line("a", 1, data(2, SUMS)), line("p", 8, data(40, places=1), PART),
         line("b", 2, data(3, SUMS), "LINE-TYPE-NONE",
              tree("preparationList", line("q", 9, data(3), PART), line("r", 7, data(1))))),
    tree("paymentList", tree("payment", tree("paymentId", "p1"), tree("method", "BOL"), tree("amount", 3990))),
)  # fmt: skip


def held(order: str = WHOLE) -> Held:
    body = envelope(tree("GetOrderResponse", tree("result", "GET-ORDER-RESULT-OK"), order))
    found = orders.get("o1").read(body, START, START)
    assert found is not None
    return found


def sent(order: str = WHOLE, **changes: Any) -> Any:
    update = operation_of(revision.update(held(order), **changes).body)
    SCHEMA.assertValid(update)
    return update[0]


def told(order: Any) -> list[tuple[str, str]]:
    """Every element with its text, in order."""
    return [(one.tag.rpartition("}")[2], (one.text or "")) for one in order.iter()]


def quantities(order: Any) -> dict[str, tuple[str, str]]:
    return {
        one.findtext("{*}lineId"): (
            one.findtext("{*}data/{*}quantity"),
            one.findtext("{*}data/{*}decimalPlaces"),
        )
        for one in order.iter("{urn:mplusqapi}line")
    }


def test_another_category_changes_nothing_else() -> None:
    before = told(operation_of(envelope(WHOLE)))
    after = told(sent(category=3))
    category = before.index(("orderCategoryNumber", "1"))
    assert after == [*before[:category], ("orderCategoryNumber", "3"), *before[category + 2 :]]


def test_a_category_where_there_was_none_stands_where_the_schema_has_it() -> None:
    bare = WHOLE.replace(tree("orderCategoryNumber", 1), "").replace(
        tree("orderCategoryDescription", "Nieuw"), ""
    )
    names = [name for name, _ in told(sent(bare, category=3))]
    assert names[names.index("orderCategoryNumber") + 1] == "onDeliveryUrl"


def test_a_smaller_line_takes_its_parts_along_and_the_sums_are_left_to_mplus() -> None:
    order = sent(quantities={"a": D(1), "b": D(2)})
    assert quantities(order) == {
        "a": ("1", "0"), "p": ("2", "0"), "b": ("2", "0"), "q": ("2", "0"), "r": ("1", "0"),
    }  # fmt: skip
    names = [name for name, _ in told(order)]
    assert not {"totalInclAmount", "totalExclAmount", "vatGroupList"} & set(names)
    assert order.findtext("{*}versionNumber") == "3"
    assert order.findtext("{*}changeCounter") == "4"
    assert order.findtext("{*}paymentList/{*}payment/{*}paymentId") == "p1"
    assert order.findtext("{*}reference") == " 3S1 "


def test_a_line_of_which_nothing_is_left_goes_with_its_parts() -> None:
    order = sent(quantities={"a": D(0)})
    assert set(quantities(order)) == {"b", "q", "r"}


def test_what_we_do_not_know_goes_back_too() -> None:
    newer = WHOLE.replace("</ns:order>", tree("brandNew", tree("x", 1)) + "</ns:order>")
    update = operation_of(revision.update(held(newer), category=3).body)
    assert update[0].findtext("{*}brandNew/{*}x") == "1"


def test_an_element_that_says_it_is_nothing_is_left_out() -> None:
    nil = '<ns:fullyPaid xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    assert (
        sent(WHOLE.replace("<ns:orderCategoryNumber>", nil + "<ns:orderCategoryNumber>"), category=3).find(
            "{*}fullyPaid"
        )
        is None
    )  # an empty boolean is a fault (facts/mplus.md 1.2)


def test_the_sample_goes_back_byte_for_byte() -> None:
    body = sample("resp_findOrder_found")
    found = orders.get("001a3cd4-3892-405b-9689-134b36656063").read(body, START, START)
    assert found is not None
    content = body.partition(b"<ns:order>")[2].partition(b"</ns:order>")[0].replace(b"ns:", b"ns1:")
    assert content in revision.update(found).body


@pytest.mark.parametrize(
    ("result", "refused"),
    [("OK", None), ("NO-CHANGES", None), ("ORDER-HAS-CHANGED", revision.CHANGED),
     ("FAILED", "UPDATE-ORDER-RESULT-FAILED"), ("NOT-FOUND", "UPDATE-ORDER-RESULT-NOT-FOUND")],
)  # fmt: skip
def test_how_an_update_ends(result: str, refused: str | None) -> None:
    answer = envelope(
        tree(
            "UpdateOrderResponse",
            tree("result", f"UPDATE-ORDER-RESULT-{result}"),
            tree("errorMessage", "why"),
        )
    )
    assert revision.update(held(), category=3).read(answer, START, START) == (
        Refused(said="why", code=refused) if refused else None
    )


@given(st.integers(1, 50), st.integers(1, 5), st.data())
def test_parts_stay_in_proportion(quantity: int, pieces: int, choice: st.DataObject) -> None:
    wanted = choice.draw(st.integers(1, quantity))
    order = tree(
        "order", tree("orderId", "o1"),
        tree("lineList", line("a", 1, data(quantity)), line("p", 8, data(quantity * pieces), PART)),
    )  # fmt: skip
    assert quantities(sent(order, quantities={"a": D(wanted)})) == {
        "a": (str(wanted), "0"),
        "p": (str(wanted * pieces), "0"),
    }
