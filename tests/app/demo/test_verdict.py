"""The verdict must be able to fail: every kind of wrong book is found."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.demo.verdict import Cause, Verdict, oversold, verdict

BEGAN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EAN = "8712345678906"


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


@pytest.fixture
def books() -> tuple[dict[str, Any], dict[str, Any]]:
    """Ten pieces; one sold at the till at 1 s, two by Bol at 2 s; pushed 40 ms and 60 ms later."""
    bol = {
        "offers": [{"offerId": "o1", "ean": EAN, "amount": 7}],
        "orders": [
            {
                "orderId": "b1",
                "placed": at(2),
                "items": [{"offerId": "o1", "ean": EAN, "quantity": 2, "totalCents": 3989}],
            }
        ],
        "changes": [
            {"at": at(1.04), "offerId": "o1", "cause": "patch", "amount": 9},
            {"at": at(2.06), "offerId": "o1", "cause": "patch", "amount": 7},
        ],
    }
    lines = [
        {"article": 1001, "quantity": 1, "price_cents": 1994},
        {"article": 1001, "quantity": 1, "price_cents": 1995},
    ]
    mplus = {
        "articles": [{"ean": EAN, "article": 1001}],
        "stock": [{"article": 1001, "free": 7}],
        "changes": [{"at": at(1), "article": 1001, "before": 10, "after": 9, "cause": "till-sale"}],
        "orders": [{"ext_order_id": "BOL-b1", "lines": lines}],
    }
    return bol, mplus


def judge(bol: dict[str, Any], mplus: dict[str, Any]) -> Verdict:
    return verdict(bol, mplus, {1001: 10}, BEGAN, 0.5, "BOL-", 999)


def test_right_books_are_right_and_timed(books: tuple[dict[str, Any], dict[str, Any]]) -> None:
    found = judge(*books)
    assert found.right
    assert (found.till_sales, found.bol_orders, found.pushes) == (1, 1, 2)
    assert found.sale_freshness.p50 == pytest.approx(40)
    assert found.order_freshness.p50 == pytest.approx(60)
    assert found.fast is False or found.order_freshness.p50 > 50


def _missing(bol: Any, mplus: Any) -> None:
    mplus["orders"] = []


def _twice(bol: Any, mplus: Any) -> None:
    mplus["orders"].append(copy.deepcopy(mplus["orders"][0]))


def _wrong_quantity(bol: Any, mplus: Any) -> None:
    mplus["orders"][0]["lines"].pop()


def _wrong_price(bol: Any, mplus: Any) -> None:
    mplus["orders"][0]["lines"][0]["price_cents"] = 1995


def _wrong_stock(bol: Any, mplus: Any) -> None:
    bol["offers"][0]["amount"] = 8


def _invented(bol: Any, mplus: Any) -> None:
    mplus["orders"].append({"ext_order_id": "BOL-b2", "lines": []})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_missing, "is 0 times in Mplus"),
        (_twice, "is 2 times in Mplus"),
        (_wrong_quantity, "wants"),
        (_wrong_price, "costs"),
        (_wrong_stock, "Bol has 8, the books say 7"),
        (_invented, "not at Bol"),
    ],
)
def test_wrong_books_are_found(books: tuple[dict[str, Any], dict[str, Any]], spoil: Any, words: str) -> None:
    spoil(*books)
    found = judge(*books)
    assert not found.right
    assert words in found.differences[0]


def test_a_push_that_comes_too_early_does_not_count_as_fresh(
    books: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    bol, mplus = books
    bol["changes"] = [{"at": at(1.01), "offerId": "o1", "cause": "patch", "amount": 10}]
    assert judge(bol, mplus).sale_freshness.unchanged == 1


def cause(seconds: float, quantity: int, kind: str) -> Cause:
    return Cause(BEGAN + timedelta(seconds=seconds), 1001, quantity, kind)


@pytest.mark.parametrize(
    ("causes", "knowable", "unknowable"),
    [
        ([cause(1, 1, "till-sale"), cause(1.1, 1, "bol-order")], 0, 1),
        ([cause(1, 1, "till-sale"), cause(9, 1, "bol-order")], 1, 0),
        ([cause(1, 1, "bol-order")], 0, 0),
        ([cause(1, 3, "bol-order")], 2, 0),
        ([cause(1, 1, "bol-order"), cause(1.2, 2, "bol-order")], 1, 1),
    ],
)
def test_oversold_units_are_split_by_what_could_be_known(
    causes: list[Cause], knowable: int, unknowable: int
) -> None:
    assert oversold(causes, {1001: 1}, 0.5) == (knowable, unknowable)
