"""Offers pushed, swept in two lists, read one by one: which calls are made and what comes of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.bol import offering
from connectors.bol.offering import UNKNOWN, Place, place_of
from streams.vocabulary.effects import BolEffect, Execution, PushOffer, ReadBolOffer, SweepBolOffers
from streams.vocabulary.events import BolOfferRead, Message, OfferPushed, OfferSeen, Swept
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.connectors.bol.market import (
    GET_OFFER,
    LIST_OFFERS,
    OFFER,
    PATCH,
    REASONS,
    START,
    Market,
    Reply,
    empty,
    limited,
    odd,
    problem,
    sold_offer,
    told,
)


async def execute(market: Market, effect: BolEffect) -> Execution:
    return await market.executor().execute("shop", effect, False)


# -- a push


async def test_a_push_of_stock(market: Market) -> None:
    market.will(PATCH, empty())
    done = await execute(market, PushOffer(offer_id=OFFER, amount=7))
    assert done == Execution(
        outcome=OfferPushed(offer_id=OFFER, amount=7), asked_at=START, answered_at=START, began=START
    )
    assert market.sent() == {"stock": {"amount": 7, "managedByRetailer": True}}
    assert market.asked == [PATCH]


async def test_a_push_that_is_refused_keeps_the_answer(market: Market) -> None:
    market.will(PATCH, problem(404, "no such offer"))
    done = await execute(market, PushOffer(offer_id=OFFER, amount=7))
    assert done.outcome == Refused(said="HTTP 404 no such offer", code="404")
    assert [one.status for one in done.raw] == [404]


@pytest.mark.parametrize("on_hold", [True, False])
async def test_a_hold_goes_with_the_stock(market: Market, on_hold: bool) -> None:
    market.will(PATCH, empty())
    done = await execute(market, PushOffer(offer_id=OFFER, amount=0, managed=False, on_hold=on_hold))
    assert done.outcome == OfferPushed(offer_id=OFFER, amount=0, managed=False, on_hold=on_hold)
    assert market.sent() == {
        "stock": {"amount": 0, "managedByRetailer": False},
        "onHoldByRetailer": on_hold,
    }


async def test_a_price_goes_with_the_prices_for_several_pieces(market: Market) -> None:
    """A PATCH replaces all bundle prices: those that the connector does not know of would be gone."""
    prices = [{"quantity": 1, "unitPrice": 9.99}, {"quantity": 3, "unitPrice": 8.5}]
    market.will(GET_OFFER, told(sold_offer(OFFER, pricing={"bundlePrices": prices})))
    market.will(PATCH, empty())
    done = await execute(market, PushOffer(offer_id=OFFER, amount=4, price_cents=1200, on_hold=False))
    assert done.outcome == OfferPushed(offer_id=OFFER, amount=4, price_cents=1200, on_hold=False)
    assert market.asked == [GET_OFFER, PATCH]
    assert market.requests[-1].content == (
        b'{"stock":{"amount":4,"managedByRetailer":true},"pricing":{"bundlePrices":['
        b'{"quantity":1,"unitPrice":12.00},{"quantity":3,"unitPrice":8.50}]},"onHoldByRetailer":false}'
    )
    assert done.raw == ()


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (problem(404, "gone"), Refused),
        (problem(503), AnswerLost),
        (httpx.ConnectError("x"), NotSent),
        (told(sold_offer("another")), AnswerLost),
        (odd(b"{}"), AnswerLost),
    ],
    ids=lambda one: repr(one)[:40],
)
async def test_without_knowing_the_other_prices_nothing_is_sent(
    market: Market, trouble: Reply, outcome: type[Any]
) -> None:
    market.will(GET_OFFER, trouble)
    done = await execute(market, PushOffer(offer_id=OFFER, amount=4, price_cents=1200))
    assert isinstance(done.outcome, outcome)
    assert PATCH not in market.asked


# -- where a round is

CURSORS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)


@given(st.booleans(), CURSORS, CURSORS)
def test_a_place_goes_through_the_log_as_it_is(for_sale: bool, here: str, there: str) -> None:
    place = Place(for_sale, here)
    written = place.after(there)
    if there not in ("", here):
        assert place_of(written) == Place(for_sale, there)
    elif for_sale:
        assert place_of(written) == Place(False, "")
    else:
        assert written == ""


@pytest.mark.parametrize("text", ["", "next", "eyJpZCI6MTA1fQ==", "for-sale", "false:x"])
def test_a_cursor_of_before_there_were_two_lists_begins_the_round_anew(text: str) -> None:
    assert place_of(text) == Place(True, "")


# -- a sweep


def page(*some: dict[str, Any], cursor: str = "") -> httpx.Response:
    return told({"offers": list(some), "page": {"nextCursor": cursor} if cursor else {}})


def seen(offer_id: str = OFFER, amount: int = 7, **more: Any) -> OfferSeen:
    return OfferSeen(
        offer_id=offer_id,
        ean="8712345678906",
        reference="1001",
        amount=amount,
        read_at=START,
        corrected=amount,
        price_cents=999,
        **more,
    )


def why(offer_id: str, *descriptions: str) -> httpx.Response:
    reasons = [{"category": "PRICE", "code": "4000-1", "description": one} for one in descriptions]
    return told({"offerId": offer_id, "countries": [{"countryCode": "NL", "reasons": reasons}]})


async def asked_why(request: httpx.Request) -> httpx.Response:
    """Each offer has a reason of its own."""
    offer_id = request.url.path.split("/")[3]
    return why(offer_id, f"Not {offer_id}")


def offline(done: Execution) -> dict[str, tuple[str, ...]]:
    found = {}
    for message in done.messages:
        assert isinstance(message.event, OfferSeen)
        found[message.event.offer_id] = message.event.offline
    return found


def uncounted(done: Execution) -> Swept:
    """Without what test_tally.py looks at."""
    assert isinstance(done.outcome, Swept)
    return replace(done.outcome, offers=None)


async def test_a_page_of_those_for_sale(market: Market) -> None:
    market.will(LIST_OFFERS, page(sold_offer(OFFER, 7), cursor="next"))
    done = await execute(market, SweepBolOffers())
    assert uncounted(done) == Swept(cursor="for-sale=true:next", more=True, found=1)
    assert done.messages == (Message(flow="catalogue", entity=f"offer/{OFFER}", event=seen(for_sale=True)),)
    assert dict(market.requests[0].url.params) == {"page-size": "100", "for-sale": "true"}


async def test_the_second_list_begins_where_the_first_ends_and_the_round_ends_with_it(
    market: Market,
) -> None:
    market.will(
        LIST_OFFERS,
        page(sold_offer("o1", 7), cursor="c1"),
        page(sold_offer("o2", 7)),
        page(sold_offer("o3", 0), cursor="c3"),
        page(sold_offer("o4", 0)),
    )
    effect, found = SweepBolOffers(), []
    while True:
        done = await execute(market, effect)
        assert isinstance(done.outcome, Swept)
        for message in done.messages:
            assert isinstance(message.event, OfferSeen)
            found.append((message.event.offer_id, message.event.for_sale))
        if not done.outcome.more:
            break
        effect = SweepBolOffers(cursor=done.outcome.cursor)
    assert uncounted(done) == Swept(cursor="", more=False, found=1)
    assert found == [("o1", True), ("o2", True), ("o3", False), ("o4", False)]
    assert [dict(one.url.params) for one in market.requests] == [
        {"page-size": "100", "for-sale": "true"},
        {"page-size": "100", "for-sale": "true", "cursor": "c1"},
        {"page-size": "50", "for-sale": "false"},
        {"page-size": "50", "for-sale": "false", "cursor": "c3"},
    ]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (page(sold_offer(OFFER, 0)), 1),
        (page(), 0),
        (page(cursor="next"), 0),
        (page(sold_offer(OFFER, 0), cursor="this"), 1),
    ],
)
@pytest.mark.parametrize(
    ("place", "then"), [("for-sale=true:this", "for-sale=false:"), ("for-sale=false:this", "")]
)
async def test_the_end_of_a_list(
    market: Market, answer: httpx.Response, found: int, place: str, then: str
) -> None:
    market.will(LIST_OFFERS, answer)
    done = await execute(market, SweepBolOffers(cursor=place))
    assert uncounted(done) == Swept(cursor=then, more=bool(then), found=found)


async def test_offers_are_as_old_as_the_asking(market: Market) -> None:
    async def slowly(request: httpx.Request) -> httpx.Response:
        market.time.go(3)
        return page(sold_offer(OFFER))

    market.will(LIST_OFFERS, slowly)
    market.will(REASONS, told({"offerId": OFFER}))
    done = await execute(market, SweepBolOffers(cursor="for-sale=false:"))
    [message] = done.messages
    assert isinstance(message.event, OfferSeen)
    assert message.event.read_at == START
    assert (done.asked_at, done.answered_at) == (START, START + timedelta(seconds=3))


async def test_a_cursor_that_is_no_longer_taken_begins_the_round_anew_once_an_hour(market: Market) -> None:
    market.will(LIST_OFFERS, problem(400, "invalid cursor"))
    executor = market.executor()
    refused = Refused(said="HTTP 400 invalid cursor", code="400")
    outcomes = []
    for wait, place in ((0, "true"), (10, "false"), (3589, "true"), (1, "false")):
        market.time.go(wait)
        effect = SweepBolOffers(cursor=f"for-sale={place}:old")
        outcomes.append((await executor.execute("shop", effect, False)).outcome)
    assert outcomes == [Swept(cursor="", more=True), refused, refused, Swept(cursor="", more=True)]
    for cursor in ("", "for-sale=false:"):  # no cursor of Bol's is in these
        assert (await executor.execute("shop", SweepBolOffers(cursor=cursor), False)).outcome == refused


# -- why an offer is not for sale

OFF = SweepBolOffers(cursor="for-sale=false:")


async def test_bol_is_asked_why_only_where_nothing_else_says_it(market: Market) -> None:
    market.will(
        LIST_OFFERS,
        page(
            sold_offer("odd", 3),
            sold_offer("held", 3, onHoldByRetailer=True),
            sold_offer("empty", 0),
            sold_offer("ordered", 3, stock={"amount": 3, "correctedStock": 0, "managedByRetailer": True}),
            sold_offer("unsaid", 3, stock={"amount": 3}),
        ),
    )
    market.will(REASONS, asked_why)
    done = await execute(market, OFF)
    assert offline(done) == {
        "odd": ("Not odd (4000-1)",),
        "held": (),
        "empty": (),
        "ordered": (),
        "unsaid": ("Not unsaid (4000-1)",),
    }
    assert market.asked == [LIST_OFFERS, REASONS, REASONS]
    assert [one.operation for one in done.raw] == ["list-offers", *["not-for-sale-reasons"] * 2]


async def test_nobody_is_asked_about_what_is_for_sale(market: Market) -> None:
    market.will(LIST_OFFERS, page(sold_offer(OFFER, 3)))
    await execute(market, SweepBolOffers())
    assert market.asked == [LIST_OFFERS]


@pytest.mark.parametrize(
    "answer", [empty(204), told({"offerId": OFFER}), told({"offerId": OFFER, "countries": []})]
)
async def test_bol_knows_no_reason(market: Market, answer: httpx.Response) -> None:
    market.will(LIST_OFFERS, page(sold_offer(OFFER, 3)))
    # A 204 is hearsay and in no contract (facts/bol.md).
    market.will(REASONS, odd(answer.content, answer.status_code))
    done = await execute(market, OFF)
    assert offline(done) == {OFFER: ()}


@pytest.mark.parametrize(
    "trouble",
    [problem(403), problem(503), problem(429, retry_after="70"), httpx.ReadTimeout("x")],
    ids=lambda one: repr(one)[:40],
)
async def test_a_question_that_fails_fails_no_page_and_no_more_are_asked(
    market: Market, trouble: Reply
) -> None:
    market.will(LIST_OFFERS, page(sold_offer("o1", 3), sold_offer("o2", 3), sold_offer("o3", 0), cursor="c"))
    market.will(REASONS, trouble)
    done = await execute(market, OFF)
    assert uncounted(done) == Swept(cursor="for-sale=false:c", more=True, found=3)
    assert offline(done) == {"o1": (UNKNOWN,), "o2": (UNKNOWN,), "o3": ()}
    assert market.asked.count(REASONS) == 1


@pytest.mark.parametrize(
    "trouble", [problem(404), odd(b"{"), why("another", "x")], ids=("gone", "rubbish", "another")
)
async def test_an_offer_whose_reason_cannot_be_had_costs_the_others_nothing(
    market: Market, trouble: Reply
) -> None:
    market.will(LIST_OFFERS, page(sold_offer("o1", 3), sold_offer("o2", 3)))
    market.will(REASONS, trouble, asked_why)
    done = await execute(market, OFF)
    assert offline(done) == {"o1": (UNKNOWN,), "o2": ("Not o2 (4000-1)",)}


async def test_no_more_are_asked_about_than_a_page_may_have(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offering, "MOST_ASKED", 2)
    market.will(LIST_OFFERS, page(*(sold_offer(f"o{number}", 3) for number in range(4))))
    market.will(REASONS, asked_why)
    done = await execute(market, OFF)
    assert market.requests[0].url.params["page-size"] == "2"
    assert offline(done) == {
        "o0": ("Not o0 (4000-1)",),
        "o1": ("Not o1 (4000-1)",),
        "o2": (UNKNOWN,),
        "o3": (UNKNOWN,),
    }


async def test_a_used_up_limit_is_waited_for(market: Market) -> None:
    market.will(LIST_OFFERS, page(sold_offer(OFFER, 3), sold_offer("o2", 3)))
    market.will(REASONS, told({"offerId": OFFER}, **limited(50, 0, 1)), asked_why)
    done = await execute(market, OFF)
    assert offline(done) == {OFFER: (), "o2": ("Not o2 (4000-1)",)}
    assert market.time.slept == [1.0]


# -- one offer


def countries(*shown: bool) -> list[dict[str, Any]]:
    return [{"countryCode": code, "forSale": one} for code, one in zip(("NL", "BE"), shown, strict=False)]


async def test_an_offer_that_is_shown_somewhere_is_read_with_one_call(market: Market) -> None:
    market.will(GET_OFFER, told(sold_offer(OFFER, 7, countryAvailabilities=countries(False, True))))
    done = await execute(market, ReadBolOffer(offer_id=OFFER))
    assert done.outcome == BolOfferRead(offer=seen())
    assert (market.asked, done.messages) == ([GET_OFFER], ())


async def test_an_offer_that_is_shown_nowhere_is_read_with_the_reasons(market: Market) -> None:
    market.will(GET_OFFER, told(sold_offer(OFFER, 7, countryAvailabilities=countries(False, False))))
    market.will(REASONS, why(OFFER, "Price too high"))
    done = await execute(market, ReadBolOffer(offer_id=OFFER))
    assert done.outcome == BolOfferRead(offer=seen(offline=("Price too high (4000-1)",)))


@pytest.mark.parametrize("more", [{"onHoldByRetailer": True}, {"stock": {"amount": 0, "correctedStock": 0}}])
async def test_an_offer_whose_reason_is_the_shops_own_is_not_asked_about(
    market: Market, more: dict[str, Any]
) -> None:
    market.will(GET_OFFER, told(sold_offer(OFFER, 7, **more)))
    done = await execute(market, ReadBolOffer(offer_id=OFFER))
    assert isinstance(done.outcome, BolOfferRead)
    assert done.outcome.offer is not None
    assert (done.outcome.offer.offline, market.asked) == ((), [GET_OFFER])


async def test_an_offer_that_bol_does_not_know(market: Market) -> None:
    market.will(GET_OFFER, problem(404))
    done = await execute(market, ReadBolOffer(offer_id=OFFER))
    assert done.outcome == BolOfferRead(offer=None)


async def test_another_offer_than_was_asked_for(market: Market) -> None:
    market.will(GET_OFFER, told(sold_offer("o2", 7)))
    done = await execute(market, ReadBolOffer(offer_id=OFFER))
    assert done.outcome == AnswerLost(why=f"asked for offer {OFFER}, Bol answered with o2")
