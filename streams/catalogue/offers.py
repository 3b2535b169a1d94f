"""An offer's row: it finds its article by its codes (by EAN, then by the reference, as the settings have it), tells the
stock flow what Bol holds, and the article's row that it sells it."""

from __future__ import annotations

from msgspec.structs import replace

from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import CatalogueRow, Heard, OfferRow
from streams.catalogue.unmatched import codes_of, no_article, offer_shown
from streams.catalogue.vanishing import LOOK, alarm, not_told, overtaken, rung
from streams.flow import Ask, Context, Decision
from streams.vocabulary.activity import Activity, Noted
from streams.vocabulary.codes import code_entity, normal
from streams.vocabulary.effects import ReadBolOffer
from streams.vocabulary.events import (
    BolOfferRead,
    CodeAnswered,
    CodeAsked,
    CodeLeft,
    Message,
    OfferLinked,
    OfferObserved,
    OfferSeen,
    OfferUnlinked,
    Settled,
    Woke,
)


def seen(row: OfferRow | None, event: OfferSeen, context: Context) -> Decision[CatalogueRow]:
    """Bol gave the offer, in a list or by itself."""
    if row is not None and overtaken(event.read_at, row.read_at, context):
        return Decision(state=row, wake=alarm(row, context))
    rules: CatalogueRules = context.rules
    codes = codes_of(event.ean, event.reference, rules.match)
    known = row or OfferRow(ean=event.ean, reference=event.reference, read_at=event.read_at)
    same_codes = (known.ean, known.reference) == (event.ean, event.reference)
    fresh = replace(
        known,
        ean=event.ean,
        reference=event.reference,
        amount=event.amount,
        managed_by_retailer=event.managed_by_retailer,
        fulfilment=event.fulfilment,
        read_at=event.read_at,
        answers={code: known.answers[code] for code in codes if code in known.answers},
        missed=known.missed and same_codes,
        corrected=event.corrected,
        price_cents=event.price_cents,
        on_hold=event.on_hold,
        condition=event.condition,
        economic_operator=event.economic_operator,
        offline=event.offline,
        look_at=None,
        tries=0,
    )
    asker = f"catalogue:{context.entity}"
    messages = [
        Message(flow="catalogue", entity=code, event=CodeAsked(asker=asker))
        for code in codes
        if code not in fresh.answers
    ]
    if not same_codes:
        messages += [
            Message(flow="catalogue", entity=code, event=CodeLeft(asker=asker))
            for code in every_code(known)
            if code not in codes
        ]
    decision = _linked(fresh, context, told=True)
    return Decision(
        state=decision.state,
        messages=(*messages, *decision.messages),
        activity=decision.activity,
        wake=decision.wake,
    )


def answered(row: OfferRow, event: CodeAnswered, context: Context) -> Decision[CatalogueRow]:
    """A code's row says who carries it now."""
    code = code_entity(event.kind, normal(event.kind, event.value))
    if code not in codes_of(row.ean, row.reference, context.rules.match):
        return Decision(state=row, wake=alarm(row, context))
    heard = Heard(
        article_number=event.article_number,
        units=event.units,
        description=event.description,
        among=event.among,
    )
    return _linked(replace(row, answers={**row.answers, code: heard}), context, told=False)


def woke(row: OfferRow, event: Woke, context: Context) -> Decision[CatalogueRow]:
    """No round has seen it for long: Bol is asked for it."""
    row, due = rung(row, event, context)
    if not due:
        return Decision(state=row, wake=alarm(row, context))
    offer_id = context.entity.partition("/")[2]
    return Decision(state=row, asks=(Ask(key=LOOK, effect=ReadBolOffer(offer_id=offer_id)),))


def looked(row: OfferRow, event: Settled, context: Context) -> Decision[CatalogueRow]:
    """The question whether it is there has ended. Raises ValueError for an answer to another one."""
    if not isinstance(event.outcome, BolOfferRead):
        row = not_told(row, event, context)
        return Decision(state=row, wake=alarm(row, context))
    if event.outcome.offer is not None:
        return seen(row, event.outcome.offer, context)
    if overtaken(event.asked_at, row.read_at, context):
        return Decision(state=row, wake=alarm(row, context))
    return _gone(row, context)


