"""What lies at Bol, on the wire: contracts/bol-retailer-v10.openapi.json."""

from __future__ import annotations

import re

from connectors.bol.simulator import asked, told
from connectors.bol.simulator.endpoint import V10, Call, Endpoint, Told
from connectors.bol.simulator.records import Lying, NotDone

PAGE = 50
MOST_PAGES = 1_000_000
MOST_RANGES = 100
_RANGE = re.compile(r"(\d{1,10})-(\d{1,10})\Z", re.ASCII)


def list_inventory(call: Call) -> Told:
    """`GET /retailer/inventory`. `state` says which stock `quantity` and `stock` are about (the regular one, where it
    is not given); alone, those that have any of it. From how many on stock is SUFFICIENT is a setting."""
    query = call.query
    page = asked.number(query, "page", 1, MOST_PAGES, 1)
    level = asked.choice(query, "stock", ("SUFFICIENT", "INSUFFICIENT", ""), "")
    state = asked.choice(query, "state", ("REGULAR", "GRADED", ""), "")
    ranges = _ranges(query.getlist("quantity"))
    words = query.get("query", "").strip().casefold()
    enough = call.simulator.config.sufficient_from

    def fits(one: Lying) -> bool:
        units = one.graded if state == "GRADED" else one.regular
        if state and not ranges and not level and units == 0:
            return False
        if ranges and not any(least <= units <= most for least, most in ranges):
            return False
        if level and (units >= enough) is not (level == "SUFFICIENT"):
            return False
        return not words or words == one.ean or words in one.title.casefold()

    found = [one for one in call.books.warehouse.lying.values() if fits(one)]
    shown = found[(page - 1) * PAGE : page * PAGE]
    return Told(200, {"inventory": [told.lying(one) for one in shown]})


def _ranges(given: list[str]) -> list[tuple[int, int]]:
    """`0-10,20-30`, or the parameter several times. Raises NotDone."""
    texts = [text for one in given for text in one.split(",")]
    if len(texts) > MOST_RANGES:
        raise NotDone(f"at most {MOST_RANGES} ranges", name="quantity")
    found = []
    for text in texts:
        parts = _RANGE.match(text.strip())
        if parts is None or int(parts[1]) > int(parts[2]):
            raise NotDone("quantity is a range like 0-10", name="quantity")
        found.append((int(parts[1]), int(parts[2])))
    return found


ENDPOINTS = (Endpoint("GET", "/retailer/inventory", "inventory", V10, list_inventory),)
