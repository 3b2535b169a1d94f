"""What the delivery core does with records that cannot be applied, and with effects and alarms.

That nothing is lost or counted twice is proved in tests/streams/simulation.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from streams import delivery
from streams.codec import fact_headers
from streams.delivery import Delivery, FlowStopped
from streams.flow import Ask, Context, Decision, Flow, OpenEffect, Row
from streams.log.base import Draft, Record, Run, TopicPartition, header
from streams.topics import ACTIVITY, DEAD_LETTERS, inbox_topic, rows_topic
from streams.vocabulary.activity import Noted
from streams.vocabulary.effects import FetchBolOrder
from streams.vocabulary.events import BolOrderFetched, OperatorAsked, OrdersEvent, Rebuilt, Settled, Woke
from streams.vocabulary.fact import Value
from streams.vocabulary.time import moment_of
from tests.streams.fakes import Notebook
from tests.streams.simulation.model_log import Fate, ModelGuard, ModelLog, ModelRows
from tests.streams.simulation.process import ModelFollower, finish, no_sleep

AT = TopicPartition(inbox_topic("orders"), 0)
HEADERS = fact_headers("shop", "t1")


DUE_MS = 1_700_000_100_000


class Tally(Value, frozen=True):
    said: tuple[str, ...] = ()


def decide(state: Tally | None, event: Any, context: Context) -> Decision[Tally]:
    said = (state or Tally()).said
    match event:
        case OperatorAsked(who="boom"):
            raise RuntimeError("a bug")
        case OperatorAsked(who="ask"):
            ask = Ask(key="fetch", effect=FetchBolOrder(order_id="b1"), urgency=moment_of(DUE_MS))
            return Decision(state=Tally(said=(*said, "ask")), asks=(ask,))
        case OperatorAsked(who="wake"):
            return Decision(state=Tally(said=said), wake=context.at + timedelta(seconds=5))
        case OperatorAsked(who="again"):
            return Decision(state=Tally(said=said), wake=moment_of(DUE_MS) + timedelta(microseconds=385))
        case OperatorAsked(who="gone"):
            return Decision(state=None)
        case OperatorAsked():
            note = Noted(kind="said", text=event.who, millis=40 if event.who == "timed" else None)
            return Decision(state=Tally(said=(*said, event.who)), activity=(note,))
        case Settled():
            return Decision(state=Tally(said=(*said, f"settled-{event.number}")))
        case Woke():
            late = context.at >= event.due
            again = event.due if "word" in said else None
            return Decision(state=Tally(said=(*said, "woke" if late else "too early")), wake=again)
        case _:
            return Decision(state=state)


FLOW: Flow[Tally] = Flow(name="orders", events=OrdersEvent, state=Tally, decide=decide)


class Bench:
    """One partition of the orders inbox over the model log."""

    def __init__(self) -> None:
        self.log = ModelLog(Fate(1, 0.0, 0.0), atomic=True)
        self.notebook = Notebook()
        self.begin()

    def begin(self) -> None:
        """A new life of the process."""
        self.guard = ModelGuard(self.log)
        self.follower = ModelFollower("orders", {}, {})
        self.delivery: Delivery[Tally] = Delivery(
            FLOW,
            lambda connection: () if connection == "shop" else None,
            self.follower,
            self.notebook,
            no_sleep,
        )
        rows = ModelRows(self.log, rows_topic("orders"))
        self.position = self.log.committed.get(AT, 0)
        finish(self.delivery.assigned(AT, self.position, rows, self.guard))

    def put(self, value: bytes, key: bytes | None = b"shop/b1", headers: Any = HEADERS) -> None:
        self.log.put(Draft(AT.topic, key, value, headers, partition=0))

    def say(self, *words: str) -> None:
        """Events, delivered in one run."""
        for word in words:
            self.put(msgspec.json.encode(OperatorAsked(who=word)))
        self.deliver()

    def settle(self, number: int) -> None:
        moment = self.follower_moment()
        event = Settled(
            key="fetch",
            number=number,
            outcome=BolOrderFetched(order=None),
            asked_at=moment,
            answered_at=moment,
        )
        self.put(msgspec.json.encode(event))
        self.deliver()

    def follower_moment(self) -> Any:
        return moment_of(self.log.now)

    def deliver(self) -> None:
        records = self.log.partitions[AT][self.position :]
        run = Run(AT, self.position, self.position + len(records), records)
        finish(self.delivery.apply(run))
        self.position = run.end

    @property
    def said(self) -> tuple[str, ...]:
        """The row's state."""
        value = ModelRows(self.log, rows_topic("orders")).get(b"shop/b1")
        return () if value is None else tuple(msgspec.json.decode(value)["state"].get("said", ()))

    @property
    def dead(self) -> list[Record]:
        return self.log.all(DEAD_LETTERS.name)


