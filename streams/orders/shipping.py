"""Bol is told what has left: each delivered unit once, with its transporter and code where the shop's way of writing
them yields them. Pure.

Mplus has no field for a track and trace code (facts/mplus.md 7.7), so it is looked for in the reference of the packing
slip or of the order; until one is there, or `track_wait` is over, nothing is told. A sweep shows each slip on which
somebody has written; as a safety net, and where the installation has no marker for slips, an order reads its own again,
ever more rarely.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from msgspec.structs import replace

from streams.backoff import delay
from streams.orders import cancelling, following, seeing
from streams.orders.allotment import allotted
from streams.orders.draft import shipped_via_bol, transporter
from streams.orders.failing import again, worked
from streams.orders.state import Line, Order, Shipment, Slip
from streams.orders.step import FETCH, LEARN, SLIPS, Making
from streams.vocabulary.effects import AskBolProcess, ReadBolShipments, ReadPackingSlips, Sent, ShipBolItems
from streams.vocabulary.events import (
    BolShipmentsRead,
    BolWriteBegun,
    OperatorShipped,
    PackingSlipSeen,
    PackingSlipsRead,
    ProcessStatus,
    ProcessStatuses,
)
from streams.vocabulary.mplus_order import Moved, PackingSlip
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

SHIP = "shipment"
FIRST_LOOK = 1.0
"""Seconds after Bol took a write until it is asked how that ended; then ever longer."""
LONGEST_LOOK = 300.0
NOT_YET = 5
"""Times that Bol may not know a process which it has just begun."""
LOOK_AGAIN = (60.0, 900.0)
"""Seconds until the packing slips are read again for a code: at first, and at most. A sweep shows it sooner, where the
installation has a marker for slips and the slip names its order."""
SLIPS_READ = "slips-read"
"""Under which readings without a code are counted, beside failed tries."""
REFUSED_AGAIN = 900.0
"""Seconds after which a shipment that Bol refused is tried again by itself."""
TIMEOUT_AGAIN = 60.0
KEPT = 20
"""Ended shipments of an order that are remembered one by one."""


# -- what is to be told


def untold(order: Order, leaving: dict[str, int]) -> dict[str, int]:
    """Units of each item that have left and that Bol neither shows as shipped nor is being told."""
    told: dict[str, int] = {}
    for shipment in order.shipments:
        if shipment.open:
            for sent in shipment.items:
                told[sent.item_id] = told.get(sent.item_id, 0) + sent.quantity
    due = {
        line.item_id: min(leaving.get(line.item_id, 0), line.wanted)
        - line.shipped
        - told.get(line.item_id, 0)
        for line in order.lines
        if not line.falling
    }
    return {item_id: units for item_id, units in due.items() if units > 0}


def leaving(step: Making) -> dict[str, int]:
    """Units of each item that have left, by the sign that the shop gives: the packing slip, or the order status."""
    order = step.order
    how = step.rules.kinds.get(order.kind)
    if how is None or how.ship_on == "never" or order.booked is None:
        return {}
    if how.ship_on == "category":
        gone = (
            order.booked.category is not None
            and order.booked.category == step.rules.shipping.shipped_category
        )
        return following.kept(order) if gone else {}
    return following.delivered(order)


def tell(step: Making) -> None:
    """Tells Bol what can be told now, and sees to it that the rest is looked at again."""
    order = step.order
    if FETCH in step.asks or FETCH in step.context.open:
        return  # what Bol shows as shipped is about to be read: nothing is told twice
    if order.order is not None and shipped_via_bol(order.order, order.kind) and order.by_hand is None:
        return  # with a label of Bol's its shipment comes with the label
    left = untold(order, leaving(step))
    if not left:
        step.put(left_at=None)
        if not any(one.open for one in order.shipments):
            step.freed(SHIP, "Bol shows as shipped what has left.")
        return
    if order.left_at is None:
        step.put(left_at=step.at)
    if order.ship_after is not None and order.ship_after > step.at and order.by_hand is None:
        return
    if order.by_hand is not None:
        _ship(step, left, order.by_hand.transporter, order.by_hand.track)
        step.put(by_hand=None)
        return
    rest = _by_convention(step, left)
    if not rest:
        return
    patience = seconds(step.rules.shipping.track_wait)
    since = step.order.left_at or step.at
    if step.rules.shipping.track == "none" or step.at >= since + patience:
        _ship(step, rest, _carrier(step), "")


def wait(step: Making) -> None:
    """Has the row woken when what has left is to be looked at again."""
    order = step.order
    if order.left_at is None or not order.is_booked:
        return
    over = order.left_at + seconds(step.rules.shipping.track_wait)
    due = order.ship_after if order.ship_after is not None and order.ship_after > step.at else over
    if due > step.at:
        step.wakes.append(due)


def _by_convention(step: Making, left: dict[str, int]) -> dict[str, int]:
    """Tells what has a code, and gives what has none yet."""
    order, rules = step.order, step.rules.shipping
    if rules.track == "order-reference" and order.booked is not None:
        code = found_code(order.booked.reference, step.bol_id, rules.track_pattern)
        if code:
            _ship(step, left, _carrier(step), code)
            return {}
    if rules.track == "slip-reference":
        rest = dict(left)
        used = _used(order)
        for slip in order.slips:
            code = found_code(slip.reference, step.bol_id, rules.track_pattern)
            units = {item: n for item, n in allotted(order.lines, slip.articles, rest).items() if n}
            if code and units and slip.slip_id not in used:
                _ship(step, units, _carrier(step), code, slip)
                rest = {item: n - units.get(item, 0) for item, n in rest.items() if n > units.get(item, 0)}
        if not rest:
            _look_no_more(step)
        elif not step.waits_for(SLIPS):
            tries = step.order.failures.get(SLIPS_READ, 0)
            wait = 0.0 if not tries else min(LOOK_AGAIN[1], LOOK_AGAIN[0] * 1.5 ** (tries - 1))
            step.put(failures={**step.order.failures, SLIPS_READ: tries + 1})
            step.ask(
                SLIPS, ReadPackingSlips(order_id=order.mplus_order), step.at + seconds(wait) if wait else None
            )
        return rest
    return left


def _used(order: Order) -> set[str]:
    """The slips of which Bol is told or being told. After a TIMEOUT it was read: what it shows as shipped is not left,
    the rest goes with its slip's code."""
    told = [one for one in order.shipments if one.open or one.status == "SUCCESS"]
    return {slip_id for one in told for slip_id in (one.slip_id, *one.passed) if slip_id}


