"""What has no other side: offers without an article, articles without an offer, stock at Bol without either."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import OFFERS, ArticleRow, CodeRow, OfferRow
from streams.vocabulary.activity import UnmatchedShown
from streams.vocabulary.events import BolCounted, InventorySeen, Message, OfferLinked
from tests.streams.catalogue.rows import START, Catalogue

EAN, OTHER = "8712345678906", "5901234123457"
LATER = timedelta(hours=2)


def known(*messages: Message, rules: CatalogueRules | None = None) -> Catalogue:
    catalogue = Catalogue(rules=rules) if rules else Catalogue()
    for message in messages:
        catalogue.send(message)
    catalogue.settle()
    return catalogue


def judged(catalogue: Catalogue) -> Catalogue:
    """So much later that an article without an offer is known to be one."""
    catalogue.ring(START + LATER)
    return catalogue


# -- offers


def test_an_offer_without_an_article_is_listed_with_its_codes_and_why_until_it_has_one() -> None:
    catalogue = known(Catalogue().offer("o1", EAN, reference="A-1"))
    shown = catalogue.unmatched["bol", "o1"]
    assert shown.codes == (f"EAN {EAN}", "reference A-1")
    assert shown.why == (
        f"No article in Mplus carries EAN {EAN} or reference A-1. Add the barcode to the article in Mplus."
    )
    catalogue.send(catalogue.offer("o1", EAN, reference="A-1"))
    catalogue.settle()
    assert catalogue.told_unmatched == 1, "a round tells nothing that is told"
    catalogue.send(catalogue.article(7, EAN))
    catalogue.settle()
    assert ("bol", "o1") not in catalogue.unmatched


def test_an_ean_on_two_articles_is_named_with_both_and_the_reason_changes_with_them() -> None:
    catalogue = known(Catalogue().article(7, EAN), Catalogue().article(8, EAN), Catalogue().offer("o1", EAN))
    assert "more than one article in Mplus (7, 8)" in catalogue.unmatched["bol", "o1"].why
    catalogue.send(catalogue.article(9, EAN))
    catalogue.settle()
    assert "(7, 8, 9)" in catalogue.unmatched["bol", "o1"].why
    for number in (8, 9):
        catalogue.send(catalogue.article(number, marker=2))
    catalogue.settle()
    assert catalogue.sells("o1") == 7
    assert ("bol", "o1") not in catalogue.unmatched


@pytest.mark.parametrize(
    ("match", "reference", "why"),
    [
        (
            ("sku",),
            "A-1",
            "No article in Mplus carries reference A-1. Give the offer the article's number or PLU",
        ),
        (("sku",), "", "does not have a reference to be matched by"),
        (("ean",), "A-1", f"No article in Mplus carries EAN {EAN}. Add the barcode"),
    ],
)
def test_the_reason_names_what_the_settings_match_by(
    match: tuple[str, ...], reference: str, why: str
) -> None:
    rules = CatalogueRules(match=match)  # type: ignore[arg-type]  # ean, sku
    catalogue = known(Catalogue().offer("o1", EAN, reference=reference), rules=rules)
    assert why in catalogue.unmatched["bol", "o1"].why


def test_an_offer_that_a_row_of_an_earlier_version_missed_is_listed_at_its_next_reading() -> None:
    catalogue = known(Catalogue().offer("o1", EAN))
    row = catalogue.rows["offer/o1"]
    assert isinstance(row, OfferRow)
    catalogue.rows["offer/o1"] = replace(row, why="")
    catalogue.unmatched.clear()
    catalogue.send(catalogue.offer("o1", EAN))
    catalogue.settle()
    assert ("bol", "o1") in catalogue.unmatched


# -- articles


def test_an_article_is_listed_when_the_first_round_has_had_its_time() -> None:
    catalogue = known(Catalogue().article(7, EAN))
    assert catalogue.unmatched == {}
    wait = catalogue.wakes["article/7"] - START
    judged(catalogue)
    assert timedelta(seconds=900) <= wait <= timedelta(seconds=1800)
    shown = catalogue.unmatched["mplus", "7"]
    assert (shown.title, shown.codes) == ("Mug 7", (f"EAN {EAN}", "SKU 7"))
    assert shown.why.startswith("No offer at Bol is found by these EANs or SKUs.")
    assert "article/7" not in catalogue.wakes, "it is looked at once"


def test_one_that_an_offer_sells_never_gets_on_the_list_and_rounds_tell_its_row_nothing() -> None:
    catalogue = known(Catalogue().article(7, EAN), Catalogue().offer("o1", EAN))
    row = catalogue.rows["article/7"]
    assert isinstance(row, ArticleRow)
    assert row.offers == ("o1",)
    judged(catalogue)
    assert catalogue.told_unmatched == 0
    catalogue.send(catalogue.offer("o1", EAN))
    delivered: list[str] = []
    while catalogue.waiting:
        message = catalogue.waiting.pop(0)
        delivered.append(message.entity)
        catalogue.deliver(message)
    assert delivered == ["offer/o1"]


def test_an_offer_that_moves_to_another_article_leaves_the_first_without_one() -> None:
    catalogue = judged(
        known(
            Catalogue().article(7, OTHER), Catalogue().article(8), Catalogue().offer("o1", EAN, reference="7")
        )
    )
    assert set(catalogue.unmatched) == {("mplus", "8")}
    catalogue.send(catalogue.article(8, EAN, marker=2))
    catalogue.settle()
    assert set(catalogue.unmatched) == {("mplus", "7")}


def test_no_barcode_is_a_reason_of_its_own() -> None:
    catalogue = judged(known(Catalogue().article(7)))
    assert catalogue.unmatched["mplus", "7"].why.startswith("It has no barcode in Mplus, and no offer")
    catalogue = judged(known(Catalogue().article(7), rules=CatalogueRules(match=("ean",))))
    assert catalogue.unmatched["mplus", "7"].why.startswith("It has no barcode in Mplus. Give it")
    catalogue.send(catalogue.article(7, EAN, marker=2))
    catalogue.settle()
    assert "found by these EANs." in catalogue.unmatched["mplus", "7"].why, "the reason is the present one"


@pytest.mark.parametrize("other", [{"active": False}, {"stock_kept": False}])
def test_only_what_is_switched_on_and_keeps_stock_is_listed(other: dict[str, bool]) -> None:
    catalogue = judged(known(Catalogue().article(7, EAN, **other)))  # type: ignore[arg-type]  # its fields
    assert catalogue.unmatched == {}
    catalogue.send(catalogue.article(7, EAN, marker=2))
    catalogue.settle()
    assert ("mplus", "7") in catalogue.unmatched
    catalogue.send(catalogue.article(7, EAN, marker=3, **other))  # type: ignore[arg-type]  # its fields
    catalogue.settle()
    assert catalogue.unmatched == {}


def test_a_link_that_an_earlier_version_made_is_told_at_the_next_reading() -> None:
    catalogue = known(Catalogue().article(7, EAN), Catalogue().offer("o1", EAN))
    offer, article = catalogue.rows["offer/o1"], catalogue.rows["article/7"]
    assert isinstance(offer, OfferRow)
    assert isinstance(article, ArticleRow)
    catalogue.rows["offer/o1"] = replace(offer, told=None)
    catalogue.rows["article/7"] = replace(article, offers=())
    catalogue.send(catalogue.offer("o1", EAN))
    catalogue.settle()
    assert catalogue.rows["article/7"] == article


def test_the_offers_that_a_row_remembers_are_bounded() -> None:
    catalogue = known(Catalogue().article(7, EAN))
    for number in range(OFFERS + 3):
        event = OfferLinked(offer_id=f"o{number:03}")
        catalogue.send(Message(flow="catalogue", entity="article/7", event=event))
    catalogue.settle()
    row = catalogue.rows["article/7"]
    assert isinstance(row, ArticleRow)
    assert len(row.offers) == OFFERS


# -- what lies at Bol


def lies(catalogue: Catalogue, regular: int, ean: str = EAN) -> None:
    catalogue.inventory(ean, regular)


def counted(catalogue: Catalogue, article: str) -> list[tuple[int, int, str]]:
    return [
        (event.amount, event.units, event.ean)
        for event in catalogue.to(article)
        if isinstance(event, BolCounted)
    ]


def test_what_lies_at_bol_is_told_to_its_article_at_every_reading() -> None:
    catalogue = known(Catalogue().article(7, EAN, units=6))
    lies(catalogue, 5)
    lies(catalogue, 5)
    assert counted(catalogue, "7") == [(5, 6, EAN), (5, 6, EAN)]
    assert catalogue.unmatched == {}


def test_without_an_article_it_is_listed_until_one_carries_it_which_then_hears_of_it() -> None:
    catalogue = known()
    lies(catalogue, 5)
    shown = catalogue.unmatched["bol", EAN]
    assert (shown.title, shown.codes) == ("Mug", (f"EAN {EAN}",))
    assert shown.why.startswith("5 pieces of it lie in Bol's own warehouse (FBB)")
    catalogue.send(catalogue.article(7, EAN))
    catalogue.settle()
    assert catalogue.unmatched == {}
    assert counted(catalogue, "7") == [(5, 1, EAN)]


def test_an_ean_that_moves_to_another_article_takes_what_lies_there_along() -> None:
    catalogue = known(Catalogue().article(7, EAN), Catalogue().article(8))
    lies(catalogue, 5)
    catalogue.send(catalogue.article(7, marker=2))
    catalogue.send(catalogue.article(8, EAN, marker=2))
    catalogue.settle()
    assert counted(catalogue, "7") == [(5, 1, EAN), (0, 1, EAN)]
    assert counted(catalogue, "8") == [(5, 1, EAN)]
    catalogue.send(catalogue.article(9, EAN))
    catalogue.settle()
    assert counted(catalogue, "8")[-1] == (0, 1, EAN), "on two articles it is nobody's"
    assert "more than one article in Mplus (8, 9)" in catalogue.unmatched["bol", EAN].why


def test_nothing_of_it_left_is_no_matter() -> None:
    catalogue = known()
    lies(catalogue, 5)
    lies(catalogue, 0)
    assert catalogue.unmatched == {}


def test_an_older_reading_of_it_changes_nothing() -> None:
    catalogue = known(Catalogue().article(7, EAN))
    lies(catalogue, 5)
    event = InventorySeen(ean=EAN, regular=9, read_at=START)
    catalogue.send(Message(flow="catalogue", entity=f"code/ean/{EAN}", event=event))
    catalogue.settle()
    row = catalogue.rows[f"code/ean/{EAN}"]
    assert isinstance(row, CodeRow)
    assert row.lying is not None
    assert row.lying.regular == 5


# -- all together


@given(
    seed=st.integers(0, 10**6),
    articles=st.lists(
        st.tuples(
            st.integers(1, 4), st.sets(st.sampled_from("abc"), max_size=2), st.booleans(), st.booleans()
        ),
        max_size=8,
    ),
    offers=st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc")), max_size=8),
    inventory=st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3),
    doubles=st.integers(1, 2),
)
@settings(max_examples=150, deadline=None)
def test_the_list_has_what_has_no_other_side_and_nothing_else(
    seed: int,
    articles: list[tuple[int, set[str], bool, bool]],
    offers: list[tuple[int, str]],
    inventory: dict[str, int],
    doubles: int,
) -> None:
    eans = {letter: f"87123456{place:05d}" for place, letter in enumerate("abc")}
    catalogue = Catalogue(random.Random(seed))
    for marker, (number, letters, active, stock_kept) in enumerate(articles):
        catalogue.send(
            catalogue.article(
                number,
                *(eans[letter] for letter in sorted(letters)),
                marker=marker,
                active=active,
                stock_kept=stock_kept,
            ),
            doubles,
        )
    for number, letter in offers:
        catalogue.send(catalogue.offer(f"o{number}", eans[letter]), doubles)
    catalogue.settle()
    for letter, regular in inventory.items():
        lies(catalogue, regular, eans[letter])
    judged(catalogue)
    last = {number: (letters, active, kept) for number, letters, active, kept in articles}
    sold_by: dict[str, int | None] = {}
    for letter in "abc":
        carry = sorted(number for number, (letters, _, _) in last.items() if letter in letters)
        on = [number for number in carry if last[number][1]]
        sold_by[letter] = on[0] if len(on) == 1 else None if on or not carry else carry[0]
    linked = {f"o{number}": sold_by[letter] for number, letter in offers}
    assert {name: catalogue.sells(name) for name in linked} == linked
    sold = set(linked.values())
    expected = {("bol", name) for name, article in linked.items() if article is None}
    expected |= {
        ("mplus", str(number))
        for number, (_, active, kept) in last.items()
        if active and kept and number not in sold
    }
    expected |= {
        ("bol", eans[letter]) for letter, regular in inventory.items() if regular and sold_by[letter] is None
    }
    assert set(catalogue.unmatched) == expected
    assert all(isinstance(one, UnmatchedShown) and one.why for one in catalogue.unmatched.values())