@pytest.mark.parametrize(
    ("value", "key", "headers", "reason"),
    [
        (b"{broken", b"shop/b1", HEADERS, "not an event"),
        (b'{"is":"unheard-of"}', b"shop/b1", HEADERS, "not an event"),
        (b'{"is":"operator-asked","who":"x"}', None, HEADERS, "no key"),
        (b'{"is":"operator-asked","who":"x"}', b"\xff\xfe", HEADERS, "not text"),
        (b'{"is":"operator-asked","who":"x"}', b"other/b1", HEADERS, "not in the settings"),
        (b'{"is":"operator-asked","who":"x"}', b"shop/b1", (("schema", b"99"),), "upgrade first"),
    ],
    ids=["bad-json", "unknown-type", "no-key", "bad-key", "unknown-connection", "newer-version"],
)
def test_what_cannot_be_read_is_parked_with_the_reason_and_stops_nothing(
    value: bytes, key: bytes | None, headers: Any, reason: str
) -> None:
    bench = Bench()
    bench.put(value, key, headers)
    bench.say("after")
    assert bench.said == ("after",)
    assert len(bench.dead) == 1
    assert reason in header(bench.dead[0].headers, "dead.reason")
    assert bench.dead[0].value == value
    assert header(bench.dead[0].headers, "dead.offset") == "0"


def test_a_bug_in_a_flow_parks_that_record_only() -> None:
    bench = Bench()
    bench.say("before", "boom", "after")
    assert bench.said == ("before", "after")
    assert "RuntimeError" in header(bench.dead[0].headers, "dead.reason")


def test_many_failures_in_a_row_stop_the_flow_and_park_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PARKED_IN_A_ROW", 5)
    bench = Bench()
    with pytest.raises(FlowStopped, match="5 records in a row"):
        bench.say(*["boom"] * 9)
    assert bench.dead == []
    assert bench.log.committed.get(AT, 0) == 0


def test_an_effect_is_open_until_its_outcome_is_applied_and_known_again_after_a_restart() -> None:
    bench = Bench()
    bench.say("ask")
    assert [one.effect.repeated for one in bench.follower.effects.values()] == [False]
    bench.begin()
    assert [one.effect.repeated for one in bench.follower.effects.values()] == [True]
    assert [one.effect.urgency for one in bench.follower.effects.values()] == [moment_of(DUE_MS)]
    bench.settle(1)
    assert bench.said == ("ask", "settled-1")
    assert bench.follower.effects == {}


def test_an_effect_that_a_new_row_asks_for_is_run_also_when_more_records_of_it_follow_in_the_run() -> None:
    """Regression: the second record of the run took the first one's row for the durable one, so that nobody was told
    of the effect, and an order that a push and a sweep noticed at once stood still until a restart."""
    bench = Bench()
    bench.say("ask", "word")
    assert [one.effect.number for one in bench.follower.effects.values()] == [1]


def test_an_outcome_that_comes_twice_counts_once() -> None:
    bench = Bench()
    bench.say("ask")
    bench.settle(1)
    bench.settle(1)
    assert bench.said == ("ask", "settled-1")


def test_an_outcome_of_an_earlier_asking_leaves_the_later_one_open() -> None:
    bench = Bench()
    bench.say("ask", "ask")
    bench.settle(1)
    assert [one.effect.number for one in bench.follower.effects.values()] == [2]


def test_an_outcome_nobody_asked_for_changes_nothing() -> None:
    bench = Bench()
    bench.say("word")
    bench.settle(1)
    assert bench.said == ("word",)


def test_an_alarm_is_set_and_known_again_after_a_restart() -> None:
    bench = Bench()
    bench.say("wake")
    due = bench.follower.alarms[("orders", b"shop/b1")]
    bench.begin()
    assert bench.follower.alarms == {("orders", b"shop/b1"): due}
    for _ in range(2):
        bench.put(msgspec.json.encode(Woke(due=due)))
        bench.deliver()
    assert bench.said == ("woke",), "an alarm that rings twice counts once"


def test_an_alarm_is_never_too_early_by_the_milliseconds_of_its_record() -> None:
    """Regression: a moment with microseconds lay after the record that woke for it, so the row waited on, and its
    alarm, unchanged, was not set again: a connection whose sweep had failed once slept for ever."""
    bench = Bench()
    bench.say("again")
    due = moment_of(DUE_MS) + timedelta(microseconds=385)
    bench.log.put(Draft(AT.topic, b"shop/b1", msgspec.json.encode(Woke(due=due)), HEADERS, DUE_MS, 0))
    bench.deliver()
    assert bench.said == ("woke",)


def test_an_alarm_for_the_same_moment_again_is_set_again() -> None:
    bench = Bench()
    bench.say("word", "again")
    due = bench.follower.alarms.pop(("orders", b"shop/b1"))
    bench.put(msgspec.json.encode(Woke(due=due)))
    bench.deliver()
    assert bench.follower.alarms == {("orders", b"shop/b1"): due}


