"""What a page of offers shows that no number says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.tally import tally
from streams.vocabulary.events import OfferSeen, OffersTally

READ = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def offer(number: int, **more: Any) -> OfferSeen:
    return OfferSeen(offer_id=f"o{number}", ean="8712345678906", read_at=READ, **more)


def test_offers_that_are_not_shown_and_those_without_operator_are_counted() -> None:
    seen = [
        offer(1, economic_operator="eo-1"),
        offer(2, economic_operator="eo-1", offline=("No content", "Price too high")),
        offer(3, offline=("No content",)),
        offer(4),
    ]
    assert tally(seen) == OffersTally(
        offline=2, reasons={"No content": 2, "Price too high": 1}, without_operator=2
    )


def test_a_page_without_offers_has_nothing_to_count() -> None:
    assert tally(()) == OffersTally()


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc"), max_size=3), st.booleans())))
def test_the_counts_are_of_offers(given: list[tuple[set[str], bool]]) -> None:
    seen = [
        offer(number, offline=tuple(sorted(why)), economic_operator="eo" if has else "")
        for number, (why, has) in enumerate(given)
    ]
    counted = tally(seen)
    assert counted.offline == sum(1 for why, _ in given if why)
    assert counted.without_operator == sum(1 for _, has in given if not has)
    assert counted.reasons == {
        reason: sum(1 for why, _ in given if reason in why)
        for reason in set().union(*(why for why, _ in given))
    }