def _gone(row: OfferRow, context: Context) -> Decision[CatalogueRow]:
    """Bol knows no such offer any more: that is proof for this one, and for this one only."""
    offer_id = context.entity.partition("/")[2]
    asker = f"catalogue:{context.entity}"
    messages = [
        Message(flow="catalogue", entity=code, event=CodeLeft(asker=asker)) for code in every_code(row)
    ]
    if row.article_number is not None:
        unlinked = OfferUnlinked(offer_id=offer_id)
        messages.append(Message(flow="stock", entity=str(row.article_number), event=unlinked))
    messages += _told(row, offer_id, None)
    activity: list[Activity] = [
        Noted(
            kind="offer-gone",
            text=f"Offer {offer_id} (EAN {row.ean or 'none'}) was in no list of Bol's for a while, and Bol does not "
            "know it any more: nothing is sent to it from now on.",
            level="warn",
            direction="in",
        )
    ]
    if row.why:
        activity.append(offer_shown(offer_id, replace(row, why="")))
    return Decision(state=None, messages=tuple(messages), activity=tuple(activity))


def every_code(row: OfferRow) -> tuple[str, ...]:
    """The entities of all codes it may have asked about, whatever the settings said then."""
    return codes_of(row.ean, row.reference, ("ean", "sku"))


def _linked(row: OfferRow, context: Context, told: bool) -> Decision[CatalogueRow]:
    """The row with the article its answers give. `told`: there is a fresh reading to pass on."""
    offer_id = context.entity.partition("/")[2]
    found = _article(row, context.rules)
    if found is None:
        return Decision(state=row, wake=alarm(row, context))  # a better code is not answered yet
    before = row.article_number
    messages: list[Message] = _told(row, offer_id, found.article_number)
    if before is not None and before != found.article_number:
        gone = OfferUnlinked(offer_id=offer_id)
        messages.append(Message(flow="stock", entity=str(before), event=gone))
    row = replace(row, told=found.article_number)
    if found.article_number is None:
        return _without(row, offer_id, messages, context)
    activity: list[Activity] = []
    new = before != found.article_number or row.units != found.units
    if new and row.missed:
        text = f"Offer {offer_id} sells article {found.article_number}."
        activity.append(Noted(kind="linked", text=text, level="cleared"))
    if row.why:
        row = replace(row, why="")
        activity.append(offer_shown(offer_id, row))
    row = replace(row, article_number=found.article_number, units=found.units, missed=False)
    if told or new:
        observed = _observed(row, offer_id, found.description)
        messages.append(Message(flow="stock", entity=str(found.article_number), event=observed))
    return Decision(state=row, messages=tuple(messages), activity=tuple(activity), wake=alarm(row, context))


def _without(
    row: OfferRow, offer_id: str, messages: list[Message], context: Context
) -> Decision[CatalogueRow]:
    """No article: said once, and listed with the reason as it is now."""
    why = no_article(row, context.rules)
    activity: list[Activity] = []
    if not row.missed:
        text = f"The stock of offer {offer_id} is not kept. {why}"
        activity.append(Noted(kind="missing-article", text=text, level="warn"))
    if why != row.why:
        activity.append(offer_shown(offer_id, replace(row, why=why)))
    row = replace(row, article_number=None, units=1, missed=True, why=why)
    return Decision(state=row, messages=tuple(messages), activity=tuple(activity), wake=alarm(row, context))


def _told(row: OfferRow, offer_id: str, article: int | None) -> list[Message]:
    """The articles' rows hear who sells them, when that changes."""
    if row.told == article:
        return []
    links = [(row.told, False), (article, True)]
    return [
        Message(
            flow="catalogue", entity=f"article/{number}", event=OfferLinked(offer_id=offer_id, linked=linked)
        )
        for number, linked in links
        if number is not None
    ]


def _observed(row: OfferRow, offer_id: str, description: str) -> OfferObserved:
    return OfferObserved(
        offer_id=offer_id,
        ean=row.ean,
        amount=row.amount,
        managed_by_retailer=row.managed_by_retailer,
        read_at=row.read_at,
        units=row.units,
        fulfilment=row.fulfilment,
        description=description,
        corrected=row.corrected,
        price_cents=row.price_cents,
        on_hold=row.on_hold,
        condition=row.condition,
        economic_operator=row.economic_operator,
        offline=row.offline,
    )


def _article(row: OfferRow, rules: CatalogueRules) -> Heard | None:
    """The best code's article; `article_number` None: no code leads to one. None: not all answered."""
    for code in codes_of(row.ean, row.reference, rules.match):
        heard = row.answers.get(code)
        if heard is None:
            return None
        if heard.article_number is not None:
            return heard
    return Heard(article_number=None)
