"""What the bridge could know: of every article, what its row had heard by now, and the most that may be on sale then.

Heard of is a till sale whose message the row took; what a reading has in it that reached the row (whether the row
believed it or not: if it did not, that is its own fault; but the first one it may ask for itself, so that a sweep's
does not start it); a Bol order that the orders flow told the row of; of a part, what its row told the composed article.
Not heard of is everything else: what happened at the till since the last reading and was not told, or is told and still
on its way; what Mplus shows late; what somebody else wrote at Bol.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from streams.stock.rules import StockRules
from tests.streams.stock.histories import number as reckoning
from tests.streams.stock.histories.market import Claim
from tests.streams.stock.histories.till import NOTHING, Amounts, Article, Till


@dataclass
class Leg:
    """A Bol order item that the row was told of: by one way, where the article is a part."""

    claim: Claim
    quantity: Decimal
    booked: bool = False


@dataclass
class Heard:
    """Of one article."""

    seen: dict[int, int] = field(default_factory=dict)
    """By branch: how far in the order of all that happened a reading that came reaches."""
    legs: dict[str, Leg] = field(default_factory=dict)
    parts: dict[int, tuple[Decimal | None, bool]] = field(default_factory=dict)
    """What each part told last: how many, and whether it limits."""
    parts_told: dict[int, int] = field(default_factory=dict)
    """When it did so; a crash has it told again."""
    active: bool = True
    composition: dict[int, Decimal] = field(default_factory=dict)
    is_kit: bool = False
    stock_kept: bool = True


class Knowledge:
    """Of all articles."""

    def __init__(self, till: Till, rules: StockRules) -> None:
        self.till = till
        self.rules = rules
        self._heard: dict[int, Heard] = {}

    def of(self, number: int) -> Heard:
        """What was heard of it."""
        return self._heard.setdefault(number, Heard())

    def visible(self, number: int, leg: Leg) -> bool:
        """Whether a reading that came has the order's booking in it."""
        place = leg.claim.places.get(number)
        return place is not None and place <= self.of(number).seen.get(leg.claim.branch, 0)

    def amounts(self, number: int) -> dict[int, Amounts]:
        """By branch: what is there after all that was heard."""
        heard, article = self.of(number), self.till.articles[number]
        how = reckoning.counting(self.rules, number)
        found = {branch: Amounts() for branch in article.branches}
        for one in article.mutations:
            if one.heard or (one.shown and one.place <= heard.seen.get(one.branch, 0)):
                found[one.branch].add(one.change)
        if how.managed:
            for leg in heard.legs.values():
                if leg.quantity and not self.visible(number, leg):
                    found[leg.claim.branch].add(Amounts(-leg.quantity, leg.quantity))
        return found

    def left(self, number: int) -> Decimal | None:
        """The most that may be left of it, in its own units; None: there is no telling."""
        how = reckoning.counting(self.rules, number)
        heard = self.of(number)
        if heard.is_kit and how.calculation != "fixed":
            if any(part not in heard.parts for part in heard.composition):
                return None
            told = {part: heard.parts[part] for part in heard.composition}
            if any(limits and have is None for have, limits in told.values()):
                return None
            haves = {part: have if limits else None for part, (have, limits) in told.items()}
            have = reckoning.sets(haves, heard.composition)
            return None if have is None else reckoning.left(how, have, NOTHING)
        if not heard.stock_kept:
            return None
        have = reckoning.there_is(how, self.rules, self.amounts(number))
        return reckoning.left(how, have, NOTHING)

    def units(self, number: int) -> int | None:
        """The most that may be on sale of it, in units at Bol."""
        how = reckoning.counting(self.rules, number)
        left = self.left(number)
        return None if left is None else reckoning.units(how, left, self.of(number).active)


class Truth:
    """The same, if everything had been heard of."""

    def __init__(self, till: Till, rules: StockRules, claims: list[Claim]) -> None:
        self.till = till
        self.rules = rules
        self.claims = claims

    def waiting(self, number: int) -> Decimal:
        """What Bol customers wait for and is not in Mplus."""
        total = NOTHING
        for claim in self.claims:
            if claim.state == "waiting":
                total += self.till.leaves(claim.article, Decimal(claim.quantity)).get(number, NOTHING)
        return total

    def left(self, article: Article) -> Decimal | None:
        """What is left of it; None: nobody keeps stock of it."""
        how = reckoning.counting(self.rules, article.number)
        if how.calculation == "fixed":
            return reckoning.left(how, NOTHING, NOTHING)
        if article.is_kit:
            haves = {}
            for part in article.parts:
                one = self.left(self.till.articles[part.article_number])
                haves[part.article_number] = None if one is None else max(NOTHING, one)
            have = reckoning.sets(haves, {part.article_number: part.quantity for part in article.parts})
            return None if have is None else reckoning.left(how, have, NOTHING)
        if not article.stock_kept:
            return None
        have = reckoning.there_is(how, self.rules, article.branches)
        return reckoning.left(how, have, self.waiting(article.number))

    def units(self, article: Article) -> int | None:
        """What may be on sale of it, in units at Bol, before it is shared."""
        left = self.left(article)
        how = reckoning.counting(self.rules, article.number)
        return None if left is None else reckoning.units(how, left, article.active)
