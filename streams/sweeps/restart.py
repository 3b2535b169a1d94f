"""What a start finds changed: other branches, other stock rules, more that is read of an article. Pure.

The fingerprints of the last start are in the row. A row is worked out anew at its next event only, so where the rules
changed every row needs one: a round over the offers gives one to every article that is on sale, and a whole reading of
the stock gives one to every article of which stock is kept (the parts of composed ones too, which no offer sells).
"""

from __future__ import annotations

from msgspec.structs import replace

from streams.sweeps import rounds
from streams.sweeps.step import Step

ARTICLES_READ = 1
"""Raised when more is read of an article than before: all are read once more then."""


def changed_settings(step: Step) -> None:
    """Sees to what is to be read because of it."""
    state, rules = step.state, step.rules
    added = set(rules.branches) - set(state.branches if state.branches is not None else rules.branches)
    other_rules = state.stock_mark != rules.stock_mark
    if added or other_rules:
        # The feed goes on at one cursor for all branches: what a new one has had all along would never come. Of its
        # history nothing is read that was before: that begins at the present for every branch.
        step.from_the_start("mplus-stock")
    if other_rules:
        step.from_the_start("bol-offers")
        rounds.anew(step)
    if state.articles_read < ARTICLES_READ:
        step.from_the_start("mplus-articles")
    if state.stock_mark is not None and (added or other_rules):
        words = (
            f"Branch {', '.join(str(one) for one in sorted(added))} counts from now on: all stock is read."
        )
        if other_rules:
            words = (
                "The settings of the stock have changed: all stock and all offers are read, and every number is worked "
                "out anew."
            )
        step.note("settings", words)
    step.state = replace(
        step.state,
        branches=rules.branches,
        stock_mark=rules.stock_mark,
        articles_read=ARTICLES_READ,
    )