def _passed(order: Order, units: dict[str, int]) -> tuple[str, ...]:
    """The slips that these units left with, the oldest first: a code that is written on one of them after all is not
    the next parcel's."""
    used, rest = _used(order), dict(units)
    found: list[str] = []
    for slip in order.slips:
        here = allotted(order.lines, slip.articles, rest) if slip.slip_id not in used else {}
        if any(here.values()):
            found.append(slip.slip_id)
            rest = {item: n - here.get(item, 0) for item, n in rest.items()}
    return tuple(found)


def _look_no_more(step: Making) -> None:
    """All that has left is told with its code: a look that waits is for nothing, and what leaves next is looked at at
    once."""
    waiting = step.context.open.get(SLIPS)
    if waiting is not None and waiting.not_before is not None and waiting.not_before > step.at:
        step.drops.append(SLIPS)
        worked(step, SLIPS)
    worked(step, SLIPS_READ)


def slip_seen(step: Making, event: PackingSlipSeen) -> None:
    """A sweep shows a packing slip as it is in Mplus. Where the order is not seen as delivered yet it is kept, and told
    when that is. A word that is no newer than the last one is passed over."""
    order = step.order
    if not order.is_booked or event.order_id not in ("", order.mplus_order):
        return
    known = {one.slip_id: one for one in order.slips}
    before, slip = known.get(event.slip.slip_id), _slip(event.slip, event.seen_at)
    if before is not None and before.marker >= max(1, slip.marker):
        return
    if before is not None and not event.slip.lines and not event.slip.cancelled:
        slip = replace(slip, articles=before.articles)  # without its lines it tells nothing about them
    known[slip.slip_id] = slip
    step.put(slips=tuple(known.values()))
    following.follow(step)


def slips_read(step: Making, outcome: PackingSlipsRead, asked_at: datetime) -> None:
    """What left in Mplus, slip by slip, as asked for at `asked_at`. A sweep may have shown a newer word on a slip, or
    one that was made since."""
    worked(step, SLIPS)
    known = {one.slip_id: one for one in step.order.slips}
    read = [_newer(known.pop(slip.slip_id, None), _slip(slip)) for slip in outcome.slips]
    since = [one for one in known.values() if one.seen_at is not None and one.seen_at >= asked_at]
    step.put(slips=(*read, *since))
    following.follow(step)


def _newer(known: Slip | None, read: Slip) -> Slip:
    return known if known is not None and known.marker > read.marker else read


def _slip(slip: PackingSlip, seen_at: datetime | None = None) -> Slip:
    return Slip(
        slip_id=slip.slip_id,
        reference="" if slip.cancelled else slip.reference,
        articles={} if slip.cancelled else _per_article(slip.lines),
        marker=slip.marker,
        seen_at=seen_at,
    )


def _per_article(lines: tuple[Moved, ...]) -> dict[int, int]:
    """An article may have several lines: prices that do not divide make two, a cent apart."""
    found: dict[int, int] = {}
    for moved in lines:
        found[moved.article_number] = found.get(moved.article_number, 0) + moved.quantity
    return found


