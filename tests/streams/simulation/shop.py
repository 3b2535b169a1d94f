"""The stock and orders flows with both vendors, while the process crashes: the books must come out right.

One seed is one history. `python -m tests.streams.simulation --seeds 10000` runs more of them, `--seed 42`
runs one again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from streams.codec import fact_headers, message_draft
from streams.customers.flow import CUSTOMERS
from streams.flow import Context, Decision, Flow
from streams.orders.flow import ORDERS
from streams.orders.rules import KindRules, OrderRules
from streams.stock.flow import STOCK
from streams.stock.rules import StockRules
from streams.topics import DEAD_LETTERS, rows_topic
from streams.vocabulary.effects import FetchBolOrder, PushOffer
from streams.vocabulary.events import (
    ArticleDescribed,
    CatalogueEvent,
    CodeAnswered,
    CodeAsked,
    Message,
    OfferObserved,
    OrderNoticed,
    Part,
    Settled,
    StockDoubted,
    TillSold,
)
from streams.vocabulary.fact import Value
from streams.vocabulary.outcomes import AnswerLost, NotSent
from streams.vocabulary.time import milliseconds, moment_of
from tests.streams.simulation.model_log import PARTITIONS, Crash, Fate, ModelLog, ModelRows
from tests.streams.simulation.process import Process, Wanted
from tests.streams.simulation.vendors import Bol, Mplus, Vendors, ean, order

CONNECTION = "shop"
ARTICLES = 4
KIT, PARTS = 5, {1: 1, 2: 2}
"""A composed article: Mplus keeps no stock of it, and one is one of article 1 and two of article 2."""
USED = "o3-used"
"""A second offer of article 3: it shares what there is with the first."""
OFFERS = tuple(f"o{article}" for article in range(1, KIT + 1))
STOCK_RULES = StockRules(branches=(1,), buffer=1, cap=50)
ORDER_RULES = OrderRules(kinds={"FBR": KindRules(branch_number=1)})


class Carrier(Value, frozen=True):
    """A code's row in the model's catalogue: who asked."""

    askers: tuple[str, ...] = ()


def answer_code(state: Carrier | None, event: Any, context: Context) -> Decision[Carrier]:
    """A catalogue that knows every EAN of the model."""
    if not isinstance(event, CodeAsked):
        return Decision(state=state)
    _, kind, value = context.entity.split("/", 2)
    article = int(value[2:]) if kind == "ean" else None
    answer = CodeAnswered(kind=kind, value=value, article_number=article)  # type: ignore[arg-type]  # from the key
    flow, _, entity = event.asker.partition(":")
    return Decision(
        state=Carrier(askers=(event.asker,)),
        messages=(Message(flow=flow, entity=entity, event=answer),),  # type: ignore[arg-type]  # from the asker
    )


CODES: Flow[Carrier] = Flow(name="catalogue", events=CatalogueEvent, state=Carrier, decide=answer_code)


class InFlight(NamedTuple):
    """A call on its way to a vendor."""

    wanted: Wanted
    asked: int


class Shop:
    """One history."""

    def __init__(self, seed: int, atomic: bool) -> None:
        self.fate = Fate(seed, crash=0.006, refuse=0.004)
        self.random = self.fate.random
        self.log = ModelLog(self.fate, atomic)
        stock = {article: self.random.randint(0, 12) for article in range(1, ARTICLES + 1)}
        self.mplus = Mplus(stock, {KIT: PARTS})
        self.bol = Bol({name: self.random.randint(0, 12) for name in (*OFFERS, USED)})
        self.vendors = Vendors(self.bol, self.mplus, self.random)
        self.faults = 0.08
        self.process: Process | None = None
        self.calls: dict[tuple[str, bytes, str], InFlight] = {}
        self.sessions = 0
        self.pushed_while_known = 0

    # -- what happens in the world

    def send(self, message: Message) -> None:
        """Someone writes an event durably; a push may come twice."""
        self.log.put(message_draft(message, CONNECTION, fact_headers(CONNECTION, "t")))

    def offers_seen(self) -> None:
        """A sweep of the offers."""
        for offer, amount in self.bol.offers.items():
            event = OfferObserved(
                offer_id=offer,
                ean=ean(article_of(offer)),
                amount=amount,
                managed_by_retailer=True,
                read_at=moment_of(self.log.tick()),
                condition="SECONDHAND/GOOD" if offer == USED else "NEW",
            )
            self.send(Message(flow="stock", entity=str(article_of(offer)), event=event))

    def describe_kit(self) -> None:
        """The catalogue tells what the composed article is made of."""
        parts = tuple(
            Part(article_number=article, quantity=Decimal(count)) for article, count in PARTS.items()
        )
        event = ArticleDescribed(marker=1, stock_kept=False, parts=parts)
        self.send(Message(flow="stock", entity=str(KIT), event=event))

    def till_sale(self) -> None:
        """Sold over the counter; the push comes once, twice, late or never."""
        article = self.random.randint(1, KIT)
        self.mplus.sell(article, 1)
        self.sessions += 1
        event = TillSold(
            session_id=f"s{self.sessions}",
            line_id="1",
            quantity=Decimal(1),
            sold_at=moment_of(self.log.now),
            heard_at=moment_of(self.log.tick()),
        )
        for _ in range(self.random.choice((0, 1, 1, 1, 1, 2))):
            self.send(Message(flow="stock", entity=str(article), event=event))

    def bol_order(self) -> None:
        """A customer orders at Bol."""
        number = len(self.bol.orders) + 1
        articles = self.random.sample(range(1, KIT + 1), self.random.randint(1, 2))
        placed = moment_of(self.log.tick())
        made = order(number, [(article, self.random.randint(1, 2)) for article in articles], placed)
        self.bol.orders[made.order_id] = made
        for _ in range(self.random.choice((0, 1, 1, 2))):
            self.notice(made.order_id, "push", "")

    def cancel(self) -> None:
        """A customer cancels an item; what is in Mplus by then is cancelled there."""
        if not self.bol.orders:
            return
        order_id = self.random.choice(sorted(self.bol.orders))
        known = self.bol.orders[order_id]
        place = self.random.randrange(len(known.items))
        items = list(known.items)
        items[place] = replace(items[place], quantity_cancelled=items[place].quantity)
        self.bol.orders[order_id] = replace(known, items=tuple(items))
        self.notice(order_id, "push", "")

    def notice(self, order_id: str, via: Any, changed: str) -> None:
        """Bol says that an order is new or changed."""
        event = OrderNoticed(via=via, noticed_at=moment_of(self.log.tick()), changed=changed)
        self.send(Message(flow="orders", entity=order_id, event=event))

    # -- effects

    def start_call(self) -> bool:
        """Sends a call that a row asks for: Mplus takes one at a time, a key of a row has one at a time."""
        assert self.process is not None
        now = moment_of(self.log.now)
        ready = [
            one
            for one, wanted in sorted(self.process.effects.items())
            if one not in self.calls and (wanted.effect.not_before is None or wanted.effect.not_before <= now)
        ]
        if any(
            not isinstance(call.wanted.effect.effect, (PushOffer, FetchBolOrder))
            for call in self.calls.values()
        ):
            ready = [
                one
                for one in ready
                if isinstance(self.process.effects[one].effect.effect, (PushOffer, FetchBolOrder))
            ]
        if not ready:
            return False
        one = self.random.choice(ready)
        self.calls[one] = InFlight(self.process.effects[one], self.log.tick())
        return True

    def end_call(self) -> None:
        """The call takes effect (or not), its answer comes (or not), the outcome is written."""
        one = self.random.choice(sorted(self.calls))
        wanted, asked = self.calls[one]
        effect = wanted.effect.effect
        chance = self.random.random()
        answered = self.log.tick()
        outcome: Any
        if chance < self.faults:
            outcome = NotSent(why="no connection")
        else:
            outcome = self.vendors.run(effect, wanted.effect.repeated, moment_of(asked), moment_of(answered))
            if chance < 2 * self.faults:
                outcome = AnswerLost(why="timed out")
        self.fate.step()
        assert self.process is not None
        if self.process.effects.get(one) == wanted:
            del self.process.effects[one]
        del self.calls[one]
        event = Settled(
            key=wanted.effect_key,
            number=wanted.effect.number,
            outcome=outcome,
            asked_at=moment_of(asked),
            answered_at=moment_of(answered),
            repeated=wanted.effect.repeated,
        )
        _, _, entity = wanted.key.decode().partition("/")
        self.send(Message(flow=wanted.flow, entity=entity, event=event))  # type: ignore[arg-type]  # the flow's name
        self.fate.step()

    # -- the history

    def step(self) -> bool:
        """One step of the process; False when there is nothing to do now."""
        if self.process is None:
            self.calls.clear()
            self.process = Process(self.log, [CODES, STOCK, CUSTOMERS, ORDERS], rules)
        choices = []
        behind = self.process.behind()
        if behind:
            choices += ["deliver"] * 3
        if self.calls:
            choices += ["end"] * 2
        if self.process.effects:
            choices.append("start")
        self.random.shuffle(choices)
        for choice in choices:
            if choice == "deliver":
                self.process.deliver(self.random.choice(behind))
                return True
            if choice == "end":
                self.end_call()
                return True
            if self.start_call():
                return True
        return False

    def live(self, happenings: int) -> None:
        """Things happen while the process runs and crashes."""
        self.describe_kit()
        self.offers_seen()
        while happenings:
            if self.random.random() < 0.15:
                happenings -= 1
                self.random.choice((self.till_sale, self.till_sale, self.bol_order, self.cancel))()
            self.guarded()

    def settle(self) -> None:
        """No more crashes and faults; a sweep finds what pushes lost; everything comes to rest."""
        self.fate.crash = self.fate.refuse = self.faults = 0.0
        self.vendors = Vendors(self.bol, self.mplus, _Never())
        self.rest()
        self.nobody_waits()
        for order_id in self.bol.orders:
            self.notice(order_id, "sweep", f"sweep-{self.log.now}")
        self.rest()
        for article in self.mplus.stock:
            event = StockDoubted(why="marker", since=moment_of(self.log.tick()))
            self.send(Message(flow="stock", entity=str(article), event=event))
        self.offers_seen()
        self.rest()
        self.nobody_waits()

    def nobody_waits(self) -> None:
        """At rest no row asks for anything: what is open and not run would stand still until a restart."""
        for flow in ("stock", "customers", "orders"):
            rows = ModelRows(self.log, rows_topic(flow))
            for number in range(PARTITIONS):
                for key, value in rows.items(number):
                    asked = msgspec.json.decode(value).get("open")
                    assert not asked, f"{key!r} still asks for {asked}, and nobody runs it"
                    if msgspec.json.decode(value).get("wake"):
                        assert self.process is not None
                        assert (flow, key) in self.process.alarms, f"{key!r} is woken by nobody"

    def rest(self) -> None:
        """Until nothing is to be done, however long it waits."""
        for _ in range(20_000):
            if self.guarded():
                continue
            assert self.process is not None
            waits = [
                milliseconds(wanted.effect.not_before)
                for wanted in self.process.effects.values()
                if wanted.effect.not_before is not None
            ]
            if not waits:
                return
            self.log.now = max(self.log.now, min(waits) + 1)
        raise AssertionError("it does not come to rest")

    def guarded(self) -> bool:
        """A step that may be the last of this life."""
        try:
            return self.step()
        except Crash:
            self.process = None
            return True

    # -- the verdict

    def check(self) -> None:
        """The books, from the vendors' side."""
        assert not self.log.all(DEAD_LETTERS.name), self.log.all(DEAD_LETTERS.name)[0].headers
        assert len(self.mplus.created) == len(set(self.mplus.created)), "an order was created twice"
        doubled = {one: found for one, found in self.mplus.relations.items() if len(found) > 1}
        assert not doubled, f"a customer has two relations: {doubled}"
        for order_id, bol in self.bol.orders.items():
            made = self.mplus.orders.get(f"BOL-{order_id}")
            wanted = [item for item in bol.items if item.wanted]
            if wanted:
                assert made is not None, f"order {order_id} is missing in Mplus"
            left = self.mplus.left.get(f"BOL-{order_id}", {})
            due = {int(item.ean[2:]): item.wanted for item in bol.items}
            assert all(count == due.get(article, 0) for article, count in left.items()), (
                f"order {order_id}: {left} is left in Mplus, {due} at Bol"
            )
            for item in wanted:
                lines = (
                    [line for line in made.lines if line.article_number == int(item.ean[2:])] if made else []
                )
                assert sum(line.quantity for line in lines) == item.quantity
                assert sum(line.quantity * line.price_cents for line in lines) == item.total_cents
        left = {
            article: max(0, self.mplus.free(article) - STOCK_RULES.buffer)
            for article in range(1, ARTICLES + 1)
        }
        sets = min(left[part] // count for part, count in PARTS.items())
        due = {f"o{article}": units for article, units in left.items()}
        due[f"o{KIT}"] = max(0, sets - STOCK_RULES.buffer)
        due[USED] = left[3] // 2
        due["o3"] = left[3] - due[USED]
        due = {offer: min(STOCK_RULES.cap, units) for offer, units in due.items()}
        assert self.bol.offers == due, f"{self.bol.offers} at Bol, {due} by the books"
        self._reserved_by_the_books()

    def _reserved_by_the_books(self) -> None:
        """Every order is in Mplus, and a reading has it: no row, nor that of a part, keeps anything for one."""
        rows = ModelRows(self.log, rows_topic("stock"))
        for number in range(PARTITIONS):
            for key, value in rows.items(number):
                state = msgspec.json.decode(value)["state"]
                assert not state.get("reservations"), f"{key!r} keeps {state['reservations']}"
                assert not state.get("sales"), f"{key!r} counts sales that are read: {state['sales']}"


def article_of(offer: str) -> int:
    """The article that it sells."""
    return int(offer[1:].partition("-")[0])


class _Never:
    def random(self) -> float:
        return 1.0


def rules(flow: str, connection: str) -> Any:
    """The rules of the model's connection."""
    if connection != CONNECTION:
        return None
    return {"stock": STOCK_RULES, "orders": ORDER_RULES}.get(flow, ())


def history(seed: int, atomic: bool, happenings: int = 12) -> Shop:
    """Runs one history and checks the books. Raises AssertionError with what is wrong."""
    shop = Shop(seed, atomic)
    shop.live(happenings)
    shop.settle()
    shop.check()
    return shop
