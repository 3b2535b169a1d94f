"""Working off the difference: what Bol is to hold, what it was sent, and what became of that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from streams.flow import Ask
from streams.stock.oddities import turned
from streams.stock.split import after_falls, shared_out
from streams.stock.state import Offer
from streams.stock.step import LOUD, Step, failed
from streams.stock.terms import available
from streams.vocabulary.activity import PushShown
from streams.vocabulary.effects import PushOffer
from streams.vocabulary.events import OfferPushed, Settled
from streams.vocabulary.money import euros_of
from streams.vocabulary.outcomes import AnswerLost, Refused
from streams.vocabulary.time import seconds

PUSH = "push/"
CAUSES = {"till-sale": "till sale", "bol-order": "Bol order"}
RISE_LATER = 5.0
"""Seconds by which a number that rises from 0 is less urgent than one that falls to 0: an oversold piece costs more
than one that is sold a moment later."""


def ask(step: Step) -> None:
    """Asks for a push of every offer whose number on its way is not the desired one."""
    if not step.article.offers:
        return
    wants = _wanted(step)
    for offer in step.article.offers:
        want = wants.get(offer.offer_id)
        before = offer.desired
        if want != before:
            offer = replace(
                offer, desired=want, cause=step.cause, cause_at=step.cause_at if want is not None else None
            )
            step.put(offer)
        if not _ours(step, offer):
            _leave(step, offer)
            continue
        if offer.refused_price is not None and _price(step, offer) != offer.refused_price:
            offer = replace(offer, refused_price=None, price_stuck="")
            step.put(offer)
        _ask(step, offer, before)


def _ours(step: Step, offer: Offer) -> bool:
    return offer.fulfilment != "FBB" and step.rules.push


def _leave(step: Step, offer: Offer) -> None:
    """What waits to be sent is not (any more). It may be on its way already, so that what Bol holds is not known."""
    key = PUSH + offer.offer_id
    step.asks.pop(key, None)
    if key in step.context.open:
        step.drops.append(key)
        step.put(replace(offer, sent=None, loose=True, tries=0, stuck=""))


def _wanted(step: Step) -> Mapping[str, int | None]:
    """What each offer should show, by its id; None: nothing is known, so nothing is sent. Offers that Bol sends by
    itself (FBB) have no part of it."""
    article, rules = step.article, step.rules
    ours = [offer for offer in article.offers if offer.fulfilment != "FBB"]
    pool = available(step.number, article, rules) if ours else None
    if pool is None:
        return {}
    wants = shared_out(pool, ours, rules, rules.of(step.number, article.groups).cap)
    if len(ours) > 1 and rules.split != "shared" and rules.push:
        return after_falls(wants, ours, pool)
    return wants


def _effect(step: Step, offer: Offer) -> PushOffer | None:
    """The push that makes Bol hold what it should; None: nothing is known."""
    if offer.desired is None:
        return None
    article, rules = step.article, step.rules
    price = _price(step, offer)
    if price in (offer.price_cents, offer.refused_price):
        price = None
    hold: bool | None = None
    if rules.hold and not article.active and not offer.on_hold and not offer.freed:
        hold = True
    elif offer.held and article.active and offer.on_hold:
        hold = False
    managed = rules.of(step.number, article.groups).managed
    return PushOffer(
        offer_id=offer.offer_id, amount=offer.desired, managed=managed, price_cents=price, on_hold=hold
    )


def _price(step: Step, offer: Offer) -> int | None:
    """Cents that the offer should have, where the price goes along at all."""
    cents = step.article.price_cents
    return cents if step.rules.prices and cents > 0 and offer.units == 1 else None


def _ask(step: Step, offer: Offer, before: int | None) -> None:
    """`before`: what it should have shown until now."""
    key = PUSH + offer.offer_id
    effect = _effect(step, offer)
    if effect is None:
        _unknown(step, offer)
        return
    asked = step.asks.get(key)
    if asked is not None:
        if asked.effect != effect:
            step.asks[key] = replace(asked, effect=effect)
        return
    on_its_way = step.context.open.get(key)
    not_before = None
    if on_its_way is not None and isinstance(on_its_way.effect, PushOffer):
        if on_its_way.effect == effect:
            return
        # A number that waits out a failure is replaced, its wait is kept.
        not_before = on_its_way.not_before if offer.tries else None
    elif _holds(offer, effect):
        return
    step.asks[key] = Ask(
        key=key,
        effect=effect,
        not_before=not_before,
        repeated=on_its_way.repeated if on_its_way is not None else False,
        urgency=_urgency(step, offer),
    )
    if before != effect.amount:
        known = offer.sent if offer.sent is not None else offer.at_bol
        pushing = on_its_way.effect if on_its_way is not None else None
        ours = isinstance(pushing, PushOffer) or offer.sent_at is not None or before == known
        was = pushing.amount if isinstance(pushing, PushOffer) else known
        turned(step, offer.offer_id, was, effect.amount, ours)


def _unknown(step: Step, offer: Offer) -> None:
    """No number is known any more: what was known last is not worth a rise."""
    waits = step.context.open.get(PUSH + offer.offer_id)
    if waits is None or not isinstance(waits.effect, PushOffer) or offer.sent is None:
        return
    if waits.effect.amount > offer.sent:
        _leave(step, offer)


def _holds(offer: Offer, effect: PushOffer) -> bool:
    """Whether Bol has it so already, as far as we know."""
    number = offer.sent == effect.amount and offer.managed is effect.managed
    return number and effect.price_cents is None and effect.on_hold is None


def _urgency(step: Step, offer: Offer) -> datetime | None:
    """Falling to 0 goes first, then rising from 0, then all the rest in its turn (streams/effects.py)."""
    if offer.desired == 0 and offer.sent != 0:
        return step.context.at
    if offer.sent == 0 and offer.desired:
        return step.context.at + seconds(RISE_LATER)
    return None


def settled(step: Step, event: Settled, offer_id: str) -> None:
    """The push has ended."""
    offer = step.offer(offer_id)
    if offer is None:
        return
    outcome = event.outcome
    if isinstance(outcome, OfferPushed):
        _pushed(step, offer, outcome, event)
        return
    newer = step.context.open.get(event.key)
    if isinstance(outcome, Refused) and newer is None and _without_price(step, offer, outcome):
        return
    tries = offer.tries + 1
    wait, words = failed(outcome, tries, event.key)
    stuck = (
        f"Bol did not take {offer.desired} for offer {offer_id} ({words}). It is sent again by itself; "
        "if this stays, look at the offer in the Bol partner site."
    )
    loud = tries >= LOUD or isinstance(outcome, Refused)
    if loud and not offer.stuck:
        step.note("push", stuck, level="stuck", direction="out")
    if offer.desired is not None:
        step.ended(
            PushShown(
                offer_id=offer_id,
                amount=offer.desired,
                at=event.answered_at,
                outcome=words,
                cause=offer.cause,
            )
        )
    offer = replace(
        offer,
        tries=tries,
        stuck=stuck if loud else offer.stuck,
        # After a lost answer nobody knows what Bol holds.
        sent=None if isinstance(outcome, AnswerLost) else offer.sent,
    )
    step.put(offer)
    effect = _effect(step, offer)
    if effect is None or not _ours(step, offer):
        # It may have been run twice, around a crash, and of the other run nobody hears when nothing is asked any more.
        step.put(replace(offer, sent=None, loose=True))
    elif newer is None or newer.not_before is None:
        step.asks[event.key] = Ask(
            key=event.key,
            effect=effect,
            not_before=step.context.at + seconds(wait),
            repeated=isinstance(outcome, AnswerLost),
            urgency=_urgency(step, offer),
        )


def _without_price(step: Step, offer: Offer, outcome: Refused) -> bool:
    """Where a price was to go along it may be what Bol refuses: the number goes once more, at once, without it. True:
    that is what happens."""
    effect = _effect(step, offer)
    if effect is None or effect.price_cents is None:
        return False
    euros = euros_of(effect.price_cents)
    stuck = (
        f"Bol refused the price of {euros} euro for offer {offer.offer_id}, or the number that went with it "
        f"({outcome.said}). The number is sent without it; change the price in Mplus."
    )
    step.note("price", stuck, level="stuck", direction="out")
    step.put(replace(offer, refused_price=effect.price_cents, price_stuck=stuck))
    return True


def _pushed(step: Step, offer: Offer, outcome: OfferPushed, event: Settled) -> None:
    millis = None
    if offer.cause_at is not None and outcome.amount == offer.desired:
        millis = max(0, round((event.answered_at - offer.cause_at).total_seconds() * 1000))
    more = _also(outcome)
    step.note(
        "push",
        f"Bol holds {outcome.amount}{more} for offer {offer.offer_id}"
        + (f", after a {CAUSES.get(offer.cause, offer.cause)}." if millis is not None else "."),
        level="cleared" if offer.stuck else "good",
        direction="out",
        millis=millis,
    )
    step.ended(
        PushShown(
            offer_id=offer.offer_id,
            amount=outcome.amount,
            at=event.answered_at,
            outcome=f"taken{more}",
            cause=offer.cause,
            millis=millis,
        )
    )
    priced = outcome.price_cents is not None
    held = outcome.on_hold is not None
    step.put(
        replace(
            offer,
            sent=None if _overwritten(offer, event) else outcome.amount,
            sent_at=event.answered_at,
            left_at=event.asked_at,
            crossed=offer.crossed and event.key in step.context.open,  # it may cross that one too
            loose=False,
            managed=outcome.managed,
            price_cents=outcome.price_cents if priced else offer.price_cents,
            refused_price=None if priced else offer.refused_price,
            price_stuck="" if priced else offer.price_stuck,
            on_hold=outcome.on_hold if held else offer.on_hold,
            held=bool(outcome.on_hold) if held else offer.held,
            tries=0,
            stuck="",
            cause="" if millis is not None else offer.cause,
            cause_at=None if millis is not None else offer.cause_at,
        )
    )


def _overwritten(offer: Offer, event: Settled) -> bool:
    """Whether Bol was read back otherwise while the push was under way: before it got there, or after somebody else
    wrote too. Then it is sent once more."""
    return offer.crossed and offer.at_bol_read is not None and offer.at_bol_read >= event.asked_at


def _also(outcome: OfferPushed) -> str:
    text = ""
    if outcome.price_cents is not None:
        text += f" at {euros_of(outcome.price_cents)} euro"
    if outcome.on_hold is not None:
        text += ", on hold," if outcome.on_hold else ", off hold,"
    return text
