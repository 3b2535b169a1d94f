"""Whether both sides agree on what has left and on what was cancelled, and whether Bol was told it rightly. Pure; every
difference in words that name the order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from app.demo.parts import Agreed, Part, on_lines, wanted_now

CODE = re.compile(r"3S\d{11}")
"""A track and trace code as the shop's staff write it on a packing slip."""


def left(part: Part, articles: Mapping[str, int]) -> Iterable[str]:
    """What left in Mplus is shipped at Bol, each unit once; what Bol sends is delivered in Mplus at once."""
    if part.booked is None:
        return
    delivered = on_lines(part.booked["lines"], "delivered")
    for item in part.items:
        gone, shipped = delivered[articles.get(str(item["ean"]), 0)], int(item["shipped"])
        wanted = wanted_now(item)
        if part.kind == "FBB":
            if gone < wanted:
                yield f"{part}: of item {item['itemId']} {gone} of {wanted} are delivered in Mplus"
        elif shipped != min(gone, wanted) and not (part.vvb and shipped < gone):
            # With a label of Bol's it is shipped in the partner site, by staff and in their time.
            yield f"{part}: of item {item['itemId']} {gone} have left in Mplus, Bol shows {shipped} as shipped"


def cancelled(part: Part, articles: Mapping[str, int]) -> Iterable[str]:
    """Both sides agree, unless it had left already; what customers ask is granted, likewise."""
    if part.booked is None:
        return
    lines = part.booked["lines"]
    delivered = on_lines(lines, "delivered")
    kept = on_lines(lines, "quantity")
    kept.subtract(on_lines(lines, "cancelled"))
    for item in part.items:
        article = articles.get(str(item["ean"]), 0)
        wanted = wanted_now(item)
        if kept[article] != wanted and not (kept[article] == delivered[article] > wanted):
            yield (
                f"{part}: of item {item['itemId']} {wanted} are wanted at Bol, and {kept[article]} are on the order in "
                f"Mplus ({delivered[article]} have left)"
            )
        elif item["cancellationAsked"] and wanted and not delivered[article] and not item["shipped"]:
            yield f"{part}: the customer asked to cancel item {item['itemId']}, which is neither done nor sent"


def status(part: Part, articles: Mapping[str, int], agreed: Agreed) -> Iterable[str]:
    """The order category follows."""
    if part.booked is None:
        return
    delivered = on_lines(part.booked["lines"], "delivered")
    wanted = [
        (
            wanted_now(item),
            delivered[articles.get(str(item["ean"]), 0)],
            int(item["shipped"]),
        )
        for item in part.items
    ]
    if all(units == gone == 0 for units, gone, _ in wanted):
        due = agreed.cancelled
    elif all(units == gone and (part.kind == "FBB" or shipped == units) for units, gone, shipped in wanted):
        due = agreed.done
    else:
        return
    if part.booked["category"] != due:
        yield f"{part} has order category {part.booked['category']} in Mplus, {due} is agreed"


# -- what Bol was told


def told(
    parts: Iterable[Part],
    shipments: Iterable[Mapping[str, Any]],
    slips: Iterable[Mapping[str, Any]],
    articles: Mapping[str, int],
    agreed: Agreed,
) -> Iterable[str]:
    """Each shipment of ours with the transporter and the code that staff wrote, or without one after the wait."""
    by_order: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in shipments:
        by_order[one["orderId"]].append(one)
    by_name: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for slip in slips:
        by_name[str(slip["ext_order_id"])].append(slip)
    for part in parts:
        items = {item["itemId"]: articles.get(str(item["ean"]), 0) for item in part.items}
        ours = [
            one
            for one in by_order[part.order["orderId"]]
            if any(sent["itemId"] in items for sent in one["items"])
        ]
        if part.kind == "FBB":
            yield from (f"{part} was shipped by {one['by']}" for one in ours if one["by"] != "bol")
            continue
        if part.vvb:
            yield from (
                f"{part} belongs under a label of Bol's, and has left without one"
                for one in ours
                if "shippingLabelId" not in one["transport"]
            )
            continue
        mine = [one for one in ours if one["by"] == "retailer"]
        yield from _transporters(part, mine, agreed)
        yield from _codes(part, mine, by_name[part.name], items, agreed.track_wait)


def _transporters(part: Part, mine: Sequence[Mapping[str, Any]], agreed: Agreed) -> Iterable[str]:
    if part.booked is None:
        return
    due = agreed.transporters.get(part.booked["delivery_method"], "")
    for one in mine:
        if one["transport"].get("transporterCode", "") != due:
            yield f"{part} was shipped with {one['transport']}, the transporter agreed is {due}"


