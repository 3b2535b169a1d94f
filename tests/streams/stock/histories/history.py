"""One seed's history of the stock rows against the books of both vendors.

What must hold after every step:

- **Published <= sellable, whenever it could be known.** Published is what the rows want and what Bol holds by their
  belief; sellable what is left after everything that the row had heard by then (knowledge.py says what that is). Of
  several offers that share a pool, the sum of what they take, and none rises to what another one still holds.
  `shared` is left out: there each offer shows everything by definition. What Bol really has on sale above what there
  really is, is counted beside it: `unknowable`.
  Two things cannot be known though they were heard, and are counted apart, too: which came first where our own clocks
  disagree (`clocks`; of stock only while a reading that settles it is on its way), and which of two movements a reading
  has where Mplus shows a sale later than it tells of it (`late`).
- **What a row believes of Bol is what Bol holds**, unless a push is on its way, or somebody else wrote, and no sweep
  that saw it has come (`unseen writes`).
- **The reservations in a row are the Bol orders that it was told of and that no reading has yet**: none is missing,
  none counts another amount; at quiet none is booked and none is of an order that is gone.
- Nothing is below 0, and no row grows without bound.

And when all is quiet (every message come, one look at what moved by the markers of stock and of orders): every offer at
Bol has the number that the books alone give (number.py), composed articles that of their parts; nobody waits for
anything. A whole reading of the stock then changes nothing; where clocks differ by more than they may, it is that one
which puts everything right.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

from streams.stock.state import MOVEMENTS, PUSHES, REMEMBERED_ITEMS, REMEMBERED_SALES, Offer
from streams.vocabulary.effects import PushOffer
from streams.vocabulary.events import (
    ArticleDescribed,
    OfferObserved,
    OfferPushed,
    PartCounted,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    Settled,
    StockAnswered,
    StockRead,
    TillSold,
)
from tests.streams.stock.histories import number as reckoning
from tests.streams.stock.histories.bridge import Call, Envelope, StockRow
from tests.streams.stock.histories.knowledge import Knowledge, Leg, Truth
from tests.streams.stock.histories.shop import Shop
from tests.streams.stock.histories.till import NOTHING

HAPPENINGS = 60
"""Of one history, unless it is told otherwise."""


class History:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.shop = Shop(seed)
        self.bridge = self.shop.bridge
        self.chance = self.shop.chance
        self.rules = self.shop.rules
        self.knowledge = Knowledge(self.shop.till, self.rules)
        self.truth = Truth(self.shop.till, self.rules, self.shop.market.claims)
        self.knows: dict[str, tuple[int, float]] = {}
        """Of each offer: the last write that the bridge saw, and when it looked."""
        self.ended: dict[int, int] = {}
        """By article: the newest asking for a reading that has ended."""
        self.counts: Counter[str] = Counter()
        self._happenings = [one for one, times in self.shop.happenings.items() for _ in range(times)]

    # -- how it goes

    def run(self, happenings: int = HAPPENINGS) -> None:
        """The whole of it. Raises AssertionError with what is wrong."""
        for _ in range(happenings):
            self.chance.choice(self._happenings)()
            self.counts["happenings"] += 1
            for _ in range(self.chance.randint(0, 9)):
                self.step()
        self.quiet()

    def step(self) -> None:
        """Something goes on: time, a message, a call, a crash."""
        roll, bridge = self.chance.random(), self.bridge
        self._shown_late()
        if roll > 0.995:
            self.shop.tell("the bridge crashes")
            self.counts["crashes"] += 1
            bridge.crash(self.shop.serve)
        elif roll < 0.55 and bridge.waiting:
            self.deliver(self.chance.choice(bridge.waiting))
        elif roll < 0.95 and (bridge.calls or bridge.ready()):
            self._call()
        else:
            bridge.passed += self.chance.choice((0.1, 1.0, 6.0, 30.0))

    def _call(self) -> None:
        bridge = self.bridge
        ready = bridge.ready()
        if ready and (not bridge.calls or self.chance.random() < 0.5):
            row, key = self.chance.choice(ready)
            call = bridge.start(row, key)
            self._leaves(row, call)
            bridge.passed += self.chance.uniform(0, 0.1)
            if self.chance.random() < 0.5:
                return  # served later
        else:
            call = self.chance.choice(bridge.calls)
        if call.outcome is None:
            self.shop.serve(call)
        elif self.chance.random() < 0.7:
            bridge.passed += self.chance.uniform(0, 0.1)
            bridge.end(call)

    def _shown_late(self) -> None:
        for one in [one for one in self.shop.late if one[2] <= self.bridge.passed]:
            self.shop.late.remove(one)
            self.shop.till.show(one[0], one[1])

    def deliver(self, row: StockRow) -> None:
        """A row takes its next message; then everything must hold."""
        envelope = self.bridge.next(row)
        started = row.state is not None and bool(row.state.readings)
        taken = self.bridge.apply(row, envelope)
        self._hear(row, envelope, taken, started)
        self.shop.tell(
            f"  row {row.number} {'takes' if taken else 'passes over'} {told(envelope)} -> {standing(row)}"
        )
        self._check(row)

    # -- what was heard

    def _hear(self, row: StockRow, one: Envelope, taken: bool, started: bool) -> None:
        heard, event = self.knowledge.of(row.number), one.event
        state = row.state
        assert state is not None
        match event:
            case TillSold():
                mutation = self.shop.sold[event.session_id].get(row.number)
                # A composed article may be known as what it was made of before.
                if state.watched and mutation is not None and event.quantity >= -mutation.change.free:
                    mutation.heard = True
            case StockRead() if started or state.readings:  # else the row waits for one of its own
                self._saw(row, one)
            case Settled(key="read", number=number) if taken:
                # After a crash a call is made twice, and the second answer comes when a newer one is on its way.
                if number > self.ended.get(row.number, 0) and isinstance(event.outcome, StockAnswered):
                    self._saw(row, one)
                self.ended[row.number] = max(number, self.ended.get(row.number, 0))
            case Settled(outcome=OfferPushed(offer_id=offer_id)):
                self._knows(offer_id, one)
            case OfferObserved(offer_id=offer_id):
                self._knows(offer_id, one)
            case ArticleDescribed():
                heard.active = state.active
                heard.stock_kept = state.stock_kept
                heard.is_kit = bool(state.parts) and not state.stock_kept
                heard.composition = {part.article_number: part.quantity for part in state.parts}
            case PartCounted(part=part) if one.about >= heard.parts_told.get(part, 0):
                heard.parts[part] = (event.have, event.limits)
                heard.parts_told[part] = one.about
            case ReservationMade() | ReservationBooked() | ReservationReleased():
                self._leg(row, event)
            case _:
                pass

    def _saw(self, row: StockRow, one: Envelope) -> None:
        heard = self.knowledge.of(row.number)
        for branch, place in one.about.items():
            heard.seen[branch] = max(heard.seen.get(branch, 0), place)

    def _knows(self, offer_id: str, one: Envelope) -> None:
        if one.about is None:
            return
        offer, writes, looked = one.about
        if looked >= self.knows.get(offer_id, (0, -1.0))[1]:
            self.knows[offer.offer_id] = (writes, looked)

    def _leg(self, row: StockRow, event: ReservationMade | ReservationBooked | ReservationReleased) -> None:
        """A Bol order item, by one way."""
        legs = self.knowledge.of(row.number).legs
        key = f"{event.order_id}/{event.item_id}"
        claim = next(one for one in self.shop.market.claims if one.order_id == event.order_id)
        known = legs.get(key)
        if isinstance(event, ReservationReleased):
            if known is not None and not known.booked:
                known.quantity = NOTHING
                known.booked = True
            return
        if known is not None and known.booked:
            return
        booked = isinstance(event, ReservationBooked)
        if booked and row.number not in claim.places:
            legs[key] = Leg(claim, NOTHING, True)  # Mplus reserved other parts than the row knew of
            return
        legs[key] = Leg(claim, event.quantity, booked)

    # -- what must hold

    def _check(self, row: StockRow) -> None:
        state = row.state
        assert state is not None
        number = row.number
        ours = [one for one in state.offers if one.fulfilment != "FBB"]
        wanted = sum((one.desired or 0) * one.units for one in ours)
        known = [one for one in ours if one.desired is not None]
        assert all((one.desired or 0) >= 0 for one in ours), f"{number}: less than nothing is on sale"
        if known and self.rules.split != "shared":
            most = self.knowledge.units(number)
            assert most is None or wanted <= most or self._excused(row), (
                f"article {number}: {wanted} on sale in all, and no more than {most} could be known to be there"
            )
        if state.kits and state.told is not None and state.told_limits:
            left = self.knowledge.left(number)
            assert left is None or state.told <= max(NOTHING, left) or self._excused(row), (
                f"part {number}: {state.told} told to composed articles, and no more than {left} could be known"
            )
        for offer in ours:
            self._believed(row, offer)
        self._reserved(row)
        self._bounded(row)

    def _excused(self, row: StockRow) -> bool:
        """Heard, and still not to be known."""
        if self.shop.kind != "one" and ("read" in row.open or self.shop.kind == "beyond"):
            self.counts["clocks"] += 1
            return True
        seen = self.knowledge.of(row.number).seen
        for one in self.shop.till.articles[row.number].mutations:
            if one.heard and (not one.shown or (one.late and one.place > seen.get(one.branch, 0))):
                self.counts["late"] += 1
                return True
        return False

    def _believed(self, row: StockRow, offer: Offer) -> None:
        at_bol = self.shop.market.offers[offer.offer_id]
        if f"push/{offer.offer_id}" in row.open or offer.desired is None:
            return
        if self.knows.get(offer.offer_id, (-1, 0.0))[0] != at_bol.writes:
            self.counts["unseen writes"] += 1
            return
        if self.shop.kind != "one" and at_bol.written_by != "bridge" and offer.sent != at_bol.amount:
            # Whether it was read back before our push or after somebody else wrote is told by two clocks.
            self.counts["clocks"] += 1
            return
        how = reckoning.counting(self.rules, row.number)
        assert offer.sent == offer.desired == at_bol.amount, (
            f"offer {offer.offer_id}: {offer.desired} belongs there, {offer.sent} is believed, {at_bol.amount} is "
            "there, and nothing is on its way"
        )
        assert at_bol.managed is how.managed, f"offer {offer.offer_id}: managedByRetailer is the wrong way"
        article = self.shop.till.articles[row.number]
        really = self.truth.units(article)
        if really is not None and self.shop.market.on_sale(at_bol) * offer.units > really:
            self.counts["unknowable"] += 1

    def _leaves(self, row: StockRow, call: Call) -> None:
        """Of several offers none rises to what another one still holds at Bol."""
        effect, state = call.asked.effect, row.state
        if not isinstance(effect, PushOffer) or state is None or self.rules.split == "shared":
            return
        offers = self.shop.market.offers
        at_bol = offers[effect.offer_id]
        ours = [one for one in state.offers if one.fulfilment != "FBB"]
        others = [one for one in ours if one.offer_id != effect.offer_id]
        most = self.knowledge.units(row.number)
        if most is None or effect.amount <= at_bol.amount or self._excused(row):
            return
        if any(one.sent != offers[one.offer_id].amount for one in ours):
            return  # a push is under way, its answer was lost, or somebody else wrote
        whole = effect.amount * at_bol.units + sum((one.sent or 0) * one.units for one in others)
        assert whole <= most, (
            f"article {row.number}: {effect.amount} leaves for {effect.offer_id}, and with what the others hold "
            f"that is {whole} of {most}"
        )

    def _reserved(self, row: StockRow) -> None:
        state = row.state
        assert state is not None
        in_row = {one.key: one for one in state.reservations}
        legs = self.knowledge.of(row.number).legs
        for key, one in in_row.items():
            assert key in legs, f"article {row.number}: {key} is reserved, and nobody said so"
            assert one.quantity == legs[key].quantity or legs[key].booked, (
                f"article {row.number}: {one.quantity} reserved for {key}, {legs[key].quantity} is wanted"
            )
        if state.parts and not state.stock_kept:
            return  # its parts' rows have them
        for key, leg in legs.items():
            if not leg.quantity or key in in_row or (leg.booked and not state.readings):
                continue
            assert self.knowledge.visible(row.number, leg) or (leg.booked and self._excused(row)), (
                f"article {row.number}: {leg.quantity} for {key} are in no reading, and not reserved either"
            )

    def _bounded(self, row: StockRow) -> None:
        state = row.state
        assert state is not None
        assert len(state.movements) <= MOVEMENTS
        assert len(state.pushes) <= PUSHES
        assert len(state.sold) <= REMEMBERED_SALES
        assert len(state.released) <= REMEMBERED_ITEMS
        assert len(state.counts) <= len(state.parts)
        if not state.watched:
            assert not state.readings
            assert not state.sales

    # -- quiet

    def rest(self) -> None:
        """Until nothing is to be done, however long it waits."""
        bridge = self.bridge
        for _ in range(20_000):
            self._shown_late()
            if bridge.waiting:
                self.deliver(self.chance.choice(bridge.waiting))
            elif bridge.calls:
                call = bridge.calls[0]
                if call.outcome is None:
                    self.shop.serve(call)
                bridge.end(call)
            elif ready := bridge.ready():
                bridge.start(*ready[0])
                bridge.passed += 0.01
            elif (wait := bridge.soonest()) is not None:
                bridge.passed += wait
            elif self.shop.late:
                bridge.passed += 5
            else:
                return
        raise AssertionError(
            f"it does not come to rest: {[(row.number, row.open) for row in bridge.rows.values() if row.open]}"
        )

    def quiet(self) -> None:
        """Nothing happens any more, all that is on its way comes, sweeps look at what moved; then the books. Then again
        after a reading of everything."""
        shop, bridge = self.shop, self.bridge
        shop.tell("-- quiet")
        shop.faults = 0.0
        if shop.kind == "beyond":
            bridge.clocks = dict.fromkeys(bridge.clocks, 0.0)
            bridge.passed += 4 * 3600.0  # as the clock that was ahead had it
        self.rest()
        bridge.passed += 60
        for claim in shop.market.claims:
            if claim.state == "waiting" and not claim.noticed:
                shop.notice(claim)
        for offer in shop.market.offers.values():
            shop.observe(offer)
        shop.sweep_orders()
        shop.sweep_stock()
        self.rest()
        if shop.kind != "beyond":  # by a clock hours behind, what moved may be older than what is known
            self._books()
        bridge.passed += 60
        for article in shop.till.articles.values():
            for branch in article.branches:
                if article.stock_kept:
                    shop.read_by_sweep(article, branch)
        self.rest()
        self._books()

    def _books(self) -> None:
        for row in self.bridge.rows.values():
            state = row.state
            assert state is not None
            assert not row.open, f"article {row.number}: {row.open} waits for nobody"
            assert not state.sales, f"article {row.number}: till sales that no reading ends"
            assert state.doubted_since is None or (state.parts and not state.stock_kept)
            booked = [one.key for one in state.reservations if one.booked_at is not None]
            assert not booked, f"article {row.number}: booked and never let go: {booked}"
            claims = {one.order_id: one for one in self.shop.market.claims}
            for one in state.reservations:
                assert claims[one.order_id].state == "waiting", (
                    f"article {row.number}: {one.key} is gone, and reserved"
                )
            due = self.truth.waiting(row.number)
            of_parts = state.parts and not state.stock_kept
            if not of_parts and state.stock_kept:
                has = sum((one.quantity for one in state.reservations), NOTHING)
                assert has == due, f"article {row.number}: {has} reserved, Bol customers wait for {due}"
            self._offers_at_quiet(row)

    def _offers_at_quiet(self, row: StockRow) -> None:
        article, state = self.shop.till.articles[row.number], row.state
        assert state is not None
        how = reckoning.counting(self.rules, row.number)
        offers = [
            one
            for one in self.shop.market.offers.values()
            if one.article == row.number and one.linked and one.fulfilment == "FBR"
        ]
        pool = self.truth.units(article)
        if pool is None or not offers:
            return
        numbers = {one.offer_id: one.amount for one in offers}
        if len(offers) == 1 or self.rules.split == "shared":
            due = {one.offer_id: min(how.cap, pool // one.units) for one in offers}
            assert numbers == due, f"article {row.number}: {numbers} at Bol, {due} by the books ({pool} left)"
        else:
            taken = sum(one.amount * one.units for one in offers)
            assert taken <= pool, f"article {row.number}: {numbers} at Bol, more than the {pool} there are"
            room = [one.offer_id for one in offers if one.amount < how.cap and pool - taken >= one.units]
            assert not room, (
                f"article {row.number}: {numbers} at Bol, {pool} left, and room for more of {room}"
            )
        for one in offers:
            assert one.managed is how.managed
            refused = [offer.refused_price for offer in state.offers if offer.offer_id == one.offer_id]
            if self.rules.prices and one.units == 1 and refused == [None]:
                assert one.price_cents == article.price_cents, f"{one.offer_id}: the price is another one"


def told(one: Envelope) -> str:
    """An event in few words."""
    event = one.event
    if isinstance(event, Settled):
        return f"{event.key} #{event.number} asked {event.asked_at:%M:%S.%f} {shortly(event.outcome)}"
    return shortly(event)


def shortly(what: object) -> str:
    """Without what says nothing."""
    return re.sub(r"datetime.datetime\([^)]*\)|Decimal\('([^']*)'\)", lambda m: m[1] or "", str(what))[:220]


def standing(row: StockRow) -> str:
    """A row in few words."""
    state = row.state
    if state is None:
        return "nothing"
    offers = ", ".join(f"{one.offer_id} {one.desired} (sent {one.sent})" for one in state.offers)
    free = ", ".join(f"{int(one.free)}@{one.branch}#{one.marker}" for one in state.readings)
    waits = sum((one.quantity for one in state.reservations), Decimal(0))
    sold = sum((one.quantity for one in state.sales), Decimal(0))
    return f"[{offers}] free {free or '?'} reserved {waits} sold {sold} told {state.told} open {sorted(row.open)}"


def history(seed: int, happenings: int = HAPPENINGS) -> History:
    """One history, run to its end. Raises AssertionError with what is wrong."""
    made = History(seed)
    made.run(happenings)
    return made
