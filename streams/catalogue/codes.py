"""A code's row: claims come and go, and whoever asked hears of every change."""

from __future__ import annotations

from msgspec.structs import replace

from streams.catalogue.state import ASKERS, CatalogueRow, Claim, CodeRow
from streams.flow import Context, Decision
from streams.vocabulary.activity import Noted
from streams.vocabulary.codes import code_of_entity
from streams.vocabulary.events import CodeAnswered, CodeAsked, CodeClaimed, CodeDropped, FlowName, Message


def carrier(row: CodeRow) -> Claim | None:
    """The one article that carries the code; None where there is none, or more than one: a wrong article
    would sell the wrong stock, so nobody is told either of them."""
    return row.claims[0] if len(row.claims) == 1 else None


def claimed(row: CodeRow, event: CodeClaimed, context: Context) -> Decision[CatalogueRow]:
    """An article carries the code."""
    claim = Claim(
        article_number=event.article_number,
        description=event.description,
        units=max(1, event.units),
        stock_kept=event.stock_kept,
        vat_code=event.vat_code,
    )
    others = tuple(one for one in row.claims if one.article_number != claim.article_number)
    claims = tuple(sorted((*others, claim), key=lambda one: one.article_number))
    return _changed(row, replace(row, claims=claims), context)


def dropped(row: CodeRow, event: CodeDropped, context: Context) -> Decision[CatalogueRow]:
    """An article no longer carries the code."""
    claims = tuple(one for one in row.claims if one.article_number != event.article_number)
    return _changed(row, replace(row, claims=claims), context)


def asked(row: CodeRow, event: CodeAsked, context: Context) -> Decision[CatalogueRow]:
    """Somebody wants to know: answered at once, remembered while it matters."""
    answer = _answer(row, event.asker, context)
    done = carrier(row) is not None and event.asker.startswith("orders:")
    others = tuple(asker for asker in row.askers if asker != event.asker)
    askers = others if done else (*others, event.asker)
    activity: tuple[Noted, ...] = ()
    if len(askers) > ASKERS:
        askers = askers[-ASKERS:]
        text = f"More than {ASKERS} orders wait for {context.entity}; the oldest must be tried again by hand."
        activity = (Noted(kind="too-many-askers", text=text, level="warn"),)
    return Decision(state=replace(row, askers=askers), messages=(answer,), activity=activity)


def _changed(before: CodeRow, after: CodeRow, context: Context) -> Decision[CatalogueRow]:
    if after == before:
        return Decision(state=before if before != CodeRow() else None)
    was, now = carrier(before), carrier(after)
    messages: tuple[Message, ...] = ()
    if was != now:
        messages = tuple(_answer(after, asker, context) for asker in after.askers)
        if now is not None:
            after = replace(after, askers=tuple(one for one in after.askers if not one.startswith("orders:")))
    activity: tuple[Noted, ...] = ()
    if len(after.claims) > 1 and len(before.claims) <= 1:
        kind, value = code_of_entity(context.entity)
        numbers = ", ".join(str(claim.article_number) for claim in after.claims[:5])
        activity = (
            Noted(
                kind="ambiguous-code",
                text=f"{kind.upper()} {value} is on more than one article in Mplus ({numbers}), so it is matched to "
                "none of them. Take it off all but one.",
                level="warn",
            ),
        )
    empty = not after.claims and not after.askers
    return Decision(state=None if empty else after, messages=messages, activity=activity)


def _answer(row: CodeRow, asker: str, context: Context) -> Message:
    kind, value = code_of_entity(context.entity)
    claim = carrier(row)
    answer = CodeAnswered(
        kind="ean" if kind == "ean" else "sku",
        value=value,
        article_number=claim.article_number if claim else None,
        units=claim.units if claim else 1,
        description=claim.description if claim else "",
        stock_kept=claim.stock_kept if claim else True,
        vat_code=claim.vat_code if claim else None,
    )
    flow: FlowName = "orders" if asker.startswith("orders:") else "catalogue"
    return Message(flow=flow, entity=asker.partition(":")[2], event=answer)
