"""When an article is read, and what becomes of it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.flow import Ask
from streams.stock.oddities import believed
from streams.stock.readings import read_since, take
from streams.stock.step import Step, failed
from streams.stock.terms import made_of_parts
from streams.vocabulary.effects import ReadStock
from streams.vocabulary.events import Settled, StockAnswered
from streams.vocabulary.time import seconds

READ = "read"
LOUD = 3
"""Tries before a person is told."""


def doubted(step: Step, since: datetime) -> None:
    """What is known of Mplus's stock may be old: a reading asked at or after `since` is wanted."""
    article = step.article
    asked = read_since(article)
    if not article.watched or (asked is not None and asked >= since):
        return
    known = article.doubted_since
    step.article = replace(article, doubted_since=since if known is None else max(known, since))
    step.doubt_raised = True


def settled(step: Step, event: Settled) -> None:
    """The reading has ended."""
    outcome = event.outcome
    if isinstance(outcome, StockAnswered):
        article = replace(step.article, read_tries=0, read_stuck="")
        if article.read_stuck != step.article.read_stuck:
            step.note("reading", "Mplus answers again.", level="cleared", direction="in")
        step.article = article
        readings = believed(step, outcome.readings)
        step.article = take(step.article, readings, step.rules)
        if not outcome.readings:
            asked = step.article.doubted_since
            done = asked is None or asked <= event.asked_at
            step.article = replace(
                step.article,
                readings=(),
                doubted_since=None if done else asked,
            )
        return
    tries = step.article.read_tries + 1
    wait, words = failed(outcome, tries, f"{step.context.entity}/read")
    stuck = f"Mplus did not give the stock of this article ({words}). It is asked again by itself."
    step.article = replace(
        step.article,
        read_tries=tries,
        read_stuck=stuck if tries >= LOUD else step.article.read_stuck,
        doubted_since=step.article.doubted_since or step.context.at,
    )
    if tries == LOUD:
        step.note("reading", stuck, level="stuck", direction="in")
    if READ not in step.context.open:
        _ask(step, step.context.at + seconds(wait))


def ask(step: Step) -> None:
    """Asks for a reading where one is wanted. A doubt that this event raised asks anew even while a reading
    is on its way: that one may have been taken too early. A wait that a failure set is kept; once it is over,
    its reading is young enough for every doubt raised meanwhile."""
    article = step.article
    if not article.watched or READ in step.asks or made_of_parts(article):
        return
    waiting = step.context.open.get(READ)
    if article.doubted_since is not None:
        if waiting is None or (step.doubt_raised and not article.read_tries):
            # Another process's clock may be somewhat ahead: a reading that counts is one asked for from then on.
            ahead = article.doubted_since > step.context.at
            _ask(step, article.doubted_since if ahead else None)
    elif article.sales and waiting is None:
        first = min(sale.heard_at for sale in article.sales)
        _ask(step, first + seconds(step.rules.till_sale_hold_seconds))


def _ask(step: Step, not_before: datetime | None) -> None:
    step.asks[READ] = Ask(
        key=READ,
        effect=ReadStock(article_number=step.number, branches=step.rules.branches),
        not_before=not_before,
    )
