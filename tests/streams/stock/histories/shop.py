"""A shop with a till and Bol, and everything that may happen to its stock: what happens, what is told.

The messages of the world: webhooks of the till are late, doubled, lost, in any order; sweeps read at one moment and
tell at a later one; what is described comes in its order; an order's messages come in theirs, some twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from streams.vocabulary.effects import PushOffer, ReadStock
from streams.vocabulary.events import (
    ArticleDescribed,
    OfferObserved,
    OfferPushed,
    OfferUnlinked,
    Part,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    StockAnswered,
    StockDoubted,
    StockMoved,
    StockRead,
    TillSold,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.stock_reading import Reading
from tests.streams.stock.histories.bridge import AIR, START, Bridge, Call
from tests.streams.stock.histories.choices import KIT, NEST, SERVICE, SIMPLE, chosen_clocks, chosen_rules
from tests.streams.stock.histories.market import BolOffer, Claim, Market
from tests.streams.stock.histories.till import Article, Mutation, Till


class Shop:
    """The world of one history."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.rules = chosen_rules(chance)
        self.kind, clocks = chosen_clocks(chance)
        self.bridge = Bridge(chance, self.rules, clocks)
        self.till = Till(moves_by_reserving=chance.random() < 0.3)
        self.market = Market()
        self.faults = 0.25
        self.sessions = self.orders = 0
        self.sold: dict[str, dict[int, Mutation]] = {}
        """By session: what it took of which articles."""
        self.late: list[tuple[int, Mutation, float]] = []
        """Sales that a slave database shows later: article, which, when."""
        self.staff_orders: list[tuple[int, int, Decimal]] = []
        self.changed: set[int] = set()
        """Articles on orders of the shop's own customers that changed since the last sweep of orders."""
        self.touched: dict[str, Claim] = {}
        """Orders of Bol's customers that came into Mplus since then, or were changed there by anybody but us."""
        self.swept_to = 0
        self.story: list[str] = []
        self._stock()

    def _stock(self) -> None:
        chance = self.chance
        for number in SIMPLE:
            self.till.stock(number, {branch: chance.randint(0, 8) for branch in (1, 2)})
        for number in (SERVICE, KIT, NEST):
            self.till.stock(number, {1: 0, 2: 0}).stock_kept = False
        self.till.articles[KIT].parts = self._composition((1, 2, SERVICE))
        self.till.articles[NEST].parts = self._composition((KIT, 1, 3))
        for number in (*SIMPLE, KIT, NEST):
            for place in range(chance.choice((0, 1, 1, 1, 2, 3))):
                offer = BolOffer(
                    offer_id=f"o{number}-{place}",
                    article=number,
                    units=chance.choice((1, 1, 1, 2, 3)),
                    condition=chance.choice(("NEW", "NEW", "SECONDHAND")),
                    fulfilment="FBB" if chance.random() < 0.05 else "FBR",
                    amount=chance.randint(0, 12),
                    managed=chance.random() < 0.8,
                )
                self.market.offers[offer.offer_id] = offer
        for number in self.till.articles:
            self.describe(number)
        for offer in self.market.offers.values():
            self.observe(offer)

    def _composition(self, of: tuple[int, ...]) -> tuple[Part, ...]:
        chosen = self.chance.sample(of, self.chance.randint(1, len(of)))
        if set(chosen) == {SERVICE}:
            chosen.append(1)
        return tuple(
            Part(article_number=number, quantity=Decimal(self.chance.choice((1, 1, 2)))) for number in chosen
        )

    def tell(self, text: str) -> None:
        """A line for who reads a failing history."""
        self.story.append(f"{self.bridge.passed:8.2f}  {text}")

    # -- at the till

    def article(self) -> Article:
        """One that lies on a shelf."""
        return self.till.articles[self.chance.choice(SIMPLE)]

    def till_sale(self) -> None:
        """A customer takes one or two; of a composed article its parts go."""
        chance = self.chance
        number = chance.choice((*SIMPLE, *SIMPLE, KIT))
        branch, quantity = chance.choice((1, 1, 2)), Decimal(chance.choice((1, 1, 2)))
        late = self.kind == "one" and number in SIMPLE and chance.random() < 0.05
        made = [
            (leaf, self.till.change(leaf, branch, free=-count, shown=not late))
            for leaf, count in self.till.leaves(number, quantity).items()
        ]
        if late:
            self.late.append((number, made[0][1], self.bridge.passed + chance.uniform(0, 4)))
        self.tell(f"till: {quantity} of {number} sold at branch {branch}{', shown late' if late else ''}")
        self._webhook(number, quantity, dict(made))

    def till_return(self) -> None:
        """A customer brings one back."""
        article = self.article()
        self.till.change(article.number, 1, free=Decimal(1))
        self.tell(f"till: 1 of {article.number} brought back")
        self._webhook(article.number, Decimal(-1), {})

    def _webhook(self, number: int, quantity: Decimal, made: dict[int, Mutation]) -> None:
        self.sessions += 1
        self.sold[f"s{self.sessions}"] = made
        self.bridge.passed += self.chance.uniform(0, 0.5)
        event = TillSold(
            session_id=f"s{self.sessions}",
            line_id="1",
            quantity=quantity,
            sold_at=START,  # the till's own clock, which nobody trusts
            heard_at=self.bridge.clock("ingress"),
        )
        for _ in range(self.chance.choice((0, 1, 1, 1, 1, 2))):
            self.bridge.post(number, event, AIR, "ingress")

    def stock_changes(self) -> None:
        """Goods come in, are counted, are ordered from a supplier, or go to the other branch."""
        article, chance = self.article(), self.chance
        what = chance.choice(("receipt", "count", "supplier", "transfer"))
        count = Decimal(chance.randint(1, 4))
        branch = chance.choice((1, 2))
        if what == "receipt":
            due = article.branches[branch].incoming
            self.till.change(article.number, branch, free=count, incoming=-min(due, count))
        elif what == "count":
            self.till.change(article.number, branch, free=count * chance.choice((1, -1, -1)))
        elif what == "supplier":
            self.till.change(article.number, branch, incoming=count)
        else:
            self.till.change(article.number, branch, free=-count)
            self.till.change(article.number, 3 - branch, free=count)
        self.tell(f"till: {what} of {count} of {article.number} at branch {branch}")
        for _ in range(chance.choice((0, 1, 2))):
            moved = StockMoved(
                marker=self.till.stock_id,
                branch=branch,
                changed=count,
                kind="correction",
                moved_at=self.bridge.clock("sweeps"),
            )
            self.bridge.post(article.number, moved, AIR, "sweeps")

    def staff_order(self) -> None:
        """Staff reserve some for a customer of the shop's own, or let it go."""
        chance = self.chance
        if self.staff_orders and chance.random() < 0.5:
            number, branch, count = self.staff_orders.pop(chance.randrange(len(self.staff_orders)))
            if chance.random() < 0.5:
                self.till.reserve(number, branch, -count)
                self.tell(f"till: an order of {count} of {number} at branch {branch} is cancelled")
            else:
                self.till.change(number, branch, reserved=-count)
                self.tell(f"till: an order of {count} of {number} at branch {branch} is delivered")
        else:
            number, branch, count = self.article().number, chance.choice((1, 2)), Decimal(1)
            self.till.reserve(number, branch, count)
            self.staff_orders.append((number, branch, count))
            self.tell(f"till: {count} of {number} reserved at branch {branch}")
        self.changed.add(number)

    def recompose(self) -> None:
        """A composed article is made of other parts now, or has stock of its own, or again has not."""
        article = self.till.articles[self.chance.choice((KIT, KIT, NEST))]
        if self.chance.random() < 0.2:
            article.stock_kept = not article.stock_kept
            self.tell(f"till: {article.number} has {'' if article.stock_kept else 'no '}stock of its own now")
        else:
            article.parts = self._composition((1, 2, SERVICE) if article.number == KIT else (KIT, 1, 3))
            self.tell(
                f"till: {article.number} is made of {[(p.article_number, int(p.quantity)) for p in article.parts]}"
            )
        self.describe(article.number)

    def switch(self) -> None:
        """An article is switched off, or on again; or its price changes."""
        article = self.till.articles[self.chance.choice((*SIMPLE, KIT))]
        if self.chance.random() < 0.5:
            article.active = not article.active
        else:
            article.price_cents += 100
        self.tell(
            f"till: {article.number} is {'on' if article.active else 'off'}, {article.price_cents} cents"
        )
        self.describe(article.number)

    def describe(self, number: int) -> None:
        """The catalogue tells what the article is."""
        article = self.till.articles[number]
        article.described += 1
        event = ArticleDescribed(
            marker=article.described,
            active=article.active,
            stock_kept=article.stock_kept,
            parts=article.parts,
            price_cents=article.price_cents,
        )
        for _ in range(self.chance.choice((1, 1, 2))):
            self.bridge.post(number, event, "catalogue", "sweeps")

    # -- orders of Bol's customers

    def bol_order(self) -> None:
        """Somebody buys what Bol shows."""
        chance = self.chance
        offers = [
            one for one in self.market.offers.values() if one.fulfilment == "FBR" and self.market.on_sale(one)
        ]
        if not offers:
            return
        offer = chance.choice(offers)
        pieces = min(self.market.on_sale(offer), chance.choice((1, 1, 2)))
        self.orders += 1
        claim = Claim(
            order_id=f"b{self.orders}",
            item_id="1",
            offer_id=offer.offer_id,
            article=offer.article,
            quantity=pieces * offer.units,
            pieces=pieces,
            branch=1,
        )
        offer.ordered_since += pieces
        self.market.claims.append(claim)
        self.tell(
            f"Bol: {claim.order_id} takes {pieces} of {offer.offer_id} ({claim.quantity} of {claim.article})"
        )

    def orders_flow(self) -> None:
        """The bridge's own orders flow gets on: it notices, books, or learns of a cancellation."""
        claims = [one for one in self.market.claims if one.state != "gone"]
        if not claims:
            return
        claim = self.chance.choice(claims)
        if claim.state == "booked":
            self._ends(claim)
        elif not claim.noticed:
            self.notice(claim)
        elif self.chance.random() < 0.25:
            claim.state = "gone"
            self.tell(f"Bol: {claim.order_id} is cancelled before it is booked")
            gone = ReservationReleased(order_id=claim.order_id, item_id=claim.item_id)
            self._order_message(claim, gone)
        else:
            self.book(claim)

    def notice(self, claim: Claim) -> None:
        """The orders flow tells the article's row of it."""
        claim.noticed = True
        made = ReservationMade(
            order_id=claim.order_id,
            item_id=claim.item_id,
            quantity=Decimal(claim.quantity),
            made_at=self.bridge.clock("orders"),
        )
        self._order_message(claim, made)

    def book(self, claim: Claim) -> None:
        """It is booked in Mplus, which reserves what the article is made of by now."""
        claim.state, claim.on_order = "booked", claim.quantity
        claim.shown = frozenset({claim.article})
        claim.booking = self.till.leaves(claim.article, Decimal(claim.quantity))
        for number, count in claim.booking.items():
            claim.places[number] = self.till.reserve(number, claim.branch, count).place
        self.touched[claim.order_id] = claim
        self.bridge.passed += self.chance.uniform(0.001, 0.3)
        self.tell(f"Mplus: {claim.order_id} is booked, { ({n: int(c) for n, c in claim.booking.items()}) }")
        booked = ReservationBooked(
            order_id=claim.order_id,
            item_id=claim.item_id,
            quantity=Decimal(claim.quantity),
            booked_at=self.bridge.clock("orders"),
        )
        self._order_message(claim, booked)

    def staff_edit(self) -> None:
        """Staff write another quantity on the order of a customer of Bol's, or take its line off: what is reserved
        follows, the line's parts with it, and no stockId moves."""
        claims = [one for one in self.market.claims if one.state == "booked"]
        if not claims:
            return
        claim = self.chance.choice(claims)
        wanted = self.chance.choice((0, 0, claim.on_order - 1, claim.on_order + 1))
        before, claim.on_order = claim.on_order, wanted
        for number, count in claim.booking.items():
            claim.booking[number] = count / before * wanted
            self.till.reserve(number, claim.branch, claim.booking[number] - count)
        if not wanted:
            claim.state, claim.booking = "gone", {}
        self.touched[claim.order_id] = claim
        claim.changed = True
        self.tell(f"Mplus: staff write {wanted} instead of {before} on {claim.order_id}")

    def _ends(self, claim: Claim) -> None:
        claim.state = "gone"
        delivered = self.chance.random() < 0.5
        for number, count in claim.booking.items():
            if delivered:
                self.till.change(number, claim.branch, reserved=-count)
            else:
                self.till.reserve(number, claim.branch, -count)
        self.touched[claim.order_id] = claim
        claim.changed = True
        self.tell(f"Mplus: {claim.order_id} is {'delivered' if delivered else 'cancelled'}")

    def _order_message(self, claim: Claim, event: Any) -> None:
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            self.bridge.post(claim.article, event, f"order {claim.order_id}", "orders", claim)

    # -- what somebody else does at Bol

    def foreign_write(self) -> None:
        """Somebody sets a number at Bol, or lets Bol count open orders itself, or takes a hold off."""
        offer = self.chance.choice(list(self.market.offers.values()))
        if self.chance.random() < 0.2:
            offer.on_hold = not offer.on_hold
        else:
            offer.write("somebody", self.chance.randint(0, 60), self.chance.random() < 0.7)
        self.tell(f"Bol: somebody sets {offer.offer_id} to {offer.amount}, managed {offer.managed}")

    def relink(self) -> None:
        """An offer sells its article no longer, or again."""
        offer = self.chance.choice(list(self.market.offers.values()))
        if offer.linked:
            offer.linked = False
            self.bridge.post(offer.article, OfferUnlinked(offer_id=offer.offer_id), "catalogue", "sweeps")
        else:
            offer.linked = True
            self.observe(offer)
        self.tell(f"catalogue: {offer.offer_id} is {'linked' if offer.linked else 'unlinked'}")

    # -- sweeps

    def observe(self, offer: BolOffer) -> None:
        """A page of Bol's list with this offer."""
        if not offer.linked:
            return
        event = OfferObserved(
            offer_id=offer.offer_id,
            ean="8712345678906",
            amount=offer.amount,
            managed_by_retailer=offer.managed,
            read_at=self.bridge.clock("sweeps"),
            units=offer.units,
            fulfilment=offer.fulfilment,
            condition=offer.condition,
            corrected=self.market.on_sale(offer),
            price_cents=offer.price_cents,
            on_hold=offer.on_hold,
        )
        # The catalogue has a row for each offer: what it tells of one comes in its order, pages not always.
        self.bridge.post(
            offer.article, event, "catalogue", "sweeps", (offer, offer.writes, self.bridge.passed)
        )

    def sweep_offers(self) -> None:
        """A round over Bol's list."""
        for offer in self.market.offers.values():
            if self.chance.random() < 0.7:
                self.observe(offer)

    def sweep_stock(self) -> None:
        """What Mplus's own marker says has changed is read."""
        since, self.swept_to = self.swept_to, self.till.stock_id
        for article in self.till.articles.values():
            for branch, marker in article.markers.items():
                if marker > since and article.stock_kept:
                    self.read_by_sweep(article, branch)

    def read_by_sweep(self, article: Article, branch: int) -> None:
        """One of a sweep's readings."""
        asked = self.bridge.clock("sweeps")
        event = StockRead(reading=self._reading(article, branch, asked, "sweeps"))
        self.bridge.post(article.number, event, AIR, "sweeps", {branch: self.till.place})

    def sweep_orders(self) -> None:
        """Articles on orders that changed are doubted: of ours by their rows, which know how they stood."""
        since = self.bridge.clock("sweeps")
        for number in sorted(self.changed):
            doubt = StockDoubted(why="an order changed in Mplus", since=since)
            self.bridge.post(number, doubt, AIR, "sweeps")
        self.changed.clear()
        for claim in self.touched.values():
            line = {claim.article} if claim.on_order else set()
            now = frozenset(line.union(claim.booking))
            moved = claim.shown | now if claim.changed else now - claim.shown
            claim.shown, claim.changed = now, False
            for number in sorted(moved):
                doubt = StockDoubted(why="an order changed in Mplus", since=self.bridge.clock("orders"))
                self.bridge.post(number, doubt, f"order {claim.order_id}", "orders")
        self.touched.clear()

    def _reading(self, article: Article, branch: int, asked: Any, by: str) -> Reading:
        amounts = article.branches[branch]
        return Reading(
            article_number=article.number,
            branch=branch,
            free=amounts.free,
            reserved=amounts.reserved,
            incoming=amounts.incoming,
            marker=article.markers.get(branch, 1),
            asked_at=asked,
            answered_at=self.bridge.clock(by),
        )

    # -- calls

    def serve(self, call: Call) -> None:
        """The call gets to its vendor, and may fail there."""
        roll = self.chance.random() / self.faults if self.faults else 9.0
        if roll < 0.3:
            call.outcome = NotSent(why="no connection")
            return
        if roll < 0.45:
            call.outcome = Refused(said="the offer is being changed")
            return
        lost = roll < 1
        if not (lost and roll < 0.7):
            self._takes_effect(call)
        if lost:
            call.outcome, call.about = AnswerLost(why="timed out"), None

    def _takes_effect(self, call: Call) -> None:
        effect = call.asked.effect
        if isinstance(effect, ReadStock):
            article = self.till.articles[effect.article_number]
            there = [one for one in effect.branches if one in article.branches and article.stock_kept]
            call.outcome = StockAnswered(
                readings=tuple(self._reading(article, one, call.asked_at, "stock") for one in there)
            )
            call.about = dict.fromkeys(there, self.till.place)
            return
        assert isinstance(effect, PushOffer)
        offer = self.market.offers[effect.offer_id]
        offer.write("bridge", effect.amount, effect.managed)
        offer.price_cents = offer.price_cents if effect.price_cents is None else effect.price_cents
        offer.on_hold = offer.on_hold if effect.on_hold is None else effect.on_hold
        call.outcome = OfferPushed(
            offer_id=effect.offer_id,
            amount=effect.amount,
            managed=effect.managed,
            price_cents=effect.price_cents,
            on_hold=effect.on_hold,
        )
        call.about = (offer, offer.writes, self.bridge.passed)
        self.tell(f"Bol takes {effect.amount} for {offer.offer_id}")

    @property
    def happenings(self) -> dict[Callable[[], None], int]:
        """All that may happen, and how often."""
        return {
            self.till_sale: 8,
            self.till_return: 1,
            self.stock_changes: 3,
            self.staff_order: 2,
            self.recompose: 1,
            self.switch: 1,
            self.bol_order: 6,
            self.orders_flow: 14,
            self.staff_edit: 1,
            self.foreign_write: 1,
            self.relink: 1,
            self.sweep_offers: 2,
            self.sweep_stock: 4,
            self.sweep_orders: 3,
        }
