"""One order's whole way with both vendors, where every call may fail in every way and the world goes on meanwhile.

One seed is one history: `python -m tests.streams.orders.walk --seeds 10000`, `--seed 42` runs one again with its story.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from streams.flow import Context
from streams.orders.decide import decide
from streams.orders.flow import ORDERS
from streams.orders.following import delivered, kept
from streams.orders.rules import CancelRules, KindRules, OrderRules, ShippingRules
from streams.orders.state import Order
from streams.vocabulary.bol_order import BolOrder, BolOrderItem, fingerprint
from streams.vocabulary.codes import code_of_entity
from streams.vocabulary.effects import (
    AskBolProcess,
    CancelBolItem,
    CancelMplusOrder,
    CommitOrder,
    DeliverMplusOrder,
    Effect,
    FetchBolOrder,
    PayMplusOrder,
    ReadBolShipments,
    ReadMplusOrder,
    ReadPackingSlips,
    SetMplusCategory,
    ShipBolItems,
)
from streams.vocabulary.events import (
    Answer,
    BolOrderFetched,
    BolShipment,
    BolShipmentsRead,
    BolWriteBegun,
    CodeAnswered,
    CodeAsked,
    CustomerAnswered,
    CustomerAsked,
    MplusOrderPaid,
    MplusOrderRead,
    MplusOrderSeen,
    OperatorAsked,
    OrderCommitted,
    OrderNoticed,
    OrdersEvent,
    PackingSlipSeen,
    PackingSlipsRead,
    ProcessStatus,
    ProcessStatuses,
    Settled,
    Woke,
)
from streams.vocabulary.mplus_order import Moved, MplusOrder, MplusOrderLine, OrderDraft, PackingSlip
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.orders.desk import JAN, START
from tests.streams.row import RowAtHand

COMPLETE, PARTIAL, NOTHING = (f"ORDER-CANCEL-STATE-{word}" for word in ("COMPLETE", "PARTIAL", "NOTHING"))


def code_on(slip_id: str) -> str:
    """The code of a parcel."""
    return f"3SABC{slip_id[1:]:0>7}"


@dataclass
class Item:
    """An item in Bol's books."""

    item_id: str
    ean: str
    quantity: int
    shipped: int = 0
    cancelled: int = 0
    asked_off: bool = False
    by_hand: int = 0

    @property
    def open(self) -> int:
        return self.quantity - self.shipped - self.cancelled


@dataclass
class Process:
    """A write at Bol."""

    entity: str
    kind: str
    status: str
    looks: int
    error: str = ""


@dataclass
class Bol:
    """Bol's books of one order."""

    items: list[Item]
    processes: dict[str, Process] = field(default_factory=dict)
    shipments: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    """Shipments by their code."""

    def told(self) -> BolOrder:
        return BolOrder(
            order_id="b1",
            placed_at=START,
            ship_to=JAN,
            bill_to=JAN,
            items=tuple(
                BolOrderItem(
                    item_id=one.item_id,
                    ean=one.ean,
                    quantity=one.quantity,
                    quantity_shipped=one.shipped,
                    quantity_cancelled=one.cancelled,
                    unit_price_cents=1000,
                    total_cents=1000 * one.quantity,
                    cancellation_requested=one.asked_off,
                    latest_delivery="2026-12-01",
                )
                for one in self.items
            ),
        )

    def begin(self, entity: str, kind: str, status: str, looks: int, error: str = "") -> str:
        name = f"p{len(self.processes) + 1}"
        self.processes[name] = Process(entity, kind, status, looks, error)
        return name

    def item(self, item_id: str) -> Item:
        return next(one for one in self.items if one.item_id == item_id)


