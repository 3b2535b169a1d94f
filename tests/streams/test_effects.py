"""Running effects: lanes, latest wins, and an outcome that is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.codec import asking_of, key_of, mark_of, raw_answer
from streams.effects import (
    ACTS_AT_ONCE,
    COUNTS_AT_ONCE,
    LONGEST_RAW,
    LOOKS_AT_ONCE,
    MPLUS_AT_ONCE,
    PUSHES_FIRST,
    SWEEPS_AT_ONCE,
    EffectRunner,
)
from streams.flow import OpenEffect
from streams.log.base import Record, TopicPartition
from streams.topics import BOL_RAW
from streams.vocabulary.effects import (
    Asking,
    Effect,
    Execution,
    FetchBolOrder,
    FindRelation,
    PushOffer,
    RawAnswer,
    ReadBolInventory,
    ReadBolOffer,
    ReadMplusOrder,
    ReadStock,
    SetMplusStock,
    Stumbled,
    SweepBolInventory,
    SweepBolOffers,
    SweepBolOrders,
    SweepStockHistory,
)
from streams.vocabulary.events import (
    BolOrderFetched,
    Message,
    OfferPushed,
    OrderNoticed,
    Settled,
    StockEvent,
)
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost
from streams.vocabulary.permission import insist
from tests.streams.fakes import GatedExecutor, HandClock, ListWriter, Notebook, at_once

AT = TopicPartition("stock.inbox", 0)


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """A test ends what it began. The end of its loop would cancel it, the runner begin what waited in its place, and
    nobody end that: "Task was destroyed but it is pending", told when the whole run is over."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, left


def pushed(effect: Effect) -> Execution:
    amount = effect.amount if isinstance(effect, PushOffer) else 0
    now = HandClock().now
    return Execution(outcome=OfferPushed(offer_id="o1", amount=amount), asked_at=now, answered_at=now)


