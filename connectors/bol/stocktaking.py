"""All that lies at Bol, counted in one go: page after page, as fast as 20 calls a minute allow. And one EAN of it."""

from __future__ import annotations

from connectors.bol import call, inventory
from connectors.bol.trip import SWEEP_PATIENCE, Trip
from streams.vocabulary.codes import code_entity
from streams.vocabulary.effects import ReadBolInventory
from streams.vocabulary.events import Answer, BolInventoryRead, Message, Swept
from streams.vocabulary.outcomes import Delivered, Failure, Refused

PAGE = 50
"""Lines (bol-retailer-v10, the parameter `page`)."""
MOST_PAGES = 400
"""At 20 a minute they take twenty minutes."""


async def take(trip: Trip) -> Answer | Failure:
    """See SweepBolInventory. Nothing is told before all pages are read: an EAN may be on several, and half of its units
    would be a wrong number. A line that moves to a page that is read already is missed, until the next time."""
    lines: list[inventory.Lying] = []
    for page in range(1, MOST_PAGES + 1):
        asked = await trip.send(call.list_inventory(page), SWEEP_PATIENCE)
        if not isinstance(asked, Delivered):
            return asked
        fresh = inventory.listed(asked.answer.body, asked.answer.raw.asked_at)
        if not fresh:
            break
        lines += fresh
    else:
        return Refused(said=f"Bol's inventory has more than {MOST_PAGES} pages: it cannot be read in one go")
    found = inventory.added_up(lines)
    trip.messages.extend(
        Message(flow="catalogue", entity=code_entity("ean", one.ean), event=one) for one in found
    )
    return Swept(cursor="", found=len(found))


async def look(trip: Trip, effect: ReadBolInventory) -> Answer | Failure:
    """See ReadBolInventory. Bol's filter also finds titles, so what counts is the EAN on the line; and it is asked for
    in each spelling that Bol may list it in, before it is told that nothing of it is there. A full page may have left
    out something of it, or is that of a filter that did not work: it says nothing."""
    lines: list[inventory.Lying] = []
    for spelling in spellings(effect.ean):
        asked = await trip.send(call.list_inventory(1, spelling), SWEEP_PATIENCE)
        if not isinstance(asked, Delivered):
            return asked
        found = inventory.listed(asked.answer.body, asked.answer.raw.asked_at)
        if len(found) >= PAGE:
            return Refused(said=f"Bol's inventory has {len(found)} lines or more for EAN {effect.ean} alone")
        lines += found
    seen = [one for one in inventory.added_up(lines) if one.ean == effect.ean]
    return BolInventoryRead(seen=seen[0] if seen else None)


def spellings(ean: str) -> tuple[str, ...]:
    """How Bol may write an EAN in normal form: a UPC-A is one of 13 digits with a 0 before it, or its own 12."""
    return (ean, ean[1:]) if len(ean) == 13 and ean.startswith("0") else (ean,)
