"""The last word about a subject, and whether it lies in an inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

import pytest

from app.replay.messages import SLACK, STANDING, Words, subject, unsent
from streams.codec import fact_headers, message_draft
from streams.log.base import Draft
from streams.vocabulary.events import (
    ArticleSeen,
    BolCounted,
    CatalogueEvent,
    CodeAnswered,
    CodeAsked,
    CodeClaimed,
    CodeDropped,
    CodeLeft,
    CustomerAnswered,
    CustomerAsked,
    CustomersEvent,
    GuardsEvent,
    InventorySeen,
    Message,
    NumberTurned,
    OfferDiffered,
    OfferLinked,
    OfferObserved,
    OfferUnlinked,
    OperatorHandled,
    OrderNoticed,
    OrdersEvent,
    PackingSlipSeen,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    ReturnAnswered,
    ReturnAsked,
    ReturnsEvent,
    StockEvent,
    StockRead,
    SweepNudged,
    SweepsEvent,
    TillSold,
)
from streams.vocabulary.mplus_order import Customer, PackingSlip
from streams.vocabulary.stock_reading import Reading
from streams.vocabulary.time import milliseconds
from tests.app.replay.memory import MemoryLog

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = milliseconds(NOW)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def asked(asker: str = "orders:1", entity: str = "code/ean/1") -> Message:
    return Message(flow="catalogue", entity=entity, event=CodeAsked(asker=asker))


def article(marker: int) -> Message:
    event = ArticleSeen(article_number=1, description="x", codes=(), marker=marker)
    return Message(flow="catalogue", entity="article/1", event=event)


def reading(branch: int) -> StockRead:
    some = Decimal(1)
    return StockRead(
        reading=Reading(
            article_number=1, branch=branch, free=some, reserved=some, incoming=some, marker=1, asked_at=NOW,
            answered_at=NOW,
        )
    )  # fmt: skip


def lying(regular: int) -> InventorySeen:
    return InventorySeen(ean="8712345678906", regular=regular, read_at=NOW)


def sold(line: str) -> TillSold:
    return TillSold(session_id="s", line_id=line, quantity=Decimal(1), sold_at=NOW, heard_at=NOW)


def observed(offer: str) -> OfferObserved:
    return OfferObserved(offer_id=offer, ean="1", amount=1, managed_by_retailer=True, read_at=NOW)


def answered(kind: Any, number: int) -> CodeAnswered:
    return CodeAnswered(kind=kind, value="1", article_number=number)


def counted(ean: str, amount: int = 1) -> BolCounted:
    return BolCounted(amount=amount, read_at=NOW, ean=ean)


def customer(asker: str, name: str = "Jan") -> CustomerAsked:
    return CustomerAsked(asker=asker, customer=Customer(name=name, email=""), by=())


def credit(rma: str) -> ReturnAsked:
    return ReturnAsked(return_id="r", rma_id=rma, ean="1", quantity=1)


def handled(rma: str) -> OperatorHandled:
    return OperatorHandled(who="x", rma_id=rma, result="RETURN_RECEIVED", quantity=1)


def written_on(slip: str, code: str) -> PackingSlipSeen:
    return PackingSlipSeen(order_id="m1", slip=PackingSlip(slip_id=slip, reference=code), seen_at=NOW)


ITEM: dict[str, Any] = {"order_id": "1", "item_id": "i"}
CARRIED = CodeClaimed(article_number=1, description="x")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (CARRIED, CodeDropped(article_number=1), True),
        (CARRIED, CodeDropped(article_number=2), False),
        (observed("a"), OfferUnlinked(offer_id="a"), True),
        (observed("a"), observed("b"), False),
        (ReservationMade(quantity=1, made_at=NOW, **ITEM), ReservationBooked(quantity=1, booked_at=NOW, **ITEM), True),
        (ReservationMade(quantity=1, made_at=NOW, **ITEM), ReservationReleased(**ITEM), True),
        (ReservationReleased(**ITEM), ReservationReleased(order_id="1", item_id="j"), False),
        (CodeAsked(asker="orders:1"), CodeAsked(asker="orders:2"), False),
        (answered("ean", 1), answered("ean", 2), True),
        (answered("ean", 1), answered("sku", 1), False),
        (lying(3), lying(4), True),
        (counted("1"), counted("1", 9), True),
        (counted("1"), counted("2"), False),
        (CodeAsked(asker="orders:1"), CodeLeft(asker="orders:1"), True),
        (OfferLinked(offer_id="a"), OfferLinked(offer_id="a", linked=False), True),
        (OfferLinked(offer_id="a"), OfferLinked(offer_id="b"), False),
        (reading(1), reading(2), False),
        (sold("1"), sold("2"), False),
        (OrderNoticed(via="push", noticed_at=NOW), OrderNoticed(via="sweep", noticed_at=NOW), True),
        (customer("b1"), customer("b1", "Joke"), True),
        (customer("b1"), customer("b2"), False),
        (CustomerAnswered(relation_number=None, why="?"), CustomerAnswered(relation_number=7), True),
        (credit("1"), credit("2"), False),
        (credit("1"), credit("1"), True),
        (ReturnAnswered(order_id="1", rma_id="1"), ReturnAnswered(order_id="1", rma_id="2"), False),
        (handled("1"), handled("2"), False),
        (written_on("s1", "3S1"), written_on("s1", ""), True),
        (written_on("s1", ""), written_on("s2", ""), False),
    ],
)  # fmt: skip
def test_what_is_about_the_same_makes_old_news(one: Any, other: Any, same: bool) -> None:
    first, second = (Message(flow="stock", entity="1", event=event) for event in (one, other))
    assert (subject(first) == subject(second)) is same


def test_what_is_told_for_the_moment_alone_is_not_sent_late() -> None:
    words = Words()
    found = OfferDiffered(offer_id="o1", read_at=NOW)
    words.say("stock", Message(flow="sweeps", entity="", event=found), "shop", 1)
    turned = NumberTurned(offer_id="o1", was=5, now=0, cause="offer")
    words.say("stock", Message(flow="guards", entity="", event=turned), "shop", 1)
    words.say("stock", Message(flow="sweeps", entity="", event=SweepNudged(sweep="bol-orders")), "shop", 1)
    assert len(words) == 1


def test_every_event_has_a_subject() -> None:
    kinds = {
        kind
        for union in (
            CatalogueEvent,
            StockEvent,
            CustomersEvent,
            OrdersEvent,
            ReturnsEvent,
            GuardsEvent,
            SweepsEvent,
        )
        for kind in get_args(union)
    }
    assert len(kinds) == 45, "a new one is to be thought about in app/replay/messages.py"


def test_the_last_word_of_a_source_counts() -> None:
    words = Words()
    words.say("sweep", article(1), "shop", 1)
    words.say("sweep", article(2), "shop", 2)
    words.say("another", article(1), "shop", 3)
    words.say("sweep", article(2), "other", 4)
    assert [(word.key, word.moment) for word in words] == [
        (b"shop/article/1", 2),
        (b"shop/article/1", 3),
        (b"other/article/1", 4),
    ]
    more = Words()
    more.say("sweep", article(3), "shop", 5)
    words.add(more)
    assert [word.moment for word in words] == [5, 3, 4]


async def left(log: MemoryLog, *messages: tuple[Message, int]) -> tuple[list[bytes], int]:
    words = Words()
    for message, moment in messages:
        words.say(message.entity, message, "shop", moment)
    found = await unsent(log, words, lambda _: None)
    return [word.key for word in found.words], found.unsure


async def test_what_lies_in_the_inbox_since_then_was_sent() -> None:
    clock = Clock()
    log = MemoryLog(clock)
    assert await left(log, (asked(), AT)) == ([b"shop/code/ean/1"], 0)
    await log.append([message_draft(asked(), "shop", fact_headers("shop", "t"))])
    assert await left(log, (asked(), AT)) == ([], 0)
    assert await left(log, (asked(), AT - 3_600_000)) == ([], 0), "its flow was behind"
    assert await left(log, (asked(), AT + SLACK)) == ([], 0), "clocks differ"
    assert await left(log, (asked(), AT + SLACK + 1)) == ([b"shop/code/ean/1"], 0), "that was an earlier one"
    assert await left(log, (asked("orders:2"), AT)) == ([b"shop/code/ean/1"], 0)
    assert await left(log, (asked(entity="code/ean/2"), AT)) == ([b"shop/code/ean/2"], 0)


def noticed(changed: str, second: int, via: Literal["sweep", "push"] = "sweep") -> Message:
    moment = datetime(2026, 11, 26, 12, 0, second, tzinfo=UTC)
    return Message(flow="orders", entity="A", event=OrderNoticed(via=via, noticed_at=moment, changed=changed))


async def test_an_order_of_a_list_was_sent_when_it_was_told_as_it_stands_a_while_ago() -> None:
    """Bol's lists overlap by minutes, and an order that stands as it did is not told each time."""
    log = MemoryLog(Clock())
    await log.append([message_draft(noticed("1", 1), "shop", fact_headers("shop", "t"))])
    assert await left(log, (noticed("1", 9), AT)) == ([], 0)
    assert await left(log, (noticed("1", 9), AT + SLACK + STANDING)) == ([], 0)
    assert await left(log, (noticed("1", 9), AT + SLACK + STANDING + 1)) == ([b"shop/A"], 0)
    assert await left(log, (noticed("2", 9), AT)) == ([b"shop/A"], 0)
    assert await left(log, (noticed("", 9, "push"), AT)) == ([b"shop/A"], 0), "a push says how nothing stands"


async def test_the_oldest_is_told_first() -> None:
    log = MemoryLog(Clock())
    told = await left(log, (asked(entity="code/ean/2"), AT + 5), (asked(), AT))
    assert told == ([b"shop/code/ean/1", b"shop/code/ean/2"], 0)


async def test_of_a_time_that_is_not_kept_nothing_is_said() -> None:
    clock = Clock()
    log = MemoryLog(clock)
    at = log.place("catalogue.inbox", b"shop/code/ean/1")
    for _ in range(3):
        await log.append([Draft(at.topic, b"shop/code/ean/1", b"{}")])
        clock.now += timedelta(hours=1)
    log.cut(at, 1)
    hour = 3_600_000
    assert await left(log, (asked(), AT)) == ([], 1)
    assert await left(log, (asked(), AT + 2 * hour)) == ([b"shop/code/ean/1"], 0)
    log.cut(at, 3)
    assert await left(log, (asked(), AT + 2 * hour)) == ([], 1), "nothing at all is kept"