def test_a_row_that_ends_is_a_tombstone() -> None:
    bench = Bench()
    bench.say("word", "gone")
    assert bench.log.all(rows_topic("orders"))[-1].value is None
    assert ModelRows(bench.log, rows_topic("orders")).get(b"shop/b1") is None


def test_activity_carries_the_rows_key_and_the_causes_trace() -> None:
    bench = Bench()
    bench.say("hello")
    line = bench.log.all(ACTIVITY.name)[0]
    assert line.key == b"shop/b1"
    assert header(line.headers, "trace") == "t1"


def test_how_long_it_took_is_told_once_it_is_durable() -> None:
    bench = Bench()
    bench.say("timed")
    assert ("fresh", "said", 40) in bench.notebook.said


def test_a_gap_sends_the_consumer_back_and_changes_nothing() -> None:
    bench = Bench()
    bench.say("one")
    bench.put(msgspec.json.encode(OperatorAsked(who="two")))
    bench.put(msgspec.json.encode(OperatorAsked(who="three")))
    finish(bench.delivery.apply(Run(AT, 2, 3, bench.log.partitions[AT][2:])))
    assert bench.guard.read_from[AT] == 1
    assert bench.said == ("one",)
    assert ("rewound", "orders") in bench.notebook.said


def test_a_full_log_stalls_the_flow_until_there_is_room() -> None:
    bench = Bench()
    bench.log.fate.refuse = 0.7
    bench.say("word")
    assert bench.said == ("word",)
    stalls = [entry for entry in bench.notebook.said if entry[0] == "stalled"]
    assert stalls[-1] == ("stalled", "orders", None)
    assert bench.log.fate.refusals == len(stalls) - 1


# -- from a replay


def put_rebuilt(bench: Bench, basis: int, row: Row[Tally]) -> None:
    event = Rebuilt(incident="monday", basis=basis, row=msgspec.Raw(msgspec.json.encode(row)))
    bench.put(msgspec.json.encode(event))
    bench.deliver()


def test_a_rebuilt_row_takes_the_place_of_one_that_has_not_moved() -> None:
    bench = Bench()
    bench.say("one")
    put_rebuilt(bench, 1, Row(state=Tally(said=("better",)), applied=1))
    assert bench.said == ("better",)
    noted = [one for one in bench.log.all(ACTIVITY.name) if b"monday" in (one.value or b"")]
    assert len(noted) == 1
    bench.say("two")
    assert bench.said == ("better", "two")


def test_a_rebuilt_row_that_comes_too_late_changes_nothing() -> None:
    bench = Bench()
    bench.say("one", "two")
    put_rebuilt(bench, 1, Row(state=Tally(said=("better",)), applied=1))
    assert bench.said == ("one", "two")
    assert not [one for one in bench.log.all(ACTIVITY.name) if b"monday" in (one.value or b"")]


def test_the_same_rebuilt_row_twice_is_taken_once() -> None:
    bench = Bench()
    bench.say("one")
    put_rebuilt(bench, 1, Row(state=Tally(said=("better",)), applied=1))
    bench.say("two")
    put_rebuilt(bench, 1, Row(state=Tally(said=("better",)), applied=1))
    assert bench.said == ("better", "two")


def test_what_a_rebuilt_row_asks_for_in_the_same_words_is_the_same_asking() -> None:
    bench = Bench()
    bench.say("ask")
    (known,) = bench.follower.effects.values()
    same = OpenEffect(effect=FetchBolOrder(order_id="b1"), number=9)
    other = OpenEffect(effect=FetchBolOrder(order_id="b2"), number=1)
    row = Row(state=Tally(said=("better",)), applied=1, open={"fetch": same, "more": other}, asked=9)
    put_rebuilt(bench, 1, row)
    asked = {one.effect_key: one.effect for one in bench.follower.effects.values()}
    assert asked["fetch"] == known.effect, "it is not run a second time"
    assert asked["more"].number == known.effect.number + 1
    assert [asked[name].repeated for name in ("fetch", "more")] == [False, True], (
        "something like what a replay asks anew may have been done: what is not idempotent looks first"
    )


def test_a_rebuilt_row_can_be_none() -> None:
    bench = Bench()
    bench.say("ask")
    put_rebuilt(bench, 1, Row(state=None, applied=1))
    assert not bench.follower.effects
    bench.say("one")
    assert bench.said == ("one",)


def test_a_row_notes_where_it_began() -> None:
    bench = Bench()
    bench.say("one", "two")
    bench.put(msgspec.json.encode(OperatorAsked(who="other")), key=b"shop/b2")
    bench.deliver()
    born = {
        one.key: msgspec.json.decode(one.value or b"", type=Row[Tally]).born
        for one in bench.log.all(rows_topic("orders"))
    }
    assert born == {b"shop/b1": 0, b"shop/b2": 2}
