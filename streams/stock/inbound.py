"""The other way round: Bol's own count into a branch of Mplus. Pure.

Two kinds: what lies at Bol (FBB inventory), and the amounts of FBR offers where another system leads. That no loop
comes of it is a rule of the settings (app/stock_rules.py): a branch that is written to is not one that is on sale, and
where another system leads nothing is pushed to Bol.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from streams.flow import Ask
from streams.stock.shown import plain
from streams.stock.state import Inbound
from streams.stock.step import LOUD, Step, failed
from streams.vocabulary.effects import SetMplusStock
from streams.vocabulary.events import BolCounted, MplusStockSet, Settled
from streams.vocabulary.outcomes import Refused
from streams.vocabulary.time import seconds

SET = "mplus-stock/"
EANS = 200
"""Of one article, as in streams/catalogue/articles.py."""
AGAIN = timedelta(hours=24)
"""An unchanged count is looked at again after so long: somebody may have changed it in Mplus."""


def counted(step: Step, event: BolCounted) -> None:
    """So much lies at Bol of one of its EANs: what counts is what lies there of them all. It is shown, and kept at a
    branch of Mplus where the shop wants that."""
    lying = {ean: amount for ean, amount in step.article.lying.items() if ean != event.ean}
    if event.amount > 0 and len(lying) < EANS:
        lying[event.ean] = Decimal(event.amount * max(1, event.units))
    step.article = replace(step.article, lying=lying, lying_at=event.read_at)
    branch = step.rules.fbb_branch
    if branch is not None:
        _wanted(step, branch, sum(lying.values(), Decimal(0)))


def ask(step: Step) -> None:
    """Where another system leads, what the FBR offers of this article have together belongs in Mplus; and whatever is
    wanted and not there is written. What the settings no longer want is not."""
    rules, article = step.rules, step.article
    if rules.fbr_branch is not None:
        ours = [one for one in article.offers if one.fulfilment != "FBB" and one.at_bol is not None]
        if ours:
            amount = Decimal(sum(_left(offer.corrected, offer.at_bol) * offer.units for offer in ours))
            _wanted(step, rules.fbr_branch, amount)
    if not step.article.inbound:
        return
    for one in step.article.inbound:
        key = f"{SET}{one.branch}"
        if one.branch not in (rules.fbb_branch, rules.fbr_branch):
            step.asks.pop(key, None)
            if key in step.context.open:
                step.drops.append(key)
            others = tuple(other for other in step.article.inbound if other.branch != one.branch)
            step.article = replace(step.article, inbound=others)
            continue
        on_its_way = step.context.open.get(key)
        if key in step.asks or not _due(one, step.context.at):
            continue
        effect = _effect(step, one)
        if on_its_way is None or on_its_way.effect != effect:
            not_before = on_its_way.not_before if on_its_way is not None and one.tries else None
            step.asks[key] = Ask(key=key, effect=effect, not_before=not_before)


def _effect(step: Step, one: Inbound) -> SetMplusStock:
    return SetMplusStock(article_number=step.number, branch=one.branch, amount=one.wanted, reference="Bol")


def _left(corrected: int | None, amount: int | None) -> int:
    return max(0, corrected if corrected is not None else amount or 0)


def _due(one: Inbound, at: datetime) -> bool:
    return one.set != one.wanted or one.set_at is None or at >= one.set_at + AGAIN


def _of(step: Step, branch: int) -> Inbound | None:
    return next((one for one in step.article.inbound if one.branch == branch), None)


def _wanted(step: Step, branch: int, amount: Decimal) -> None:
    known = _of(step, branch)
    if known is None:
        _put(step, Inbound(branch=branch, wanted=amount))
    elif known.wanted != amount:
        _put(step, replace(known, wanted=amount))


def _put(step: Step, one: Inbound) -> None:
    others = tuple(other for other in step.article.inbound if other.branch != one.branch)
    step.article = replace(step.article, inbound=(*others, one))


def settled(step: Step, event: Settled, branch: int) -> None:
    """The writing has ended."""
    one = _of(step, branch)
    if one is None:
        return
    outcome = event.outcome
    if isinstance(outcome, MplusStockSet):
        if not outcome.done:
            text = f"Mplus has {plain(outcome.amount)} at branch {branch} now, as Bol counts."
            step.note("mplus-stock", text, level="cleared" if one.stuck else "good", direction="out")
        _put(step, replace(one, set=outcome.amount, set_at=event.answered_at, tries=0, stuck=""))
        return
    tries = one.tries + 1
    wait, words = failed(outcome, tries, f"{step.context.entity}/{event.key}")
    stuck = (
        f"Mplus did not take {plain(one.wanted)} for branch {branch} ({words}). It is tried again by itself; if this "
        "stays, look at the article and the branch in Mplus."
    )
    loud = tries >= LOUD or isinstance(outcome, Refused)
    if loud and not one.stuck:
        step.note("mplus-stock", stuck, level="stuck", direction="out")
    _put(step, replace(one, set=None, tries=tries, stuck=stuck if loud else one.stuck))
    newer = step.context.open.get(event.key)
    if newer is None or newer.not_before is None:
        step.asks[event.key] = Ask(
            key=event.key,
            effect=_effect(step, one),
            not_before=step.context.at + seconds(wait),
            repeated=True,
        )
