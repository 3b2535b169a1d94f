"""What the demo tells people in the end."""

from __future__ import annotations

import io

from rich.console import Console

from app.cli.demo import print_verdict
from app.demo.freshness import Freshness
from app.demo.run import Plan
from app.demo.verdict import TOLD, Verdict

QUICK = Freshness(10, 5.0, 50.0, 60.0, 0)
SLOW = Freshness(10, 500.0, 2500.0, 2600.0, 0)
RIGHT = Verdict(40, 10, 300, 50, (), 0, 0, QUICK, QUICK, QUICK, 3, 2, 1, 8, 5, 9, 4, SLOW)


def told(verdict: Verdict, faults: bool = False) -> str:
    out = io.StringIO()
    print_verdict(verdict, Plan(faults=faults), Console(file=out, width=200))
    return out.getvalue()


def test_the_counts_and_how_fast_it_went() -> None:
    text = told(RIGHT)
    for what, count in (
        ("of these by Bol, mixed, with Bol's label", "3, 2, 1"),
        ("customers in Mplus", "9"),
        ("shipments told to Bol", "8"),
        ("cancellations", "5"),
        ("returns", "4"),
        ("code on a slip later to shipment at Bol", "p50 500 ms, p99 2500 ms, worst 2600 ms (10)"),
        ("Bol order to order in Mplus", "p50 5 ms, p99 50 ms, worst 60 ms (10)"),
    ):
        assert any(what in line and count in line for line in text.splitlines()), what
    assert "freshness within the aim of 50/150 ms, orders in Mplus within that of 1000 ms (p99)" in text


def test_each_aim_is_judged_apart_and_none_in_trouble() -> None:
    text = told(RIGHT._replace(entry=SLOW))
    assert "freshness within" in text
    assert "orders in Mplus outside" in text
    assert "aim" not in told(RIGHT._replace(entry=SLOW), faults=True)


def test_differences_are_told_up_to_a_number() -> None:
    text = told(
        RIGHT._replace(differences=tuple(f"Bol order b{number} is gone" for number in range(TOLD + 3)))
    )
    assert "Bol order b0 is gone" in text
    assert "and 3 more" in text
    assert "The books are wrong." in text
