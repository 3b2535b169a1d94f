"""All that lies at Bol, counted in one go: page after page, as fast as 20 calls a minute allow."""

from __future__ import annotations

from connectors.bol import call, inventory
from connectors.bol.trip import SWEEP_PATIENCE, Trip
from streams.vocabulary.codes import code_entity
from streams.vocabulary.events import Answer, Message, Swept
from streams.vocabulary.outcomes import Delivered, Failure, Refused

MOST_PAGES = 400
"""Of 50 lines (bol-retailer-v10): at 20 a minute they take twenty minutes."""


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