@dataclass
class Till:
    """Mplus's books of one order."""

    draft: OrderDraft | None = None
    created: int = 0
    units: dict[str, int] = field(default_factory=dict)
    lines: dict[int, list[int]] = field(default_factory=dict)
    """Article -> ordered, delivered, cancelled."""
    marker: int = 1
    category: int | None = None
    keys: dict[str, int] = field(default_factory=dict)
    slips: list[PackingSlip] = field(default_factory=list)
    slip_marker: int = 0

    def told(self) -> MplusOrder | None:
        if self.draft is None:
            return None
        open_ = sum(ordered - cancelled - gone for ordered, gone, cancelled in self.lines.values())
        cancelled = sum(one[2] for one in self.lines.values())
        gone = sum(one[1] for one in self.lines.values())
        whole = cancelled and not open_ and not gone
        return MplusOrder(
            order_id="m1",
            ext_order_id=self.draft.ext_order_id,
            number="2026-1",
            marker=self.marker,
            cancel_state=COMPLETE if whole else PARTIAL if cancelled else NOTHING,
            category=self.category,
            invoices=("inv",) if any(key.endswith("invoice") for key in self.keys) else (),
            lines=tuple(
                MplusOrderLine(
                    article_number=article,
                    quantity=Decimal(ordered),
                    delivered=Decimal(gone),
                    cancelled=Decimal(off),
                )
                for article, (ordered, gone, off) in self.lines.items()
            ),
        )

    def deliver(self, due: dict[int, int] | None, reference: str = "") -> None:
        moved: list[Moved] = []
        for article, line in self.lines.items():
            most = line[0] - line[2]
            to = most if due is None else max(line[1], min(most, due.get(article, 0)))
            if to > line[1]:
                moved.append(Moved(article_number=article, quantity=to - line[1]))
                line[1] = to
        if moved:
            self.marker += 1
            self.slip_marker += 1
            number = len(self.slips) + 1
            self.slips.append(
                PackingSlip(
                    slip_id=f"s{number}", reference=reference, lines=tuple(moved), marker=self.slip_marker
                )
            )

    def mark(self, place: int) -> None:
        """Staff write the code of that parcel on its slip."""
        self.slip_marker += 1
        slip = self.slips[place]
        self.slips[place] = replace(slip, reference=code_on(slip.slip_id), marker=self.slip_marker)

    def leave(self, left: dict[int, int]) -> None:
        for article, line in self.lines.items():
            keep = max(line[1], min(line[0] - line[2], left.get(article, 0)))
            line[2] = line[0] - keep
        self.marker += 1


