"""`kassabrug demo` in the terminal: a live view, then the verdict."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import orjson
from rich.console import Console
from rich.live import Live
from rich.table import Table

from app.cli.process import FAILED
from app.cli.process import run as run_process
from app.demo.child import BridgeFailed
from app.demo.freshness import Freshness
from app.demo.run import Plan, Progress, demo
from app.demo.staff import PREFIX
from app.demo.verdict import TARGET_ENTRY_P99, TARGET_P50, TARGET_P99, TOLD, Verdict

EVERY = 0.5
PLAIN_EVERY = 5.0
"""Seconds between two looks: in a terminal, and where lines go to a file."""


def show(plan: Plan, as_json: bool) -> int:
    """Runs the demo; the exit code says whether the books are right."""
    console = Console(stderr=True)
    # The simulators cut connections on demand, which their server takes for a mistake of theirs.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    try:
        return run_process(lambda stop: _show(plan, as_json, console, stop))
    except BridgeFailed as error:
        console.print(str(error), markup=False)
        return FAILED


async def _show(plan: Plan, as_json: bool, console: Console, stop: asyncio.Event) -> int:
    view = _View(plan, console)
    viewing = asyncio.create_task(view.run())
    try:
        verdict = await demo(plan, view.tell, stop)
    finally:
        viewing.cancel()
        await asyncio.gather(viewing, return_exceptions=True)
    if verdict is None:
        return 0
    if as_json:
        told = verdict._asdict() | {
            "sale_freshness": verdict.sale_freshness._asdict(),
            "order_freshness": verdict.order_freshness._asdict(),
            "entry": verdict.entry._asdict(),
            "late_codes": verdict.late_codes._asdict(),
            "right": verdict.right,
            "fast": verdict.fast,
            "prompt": verdict.prompt,
        }
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        print_verdict(verdict, plan, Console())
    return 0 if verdict.right else FAILED


class _View:
    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._began = time.monotonic()
        self._progress = Progress("starting")

    def tell(self, progress: Progress) -> None:
        if not self._console.is_terminal and progress.stage != self._progress.stage:
            self._console.print(f"{self._clock()} {progress.stage}  {progress.address}", highlight=False)
        self._progress = progress

    async def run(self) -> None:
        if not self._console.is_terminal:
            while True:
                await asyncio.sleep(PLAIN_EVERY)
                self._console.print(f"{self._clock()} {await self._line()}", highlight=False)
        with Live(console=self._console, refresh_per_second=4) as live:
            while True:
                live.update(await self._table())
                await asyncio.sleep(EVERY)

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:6.1f}s"

    async def _line(self) -> str:
        market = self._progress.market
        if market is None:
            return self._progress.stage
        bol = await market.bol_books()
        calls = bol["calls"]
        return (
            f"{self._progress.stage}: {market.sales} till sales, {market.orders} Bol orders, "
            f"{calls.get('write-offer', 0)} pushes, {len(bol['shipments'])} shipments, "
            f"{len(bol['cancellations'])} cancellations, {sum(_trouble(calls).values())} failures"
        )

    async def _table(self) -> Table:
        progress = self._progress
        table = Table(title=f"kassabrug demo  {self._clock()}  {progress.stage}", title_justify="left")
        table.add_column("what")
        table.add_column("count", justify="right")
        table.add_row("the page", progress.address)
        market, child = progress.market, progress.child
        if market is None or child is None:
            return table
        bol = await market.bol_books()
        mplus = await market.mplus_books("orders,relations")
        calls = bol["calls"]
        ours = [order for order in mplus["orders"] if str(order["ext_order_id"]).startswith(PREFIX)]
        kinds = [{item["fulfilment"] for item in order["items"]} for order in bol["orders"]]
        staff = progress.staff
        rows = {
            "till sales": market.sales,
            "Bol orders": market.orders,
            "of these sent by Bol, and mixed": f"{kinds.count({'FBB'})}, {sum(len(one) > 1 for one in kinds)}",
            "orders in Mplus": len(ours),
            "customers in Mplus": len(mplus["relations"]),
            "packing slips of staff": staff.packed if staff else 0,
            "shipments told to Bol": sum(one["by"] == "retailer" for one in bol["shipments"]),
            "cancellations at Bol": len(bol["cancellations"]),
            "returns": len(bol["returns"]),
            "stock pushes to Bol": calls.get("write-offer", 0),
            "pushes from Bol": bol["pushes"].get("sent", 0),
            "failures at Bol": sum(_trouble(calls).values()),
            "starts of the bridge": child.starts,
        }
        for what, count in rows.items():
            table.add_row(what, str(count))
        return table


def _trouble(calls: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in calls.items() if ":" in name}


def print_verdict(verdict: Verdict, plan: Plan, console: Console) -> None:
    """For people."""
    table = Table(title="Verdict, from the vendors' own books", title_justify="left", show_header=False)
    table.add_row("till sales", str(verdict.till_sales))
    table.add_row("Bol orders", str(verdict.bol_orders))
    kinds = f"{verdict.fbb_orders}, {verdict.mixed_orders}, {verdict.vvb_orders}"
    table.add_row("of these by Bol, mixed, with Bol's label", kinds)
    table.add_row("customers in Mplus", str(verdict.relations))
    table.add_row("shipments told to Bol", str(verdict.shipments))
    table.add_row("cancellations", str(verdict.cancellations))
    table.add_row("returns", str(verdict.returns))
    table.add_row("offers", str(verdict.offers))
    table.add_row("stock pushes", str(verdict.pushes))
    table.add_row("differences", str(len(verdict.differences)))
    table.add_row("oversold, knowable", str(verdict.oversold_knowable))
    table.add_row("oversold, not knowable", str(verdict.oversold_not_knowable))
    table.add_row("till sale to changed offer", _freshness(verdict.sale_freshness))
    table.add_row("Bol order to changed offer", _freshness(verdict.order_freshness))
    table.add_row("Bol order to order in Mplus", _freshness(verdict.entry))
    table.add_row("code on a slip later to shipment at Bol", _freshness(verdict.late_codes))
    console.print(table)
    for difference in verdict.differences[:TOLD]:
        console.print(f"  {difference}", highlight=False, markup=False)
    if len(verdict.differences) > TOLD:
        console.print(f"  and {len(verdict.differences) - TOLD} more")
    if verdict.right:
        fast, prompt = ("within" if one else "outside" for one in (verdict.fast, verdict.prompt))
        aim = (
            ""
            if plan.rough
            else f"; freshness {fast} the aim of {TARGET_P50:.0f}/{TARGET_P99:.0f} ms, orders in Mplus {prompt} "
            f"that of {TARGET_ENTRY_P99:.0f} ms (p99)"
        )
        console.print(f"[bold green]The books are right[/bold green]{aim}.")
    else:
        console.print("[bold red]The books are wrong.[/bold red]")
    sys.stdout.flush()


def _freshness(one: Freshness) -> str:
    late = f", {one.unchanged} not in time" if one.unchanged else ""
    return f"p50 {one.p50:.0f} ms, p99 {one.p99:.0f} ms, worst {one.worst:.0f} ms ({one.causes}{late})"
