"""A code's row: claims come and go, and whoever asked hears of every change. An EAN's also knows what lies at Bol,
which its article keeps count of; when no inventory shows it any more, Bol is asked (vanishing.py).

An article that is switched off in Mplus keeps its codes. Offers go on selling it, so that they show 0; an order is not
given it, and one that is switched on wins over it.
"""

from __future__ import annotations

from typing import Literal, assert_never

from msgspec.structs import replace

from streams.catalogue.state import ASKERS, CatalogueRow, Claim, CodeRow, Lying
from streams.catalogue.unmatched import CODES_NAMED, lying_shown, no_carrier
from streams.catalogue.vanishing import LOOK, alarm, not_told, overtaken, rung
from streams.flow import NOTHING_OPEN, Ask, Context, Decision
from streams.vocabulary.activity import Activity, Noted
from streams.vocabulary.codes import code_of_entity
from streams.vocabulary.effects import ReadBolInventory
from streams.vocabulary.events import (
    BolCounted,
    BolInventoryRead,
    CodeAnswered,
    CodeAsked,
    CodeClaimed,
    CodeDropped,
    CodeLeft,
    InventorySeen,
    Message,
    Settled,
    Woke,
)

Heard = CodeClaimed | CodeDropped | CodeAsked | CodeLeft | InventorySeen
For = Literal["orders", "catalogue"]
ORDERS = "orders:"


def carrier(row: CodeRow) -> Claim | None:
    """For orders: the one article that is switched on and carries the code; None where there is none, or more than one:
    a wrong article would sell the wrong stock, so nobody is told either of them."""
    on = [claim for claim in row.claims if claim.active]
    return on[0] if len(on) == 1 else None


def seller(row: CodeRow) -> Claim | None:
    """For offers: the same; where none is switched on, the first that carries the code: whichever it is, 0 is shown."""
    if any(claim.active for claim in row.claims):
        return carrier(row)
    return row.claims[0] if row.claims else None


def heard(row: CodeRow, event: Heard, context: Context) -> Decision[CatalogueRow]:
    """What follows from an event, with when Bol is asked what lies there."""
    match event:
        case CodeClaimed():
            decision = claimed(row, event, context)
        case CodeDropped():
            decision = dropped(row, event, context)
        case CodeAsked():
            decision = asked(row, event, context)
        case CodeLeft():
            decision = left(row, event)
        case InventorySeen():
            decision = lies(row, event, context)
        case _:
            assert_never(event)
    return _waking(decision, context)


def woke(row: CodeRow, event: Woke, context: Context) -> Decision[CatalogueRow]:
    """No inventory has shown it for long: Bol is asked for it."""
    if row.lying is None:
        return Decision(state=_kept(row))
    lying, due = rung(row.lying, event, context)
    row = replace(row, lying=lying)
    if not due:
        return _waking(Decision(state=row), context)
    _, ean = code_of_entity(context.entity)
    return Decision(state=row, asks=(Ask(key=LOOK, effect=ReadBolInventory(ean=ean)),))


def looked(row: CodeRow, event: Settled, context: Context) -> Decision[CatalogueRow]:
    """The question what lies there has ended. Raises ValueError for an answer to another one."""
    lying = row.lying
    if lying is None:
        return Decision(state=_kept(row))
    if not isinstance(event.outcome, BolInventoryRead):
        row = replace(row, lying=not_told(lying, event, context))
        return _waking(Decision(state=row), context)
    if event.outcome.seen is not None:
        return _waking(lies(row, event.outcome.seen, context), context)
    if overtaken(event.asked_at, lying.read_at, context):
        return _waking(Decision(state=row), context)
    return _gone(row, lying, event, context)