def _codes(
    part: Part,
    mine: Sequence[Mapping[str, Any]],
    slips: Sequence[Mapping[str, Any]],
    items: Mapping[str, int],
    wait: float,
) -> Iterable[str]:
    written = {code: slip for slip in slips if (code := code_of(slip["reference"]))}
    sent: dict[str, Counter[int]] = defaultdict(Counter)
    for one in mine:
        code = one["transport"].get("trackAndTrace", "")
        for each in one["items"]:
            sent[code][items.get(each["itemId"], 0)] += int(each["quantity"])
        if code and code not in written:
            yield f"{part} was shipped with the code {code}, which nobody wrote"
        elif not code and not any(_over(slip, one, wait) for slip in slips):
            yield f"{part} was shipped without a code before the {wait:g} seconds for one were over"
    for code, slip in written.items():
        packed: Counter[int] = Counter()
        for line in slip["lines"]:
            packed[int(line["article"])] += int(line["quantity"])
        if sent[code] - packed:
            yield f"{part}: {dict(sent[code])} were shipped with {code}, its packing slip has {dict(packed)}"


def code_of(reference: str) -> str:
    """The track and trace code on a packing slip; empty: none."""
    found = CODE.search(reference)
    return found.group() if found else ""


def _over(slip: Mapping[str, Any], shipment: Mapping[str, Any], wait: float) -> bool:
    since = datetime.fromisoformat(slip["at"]) + timedelta(seconds=wait)
    return datetime.fromisoformat(shipment["at"]) >= since


# -- codes that came later


class LateCode(NamedTuple):
    """A code that staff wrote on a packing slip after it was made."""

    part: Part
    code: str
    written: datetime
    told: datetime | None
    """When Bol was told it first; None: its parcel was told without it."""
    passed: datetime | None = None
    """When its parcel was told without it."""


def late_codes(
    parts: Iterable[Part],
    shipments: Iterable[Mapping[str, Any]],
    slips: Iterable[Mapping[str, Any]],
    articles: Mapping[str, int],
) -> list[LateCode]:
    """Those whose parcels the retailer told Bol of after they were written, with or without them."""
    by_order: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in shipments:
        if one["by"] == "retailer":
            by_order[one["orderId"]].append(one)
    by_name: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for slip in slips:
        by_name[str(slip["ext_order_id"])].append(slip)
    found: list[LateCode] = []
    for part in parts:
        if part.kind == "FBR" and not part.vvb:
            items = {item["itemId"]: articles.get(str(item["ean"]), 0) for item in part.items}
            found.extend(_late_codes(part, by_order[part.order["orderId"]], by_name[part.name], items))
    return found


def _late_codes(
    part: Part,
    mine: Sequence[Mapping[str, Any]],
    slips: Sequence[Mapping[str, Any]],
    items: Mapping[str, int],
) -> Iterable[LateCode]:
    plain: Counter[int] = Counter()
    """Units that were told without a code and that no slip without one explains, by article."""
    told: dict[str, datetime] = {}
    for one in mine:
        code, at = one["transport"].get("trackAndTrace", ""), datetime.fromisoformat(one["at"])
        if code:
            told[code] = min(at, told.get(code, at))
        else:
            for each in one["items"]:
                plain[items.get(each["itemId"], 0)] += int(each["quantity"])
    for slip in slips:
        if not code_of(slip["reference"]):
            for line in slip["lines"]:
                plain[int(line["article"])] -= int(line["quantity"])
    for slip in slips:
        code, marked = code_of(slip["reference"]), slip.get("marked_at")
        if not code or not marked:
            continue
        written = datetime.fromisoformat(marked)
        if code in told:
            yield LateCode(part, code, written, told[code])
        elif any(plain[int(line["article"])] > 0 for line in slip["lines"]):
            last = max(datetime.fromisoformat(one["at"]) for one in mine if _plain(one))
            if last > written:
                yield LateCode(part, code, written, None, last)


def _plain(shipment: Mapping[str, Any]) -> bool:
    return not shipment["transport"].get("trackAndTrace", "")


def in_time(codes: Iterable[LateCode], within: float) -> Iterable[str]:
    """Each is told within so many seconds. One that was written when the wait for it was all but over need not be."""
    for one in codes:
        took = ((one.told or one.passed or one.written) - one.written).total_seconds()
        if one.told is None and took >= within:
            yield f"{one.part} was shipped without the code {one.code}, {took:.1f} seconds after that was written"
        elif one.told is not None and took > within:
            yield f"{one.part}: Bol was told the code {one.code} {took:.1f} seconds after it was written"


# -- returns


def unhandled(returns: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Nobody has said how: nothing is handled by itself."""
    for back in returns:
        for one in back["items"]:
            if any(handling["by"] == "retailer" for handling in one["handlings"]):
                yield f"return {back['returnId']} of Bol order {one['orderId']} was handled by itself"