class Bench:
    """A runner with everything around it in hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.writer = ListWriter()
        self.notebook = Notebook()
        self.bol = GatedExecutor(pushed)
        self.mplus = GatedExecutor(pushed)
        executors = {"bol": self.bol, "mplus": self.mplus}
        self.runner = EffectRunner(executors, self.writer, self.notebook, self.clock, at_once)

    def ask(
        self, effect: Effect, key: str = "push/o1", number: int = 1, entity: str = "1", **more: object
    ) -> None:
        """A row asks for it."""
        wanted = OpenEffect(effect=effect, number=number, **more)  # type: ignore[arg-type]  # OpenEffect's fields
        self.runner.open("stock", key_of("shop", entity), AT, key, wanted, "trace-1")

    async def end(self) -> None:
        """What is under way ends, and nothing more begins."""
        stopping = asyncio.ensure_future(self.runner.stop())
        await asyncio.sleep(0)
        for executor in (self.bol, self.mplus):
            executor.let_all_go()
        await stopping

    @property
    def outcomes(self) -> list[Settled]:
        """What was sent to the inbox."""
        return [
            event
            for draft in self.writer.drafts
            if draft.topic == "stock.inbox"
            for event in [msgspec.json.decode(draft.value or b"", type=StockEvent)]
            if isinstance(event, Settled)
        ]


async def test_an_outcome_goes_to_the_rows_own_inbox_with_its_key_and_trace() -> None:
    bench = Bench()
    bench.bol.open = True
    bench.ask(PushOffer(offer_id="o1", amount=4), number=7)
    await bench.writer.until(1)
    draft = bench.writer.drafts[0]
    assert draft.key == b"shop/1"
    assert dict(draft.headers)["trace"] == b"trace-1"
    assert bench.outcomes[0].number == 7
    assert bench.outcomes[0].outcome == OfferPushed(offer_id="o1", amount=4)
    assert bench.runner.waiting == 0


async def test_never_two_at_once_under_one_key_and_the_latest_wins() -> None:
    bench = Bench()
    for number, amount in ((1, 9), (2, 8), (3, 7)):
        bench.ask(PushOffer(offer_id="o1", amount=amount), number=number)
        await bench.bol.until(1)
    assert len(bench.bol.started) == 1
    bench.bol.let_go()
    await bench.bol.until(2)
    bench.bol.let_go()
    await bench.writer.until(2)
    amounts = [effect.amount for _, effect, _ in bench.bol.started if isinstance(effect, PushOffer)]
    assert amounts == [9, 7], "8 was superseded before it was sent"
    assert bench.runner.waiting == 0


async def test_sweeps_and_acts_have_lanes_of_their_own_with_bounds() -> None:
    bench = Bench()
    for number in range(30):
        bench.ask(SweepBolOffers(cursor=str(number)), key=f"sweep/{number}")
        bench.ask(PushOffer(offer_id=str(number), amount=1), key=f"push/{number}")
        bench.ask(ReadMplusOrder(order_id=str(number)), key=f"look/{number}")
    await bench.bol.until(ACTS_AT_ONCE + SWEEPS_AT_ONCE)
    await bench.mplus.until(MPLUS_AT_ONCE)
    await asyncio.sleep(0)
    assert bench.bol.most == ACTS_AT_ONCE + SWEEPS_AT_ONCE
    assert bench.mplus.most == MPLUS_AT_ONCE, "Mplus is not held up by Bol"
    bench.bol.let_go()
    await bench.bol.until(ACTS_AT_ONCE + SWEEPS_AT_ONCE + 1)
    await bench.end()


async def test_orders_that_wait_for_their_rate_limit_hold_up_no_push() -> None:
    """Regression: sixteen order reads slept for their limit in the places that pushes shared with them."""
    bench = Bench()
    for number in range(ACTS_AT_ONCE + 5):
        bench.ask(FetchBolOrder(order_id=str(number)), key="fetch", entity=f"order-{number}")
    await bench.bol.until(ACTS_AT_ONCE)
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.bol.until(ACTS_AT_ONCE + 1)
    assert isinstance(bench.bol.started[-1][1], PushOffer)
    await bench.end()


async def test_readings_of_stock_wait_for_no_orders() -> None:
    bench = Bench()
    for number in range(ACTS_AT_ONCE + 5):
        bench.ask(ReadMplusOrder(order_id=str(number)), key="look", entity=f"order-{number}")
    await bench.mplus.until(MPLUS_AT_ONCE)
    bench.ask(ReadStock(article_number=1, branches=(1,)), key="read")
    await bench.mplus.until(MPLUS_AT_ONCE + 1)
    assert isinstance(bench.mplus.started[-1][1], ReadStock)
    await bench.end()


async def test_a_thousand_looks_at_offers_hold_up_neither_sweeps_nor_orders_nor_pushes() -> None:
    bench = Bench()
    for number in range(1_000):
        bench.ask(ReadBolOffer(offer_id=str(number)), key="look", entity=f"article-{number}")
    await bench.bol.until(LOOKS_AT_ONCE)
    others: list[Effect] = [
        SweepBolOrders(),
        SweepBolInventory(),
        FetchBolOrder(order_id="1"),
        PushOffer(offer_id="o1", amount=1),
    ]
    for number, effect in enumerate(others):
        bench.ask(effect, key=f"other/{number}")
    await bench.bol.until(LOOKS_AT_ONCE + len(others))
    assert [effect for _, effect, _ in bench.bol.started[LOOKS_AT_ONCE:]] == others
    await bench.end()


async def test_a_thousand_eans_that_wait_for_bols_inventory_hold_up_neither_its_sweep_nor_looks_at_offers() -> (
    None
):
    bench = Bench()
    for number in range(1_000):
        bench.ask(ReadBolInventory(ean=f"{number:013d}"), key="look", entity=f"code-{number}")
    await bench.bol.until(COUNTS_AT_ONCE)
    await asyncio.sleep(0)
    assert bench.bol.most == COUNTS_AT_ONCE == 1
    others: list[Effect] = [
        SweepBolInventory(),
        ReadBolOffer(offer_id="o1"),
        PushOffer(offer_id="o1", amount=1),
    ]
    for number, effect in enumerate(others):
        bench.ask(effect, key=f"other/{number}")
    await bench.bol.until(COUNTS_AT_ONCE + len(others))
    assert [effect for _, effect, _ in bench.bol.started[COUNTS_AT_ONCE:]] == others
    await bench.end()


async def test_an_inventory_is_read_in_a_sweeps_place() -> None:
    bench = Bench()
    for number in range(SWEEPS_AT_ONCE + 2):
        bench.ask(SweepBolInventory(), key=f"sweep/{number}")
    await bench.bol.until(SWEEPS_AT_ONCE)
    await asyncio.sleep(0)
    assert bench.bol.most == SWEEPS_AT_ONCE
    await bench.end()


def order_ids(executor: GatedExecutor) -> list[str]:
    """Of the order reads that started, in order."""
    return [effect.order_id for _, effect, _ in executor.started if isinstance(effect, FetchBolOrder)]


class Fetches(Bench):
    """One place, which is taken; what waits for it is let in one by one."""

    async def full(self) -> None:
        for number in range(ACTS_AT_ONCE):
            self.fetch(f"first-{number}", None)
        await self.bol.until(ACTS_AT_ONCE)

    def fetch(self, order_id: str, hours: float | None, number: int = 1) -> None:
        """Due in so many hours; None: now."""
        urgency = None if hours is None else self.clock.now + timedelta(hours=hours)
        self.ask(
            FetchBolOrder(order_id=order_id), key="fetch", entity=order_id, number=number, urgency=urgency
        )

    async def order(self, count: int) -> list[str]:
        """What was run of what waited."""
        for number in range(count):
            self.bol.let_go()
            await self.bol.until(ACTS_AT_ONCE + number + 1)
        return order_ids(self.bol)[ACTS_AT_ONCE:]


async def test_the_most_urgent_goes_first_in_turn_with_what_has_no_deadline() -> None:
    bench = Fetches()
    await bench.full()
    for name, hours in (
        ("friday", 48),
        ("tomorrow", 24),
        ("now", None),
        ("late", -5),
        ("too", 24),
        ("and", None),
    ):
        bench.fetch(name, hours)
    assert await bench.order(6) == ["late", "now", "tomorrow", "and", "too", "friday"]
    await bench.end()


async def test_one_that_becomes_more_urgent_moves_up_and_is_run_once() -> None:
    bench = Fetches()
    await bench.full()
    bench.fetch("other", 24)
    bench.fetch("one", 48)
    bench.fetch("one", 2, number=2)
    assert await bench.order(2) == ["one", "other"]
    bench.bol.open = True
    while bench.bol.running:
        bench.bol.let_go()
        await asyncio.sleep(0)
    assert order_ids(bench.bol).count("one") == 1
    assert bench.runner.waiting == 0


async def test_one_that_is_asked_for_again_keeps_its_place() -> None:
    bench = Fetches()
    await bench.full()
    bench.fetch("one", None)
    bench.fetch("other", None)
    bench.clock.now += timedelta(seconds=60)
    bench.fetch("one", None, number=2)
    assert await bench.order(2) == ["one", "other"]
    await bench.end()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.none() | st.integers(-3, 3), st.booleans()), max_size=25))
def test_everything_that_is_asked_for_last_is_run_once_in_the_order_of_urgency(
    asked: list[tuple[int, int | None, bool]],
) -> None:
    """Asked for, asked for again with another urgency, closed."""

    async def story() -> None:
        bench = Fetches()
        await bench.full()
        timed: dict[str, tuple[int, int]] = {}
        plain: dict[str, int] = {}
        for turn, (which, hours, close) in enumerate(asked):
            name = f"o{which}"
            if close:
                bench.runner.close("stock", key_of("shop", name), "fetch")
                timed.pop(name, None)
                plain.pop(name, None)
                continue
            bench.fetch(name, hours, number=turn + 1)
            if hours is None:
                if name not in timed:
                    plain.setdefault(name, turn)
            elif timed.get(name, (None, 0))[0] != hours:
                plain.pop(name, None)
                timed[name] = (hours, turn)
        wanted = timed.keys() | plain.keys()
        assert bench.runner.waiting == len(wanted) + ACTS_AT_ONCE
        ran = await bench.order(len(wanted))
        assert sorted(ran) == sorted(wanted)
        if not any(close for _, _, close in asked):
            assert [one for one in ran if one in timed] == sorted(timed, key=lambda name: timed[name])
            assert [one for one in ran if one in plain] == sorted(plain, key=lambda name: plain[name])
            both = min(len(timed), len(plain))
            assert sum(one in timed for one in ran[: 2 * both]) == both, "turn and turn about"
        await bench.end()

    asyncio.run(story())


class Pushes(Bench):
    """All places of the pushes taken; what waits for one is let in one by one."""

    async def full(self) -> None:
        for number in range(ACTS_AT_ONCE):
            self.push(f"first-{number}", None)
        await self.bol.until(ACTS_AT_ONCE)

    def push(self, offer: str, urgent: float | None, number: int = 1) -> None:
        """Of a number that falls to 0 (`urgent`: seconds from now), or of another."""
        urgency = None if urgent is None else self.clock.now + timedelta(seconds=urgent)
        effect = PushOffer(offer_id=offer, amount=0)
        self.ask(effect, key=f"push/{offer}", entity=offer, number=number, urgency=urgency)

    async def order(self, count: int) -> list[str]:
        """What was run of what waited."""
        for number in range(count):
            self.bol.let_go()
            await self.bol.until(ACTS_AT_ONCE + number + 1)
        started = [effect.offer_id for _, effect, _ in self.bol.started if isinstance(effect, PushOffer)]
        return started[ACTS_AT_ONCE:]


async def test_numbers_that_fall_to_0_go_before_the_rest_which_gets_every_sixteenth_turn() -> None:
    bench = Pushes()
    await bench.full()
    for number in range(3):
        bench.push(f"rest-{number}", None)
    for number in range(2 * PUSHES_FIRST + 5):
        bench.push(f"urgent-{number:02}", 0.0)
    ran = await bench.order(3 + 2 * PUSHES_FIRST + 5)
    assert [place for place, one in enumerate(ran) if one.startswith("rest")] == [15, 31, 37]
    urgent = [one for one in ran if one.startswith("urgent")]
    assert urgent == sorted(urgent), "as they came"
    await bench.end()


async def test_rises_from_0_wait_for_the_falls_to_0_of_the_next_seconds() -> None:
    bench = Pushes()
    await bench.full()
    bench.push("rises", 5.0)
    bench.clock.forward(2)
    bench.push("falls", 0.0)
    bench.clock.forward(4)
    bench.push("falls-later", 0.0)
    assert await bench.order(3) == ["falls", "rises", "falls-later"]
    await bench.end()


async def test_pushes_that_are_urgent_by_now_take_no_turn_of_the_rest() -> None:
    """Each left its old place in the queue, and that took the turn of one that waited."""
    bench = Pushes()
    await bench.full()
    for number in range(4):
        bench.push(f"turned-{number}", None)
    bench.push("rest", None)
    bench.clock.forward(1)
    for number in range(4):
        bench.push(f"turned-{number}", 0.0, number=2)
    for number in range(4 * PUSHES_FIRST):
        bench.push(f"urgent-{number:02}", 0.0)
    ran = await bench.order(5 + 4 * PUSHES_FIRST)
    assert ran.index("rest") == PUSHES_FIRST
    assert len(ran) == len(set(ran))
    await bench.end()


async def test_pushes_that_were_dropped_take_no_turn_of_the_rest() -> None:
    bench = Pushes()
    await bench.full()
    bench.push("dropped", None)
    bench.push("rest", None)
    for number in range(2 * PUSHES_FIRST):
        bench.push(f"urgent-{number:02}", 0.0)
    bench.runner.close("stock", key_of("shop", "dropped"), "push/dropped")
    ran = await bench.order(1 + 2 * PUSHES_FIRST)
    assert ran.index("rest") == PUSHES_FIRST
    await bench.end()


async def test_a_few_urgent_pushes_wait_for_no_crowd() -> None:
    bench = Pushes()
    await bench.full()
    for number in range(50):
        bench.push(f"rest-{number:02}", None)
    assert (await bench.order(2)) == ["rest-00", "rest-01"]
    bench.push("urgent", 0.0)
    bench.bol.let_go()
    await bench.bol.until(ACTS_AT_ONCE + 3)
    effect = bench.bol.started[-1][1]
    assert isinstance(effect, PushOffer)
    assert effect.offer_id == "urgent"
    await bench.end()


async def test_an_effect_waits_until_its_time() -> None:
    bench = Bench()
    bench.bol.open = True
    soon = bench.clock.now + timedelta(milliseconds=30)
    bench.ask(PushOffer(offer_id="o1", amount=1), not_before=soon)
    assert bench.runner.waiting == 1
    await asyncio.sleep(0)
    assert bench.bol.started == []
    await bench.bol.until(1)


async def test_a_newer_asking_without_a_wait_takes_the_place_of_a_waiting_one() -> None:
    bench = Bench()
    bench.bol.open = True
    bench.ask(PushOffer(offer_id="o1", amount=1), not_before=bench.clock.now + timedelta(hours=1))
    bench.ask(PushOffer(offer_id="o1", amount=2), number=2)
    await bench.writer.until(1)
    assert bench.outcomes[0].number == 2
    assert bench.runner.waiting == 0


async def test_what_is_closed_before_it_runs_is_not_run() -> None:
    bench = Bench()
    bench.ask(PushOffer(offer_id="o1", amount=1), key="a")
    bench.runner.close("stock", key_of("shop", "1"), "a")
    bench.bol.open = True
    bench.ask(PushOffer(offer_id="o2", amount=1), key="b")
    await bench.writer.until(1)
    assert [effect for _, effect, _ in bench.bol.started] == [PushOffer(offer_id="o2", amount=1)]


async def test_a_partition_that_is_taken_away_runs_nothing_more() -> None:
    bench = Bench()
    bench.ask(PushOffer(offer_id="o1", amount=1), not_before=bench.clock.now + timedelta(hours=1))
    await bench.runner.revoke("stock", AT)
    assert bench.runner.waiting == 0


async def test_an_outcome_is_written_as_soon_as_the_log_takes_it() -> None:
    bench = Bench()
    bench.bol.open = True
    bench.writer.refuse = 3
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.writer.until(1)
    assert len(bench.outcomes) == 1
    said = [entry for entry in bench.notebook.said if entry[0] == "stalled"]
    assert said == [("stalled", "effects", "the disk is full")] * 3 + [("stalled", "effects", None)]


async def test_what_a_sweep_found_is_durable_before_its_cursor() -> None:
    bench = Bench()
    now = bench.clock.now
    found = Message(flow="orders", entity="b1", event=OrderNoticed(via="sweep", noticed_at=now))
    raw = RawAnswer(vendor="bol", operation="orders", status=200, body=b"{}", asked_at=now, answered_at=now)
    bench.bol._answer = lambda effect: Execution(
        outcome=OfferPushed(offer_id="", amount=0),
        asked_at=now,
        answered_at=now,
        messages=(found,),
        raw=(raw,),
    )
    bench.bol.open = True
    bench.ask(SweepBolOffers())
    await bench.writer.until(2)
    assert [[draft.topic for draft in write] for write in bench.writer.writes] == [
        ["bol.raw", "orders.inbox"],
        ["stock.inbox"],
    ]


def answer(bench: Bench, body: bytes = b"{}", call: int = 1) -> RawAnswer:
    now = bench.clock.now
    return RawAnswer(
        vendor="bol",
        operation="get-order",
        status=200,
        body=body,
        asked_at=now,
        answered_at=now + timedelta(microseconds=1),
        call=call,
    )


async def test_a_raw_answer_says_which_run_of_which_effect_it_is_of() -> None:
    bench = Bench()
    now = bench.clock.now
    given = (answer(bench), answer(bench, b"[]", 2))
    bench.bol._answer = lambda effect: Execution(
        outcome=BolOrderFetched(order=None),
        asked_at=now,
        answered_at=now + timedelta(seconds=1),
        raw=given,
        began=now - timedelta(seconds=1),
    )
    bench.bol.open = True
    effect = FetchBolOrder(order_id="b1")
    bench.ask(effect, key="fetch", number=3, repeated=True)
    await bench.writer.until(1)
    raw = [draft for draft in bench.writer.drafts if draft.topic == BOL_RAW.name]
    records = [Record(0, one.timestamp or 0, one.key, one.value, one.headers) for one in raw]
    askings = [asking for one in records if (asking := asking_of(one)) is not None]
    assert askings[0] == Asking(
        flow="stock",
        key="fetch",
        number=3,
        mark=mark_of(effect),
        began=now - timedelta(seconds=1),
        settled_at=bench.outcomes[0].answered_at,
        answered_at=given[0].answered_at,
        call=1,
        place=1,
        places=2,
        repeated=True,
    )
    assert [(one.call, one.place, one.places) for one in askings] == [(1, 1, 2), (2, 2, 2)]
    assert [raw_answer(*pair) for pair in zip(records, ["bol"] * 2, askings, strict=True)] == list(given)


async def test_a_raw_answer_that_is_too_long_is_counted_and_not_kept() -> None:
    bench = Bench()
    now = bench.clock.now
    given = (answer(bench, b" " * (LONGEST_RAW + 1)), answer(bench, call=2))
    bench.bol._answer = lambda effect: Execution(
        outcome=BolOrderFetched(order=None), asked_at=now, answered_at=now, raw=given
    )
    bench.bol.open = True
    bench.ask(FetchBolOrder(order_id="b1"), key="fetch")
    await bench.writer.until(1)
    [raw] = [draft for draft in bench.writer.drafts if draft.topic == BOL_RAW.name]
    asking = asking_of(Record(0, 0, raw.key, raw.value, raw.headers))
    assert asking is not None
    assert (asking.place, asking.places) == (2, 2)


async def test_what_our_own_code_failed_on_is_kept() -> None:
    """Regression: a bug in the reading of an answer lost the answer with the outcome, so that nothing was left to read
    once it was mended."""
    bench = Bench()

    def broken(effect: Effect) -> Execution:
        raise Stumbled((answer(bench),)) from KeyError("secret")

    bench.bol._answer = broken
    bench.bol.open = True
    bench.ask(FetchBolOrder(order_id="b1"), key="fetch")
    await bench.writer.until(1)
    assert bench.outcomes[0].outcome == AnswerLost(why="our own code failed: KeyError")
    [raw] = [draft for draft in bench.writer.drafts if draft.topic == BOL_RAW.name]
    assert raw.value == b"{}"


def test_the_same_effect_has_the_same_mark_and_the_mark_tells_nothing_of_it() -> None:
    def find(email: str) -> FindRelation:
        return FindRelation(customer=Customer(name="", email=email), by=("email",))

    asked = find("jan@example.nl")
    assert mark_of(asked) == mark_of(find("jan@example.nl"))
    assert mark_of(asked) != mark_of(find("piet@example.nl"))
    assert "jan" not in mark_of(asked)


async def test_a_bug_in_a_connector_becomes_an_outcome_that_may_have_been_sent() -> None:
    bench = Bench()

    def broken(effect: Effect) -> Execution:
        raise KeyError("secret")

    bench.bol._answer = broken
    bench.bol.open = True
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.writer.until(1)
    assert bench.outcomes[0].outcome == AnswerLost(why="our own code failed: KeyError")


async def test_stop_lets_running_effects_end_and_starts_no_more() -> None:
    bench = Bench()
    bench.ask(PushOffer(offer_id="o1", amount=1), key="a")
    await bench.bol.until(1)
    bench.ask(PushOffer(offer_id="o1", amount=2), key="a", number=2)
    stopping = asyncio.ensure_future(bench.runner.stop())
    await asyncio.sleep(0)
    bench.bol.let_go()
    await stopping
    assert len(bench.outcomes) == 1
    assert len(bench.bol.started) == 1


async def test_a_partition_is_let_go_when_what_it_asked_for_is_done() -> None:
    """Its next owner runs open effects again: what is under way here would then be done twice."""
    bench = Bench()
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.bol.until(1)
    letting_go = asyncio.ensure_future(bench.runner.revoke("stock", AT))
    await asyncio.sleep(0)
    assert not letting_go.done()
    await bench.runner.revoke("orders", AT)
    await bench.runner.revoke("stock", AT._replace(partition=1))
    bench.bol.let_go()
    await letting_go
    assert [one.number for one in bench.outcomes] == [1], (
        "the outcome is written before the partition is let go"
    )


async def test_a_call_that_does_not_end_is_cancelled_before_the_partition_is_let_go() -> None:
    bench = Bench()
    bench.runner._release = 0.01
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.bol.until(1)
    await bench.runner.revoke("stock", AT)
    assert bench.runner.waiting == 0
    assert not bench.outcomes


async def test_what_is_not_surely_ours_is_not_started_and_is_run_as_repeated_later() -> None:
    bench = Bench()
    bench.bol.open = True
    held = iter([False, True])
    asked: list[TopicPartition] = []

    def grant(at: TopicPartition) -> Callable[[], bool]:
        asked.append(at)
        return lambda: next(held)

    bench.runner.grant = grant
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.writer.until(1)
    assert asked == [AT, AT]
    assert [repeated for _, _, repeated in bench.bol.started] == [True]
    assert [one.number for one in bench.outcomes] == [1]


async def test_a_call_that_is_withdrawn_in_the_midst_says_nothing() -> None:
    """A failure told by a worker that has lost the partition would close the effect that its next owner runs."""
    bench = Bench()
    bench.bol.open = True
    ours = [True]

    def lost(effect: Effect) -> Execution:
        ours[0] = False
        insist()
        raise AssertionError("it left")

    bench.bol._answer = lost
    bench.runner.grant = lambda at: lambda: ours[0]
    bench.ask(PushOffer(offer_id="o1", amount=1))
    await bench.bol.until(1)
    await bench.runner.revoke("stock", AT)
    assert bench.runner.waiting == 0
    assert not bench.writer.drafts


async def test_a_look_at_the_stock_history_holds_up_no_stock_that_is_set() -> None:
    bench = Bench()
    for number in range(10):
        bench.ask(SweepStockHistory(marker=number, branches=(1,)), key=f"sweep/{number}")
    bench.ask(SetMplusStock(article_number=1, branch=1, amount=Decimal(3)), key="set")
    await bench.mplus.until(SWEEPS_AT_ONCE + 1)
    started = [type(effect) for _, effect, _ in bench.mplus.started]
    assert started.count(SweepStockHistory) == SWEEPS_AT_ONCE
    assert started.count(SetMplusStock) == 1
    bench.mplus.open = True
    for _ in range(SWEEPS_AT_ONCE + 1):
        bench.mplus.let_go()
    await bench.writer.until(11)


async def test_what_is_asked_for_by_this_very_moment_goes_before_what_has_no_deadline() -> None:
    """Regression, found by the test of the order of urgency: asked for without one first, it stayed where it was."""
    bench = Fetches()
    await bench.full()
    bench.fetch("one", None)
    bench.fetch("one", 0, number=2)
    bench.fetch("other", 0)
    assert await bench.order(2) == ["one", "other"]
    await bench.end()
