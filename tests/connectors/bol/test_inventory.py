"""What lies at Bol, from the wire and added up by EAN."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import inventory, wire
from connectors.bol.inventory import Lying
from streams.vocabulary.events import InventorySeen
from tests.connectors.bol import contract
from tests.connectors.bol.market import START

EAN = "8712345678906"


def listed(*lines: dict[str, Any]) -> list[Lying]:
    return inventory.listed(orjson.dumps({"inventory": list(lines)}), START)


def line(ean: str = EAN, bsku: str = "b1", regular: int = 1, graded: int = 0, after: float = 0) -> Lying:
    return Lying(ean, bsku, regular, graded, "", START + timedelta(seconds=after))


def test_the_inventory_of_the_contract() -> None:
    body = contract.example("bol-retailer-v10", "InventoryResponse")
    contract.check("bol-retailer-v10", "InventoryResponse", body)
    assert listed(*body["inventory"]) == [
        Lying("0000007740404", "2950002126612", 10, 10, "Product Title", START)
    ]


def test_an_ean_is_in_its_normal_form_and_a_line_without_one_still_fills_its_page() -> None:
    lines = listed({"ean": "012345678905"}, {"ean": "0" + EAN}, {"ean": None}, {"ean": "none"})
    assert [one.ean for one in lines] == ["0012345678905", EAN, "", ""]
    assert [one.ean for one in inventory.added_up(lines)] == ["0012345678905", EAN]


def test_less_than_nothing_lies_nowhere_and_a_title_is_bounded() -> None:
    [one] = listed(
        {"ean": EAN, "regularStock": -3, "gradedStock": -1, "title": "a\n" * 500, "bsku": "b" * 500}
    )
    assert (one.regular, one.graded, len(one.bsku)) == (0, 0, inventory.LONGEST_BSKU)
    assert one.title.isprintable()
    assert len(one.title) <= inventory.LONGEST_TITLE


def test_several_bskus_of_an_ean_are_added_up() -> None:
    lines = [line(regular=2, graded=1), line(bsku="b2", regular=3, after=9), line("12345678", regular=0)]
    assert inventory.added_up(lines) == [
        InventorySeen(ean=EAN, regular=5, graded=1, read_at=START),
        InventorySeen(ean="12345678", regular=0, read_at=START),
    ]


def test_a_line_that_moved_to_another_page_counts_once_and_as_it_was_read_last() -> None:
    [one] = inventory.added_up([line(regular=2), line(regular=4, after=3)])
    assert (one.regular, one.read_at) == (4, START + timedelta(seconds=3))


@given(
    st.lists(st.tuples(st.sampled_from("123"), st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 9)))
)
def test_every_bsku_is_in_its_ean_once(lines: list[tuple[str, str, int, int]]) -> None:
    found = inventory.added_up(line(ean, bsku, regular, graded) for ean, bsku, regular, graded in lines)
    last = {(ean, bsku): (regular, graded) for ean, bsku, regular, graded in lines}
    assert sorted(one.ean for one in found) == sorted({ean for ean, *_ in lines})
    for one in found:
        mine = [units for (ean, _), units in last.items() if ean == one.ean]
        assert (one.regular, one.graded) == (sum(r for r, _ in mine), sum(g for _, g in mine))


@pytest.mark.parametrize(
    "body",
    [
        {"inventory": {}},
        {"inventory": [{"ean": 8712345678906}]},
        {"inventory": [{"ean": EAN, "regularStock": "3"}]},
        {"inventory": [{"ean": EAN, "gradedStock": 10**12}]},
        [],
    ],
)
def test_what_is_no_inventory(body: Any) -> None:
    with pytest.raises(wire.Unreadable):
        inventory.listed(orjson.dumps(body), START)


def test_cut_at_every_byte() -> None:
    body = orjson.dumps(contract.example("bol-retailer-v10", "InventoryResponse"))
    for length in range(len(body)):
        with pytest.raises(wire.Unreadable):
            inventory.listed(body[:length], START)
