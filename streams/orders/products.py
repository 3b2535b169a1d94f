"""Which article each item of an order is: by its EAN, by the retailer's own reference (SKU), in the shop's order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from streams.orders.rules import Kind, OrderRules
from streams.orders.state import Answer, Line, items_taken
from streams.vocabulary.bol_order import BolOrder, BolOrderItem
from streams.vocabulary.codes import code_entity, normal
from streams.vocabulary.events import CodeAnswered, CodeAsked, Message, ReservationMade, ReservationReleased


def lines_of(order: BolOrder, known: tuple[Line, ...], kind: Kind) -> tuple[Line, ...]:
    """One line per item that the shop takes over; what was found out about it before is kept."""
    before = {line.item_id: line for line in known}
    return tuple(_line(item, before.get(item.item_id)) for item in items_taken(order, kind))


def _line(item: BolOrderItem, before: Line | None) -> Line:
    if before is None or (before.ean, before.reference) != (item.ean, item.reference):
        before = Line(
            item_id=item.item_id,
            ean=item.ean,
            reference=item.reference,
            wanted=item.wanted,
            reserved=before.reserved if before else 0,
            booked=before.booked if before else 0,
            cancelling=before.cancelling if before else None,
        )
    return replace(
        before,
        wanted=item.wanted,
        shipped=item.quantity_shipped,
        asked_off=item.cancellation_requested and item.wanted > item.quantity_shipped,
    )


def codes_of(line: Line, rules: OrderRules) -> tuple[str, ...]:
    """The entities of the codes it may be known by, the best first."""
    given = {"ean": normal("ean", line.ean), "sku": normal("sku", line.reference)}
    return tuple(code_entity(kind, given[kind]) for kind in rules.codes if given[kind])


def questions(order_id: str, lines: tuple[Line, ...], rules: OrderRules) -> tuple[Message, ...]:
    """Asks the catalogue about every line whose article is not known."""
    codes = dict.fromkeys(
        code for line in lines if line.due and line.article_number is None for code in codes_of(line, rules)
    )
    return tuple(
        Message(flow="catalogue", entity=code, event=CodeAsked(asker=f"orders:{order_id}")) for code in codes
    )


def answered(line: Line, event: CodeAnswered, rules: OrderRules) -> Line:
    """The line with this answer taken in, and its article as soon as it is certain.

    A found article stays: an order does not change its article because a barcode moved later.
    """
    code = code_entity(event.kind, normal(event.kind, event.value))
    if line.article_number is not None or code not in codes_of(line, rules):
        return line
    answer = Answer(
        article_number=event.article_number,
        units=event.units,
        description=event.description,
        stock_kept=event.stock_kept,
        vat_code=event.vat_code,
    )
    line = replace(line, answers={**line.answers, code: answer})
    for candidate in codes_of(line, rules):
        given = line.answers.get(candidate)
        if given is None:
            return line  # a better code is not answered yet
        if given.article_number is not None:
            return replace(
                line,
                article_number=given.article_number,
                units=given.units,
                description=given.description,
                stock_kept=given.stock_kept,
                vat_code=given.vat_code,
            )
    return line


def with_fallback(line: Line, rules: OrderRules) -> Line:
    """The shop's fallback article on a line that no article carries; its units are the item's own."""
    if rules.fallback_article is None or not missing(line, rules):
        return line
    return replace(line, article_number=rules.fallback_article, units=1)


def missing(line: Line, rules: OrderRules) -> bool:
    """Every code of it is answered, and no article carries one."""
    return (
        line.due > 0
        and line.article_number is None
        and all(code in line.answers for code in codes_of(line, rules))
    )


def why_missing(lines: tuple[Line, ...], titles: dict[str, str], rules: OrderRules) -> str:
    """What a person has to do; empty: nothing is missing."""
    gone = [line for line in lines if missing(line, rules)]
    if not gone:
        return ""
    named = "; ".join(
        f"EAN {line.ean or '(none)'}"
        + (f", reference {line.reference}" if line.reference else "")
        + (f" ({titles[line.item_id][:60]})" if titles.get(line.item_id) else "")
        for line in gone[:5]
    )
    return (
        f"No article in Mplus carries {named}. Add the barcode to the article in Mplus; the order goes on by "
        "itself as soon as it is there. (Or set orders.fallback_article: it is booked on that.)"
    )


def reservations(
    order_id: str, lines: tuple[Line, ...], event_at: datetime
) -> tuple[tuple[Line, ...], tuple[Message, ...]]:
    """Tells the stock flow what each known article has to keep for this order."""
    told: list[Line] = []
    messages: list[Message] = []
    for line in lines:
        due = line.due * max(1, line.units)
        if line.article_number is not None and due != line.reserved:
            messages.append(_reservation(order_id, line, line.article_number, due, event_at))
            line = replace(line, reserved=due)
        told.append(line)
    return tuple(told), tuple(messages)


def _reservation(order_id: str, line: Line, article: int, due: int, event_at: datetime) -> Message:
    entity = str(article)
    if due == 0:
        gone = ReservationReleased(order_id=order_id, item_id=line.item_id)
        return Message(flow="stock", entity=entity, event=gone)
    made = ReservationMade(order_id=order_id, item_id=line.item_id, quantity=Decimal(due), made_at=event_at)
    return Message(flow="stock", entity=entity, event=made)
