"""What an offer is at Bol, and what the article is in Mplus. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from streams.stock import kits
from streams.stock.pushing import PUSH
from streams.stock.reading import doubted, watched
from streams.stock.state import PARTED, Offer
from streams.stock.step import Step
from streams.stock.terms import made_of_parts
from streams.vocabulary.effects import PushOffer
from streams.vocabulary.events import ArticleDescribed, Message, OfferDiffered, OfferObserved, OfferUnlinked


def observed(step: Step, event: OfferObserved) -> None:
    """Bol gave the offer in a list, or it is newly known that it sells this article."""
    article = step.article
    known = step.offer(event.offer_id)
    step.cause = "offer"
    if known is None:
        offer = Offer(offer_id=event.offer_id)
        step.article = replace(article, offers=(*article.offers, offer))
        if article.watched:
            doubted(step, step.context.at)
        else:
            watched(step)
        step.note("offer", f"Offer {event.offer_id} ({event.ean}) sells this article.")
    elif known.at_bol_read is not None and event.read_at < known.at_bol_read:
        return  # an older page
    else:
        offer = known
    offer = replace(
        offer,
        ean=event.ean,
        units=max(1, event.units),
        fulfilment=event.fulfilment,
        condition=event.condition,
        at_bol=event.amount,
        at_bol_read=event.read_at,
        corrected=event.corrected,
    )
    offer = _offline(step, replace(offer, offline=event.offline), offer.offline)
    offer = _operator(step, offer, event)
    pushing = step.context.open.get(PUSH + event.offer_id)
    if pushing is not None and isinstance(pushing.effect, PushOffer):
        sent = (pushing.effect.amount, pushing.effect.managed)
        offer = replace(offer, crossed=sent != (event.amount, event.managed_by_retailer))
    elif offer.sent_at is None or event.read_at >= offer.sent_at:
        offer = _held_at_bol(step, offer, event)
    elif (
        offer.left_at is not None
        and event.read_at >= offer.left_at
        and (offer.sent, offer.managed) != (event.amount, event.managed_by_retailer)
    ):
        # Read before our push got there, or after somebody else wrote: it is sent once more.
        offer = replace(offer, sent=None)
    if event.offer_id in step.article.parted:
        parted = tuple(one for one in step.article.parted if one != event.offer_id)
        step.article = replace(step.article, parted=parted)
        offer = replace(offer, loose=True)
    step.put(replace(offer, sent=None) if offer.loose else offer)
    if event.description and not step.article.described:
        step.article = replace(step.article, description=event.description)


def _held_at_bol(step: Step, offer: Offer, event: OfferObserved) -> Offer:
    """What Bol holds now. What we did not write is told, and what follows sets it back."""
    managed = step.rules.of(step.number, step.article.groups).managed
    as_we_have_it = event.managed_by_retailer is managed
    holds = event.amount if as_we_have_it else None
    # What Bol had when we first looked is ours too, once it is the number that belongs there.
    agreed = offer.sent_at is not None or offer.sent == offer.desired
    if offer.sent is not None and agreed and holds != offer.sent and offer.managed is managed:
        counts_itself = (
            "Bol counting open orders itself" if managed else "Bol not counting open orders itself"
        )
        what = f"{event.amount} pieces" if as_we_have_it else counts_itself
        step.note(
            "foreign-write",
            f"Offer {offer.offer_id} holds {what} where {offer.sent} belongs: someone else changed it. "
            "It is set back.",
            level="warn",
            direction="in",
        )
        found = OfferDiffered(offer_id=offer.offer_id, read_at=event.read_at)
        step.messages.append(Message(flow="sweeps", entity="", event=found))
    if event.on_hold is not None and offer.on_hold is not None and event.on_hold != offer.on_hold:
        # A person's own doing, at Bol: it stays.
        done = "put on hold" if event.on_hold else "taken off hold"
        step.note(
            "hold", f"Offer {offer.offer_id} was {done} at Bol, not by us. It is left so.", level="warn"
        )
        offer = replace(offer, held=False, freed=offer.held and not event.on_hold)
    return replace(
        offer,
        managed=event.managed_by_retailer,
        sent=holds,
        sent_at=offer.sent_at if holds == offer.sent else None,
        price_cents=event.price_cents if event.price_cents is not None else offer.price_cents,
        on_hold=event.on_hold if event.on_hold is not None else offer.on_hold,
    )


def _offline(step: Step, offer: Offer, before: tuple[str, ...]) -> Offer:
    if offer.offline and offer.offline != before:
        why = "; ".join(offer.offline)
        step.note(
            "offline",
            f"Bol does not show offer {offer.offer_id} though it has stock: {why}. See to it in the Bol partner site.",
            level="warn",
            direction="in",
        )
    elif before and not offer.offline:
        step.note("offline", f"Bol shows offer {offer.offer_id} again.", level="cleared", direction="in")
    return offer


def _operator(step: Step, offer: Offer, event: OfferObserved) -> Offer:
    """Whether Bol has an economic operator for it (facts/bol.md, Offers and stock). Events of before this was read do
    not tell; they do not tell of a hold either."""
    if event.on_hold is None:
        return offer
    missing = not event.economic_operator
    if missing and not offer.operator_missing:
        step.note(
            "operator",
            f"Offer {offer.offer_id} has no economic operator at Bol, which sets such offers offline. Choose one in "
            "the Bol partner site.",
            level="warn",
            direction="in",
        )
    elif offer.operator_missing and not missing:
        step.note(
            "operator",
            f"Offer {offer.offer_id} has an economic operator at Bol.",
            level="cleared",
            direction="in",
        )
    return replace(offer, operator_missing=missing)


def unlinked(step: Step, event: OfferUnlinked) -> None:
    """The offer sells another article now, or none, or is gone."""
    kept = tuple(offer for offer in step.article.offers if offer.offer_id != event.offer_id)
    if len(kept) == len(step.article.offers):
        return
    step.article = replace(step.article, offers=kept)
    if PUSH + event.offer_id in step.context.open:
        step.drops.append(PUSH + event.offer_id)
        parted = (*step.article.parted, event.offer_id)[-PARTED:]
        step.article = replace(step.article, parted=parted)
    step.note("offer", f"Offer {event.offer_id} no longer sells this article.")


def described(step: Step, event: ArticleDescribed) -> None:
    """Mplus has the article so now."""
    article = step.article
    if event.marker < article.described:
        return
    if article.offers and event.active != article.active:
        now = "on again" if event.active else "off in Mplus: 0 is shown at Bol"
        step.note("article", f"The article was switched {now}.", direction="in")
        if event.active:
            article = replace(article, offers=tuple(replace(one, freed=False) for one in article.offers))
    step.article = replace(
        article,
        described=max(1, event.marker),
        description=event.description or article.description,
        active=event.active,
        stock_kept=event.stock_kept,
        unit=event.unit,
        groups=event.groups,
        price_cents=event.price_cents,
        parts=kits.merged(event.parts),
    )
    step.cause = "article"
    of_parts, was_of_parts = made_of_parts(step.article), made_of_parts(article)
    if of_parts != was_of_parts or step.article.parts != article.parts:
        kits.recomposed(step)
    if was_of_parts and not of_parts:
        watched(step)  # nobody read it as what it is now
    elif event.stock_kept != article.stock_kept and not of_parts:
        doubted(step, step.context.at)