def claimed(row: CodeRow, event: CodeClaimed, context: Context) -> Decision[CatalogueRow]:
    """An article carries the code."""
    claim = Claim(
        article_number=event.article_number,
        description=event.description,
        units=max(1, event.units),
        stock_kept=event.stock_kept,
        vat_code=event.vat_code,
        active=event.active,
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
    done = event.asker.startswith(ORDERS) and carrier(row) is not None
    others = tuple(asker for asker in row.askers if asker != event.asker)
    askers = others if done else (*others, event.asker)
    activity: tuple[Noted, ...] = ()
    if len(askers) > ASKERS:
        askers = askers[-ASKERS:]
        text = f"More than {ASKERS} orders wait for {context.entity}; the oldest must be tried again by hand."
        activity = (Noted(kind="too-many-askers", text=text, level="warn"),)
    return Decision(state=replace(row, askers=askers), messages=(answer,), activity=activity)


def left(row: CodeRow, event: CodeLeft) -> Decision[CatalogueRow]:
    """Nobody waits there for an answer any more."""
    after = replace(row, askers=tuple(asker for asker in row.askers if asker != event.asker))
    return Decision(state=_kept(after))


def lies(row: CodeRow, event: InventorySeen, context: Context) -> Decision[CatalogueRow]:
    """So much lies at Bol of this EAN: its article keeps count of it, or it is listed as unmatched."""
    if row.lying is not None and overtaken(event.read_at, row.lying.read_at, context):
        return Decision(state=row)
    after = replace(row, lying=Lying(regular=max(0, event.regular), title=event.title, read_at=event.read_at))
    decision = _counted(row, after, context, told=True)
    # A question that still waits for its turn is answered: a round needs those turns itself.
    return replace(decision, drops=(LOOK,)) if LOOK in context.open else decision


def _gone(row: CodeRow, lying: Lying, event: Settled, context: Context) -> Decision[CatalogueRow]:
    """Bol lists nothing of it: that is proof for this EAN, and for this one only."""
    _, ean = code_of_entity(context.entity)
    after = replace(row, lying=Lying(regular=0, title=lying.title, read_at=event.asked_at))
    decision = _counted(row, after, context, told=True)
    gone = Noted(
        kind="inventory-gone",
        text=f"EAN {ean} was in no inventory of Bol's for a while, and Bol has nothing of it when asked: 0 pieces lie "
        f"there now, where {lying.regular} did.",
        direction="in",
    )
    return replace(decision, activity=(gone, *decision.activity))


def _waking(decision: Decision[CatalogueRow], context: Context) -> Decision[CatalogueRow]:
    row = decision.state
    if not isinstance(row, CodeRow) or row.lying is None:
        return decision
    if decision.drops:
        context = replace(context, open=NOTHING_OPEN)
    return replace(decision, wake=alarm(row.lying, context))


def _changed(before: CodeRow, after: CodeRow, context: Context) -> Decision[CatalogueRow]:
    if after == before:
        return Decision(state=_kept(before))
    of: tuple[For, ...] = ("orders", "catalogue")
    news = {who: _event(before, who, context) != _event(after, who, context) for who in of}
    messages = tuple(_answer(after, asker, context) for asker in after.askers if news[_whose(asker)])
    if carrier(after) is not None:
        after = replace(after, askers=tuple(one for one in after.askers if not one.startswith(ORDERS)))
    activity: tuple[Activity, ...] = ()
    if _several(after) and not _several(before):
        kind, value = code_of_entity(context.entity)
        numbers = ", ".join(str(number) for number in _several(after)[:5])
        activity = (
            Noted(
                kind="ambiguous-code",
                text=f"{kind.upper()} {value} is on more than one article in Mplus ({numbers}), so it is matched to "
                "none of them. Take it off all but one.",
                level="warn",
            ),
        )
    counted = _counted(before, after, context, told=False)
    return Decision(
        state=counted.state,
        messages=(*messages, *counted.messages),
        activity=(*activity, *counted.activity),
    )


def _counted(before: CodeRow, after: CodeRow, context: Context, told: bool) -> Decision[CatalogueRow]:
    """What lies at Bol goes to the article that carries the code. `told`: it was read just now."""
    if after.lying is None:
        return Decision(state=_kept(after))
    was, now = seller(before), seller(after)
    moved = (was and was.article_number, was and was.units) != (now and now.article_number, now and now.units)
    _, ean = code_of_entity(context.entity)
    messages: list[Message] = []
    gone = was is not None and (now is None or now.article_number != was.article_number)
    if was is not None and gone and before.lying is not None:
        messages.append(_lying(was, before.lying, ean, 0))
    if now is not None and (told or moved):
        messages.append(_lying(now, after.lying, ean, after.lying.regular))
    why = no_carrier(ean, after) if now is None and after.lying.regular > 0 else ""
    activity: tuple[Activity, ...] = ()
    if why != after.why:
        after = replace(after, why=why)
        activity = (lying_shown(ean, after),)
    return Decision(state=after, messages=tuple(messages), activity=activity)


def _lying(claim: Claim, lying: Lying, ean: str, amount: int) -> Message:
    counted = BolCounted(amount=amount, units=claim.units, read_at=lying.read_at, ean=ean)
    return Message(flow="stock", entity=str(claim.article_number), event=counted)


def _several(row: CodeRow) -> tuple[int, ...]:
    """The articles that are switched on and carry it, where they are more than one."""
    on = tuple(claim.article_number for claim in row.claims if claim.active)
    return on if len(on) > 1 else ()


def _kept(row: CodeRow) -> CodeRow | None:
    return row if row.claims or row.askers or row.lying is not None else None


def _whose(asker: str) -> For:
    return "orders" if asker.startswith(ORDERS) else "catalogue"


def _answer(row: CodeRow, asker: str, context: Context) -> Message:
    who = _whose(asker)
    return Message(flow=who, entity=asker.partition(":")[2], event=_event(row, who, context))


def _event(row: CodeRow, who: For, context: Context) -> CodeAnswered:
    kind, value = code_of_entity(context.entity)
    claim = carrier(row) if who == "orders" else seller(row)
    return CodeAnswered(
        kind="ean" if kind == "ean" else "sku",
        value=value,
        article_number=claim.article_number if claim else None,
        units=claim.units if claim else 1,
        description=claim.description if claim else "",
        stock_kept=claim.stock_kept if claim else True,
        vat_code=claim.vat_code if claim else None,
        among=_several(row)[:CODES_NAMED] if who == "catalogue" else (),
    )