def found_code(text: str, order_id: str, pattern: str) -> str:
    """The track and trace code in what staff wrote; empty: there is none. Our own order number is none."""
    without = text.replace(f"Bol.com {order_id}", " ").replace(order_id, " ")
    for found in _compiled(pattern).finditer(without):
        code = (found.group(1) if found.groups() else found.group()) or ""
        if code.strip():
            return code.strip()[:100]
    return ""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _carrier(step: Making) -> str:
    booked = step.order.booked
    return transporter(booked.delivery_method if booked else "", step.rules)


# -- what Bol knows and we did not tell


def learn(step: Making) -> None:
    """Asks for shipments that Bol has from somebody else (by hand in the partner site, with a label of Bol's): they are
    shown with their codes. Once for each change at Bol."""
    order = step.order
    if FETCH in step.asks or FETCH in step.context.open or order.learned == order.changed:
        return
    known: dict[str, int] = {}
    for shipment in order.shipments:
        if shipment.status == "SUCCESS":
            for sent in shipment.items:
                known[sent.item_id] = known.get(sent.item_id, 0) + sent.quantity
    how = step.rules.kinds.get(order.kind)
    foreign = any(line.shipped > known.get(line.item_id, 0) for line in order.lines)
    if how is None or how.ship_on == "never" or not foreign or any(one.open for one in order.shipments):
        return
    step.put(learned=order.changed)
    step.ask(LEARN, ReadBolShipments(order_id=step.bol_id))


def learned(step: Making, outcome: BolShipmentsRead) -> None:
    """Bol's shipments of the order: those that we did not tell it of are kept beside ours."""
    worked(step, LEARN)
    ours = {one.reference for one in step.order.shipments}
    found = tuple(
        Shipment(
            reference=reference,
            items=tuple(Sent(item_id=item_id, quantity=units) for item_id, units in one.items if units),
            asked_at=step.at,
            status="SUCCESS",
            transporter=one.transporter,
            track=one.track,
        )
        for one in outcome.shipments[:KEPT]
        if one.reference not in ours and (reference := f"Bol {one.shipment_id}") not in ours
    )
    if found:
        step.put(shipments=(*step.order.shipments, *found))
        units = sum(sent.quantity for one in found for sent in one.items)
        step.note("shipped", f"Bol has a shipment of {units} that did not go through here.", direction="in")


# -- telling


def _ship(step: Making, units: dict[str, int], carrier: str, code: str, slip: Slip | None = None) -> None:
    order = step.order
    number = order.told + 1
    reference = f"KB-{step.bol_id}-{number}"
    items = tuple(Sent(item_id=item_id, quantity=count) for item_id, count in sorted(units.items()))
    ended = [one for one in order.shipments if not one.open]
    shipments = tuple(one for one in order.shipments if one not in ended[:-KEPT])
    made = Shipment(
        reference=reference,
        items=items,
        asked_at=step.at,
        transporter=carrier,
        track=code,
        slip_id=slip.slip_id if slip is not None else "",
        passed=_passed(order, units) if slip is None else (),
    )
    step.put(shipments=(*shipments, made), told=number)
    step.freed(SHIP, "The shipment is told to Bol again.")
    step.ask(
        f"ship/{number}",
        ShipBolItems(
            order_id=step.bol_id,
            items=items,
            reference=reference,
            transporter=carrier,
            track=code,
            known=_known(order, items),
        ),
    )


def _known(order: Order, items: tuple[Sent, ...]) -> tuple[str, ...]:
    """Processes of earlier shipments whose first item is the same: Bol lists them by that."""
    return tuple(
        one.process_id
        for one in order.shipments
        if one.process_id and one.items[0].item_id == items[0].item_id
    )


def by_person(step: Making, event: OperatorShipped) -> None:
    """A person says how it went out."""
    step.note(
        "operator", f"{event.who} entered the transport ({event.transporter or 'without transporter'})."
    )
    order = step.order
    if not order.is_booked:
        return
    by_hand = Shipment(
        reference="", items=(), asked_at=step.at, transporter=event.transporter, track=event.track
    )
    step.put(by_hand=by_hand, ship_after=None)
    if event.all:
        left = untold(order, {line.item_id: line.due for line in order.lines})
        if left and FETCH not in step.context.open:
            _ship(step, left, event.transporter, event.track)
            step.put(by_hand=None)
    following.follow(step)


# -- how it ended


def _one(order: Order, number: str) -> Shipment | None:
    return next((one for one in order.shipments if one.reference.endswith(f"-{number}")), None)


def _put(step: Making, changed: Shipment) -> None:
    step.put(
        shipments=tuple(
            changed if one.reference == changed.reference else one for one in step.order.shipments
        )
    )


