"""Medians, ratios and the picture."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.kafka.contest import Figure
from tests.bench.kafka.picture import picture
from tests.bench.kafka.plot import COLOURS, Bar, Panel, number, svg
from tests.bench.kafka.report import COMPARISONS, median, ratios, summary
from tests.bench.kafka.tables import BEGIN, END, put_in, tables

SVG = "{http://www.w3.org/2000/svg}"


def figure(contestant: str, job: str, seconds: float, workers: int = 1) -> Figure:
    return Figure(contestant, job, workers, seconds, 1000, 1.5, seconds * 10, 5.0, 0.01, 7, 8)


def test_a_summary_tells_medians_and_both_ends() -> None:
    runs = [figure("quix", "stock", seconds) for seconds in (1.0, 2.0, 4.0)]
    (row,) = summary([*runs])
    assert (row["per_second"], row["slowest"], row["fastest"], row["runs"]) == (500, 250, 1000, 3)
    assert row["worker_micros"] == 20.0


def test_a_summary_keeps_workers_apart() -> None:
    rows = summary([figure("quix", "stock", 1.0), figure("quix", "stock", 1.0, 2)])
    assert [row["workers"] for row in rows] == [1, 2]


def test_ratios_are_of_the_same_round() -> None:
    rounds = [
        {
            ("kassabrug", "stock"): figure("kassabrug", "stock", 1.0),
            ("quix", "stock"): figure("q", "stock", 2.0),
        },
        {
            ("kassabrug", "stock"): figure("kassabrug", "stock", 10.0),
            ("quix", "stock"): figure("q", "stock", 20.0),
        },
        {("kassabrug", "stock"): figure("kassabrug", "stock", 1.0)},  # the other was refused
    ]
    (told,) = ratios(rounds)
    assert (told["ratio"], told["least"], told["most"], told["rounds"]) == (2.0, 2.0, 2.0, 2)
    assert told["processor_ratio"] == 2.0


def test_nothing_is_compared_with_nothing() -> None:
    assert ratios([{}]) == []
    with pytest.raises(ValueError, match="nothing"):
        median([])


def test_every_comparison_is_ours_with_another_s() -> None:
    assert all(one.ours[0] == "kassabrug" != one.theirs[0] for one in COMPARISONS)


@given(st.floats(min_value=1e-3, max_value=1e9))
def test_numbers_keep_what_counts(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.01)


bars = st.lists(
    st.builds(
        lambda label, value, kind, spread: Bar(label, value, kind, (value / spread, value * spread)),
        st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=20),
        st.floats(min_value=0.01, max_value=1e7),
        st.sampled_from(sorted(COLOURS)),
        st.floats(min_value=1.0, max_value=3.0),
    ),
    min_size=1,
    max_size=6,
)


@given(bars, st.booleans())
def test_bars_stay_in_the_picture_and_keep_their_order(drawn: list[Bar], logarithmic: bool) -> None:
    text = svg("a < b & c", "note", [Panel("panel", "ms", drawn, logarithmic)])
    root = ElementTree.fromstring(text)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    _, *shown = root.findall(f"{SVG}rect")
    assert len(shown) == len(drawn)
    lengths = [float(one.get("width", "0")) for one in shown]
    for rect, length in zip(shown, lengths, strict=True):
        assert 0 < float(rect.get("x", "0")) + length <= width
        assert float(rect.get("y", "0")) + float(rect.get("height", "0")) <= height
    for one, length in zip(drawn, lengths, strict=True):
        for other, its in zip(drawn, lengths, strict=True):
            assert one.value <= other.value or length >= its
    assert next(one.text for one in root.findall(f"{SVG}text")) == "a < b & c"


def test_bars_are_in_proportion() -> None:
    text = svg("t", "n", [Panel("p", "ms", [Bar("one", 50.0, "quix"), Bar("two", 100.0, "faust")])])
    _, half, whole = ElementTree.fromstring(text).findall(f"{SVG}rect")
    assert float(half.get("width", "0")) * 2 == pytest.approx(float(whole.get("width", "0")), abs=0.2)


@pytest.mark.parametrize(
    "panel",
    [
        Panel("empty", "ms", []),
        Panel("below", "ms", [Bar("a", -1.0, "quix")]),
        Panel("zero", "ms", [Bar("a", 0.0, "quix")], logarithmic=True),
    ],
)
def test_what_cannot_be_drawn_is_refused(panel: Panel) -> None:
    with pytest.raises(ValueError):
        svg("t", "n", [panel])


def result(**parts: Any) -> dict[str, Any]:
    return {"measured": "2026-11-24T01:02:03+00:00", "machine": {"processors": 2, "kafka": "4.1.0"}, **parts}


def everything() -> dict[str, Any]:
    rows = summary([figure("kassabrug", "stock", 1.0), figure("quix", "ledger", 2.0)])
    rounds = [
        {
            ("kassabrug", "stock"): figure("kassabrug", "stock", 1.0),
            ("quix", "stock"): figure("q", "stock", 2.0),
        }
    ]
    stamp = {"measured": "2026-11-24T01:02:03+00:00", "revision": "abc1234"}
    return result(
        jobs={
            "small": {"workload": "10 movements", "summary": rows, "ratios": ratios(rounds), "refused": []}
            | stamp
        },
        scale={"workload": "10 movements", "summary": rows} | stamp,
        freshness={
            "summary": [
                {
                    "contestant": "quix",
                    "per_second": 10,
                    "p50_ms": 1.0,
                    "p99_ms": 2.0,
                    "worst_ms": 3.0,
                    "events": 4,
                    "runs": 1,
                }
            ]
        }
        | stamp,
        recovery={
            "rows": 100_000,
            "summary": [
                {
                    "contestant": "quix",
                    "state_kept": True,
                    "runs": 3,
                    "seconds": 2.0,
                    "least": 1.0,
                    "most": 3.0,
                    "assigned_seconds": 0.5,
                }
            ],
            "refused": ["quix, stock: refused: 1 dead letter"],
        }
        | stamp,
        ingress={
            "bare_per_second": 100.0,
            "bare_p50_ms": 1.0,
            "bare_p99_ms": 1.0,
            "kafka_per_second": 50.0,
            "kafka_p50_ms": 2.0,
            "kafka_p99_ms": 2.0,
            "ratio": 0.5,
            "others": 0.01,
        }
        | stamp,
    )


def test_the_picture_shows_what_was_measured() -> None:
    told = everything()
    text = picture(told)
    ElementTree.fromstring(text)
    for words in ("10 movements", "100,000 rows", "state on disk kept", "bare Starlette", "quix, 10/s"):
        assert words in text
    assert picture(told) == text


def test_tables_show_every_part_and_what_was_refused() -> None:
    text = tables(everything())
    for words in (
        "### 10 movements",
        "**2.00**",
        "revision abc1234",
        "Refused: quix, stock",
        "Ratio **0.50**",
    ):
        assert words in text
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_figures_are_put_between_their_marks_and_nothing_else_changes() -> None:
    once = put_in(f"above\n{BEGIN}\nold\n{END}\nbelow\n", everything())
    assert once.startswith("above\n")
    assert once.endswith("below\n")
    assert "old" not in once
    assert put_in(once, everything()) == once
    with pytest.raises(ValueError, match="marks"):
        put_in("no marks", everything())


def test_a_picture_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no figures"):
        picture(result())
