"""The two jobs, and what must come out of them. Pure.

`stock`: the real `decide` of the stock flow; rows and activity byte for byte as the bridge writes them.
`ledger`: the small job that stream processors are usually measured by: a count per article and one output an event.
It shows what the framework costs, `stock` what the shop pays.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import orjson

from streams.codec import RowCodec, split_key
from streams.flow import Context, Decision, Flow, Row, taken_in
from streams.stock.flow import STOCK
from streams.stock.rules import StockRules
from streams.vocabulary.events import StockEvent, TillSold
from streams.vocabulary.fact import Fact, Value
from streams.vocabulary.time import moment_of
from tests.bench.kafka.workload import Event

RULES = StockRules(branches=(1,))
_encode = msgspec.json.Encoder().encode


class Ledger(Value, frozen=True):
    """The small job's state."""

    count: int = 0
    units: int = 0


class Counted(Fact, frozen=True, kw_only=True, tag="counted"):
    """The small job's output: the article's new row."""

    article: str
    count: int
    units: int


def count(state: Ledger | None, event: StockEvent, context: Context) -> Decision[Ledger]:
    """The small job as a `decide`."""
    known = state or Ledger()
    sold = int(event.quantity) if isinstance(event, TillSold) else 0
    now = Ledger(count=known.count + 1, units=known.units + sold)
    told: Any = Counted(article=context.entity, count=now.count, units=now.units)
    return Decision(state=now, activity=(told,))


LEDGER: Flow[Ledger] = Flow(name="stock", events=StockEvent, state=Ledger, decide=count)


class Marks(NamedTuple):
    """How many records, and a sum over them that does not ask for their order."""

    count: int
    sum: int

    def __str__(self) -> str:
        return f"{self.count} records, sum {self.sum:016x}"


class Outcome(NamedTuple):
    """What a contestant has to leave behind."""

    rows: Marks
    outputs: Marks


def marks(found: Iterable[int]) -> Marks:
    """Of the marks of single records."""
    number = total = 0
    for number, mark in enumerate(found, 1):  # noqa: B007  # the count is wanted after the loop
        total += mark
    return Marks(number, total & 0xFFFFFFFFFFFFFFFF)


class Job:
    """One job: the flow, and its steps for those who have no delivery core."""

    def __init__(self, name: str, flow: Flow[Any]) -> None:
        self.name = name
        self.flow = flow
        self.rows: RowCodec[Any] = RowCodec(flow.state)
        self.read = msgspec.json.Decoder(flow.events).decode

    def advance(
        self, row: Row[Any] | None, key: bytes, value: bytes, timestamp: int, offset: int
    ) -> tuple[Row[Any], list[bytes]]:
        """The row after an event, and the outputs: what streams/delivery.py does with it, one by one. Vendors do not
        answer in this bench, so no effect is ever settled."""
        connection, entity = split_key(key)
        open_effects = dict(row.open) if row else {}
        context = Context(
            connection=connection, entity=entity, at=moment_of(timestamp), rules=RULES, open=open_effects
        )
        decision = self.flow.decide(row.state if row else None, self.read(value), context)
        asked = taken_in(decision, open_effects, row.asked if row else 0)
        if decision.messages:
            raise AssertionError("the stock flow sends no events; say here where they go")
        after: Row[Any] = Row(
            state=decision.state,
            applied=offset + 1,
            open=open_effects,
            asked=asked,
            wake=decision.wake,
            born=row.born if row else offset,
        )
        return after, [_encode(one) for one in decision.activity]

    def step(
        self, row: bytes | None, key: bytes, value: bytes, timestamp: int, offset: int
    ) -> tuple[bytes, list[bytes]]:
        """The same in bytes."""
        before = None if row is None else self.rows.read(row)
        after, outputs = self.advance(before, key, value, timestamp, offset)
        return self.rows.write(after), outputs

    def row_mark(self, key: bytes, value: bytes) -> int:
        """Of a row in a changelog."""
        if self.name == "stock":
            return hash((key, value))
        told = orjson.loads(value)
        told = told.get("state", told)
        return hash((key, told.get("count", 0), told.get("units", 0)))

    def output_mark(self, key: bytes, value: bytes) -> int:
        """Of an output."""
        if self.name == "stock":
            return hash((key, value))
        told = orjson.loads(value)
        return hash((key, told["article"], told["count"], told["units"]))

    def outcome(self, events: Iterable[Event]) -> Outcome:
        """What these events lead to, lying in their partitions in this order."""
        rows: dict[bytes, Row[Any]] = {}
        ends: dict[int, int] = {}
        number = total = 0
        for partition, key, value, timestamp in events:
            offset = ends.get(partition, 0)
            ends[partition] = offset + 1
            rows[key], outputs = self.advance(rows.get(key), key, value, timestamp, offset)
            for one in outputs:
                number += 1
                total += self.output_mark(key, one)
        return Outcome(
            marks(self.row_mark(key, self.rows.write(row)) for key, row in rows.items()),
            Marks(number, total & 0xFFFFFFFFFFFFFFFF),
        )


def ledger_step(known: dict[str, int] | None, event: dict[str, Any]) -> dict[str, int]:
    """The small job as people write it with plain dictionaries."""
    sold = int(Decimal(event["quantity"])) if event["is"] == "till-sold" else 0
    row = known or {"count": 0, "units": 0}
    return {"count": row["count"] + 1, "units": row["units"] + sold}


JOBS = {"stock": Job("stock", STOCK), "ledger": Job("ledger", LEDGER)}
