"""What a history's shop has set, and by what clocks it goes: drawn anew for each."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from streams.stock.rules import BranchShare, Counting, StockRules
from streams.vocabulary.time import CLOCKS_DIFFER
from tests.streams.stock.histories.bridge import PROCESSES
from tests.streams.stock.histories.number import HALF

SIMPLE, SERVICE, KIT, NEST = (1, 2, 3), 4, 5, 6
"""Articles by their numbers: three with stock, one that nobody keeps stock of, a composed one, one composed of that."""


def chosen_rules(chance: random.Random) -> StockRules:
    """What this shop has set: every sound pair of calculation and managedByRetailer, the default most often."""
    branches = chance.choice(((1,), (1,), (1, 2)))
    pair: dict[str, Any] = chance.choice(
        (
            {},
            {},
            {},
            {"calculation": "physical", "managed": False},
            {"calculation": "incoming"},
            {"calculation": "expression", "expression": HALF},
            {"managed": False},
        )
    )
    buffers: dict[str, Any] = chance.choice(({}, {}, {"buffer": 1}, {"buffer_percent": 20}, {"minimum": 2}))
    articles = {}
    if chance.random() < 0.2:
        one: dict[str, Any] = chance.choice(({"calculation": "fixed", "fixed": 4}, {"buffer": 3}, {"cap": 2}))
        articles[chance.choice((*SIMPLE, KIT))] = Counting(**one)
    if chance.random() < 0.1:
        articles[2] = Counting(portion=Decimal("0.5"))
    shares = {}
    if chance.random() < 0.2:
        shares[1] = BranchShare(percent=50, maximum=chance.choice((None, 4)))
    return StockRules(
        branches=branches,
        shares=shares,
        articles=articles,
        cap=chance.choice((999, 999, 5)),
        split=chance.choice(("even", "even", "first", "shared")),
        weights=chance.choice(({}, {}, {"SECONDHAND": 3}, {"NEW": 2})),
        prices=chance.random() < 0.2,
        hold=chance.random() < 0.2,
        **pair,
        **buffers,
    )


def chosen_clocks(chance: random.Random) -> tuple[str, dict[str, float]]:
    """`one` clock for all of ours, clocks that `differ` by no more than they may, or one `beyond` that."""
    roll = chance.random()
    if roll < 0.6:
        return "one", dict.fromkeys(PROCESSES, chance.uniform(-300, 300))
    clocks = {one: chance.uniform(0, CLOCKS_DIFFER) for one in PROCESSES}
    if roll < 0.9:
        return "differ", clocks
    clocks[chance.choice(PROCESSES)] += chance.choice((-1, 1)) * chance.choice((60, 600, 7200))
    return "beyond", clocks
