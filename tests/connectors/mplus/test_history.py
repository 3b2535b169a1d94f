"""Rows of the stock history into our words, and pages of them into events."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.mplus import history
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.reply import Rows
from streams.vocabulary.effects import Execution, SweepStockHistory
from streams.vocabulary.events import Message, StockMoved, Swept
from tests.connectors.mplus.till import START, Till, envelope, sample, tree


def row(
    marker: object, article: object = 1001, *more: str, branch: int | None = 1, kind: str = "SALES"
) -> str:
    return tree(
        "articleStockHistory",
        tree("stockId", marker),
        tree("branchNumber", branch) if branch is not None else "",
        tree("articleNumber", article),
        tree("amountChanged", -2),
        tree("type", f"STOCK-HISTORY-TYPE-{kind}" if kind else ""),
        *more,
    )


def reply(*rows: str) -> bytes:
    return envelope(tree("GetStockHistoryResponse", *rows))


def read(body: bytes, *branches: int) -> Rows[history.Movement]:
    return history.get_history(0, branches or (1,)).read(body, START, START)


def moved(*more: str, kind: str = "SALES") -> StockMoved:
    [found] = read(reply(row(5, 1001, *more, kind=kind))).found
    return found.moved


def numbered(name: str, **parts: int) -> str:
    return tree(name, *(tree(part, value) for part, value in parts.items()))


def test_the_sample_of_the_history() -> None:
    [found] = read(sample("resp_getStockHistoryV2")).found
    assert found == history.Movement(
        1001,
        StockMoved(
            marker=9850, branch=1, changed=Decimal(-2), kind="sale",
            moved_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
            reference="order 001a3cd4-3892-405b-9689-134b36656063",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("SALES", "sale"), ("DELIVERY", "delivery"), ("CORRECTION", "correction"), ("MANUAL", "manual"),
        ("API", "api"), ("INTERNAL-SHIPMENT", "transfer"), ("INTERNAL-DELIVERY", "transfer"),
        ("UNKNOWN", "unknown"), ("OF-A-NEWER-VERSION", "unknown"), ("", "unknown"),
    ],
)  # fmt: skip
def test_every_type_of_the_contract_and_those_to_come(word: str, kind: str) -> None:
    assert moved(kind=word).kind == kind


RECEIPT = numbered("receiptNumber", branchNumber=1, workplaceNumber=2, year=2026, number=31)


@pytest.mark.parametrize(
    ("more", "reference"),
    [
        ((), ""),
        (
            (
                tree("receiptId", "r"),
                numbered("receiptNumber", branchNumber=1, workplaceNumber=2, year=2026, number=31),
            ),
            "receipt 1-2-2026-31",
        ),
        ((numbered("invoiceNumber", year=2026, number=8),), "invoice 2026-8"),
        ((numbered("correctionNumber", year=2026, number=3),), "correction 2026-3"),
        ((numbered("deliveryNumber", year=2026, number=7),), "delivery 2026-7"),
        ((numbered("internalShipmentNumber", year=2026, number=7),), "internal shipment 2026-7"),
        ((numbered("internalDeliveryNumber", year=2026, number=7, part=2),), "internal delivery 2026-7-2"),
        ((tree("orderId", "o1"), numbered("deliveryNumber", year=0, number=0)), "order o1"),
        ((tree("packingSlipId", "p" * 99),), ("packing slip " + "p" * 99)[: history.LONGEST_REFERENCE]),
        ((tree("receiptId", "r1"),), "receipt r1"),
    ],
)
def test_what_a_person_can_look_it_up_by(more: tuple[str, ...], reference: str) -> None:
    assert moved(*more).reference == reference


def test_a_row_without_a_moment_moved_when_it_was_told() -> None:
    assert moved().moved_at == START


def test_a_part_of_a_piece() -> None:
    assert moved(tree("decimalPlaces", 3)).changed == Decimal("-0.002")


def test_a_row_without_its_branch_is_of_the_only_one_that_was_asked_for() -> None:
    body = reply(row(5, branch=None))
    assert [one.moved.branch for one in read(body, 3).found] == [3]
    assert read(body, 1, 2).why == ("articleStockHistory has no branchNumber",)


def test_no_branch_would_be_all_of_them() -> None:
    with pytest.raises(ValueError, match="all of them"):
        history.get_history(0, ())


# -- a page


@pytest.fixture
def till() -> Till:
    return Till()


async def swept(till: Till, marker: int = 5, branches: tuple[int, ...] = (1,)) -> Execution:
    client = till.client()
    executor = MplusExecutor({"shop": client}.__getitem__, till.time.clock)
    return await executor.execute("shop", SweepStockHistory(marker=marker, branches=branches), False)


def told(messages: tuple[Message, ...]) -> list[tuple[str, int]]:
    found = []
    for message in messages:
        assert message.flow == "stock"
        assert isinstance(message.event, StockMoved)
        found.append((message.entity, message.event.marker))
    return found


async def test_a_page_of_movements_goes_to_the_articles_in_the_order_in_which_they_happened(
    till: Till,
) -> None:
    till.will("getStockHistoryV2", reply(row(8, 1002), row(5, 1001), row(7, 1001)))
    done = await swept(till)
    assert done.outcome == Swept(cursor="8", more=False, found=2)
    assert told(done.messages) == [("1001", 5), ("1001", 7), ("1002", 8)]
    assert [one.operation for one in done.raw] == ["getStockHistoryV2"]
    assert (till.sent().findtext(".//{*}sinceStockId"), till.sent().findtext(".//{*}branchNumbers")) == (
        "5",
        "1",
    )


@pytest.mark.parametrize("rows", [(), (row(5),), (row(5), row(5, 1002))])
async def test_a_page_that_brings_nothing_above_the_marker_is_the_last_one(
    till: Till, rows: tuple[str, ...]
) -> None:
    till.will("getStockHistoryV2", reply(*rows))
    done = await swept(till)
    assert done.outcome == Swept(cursor="5", more=False, found=0)
    assert len(done.messages) == len(rows)


async def test_after_a_page_of_many_the_next_one_is_read_at_once(till: Till) -> None:
    """Regression: after any page with something new, so that the history was read without a pause while tills sold."""
    till.will(
        "getStockHistoryV2",
        reply(*(row(marker) for marker in range(6, 6 + history.MANY))),
        reply(*(row(marker) for marker in range(6, 5 + history.MANY))),
    )
    assert (await swept(till)).outcome == Swept(cursor=str(5 + history.MANY), more=True, found=history.MANY)
    assert (await swept(till)).outcome == Swept(
        cursor=str(4 + history.MANY), more=False, found=history.MANY - 1
    )


async def test_a_feed_that_ignores_the_marker_tells_nothing_old(till: Till) -> None:
    till.will("getStockHistoryV2", reply(row(3), row(4)))
    done = await swept(till)
    assert (done.outcome, done.messages) == (Swept(cursor="5"), ())


async def test_rows_of_other_branches_and_of_no_article_only_move_the_marker(till: Till) -> None:
    till.will("getStockHistoryV2", reply(row(6, branch=9), row(7, 0)))
    done = await swept(till)
    assert (done.outcome, done.messages) == (Swept(cursor="7", more=False, found=2), ())


async def test_a_row_that_cannot_be_read_takes_no_other_with_it(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    till.will("getStockHistoryV2", reply(row("x"), row(6)))
    assert told((await swept(till)).messages) == [("1001", 6)]
    assert "1 rows of the stock history could not be read" in caplog.text


async def test_without_a_branch_nothing_is_asked(till: Till) -> None:
    done = await swept(till, branches=())
    assert (done.outcome, till.requests) == (Swept(cursor="5"), [])
