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
    if len(offers) == 1 and not rules.weights:
        (one,) = offers
        return {one.offer_id: min(pool // max(1, one.units), cap)}
    if rules.split == "shared":
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


def after_falls(wants: dict[str, int], offers: Sequence[Offer], pool: int) -> dict[str, int]:
    """What each should show for now: none rises by what another one still holds at Bol, since its fall may take long,
    or be refused. Once that has fallen, the rise follows."""
    units = {offer.offer_id: max(1, offer.units) for offer in offers}
    holds = {offer.offer_id: _held(offer) for offer in offers}
    taken = {name: max(want, holds[name]) * units[name] for name, want in wants.items()}
    whole = sum(taken.values())
    if whole <= pool:
        return wants
    return {
        name: min(want, max(holds[name], (pool - whole + taken[name]) // units[name]))
        for name, want in wants.items()
    }


def _held(offer: Offer) -> int:
    """What is on sale with it at Bol, as far as we know."""
    if offer.sent is not None:
        return offer.sent
    return max(offer.desired or 0, offer.at_bol or 0)
