"""An offer's row: it finds its article by EAN, then by the reference (SKU), and tells the stock flow."""

from __future__ import annotations

from msgspec.structs import replace

from streams.catalogue.state import CatalogueRow, Heard, OfferRow
from streams.flow import Context, Decision
from streams.vocabulary.activity import Noted
from streams.vocabulary.codes import code_entity, normal
from streams.vocabulary.events import (
    CodeAnswered,
    CodeAsked,
    Message,
    OfferObserved,
    OfferSeen,
    OfferUnlinked,
)


def codes_of(row: OfferRow) -> tuple[str, ...]:
    """The entities of the codes it may be known by, the best first."""
    ean, sku = normal("ean", row.ean), normal("sku", row.reference)
    codes = (code_entity("ean", ean) if ean else "", code_entity("sku", sku) if sku else "")
    return tuple(code for code in codes if code)


def seen(row: OfferRow | None, event: OfferSeen, context: Context) -> Decision[CatalogueRow]:
    """Bol gave the offer in a list."""
    if row is not None and event.read_at < row.read_at:
        return Decision(state=row)
    same_codes = row is not None and (row.ean, row.reference) == (event.ean, event.reference)
    fresh = OfferRow(
        ean=event.ean,
        reference=event.reference,
        amount=event.amount,
        managed_by_retailer=event.managed_by_retailer,
        fulfilment=event.fulfilment,
        read_at=event.read_at,
        answers=row.answers if row is not None and same_codes else {},
        article_number=row.article_number if row is not None else None,
        units=row.units if row is not None else 1,
        missed=row.missed if row is not None and same_codes else False,
    )
    if same_codes:
        return _linked(fresh, context, told=True)
    asks = tuple(
        Message(flow="catalogue", entity=code, event=CodeAsked(asker=f"catalogue:{context.entity}"))
        for code in codes_of(fresh)
    )
    decision = _linked(fresh, context, told=True)
    return Decision(state=decision.state, messages=(*asks, *decision.messages), activity=decision.activity)


def answered(row: OfferRow, event: CodeAnswered, context: Context) -> Decision[CatalogueRow]:
    """A code's row says who carries it now."""
    code = code_entity(event.kind, normal(event.kind, event.value))
    if code not in codes_of(row):
        return Decision(state=row)
    heard = Heard(article_number=event.article_number, units=event.units, description=event.description)
    return _linked(replace(row, answers={**row.answers, code: heard}), context, told=False)


def _linked(row: OfferRow, context: Context, told: bool) -> Decision[CatalogueRow]:
    """The row with the article its answers give. `told`: there is a fresh reading to pass on."""
    offer_id = context.entity.partition("/")[2]
    found = _article(row)
    if found is None:
        return Decision(state=row)  # a better code is not answered yet
    before = row.article_number
    messages: list[Message] = []
    activity: list[Noted] = []
    if before is not None and before != found.article_number:
        gone = OfferUnlinked(offer_id=offer_id)
        messages.append(Message(flow="stock", entity=str(before), event=gone))
    if found.article_number is None:
        if not row.missed:
            text = (
                f"No article in Mplus carries EAN {row.ean or '(none)'}"
                + (f" or reference {row.reference}" if row.reference else "")
                + f" of offer {offer_id}, so its stock is not kept. Add the barcode to the article in Mplus."
            )
            activity.append(Noted(kind="missing-article", text=text, level="warn"))
        return Decision(
            state=replace(row, article_number=None, units=1, missed=True),
            messages=tuple(messages),
            activity=tuple(activity),
        )
    new = before != found.article_number or row.units != found.units
    if new and row.missed:
        text = f"Offer {offer_id} sells article {found.article_number}."
        activity.append(Noted(kind="linked", text=text, level="cleared"))
    row = replace(row, article_number=found.article_number, units=found.units, missed=False)
    if told or new:
        observed = OfferObserved(
            offer_id=offer_id,
            ean=row.ean,
            amount=row.amount,
            managed_by_retailer=row.managed_by_retailer,
            read_at=row.read_at,
            units=row.units,
            fulfilment=row.fulfilment,
            description=found.description,
        )
        messages.append(Message(flow="stock", entity=str(found.article_number), event=observed))
    return Decision(state=row, messages=tuple(messages), activity=tuple(activity))


def _article(row: OfferRow) -> Heard | None:
    """The best code's article; `article_number` None: no code leads to one. None: not all answered."""
    codes = codes_of(row)
    for code in codes:
        heard = row.answers.get(code)
        if heard is None:
            return None
        if heard.article_number is not None:
            return heard
    return Heard(article_number=None)
