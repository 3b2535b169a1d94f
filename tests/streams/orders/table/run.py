"""Runs a case, and tells what was sent. `python -m tests.streams.orders.table.run` writes the files anew: look at what
changed before you commit it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from connectors.bol.simulator import BolSimulatorConfig
from connectors.mplus.simulator import MplusSimulatorConfig
from connectors.mplus.simulator.config import Branch
from tests.streams.orders.shop import Shop
from tests.streams.orders.table.cases import CASES, LAMP, NOBODYS, RANGE, SIX, Case

SENT = Path(__file__).parent / "sent"


def file_of(case: Case) -> Path:
    """What was sent for it."""
    return SENT / f"{re.sub(r'[^a-z0-9]+', '-', case.name.casefold()).strip('-')}.txt"


async def run(case: Case) -> tuple[Shop, str]:
    """The shop after it, and the order's id."""
    mplus = MplusSimulatorConfig(
        articles=RANGE, branches=(Branch(number=1), Branch(number=2)), shuffle_pages=False
    )
    bol = BolSimulatorConfig(limits={}, process_seconds=0.5, fbb_after=None)
    shop = Shop(case.rules, mplus, bol, case.returns)
    try:
        shop.till.books.relations.create(700, {"name": "Bol.com klanten"})
        await shop.at_mplus("articles/change", article=LAMP, extra_barcodes=[[SIX, 6]])
        offers = [
            {
                "ean": one.ean,
                "amount": 99,
                "reference": one.plu,
                "priceCents": max(100, one.price_cents),
                "title": one.description,
            }
            for one in RANGE
        ]
        offers.append(
            {"ean": SIX, "amount": 99, "reference": "SIX", "priceCents": 1800, "title": "Lampjes, 6 stuks"}
        )
        offers.append(
            {"ean": NOBODYS, "amount": 99, "reference": "P1001", "priceCents": 1995, "title": "Mok Onbekend"}
        )
        await shop.at_bol("offers", offers=offers)
        placed = await shop.at_bol(
            "orders",
            items=[{"latestDelivery": "2026-11-27", "commissionCents": 200, **one} for one in case.items],
            customer={name: value for name, value in case.buyer.items() if value != "" or name != "language"},
            **{"pickupPoint": False, "business": bool(case.buyer["company"]), **case.more},
        )
        order_id = str(placed["orderId"])
        await shop.sweep()
        for act in case.acts:
            await act(shop, order_id)
    except BaseException:
        await shop.close()
        raise
    return shop, order_id


def told(shop: Shop) -> str:
    """What was sent, in order."""
    return "\n\n".join(f"{one.operation}\n{one.body}" for one in shop.written) + "\n"


async def _write() -> None:
    SENT.mkdir(exist_ok=True)
    for old in SENT.glob("*.txt"):
        old.unlink()
    for case in CASES:
        shop, order_id = await run(case)
        file_of(case).write_text(told(shop), "utf-8")
        row = shop.rows["orders", order_id + case.part].state
        ok = (
            row is not None
            and row.step == case.step
            and case.says in row.stuck + " ".join(shop.notes(order_id))
        )
        print(
            "    " if ok else "??? ", case.name, "|", row.step if row else None, "|", row.stuck if row else ""
        )
        await shop.close()


if __name__ == "__main__":
    asyncio.run(_write())