def begun(step: Making, number: str, outcome: BolWriteBegun) -> None:
    """Bol took the shipment; how it ends is asked."""
    worked(step, f"ship/{number}")
    shipment = _one(step.order, number)
    if shipment is None or not shipment.open:
        return
    if outcome.done or not outcome.process_id:
        ended(step, shipment, ProcessStatus(process_id="", status="SUCCESS"))
        return
    _put(step, replace(shipment, status="pending", process_id=outcome.process_id))
    key = f"process/ship/{number}"
    step.ask(key, AskBolProcess(process_id=outcome.process_id), step.at + seconds(FIRST_LOOK))


def statuses(step: Making, key: str, outcome: ProcessStatuses) -> None:
    """The answer to AskBolProcess under `process/ship/<number>` or `process/cancel/<item>`."""
    worked(step, key)
    _, what, name = key.split("/", 2)
    status = outcome.statuses[0] if outcome.statuses else None
    looks = step.order.looks.get(key, 0) + 1
    if status is None and looks < NOT_YET:
        status = ProcessStatus(process_id="", status="PENDING")
    shipment = _one(step.order, name) if what == "ship" else None
    if what == "cancel":
        over = cancelling.asked_after(step, name, status)
    elif shipment is None or shipment.status != "pending":
        over = True
    elif status is not None and status.status == "PENDING":
        over = False
    else:
        over = True
        ended(step, shipment, status)
    if over:
        step.put(looks={one: count for one, count in step.order.looks.items() if one != key})
        following.follow(step)
        return
    step.put(looks={**step.order.looks, key: looks})
    process_id = _process(step.order, what, name)
    wait = min(LONGEST_LOOK, FIRST_LOOK * 2.0 ** min(looks, 10))
    step.ask(key, AskBolProcess(process_id=process_id), step.at + seconds(wait))


def _process(order: Order, what: str, name: str) -> str:
    if what == "ship":
        shipment = _one(order, name)
        return shipment.process_id if shipment is not None else ""
    lines: tuple[Line, ...] = tuple(line for line in order.lines if line.item_id == name)
    return lines[0].cancelling.process_id if lines and lines[0].cancelling is not None else ""


def ended(step: Making, shipment: Shipment, status: ProcessStatus | None) -> None:
    """SUCCESS, FAILURE or TIMEOUT; None: Bol no longer knows. Whatever it was, Bol is read: what it shows counts."""
    said = status.error if status is not None else ""
    word = status.status if status is not None else "TIMEOUT"
    units = sum(sent.quantity for sent in shipment.items)
    _put(step, replace(shipment, status=word, said=said))
    if word == "SUCCESS":
        with_what = " ".join(part for part in (shipment.transporter, shipment.track) if part)
        text = f"Bol took the shipment of {units} ({with_what or 'without a code'})."
        step.note("shipped", text, level="good", direction="out")
        step.put(ship_after=None)
    elif word == "TIMEOUT":
        step.put(ship_after=step.at + seconds(TIMEOUT_AGAIN))
        step.note(
            "shipped",
            "Bol did not get round to the shipment in time: it is looked at and told again.",
            "warn",
        )
    else:
        fails = sum(1 for one in step.order.shipments if one.status == "FAILURE")
        wait = max(REFUSED_AGAIN, delay(fails, f"{step.id}/ship")) * fails
        step.put(ship_after=step.at + seconds(wait))
        step.stuck(
            SHIP,
            f"Bol did not take the shipment of {units} unit(s): {said.rstrip('.') or 'no reason given'}. Look at the "
            "order in Bol's partner site, put right what is named and press try again; it is also tried by itself.",
        )
    seeing.fetch(step)


def not_done(step: Making, key: str, outcome: Refused | NotSent | AnswerLost) -> None:
    """A call failed: of a shipment, of a process, or of the packing slips."""
    if key == LEARN:
        again(step, key, ReadBolShipments(order_id=step.bol_id), outcome)
        return
    if key == SLIPS:
        if step.order.is_booked and untold(step.order, leaving(step)):
            again(step, key, ReadPackingSlips(order_id=step.order.mplus_order), outcome)
        else:
            worked(step, key)
        return
    what, _, rest = key.partition("/")
    if what == "process":
        kind, _, name = rest.partition("/")
        process_id = _process(step.order, kind, name)
        if process_id:
            again(step, key, AskBolProcess(process_id=process_id), outcome)
        return
    shipment = _one(step.order, rest)
    if shipment is None or shipment.status != "asked":
        return
    if isinstance(outcome, Refused):
        ended(step, shipment, ProcessStatus(process_id="", status="FAILURE", error=outcome.said))
        return
    effect = ShipBolItems(
        order_id=step.bol_id,
        items=shipment.items,
        reference=shipment.reference,
        transporter=shipment.transporter,
        track=shipment.track,
        known=_known(step.order, shipment.items),
    )
    again(step, key, effect, outcome)
