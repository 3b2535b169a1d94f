"""Orders of every kind: exactly what is sent, valid against both vendors' contracts, and how it ends."""

from __future__ import annotations

import pytest

from tests.streams.orders.table.cases import CASES, Case
from tests.streams.orders.table.run import SENT, file_of, run, told


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
async def test_what_is_sent_for(case: Case) -> None:
    """The shop's own transports hold every request against the schema (tests/streams/orders/shop.py)."""
    shop, order_id = await run(case)
    try:
        order = shop.order(order_id + case.part)
        assert order.step == case.step, order.stuck
        assert case.says in order.stuck + " ".join(shop.notes(order_id))
        assert told(shop) == file_of(case).read_text("utf-8")
    finally:
        await shop.close()


def test_the_table_is_whole() -> None:
    assert len(CASES) >= 60
    names = [file_of(case).name for case in CASES]
    assert len(set(names)) == len(names)
    assert {one.name for one in SENT.iterdir()} == set(names)
