"""How several offers of one article share what there is of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from streams.stock.rules import StockRules
from streams.stock.state import Offer

ORDER = {"NEW": 0, "REFURBISHED": 1, "SECONDHAND": 2}
"""Who comes first where not everybody can have some."""


def shared_out(pool: int, offers: Sequence[Offer], rules: StockRules, cap: int) -> dict[str, int]:
    """Units of each offer (its own: a multipack of 6 takes 6 of the pool), by its id.

    Unless the shop chose `shared`, never more is promised than the pool has: sum(units x number) <= pool. What cannot
    be divided goes to the first of them, one each, and what one cannot use (its cap, half a multipack) to the next. An
    offer with the weight 0 gets nothing, even where it is the only one.
    """
    if rules.split == "shared" or (len(offers) == 1 and not rules.weights):
        return {
            offer.offer_id: min(pool // max(1, offer.units), cap) if _weight(offer, rules) else 0
            for offer in offers
        }
    order = sorted(offers, key=lambda offer: _place(offer, rules))
    given = dict.fromkeys((offer.offer_id for offer in order), 0)
    order = [offer for offer in order if _weight(offer, rules)]
    left = pool
    if rules.split == "even":
        whole = sum(_weight(offer, rules) for offer in order)
        for offer in order:
            units = max(1, offer.units)
            given[offer.offer_id] = min(pool * _weight(offer, rules) // whole // units, cap)
        left -= sum(given[offer.offer_id] * max(1, offer.units) for offer in order)
        left = _give(given, order, left, cap, most=1)
    _give(given, order, left, cap, most=cap)
    return given


def _give(given: dict[str, int], order: Sequence[Offer], left: int, cap: int, most: int) -> int:
    """Gives each in turn what it can take, `most` units at most. Gives what is left then."""
    for offer in order:
        units = max(1, offer.units)
        more = min(left // units, cap - given[offer.offer_id], most)
        given[offer.offer_id] += more
        left -= more * units
    return left


def _weight(offer: Offer, rules: StockRules) -> int:
    weights = rules.weights
    if not weights:
        return 1
    return weights.get(offer.offer_id, weights.get(offer.condition.partition("/")[0], 1))


def _place(offer: Offer, rules: StockRules) -> tuple[int, int, str]:
    return -_weight(offer, rules), ORDER.get(offer.condition.partition("/")[0], 3), offer.offer_id
