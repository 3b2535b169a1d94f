"""What a customer at Bol orders, by the dice. What he is like (a business, an odd address) Bol's simulator rolls by its
own habits, which the market sets from the same shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal, NamedTuple

from app.demo.shares import Shares
from connectors.mplus.simulator import GeneratedArticle

Kind = Literal["FBR", "FBB"]


class Ordered(NamedTuple):
    """An order that Bol took, as far as staff need to know it."""

    order_id: str
    item_ids: tuple[str, ...]
    """Those that the shop sends."""
    article: int
    """The number of one of its articles there; 0: none."""
    vvb: bool


def wish(chance: Random, shares: Shares, offered: Sequence[GeneratedArticle]) -> dict[str, Any]:
    """The body of the simulator's `POST /_control/orders`; the same dice give the same order."""
    drawn = chance.random()
    mixed = drawn < shares.mixed
    fbb = not mixed and drawn < shares.mixed + shares.fbb
    least = 2 if mixed else 1
    lines = chance.randint(least, max(least, shares.most_lines))
    items: list[dict[str, Any]] = []
    for place, article in enumerate(chance.sample(offered, min(lines, len(offered)))):
        by_bol = fbb or (mixed and (place == 1 or (place > 1 and chance.random() < 0.5)))
        item: dict[str, Any] = {
            "ean": article.ean,
            "quantity": chance.randint(1, shares.most_pieces),
            "fulfilment": "FBB" if by_bol else "FBR",
        }
        if chance.random() < shares.free:
            item["priceCents"] = 0
        items.append(item)
    body: dict[str, Any] = {"items": items}
    if not fbb and chance.random() < shares.vvb:
        body["distribution"] = "BOL"
    _before_it_is_seen(chance, shares, body)
    return body


def _before_it_is_seen(chance: Random, shares: Shares, body: dict[str, Any]) -> None:
    item = body["items"][0]
    drawn = chance.random()
    units = chance.randint(1, item["quantity"])
    if drawn < shares.cancelled_before:
        item["cancelled"] = units
    elif drawn < shares.cancelled_before + shares.shipped_before and "distribution" not in body:
        # With a label of Bol's it would have left with that label, which nobody bought here.
        item["shipped"] = units


def ordered(body: dict[str, Any], answer: dict[str, Any], numbers: Mapping[str, int]) -> Ordered:
    """What Bol made of it. `numbers`: articles by EAN."""
    sent = [
        (item_id, numbers[item["ean"]])
        for item, item_id in zip(body["items"], answer["itemIds"], strict=True)
        if item["fulfilment"] == "FBR"
    ]
    return Ordered(
        order_id=str(answer["orderId"]),
        item_ids=tuple(item_id for item_id, _ in sent),
        article=sent[0][1] if sent else 0,
        vvb=body.get("distribution") == "BOL",
    )