class Walk(RowAtHand[Order]):
    """One seed's history."""

    def __init__(self, seed: int, tell: bool = False) -> None:
        self.chance = chance = random.Random(seed)
        self.tell = tell
        count = chance.randint(1, 3)
        articles = [chance.choice([1, 2, 3]) for _ in range(count)]
        self.bol = Bol([Item(f"i{n}", f"87{a:011d}", chance.randint(1, 3)) for n, a in enumerate(articles)])
        self.units = {a: chance.choice([1, 1, 1, 3]) for a in (1, 2, 3)}
        self.till = Till()
        invoice = chance.random() < 0.2
        how = KindRules(
            branch_number=1,
            commit="invoice" if invoice else "order",
            deliver="at-once" if chance.random() < 0.2 else "by-staff",
            prepaid=chance.random() < 0.3,
        )
        rules = OrderRules(
            kinds={"FBR": how},
            shipping=ShippingRules(
                track=chance.choice(["none", "slip-reference", "order-reference"]),
                track_wait=600,
                done_category=chance.choice([None, 3]),
            ),
            cancel=CancelRules(),
        )
        super().__init__(ORDERS, "b1", START + timedelta(seconds=1), rules)
        self.flying: dict[str, tuple[int, Answer | Refused | NotSent | AnswerLost, datetime, bool]] = {}
        self.inbox: list[OrdersEvent] = []
        self.faults = 0.3
        self.commits: Counter[str] = Counter()
        self.doubled: list[str] = []

    # -- the shell

    def apply(self, event: OrdersEvent) -> None:
        self.now += timedelta(milliseconds=self.chance.randint(1, 500))
        decision = self.take(event)
        if decision.state is not None:
            context = Context(
                connection="shop", entity="b1", at=self.now, rules=self.rules, open=dict(self.open)
            )
            decide(decision.state, event, context)  # a doubled event must not break it
        if self.tell:
            print(f"{self.now:%H:%M:%S} {type(event).__name__} {str(event)[:150]}")
            for note in decision.activity:
                if hasattr(note, "text"):
                    print("      ", note.text)
            print("      ", self.state.step if self.state else None, sorted(self.open))
        for message in decision.messages:
            match message.event:
                case CodeAsked():
                    kind, value = code_of_entity(message.entity)
                    article = int(value[2:]) if kind == "ean" else None
                    units = self.units[article] if article else 1
                    self.inbox.append(
                        CodeAnswered(
                            kind="ean" if kind == "ean" else "sku",
                            value=value,
                            article_number=article,
                            units=units,
                        )
                    )
                case CustomerAsked():
                    self.inbox.append(CustomerAnswered(relation_number=7))
                case _:
                    pass

    def begin(self, key: str) -> None:
        """The effect goes out; its answer comes later, or never (a crash)."""
        effect = self.open[key]
        roll = self.chance.random()
        outcome: Answer | Refused | NotSent | AnswerLost
        asked_at = self.now
        if roll < self.faults * 0.25:
            outcome = NotSent(why="no connection")
        elif roll < self.faults * 0.5:
            outcome = AnswerLost(why="timed out")
        elif roll < self.faults * 0.75:
            self.run(effect.effect, effect.repeated)
            outcome = AnswerLost(why="timed out")
        elif roll < self.faults and not self.taken(effect.effect):
            outcome = Refused(said="the branch is closed for stock-taking")
        else:
            outcome = self.run(effect.effect, effect.repeated)
        if self.tell:
            print(f"   >>> {key} {str(effect.effect)[:120]} -> {str(outcome)[:120]}")
        self.flying[key] = (effect.number, outcome, asked_at, effect.repeated)

    def taken(self, effect: Effect) -> bool:
        """An earlier try took effect: then the vendor, or the look-up, says so and does not refuse."""
        match effect:
            case CommitOrder():
                return self.till.draft is not None
            case PayMplusOrder():
                return any(key.removesuffix("-invoice") == effect.key for key in self.till.keys)
            case ShipBolItems():
                return any(effect.reference == reference for reference, _ in self.bol.shipments)
            case CancelBolItem():
                return self.bol.item(effect.item_id).open == 0
            case _:
                return False

    def land(self, key: str) -> None:
        number, outcome, asked_at, repeated = self.flying.pop(key)
        self.apply(
            Settled(
                key=key,
                number=number,
                outcome=outcome,
                asked_at=asked_at,
                answered_at=self.now,
                repeated=repeated,
            )
        )

    def crash(self) -> None:
        """What was on its way is forgotten; everything that is open is run again, as `repeated`."""
        self.flying.clear()
        self.open = {key: replace(one, repeated=True) for key, one in self.open.items()}

    # -- the vendors

    def run(self, effect: Effect, repeated: bool) -> Answer | Refused:
        bol, till = self.bol, self.till
        match effect:
            case FetchBolOrder():
                return BolOrderFetched(order=bol.told())
            case CommitOrder():
                if till.draft is None:
                    till.draft = effect.draft
                    till.created += 1
                    for line in effect.draft.lines:
                        till.lines.setdefault(line.article_number, [0, 0, 0])[0] += line.quantity
                    return OrderCommitted(order_id="m1", number="2026-1")
                return OrderCommitted(order_id="m1", number="2026-1", adopted=True)
            case ReadMplusOrder():
                return MplusOrderRead(order=till.told())
            case DeliverMplusOrder():
                till.deliver({one.article_number: one.quantity for one in effect.due} or None)
                return MplusOrderRead(order=till.told())
            case CancelMplusOrder():
                till.leave({one.article_number: one.quantity for one in effect.left})
                return MplusOrderRead(order=till.told())
            case PayMplusOrder():
                if not any(key.endswith("invoice") for key in till.keys):
                    till.keys[effect.key + ("" if effect.prepay else "-invoice")] = effect.payment.cents
                return MplusOrderPaid(invoice_id="" if effect.prepay else "inv")
            case SetMplusCategory():
                till.category = effect.category
                till.marker += 1
                return MplusOrderRead(order=till.told())
            case ReadPackingSlips():
                return PackingSlipsRead(slips=tuple(till.slips))
            case ReadBolShipments():
                ours = tuple(
                    BolShipment(shipment_id=f"9{place}", reference=reference, items=tuple(sent.items()))
                    for place, (reference, sent) in enumerate(bol.shipments)
                )
                by_hand = tuple((one.item_id, one.by_hand) for one in bol.items if one.by_hand)
                hand = (BolShipment(shipment_id="1", items=by_hand),) if by_hand else ()
                return BolShipmentsRead(shipments=(*ours, *hand))
            case ShipBolItems():
                return self.ship(effect, repeated)
            case CancelBolItem():
                return self.cancel(effect, repeated)
            case AskBolProcess():
                process = bol.processes[effect.process_id]
                process.looks -= 1
                status = "PENDING" if process.looks > 0 else process.status
                return ProcessStatuses(
                    statuses=(
                        ProcessStatus(process_id=effect.process_id, status=status, error=process.error),
                    )
                )
            case _:
                raise AssertionError(f"not in this model: {effect}")

    def ship(self, effect: ShipBolItems, repeated: bool) -> Answer:
        bol = self.bol
        first = effect.items[0].item_id
        if repeated:
            if any(reference == effect.reference for reference, _ in bol.shipments):
                return BolWriteBegun(process_id="", done=True)
            for name, process in bol.processes.items():
                same = process.entity == first and process.kind == "ship"
                if same and process.status != "FAILURE" and name not in effect.known:
                    return BolWriteBegun(process_id=name)
        looks = self.chance.randint(1, 3)
        fits = all(1 <= one.quantity <= bol.item(one.item_id).open for one in effect.items)
        if not fits:
            return BolWriteBegun(process_id=bol.begin(first, "ship", "FAILURE", looks, "not open"))
        roll = self.chance.random()
        if roll < self.faults * 0.2:
            return BolWriteBegun(process_id=bol.begin(first, "ship", "TIMEOUT", looks))
        if any(reference == effect.reference for reference, _ in bol.shipments):
            self.doubled.append(effect.reference)
        for one in effect.items:
            bol.item(one.item_id).shipped += one.quantity
        bol.codes[effect.track] += 1
        bol.shipments.append((effect.reference, {one.item_id: one.quantity for one in effect.items}))
        status = "TIMEOUT" if roll < self.faults * 0.4 else "SUCCESS"
        return BolWriteBegun(process_id=bol.begin(first, "ship", status, looks))

    def cancel(self, effect: CancelBolItem, repeated: bool) -> Answer:
        bol, item = self.bol, self.bol.item(effect.item_id)
        if repeated and item.open == 0:
            return BolWriteBegun(process_id="", done=True)
        looks = self.chance.randint(1, 3)
        if item.open == 0:
            return BolWriteBegun(process_id=bol.begin(item.item_id, "cancel", "FAILURE", looks, "not open"))
        item.cancelled += item.open
        return BolWriteBegun(process_id=bol.begin(item.item_id, "cancel", "SUCCESS", looks))

    # -- the world

    def happen(self) -> None:
        chance = self.chance
        what = chance.random()
        if what < 0.25:
            self.notice()
        elif what < 0.4:
            self.look()
        elif what < 0.45:
            self.look_at_slips()
        elif what < 0.55 and self.till.draft is not None:
            due = {article: chance.randint(0, line[0]) for article, line in self.till.lines.items()}
            code = chance.choice(["", code_on(f"s{len(self.till.slips) + 1}")])
            self.till.deliver(due if chance.random() < 0.6 else None, code)
        elif what < 0.6:
            item = chance.choice(self.bol.items)
            if item.open:
                item.asked_off = True
        elif what < 0.65:
            item = chance.choice(self.bol.items)
            item.cancelled += item.open
        elif what < 0.7 and self.till.draft is not None:
            keep = {article: line[0] - line[2] for article, line in self.till.lines.items()}
            keep[chance.choice(list(keep))] = 0
            self.till.leave(keep)
        elif what < 0.75:
            item = chance.choice(self.bol.items)
            if item.open:
                item.shipped += 1
                item.by_hand += 1
        elif what < 0.8:
            self.apply(OperatorAsked(who="the shop"))
        elif what < 0.9:
            self.crash()
        else:
            self.now += timedelta(seconds=chance.choice([1, 10, 100, 1000]))
            self.ring()

    def ring(self) -> None:
        if self.wake is not None and self.wake <= self.now:
            due, self.wake = self.wake, None
            self.apply(Woke(due=due))

    def notice(self) -> None:
        changed = fingerprint(
            (one.item_id, one.quantity, one.shipped, one.cancelled, one.asked_off) for one in self.bol.items
        )
        self.apply(OrderNoticed(via="sweep", noticed_at=self.now, changed=changed))

    def look(self) -> None:
        found = self.till.told()
        if found is not None:
            self.apply(MplusOrderSeen(order=found))

    def look_at_slips(self) -> None:
        """A sweep shows one, some of which staff have written on by then; an older page may still be on its way."""
        chance, slips = self.chance, self.till.slips
        if not slips:
            return
        place = chance.randrange(len(slips))
        before = slips[place]
        if chance.random() < 0.5:
            self.till.mark(place)
        self.show(slips[place])
        if chance.random() < 0.2:
            self.show(before)

    def show(self, slip: PackingSlip) -> None:
        self.apply(PackingSlipSeen(order_id="m1", slip=slip, seen_at=self.now))

    def go(self) -> None:
        self.notice()
        for _ in range(self.chance.randint(10, 80)):
            ready = [
                key
                for key, one in self.open.items()
                if key not in self.flying and (one.not_before is None or one.not_before <= self.now)
            ]
            what = self.chance.random()
            if self.inbox and what < 0.5:
                self.apply(self.inbox.pop(0))
            elif ready and what < 0.7:
                self.begin(self.chance.choice(ready))
            elif self.flying and what < 0.9:
                self.land(self.chance.choice(list(self.flying)))
            else:
                self.happen()

    def calm(self) -> None:
        """No more trouble: everything comes to rest."""
        self.faults = 0.0
        for _ in range(400):
            while self.inbox:
                self.apply(self.inbox.pop(0))
            for key in list(self.flying):
                self.land(key)
            ready = [key for key in self.open if key not in self.flying]
            if ready:
                soonest = min(ready, key=lambda key: self.open[key].not_before or self.now)
                when = self.open[soonest].not_before
                if when is not None and when > self.now:
                    self.now = when
                self.begin(soonest)
                continue
            before = (self.state, len(self.open))
            self.notice()
            self.look()
            for slip in self.till.slips:
                self.show(slip)
            if self.open or self.inbox:
                continue
            if self.wake is not None and self.wake < START + timedelta(days=40):
                self.now = max(self.now, self.wake)
                self.ring()
                continue
            if before == (self.state, len(self.open)):
                return
        raise AssertionError("it does not come to rest")

    def check(self) -> None:
        state = self.state
        assert state is not None
        assert self.till.created <= 1, "one order in Mplus"
        assert not self.doubled, "one shipment for a reference"
        wanted = {one.item_id: one.quantity - one.cancelled for one in self.bol.items}
        ours: Counter[str] = Counter()
        for _, items in self.bol.shipments:
            ours.update(items)
        for one in self.bol.items:
            assert one.shipped == ours[one.item_id] + one.by_hand, "every shipped unit once"
        if self.till.draft is None:
            assert state.step == "cancelled"
            assert not any(wanted.values())
            return
        assert state.is_booked
        known = {"", *(code_on(slip.slip_id) for slip in self.till.slips if slip.reference)}
        assert self.bol.codes.keys() <= known, "no code that nobody wrote"
        gone, there = delivered(state), kept(state)
        payments = [cents for key, cents in self.till.keys.items() if not key.endswith("invoice")]
        assert len(payments) <= 1, "one deposit"
        for line in state.lines:
            name = line.item_id
            told = min(gone[name], wanted[name])
            item = self.bol.item(name)
            if line.cancelling is None:
                assert item.shipped >= told, f"{name}: what has left is told"
            assert item.shipped <= max(told, item.by_hand + told, 0), f"{name}: what is told has left"
            if not state.troubles.keys() - {"late"}:
                assert there[name] == max(wanted[name], gone[name]) or line.booked < wanted[name], (
                    f"{name}: both sides want the same"
                )
        if not state.troubles.keys() - {"late"}:
            assert state.step in ("done", "cancelled", "committed", "delivered"), state.step
            if all(self.bol.item(line.item_id).shipped >= wanted[line.item_id] for line in state.lines):
                assert state.step in ("done", "cancelled")


def main() -> None:
    """Runs many seeds, or tells one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    seeds = [given.seed] if given.seed is not None else range(given.seeds)
    ended: Counter[str] = Counter()
    for seed in seeds:
        walk = Walk(seed, tell=given.seed is not None)
        try:
            walk.go()
            walk.calm()
            walk.check()
        except Exception as error:
            raise SystemExit(f"seed {seed}: {type(error).__name__}: {error}") from error
        assert walk.state is not None
        ended[
            walk.state.step + (" (a person is asked)" if walk.state.troubles.keys() - {"late"} else "")
        ] += 1
    print(f"{sum(ended.values())} histories came out right: {dict(ended)}")


if __name__ == "__main__":
    main()
