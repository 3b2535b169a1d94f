"""Somebody changes offers behind the bridge's back: `python -m tests.bench.drift --offers 50000 --changed 500`.

The bridge is at rest. Of some offers at Bol the amount, `managedByRetailer` or the hold becomes another one, as if by
hand in the partner site, and a round over the offers is called for (the bridge is stopped for a moment to write that
into its row). That one round must find each of them, set amount and `managedByRetailer` right again, say so for each in
the activity log, leave a hold as it is (a person's own doing) but tell of it, and stay within Bol's limits: no 429. The
vendors' books judge. Exit code 1: something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from rich.console import Console

from app.demo.child import BridgeFailed
from connectors.bol.simulator.config import LIMITS
from connectors.bol.simulator.records import Offer
from streams.vocabulary.activity import Activity, Noted
from tests.bench.stand import LOOK, Stand, Vendors, cost, offers_anew, stand, stopped, sweeps_changed
from tests.bench.telling import table_of, tell

KINDS = ("amount", "managed", "hold")
KIND_OF_LINE: Mapping[str, str] = {"amount": "foreign-write", "managed": "foreign-write", "hold": "hold"}
PATIENCE = 3_600.0
PAGE = 100
"""Offers on one page of Bol's list (bol-offers-v11)."""
LISTS = 2
"""That a round may read whole: those that are for sale, and those that are not."""


class Changed(NamedTuple):
    """An offer that is otherwise than it was."""

    offer: Offer
    article: int
    what: str


class Asked(NamedTuple):
    """What the command was asked."""

    offers: int
    changed: int
    kinds: tuple[str, ...]
    seed: int


def change(vendors: Vendors, offers: Sequence[tuple[Offer, int]], asked: Asked) -> list[Changed]:
    """By hand, past the bridge."""
    chance, books = Random(asked.seed + 5), vendors.bol.books
    made = []
    for place, (offer, article) in enumerate(chance.sample(offers, asked.changed)):
        what = asked.kinds[place % len(asked.kinds)]
        if what == "amount":
            books.set_stock(offer, _other(chance, offer.amount), None, "by hand")
        elif what == "managed":
            books.set_stock(offer, None, False, "by hand")
        else:
            offer.on_hold = True
            books.changed(offer, "by hand")
        made.append(Changed(offer, article, what))
    return made


def _other(chance: Random, amount: int) -> int:
    """Another one; 0 often: what sells out behind the back is the usual case."""
    return 0 if amount and chance.random() < 0.3 else amount + chance.randint(1, 40)


def healed(vendors: Vendors, one: Changed) -> bool:
    """Whether Bol has it as it belongs. A hold stays: it is another person's."""
    if one.what == "hold":
        return one.offer.on_hold
    return one.offer.amount == vendors.due(one.article) and one.offer.managed


async def run(asked: Asked, say: Console) -> dict[str, Any]:
    """The whole of it. Raises BridgeFailed."""
    async with stand(asked.seed, asked.offers, say) as on:
        vendors, loop = on.vendors, asyncio.get_running_loop()
        offers = [
            (vendors.offer(article, vendors.due(article.article_number)), article.article_number)
            for article in vendors.range
        ]
        pages = -(-asked.offers // PAGE)
        await on.child.start()
        say.print(f"the first round over {len(offers)} offers")
        await on.until(lambda: vendors.calls().get("bol list-offers", 0) >= pages, PATIENCE, "a first round")
        await on.at_rest(seconds=PATIENCE)
        _, known = await on.activity()
        changes = change(vendors, offers, asked)
        await on.child.stop()
        await sweeps_changed(on.home / "log.db", offers_anew)
        for simulator in (vendors.bol, vendors.mplus):
            simulator.calls.clear()
        say.print(f"{len(changes)} offers are changed by hand, a round is called for")
        await on.child.start()
        before = cost(on.child.pid)
        await on.until(lambda: bool(vendors.calls().get("bol list-offers", 0)), PATIENCE, "a round")
        began = loop.time()
        left = list(changes)

        def done() -> bool:
            nonlocal left
            left = [one for one in left if not healed(vendors, one)]
            return not left

        await on.until(done, PATIENCE, "every offer as it belongs")
        healed_after = loop.time() - began
        round_after = await _round_over(on) - began
        await on.at_rest(seconds=PATIENCE)
        calls, after = vendors.calls(), cost(on.child.pid)
        told, _ = await on.activity(known)
        lines = lines_of(told)
        wrong = [*await stopped(on), *judged(changes, lines, vendors), *_calls_wrong(calls, pages, changes)]
        return {
            "offers": len(offers),
            "changed": dict(Counter(one.what for one in changes)),
            "all_healed_after": round(healed_after, 1),
            "last_page_after": round(round_after, 1),
            "list_calls": calls.get("bol list-offers", 0),
            "list_calls_per_second": round(calls.get("bol list-offers", 0) / max(0.1, round_after), 1),
            "pushes": calls.get("bol write-offer", 0),
            "lines_in_the_log": dict(Counter(kind for kind, _ in lines)),
            "calls": calls,
            "bridge_cpu_seconds": round(after.cpu_seconds - before.cpu_seconds, 1),
            "bridge_mb_most": round(after.most_mb),
            "wrong": wrong,
        }


QUIET = 4.0
"""Seconds without a page after which a round is over."""


async def _round_over(on: Stand) -> float:
    """Waits until it is; when the last page was read."""
    known, since = -1, asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - since < QUIET:
        now = on.vendors.calls().get("bol list-offers", 0) + on.vendors.calls().get("bol get-offer", 0)
        if now != known:
            known, since = now, asyncio.get_running_loop().time()
        if on.child.ended:
            raise BridgeFailed(f"the bridge ended by itself:\n{on.child.last_words()}")
        await asyncio.sleep(LOOK)
    return since


def lines_of(told: Sequence[Activity]) -> list[tuple[str, str]]:
    """(kind, text) of the lines that tell of somebody else's doing."""
    kinds = set(KIND_OF_LINE.values())
    return [(one.kind, one.text) for one in told if isinstance(one, Noted) and one.kind in kinds]


def judged(changes: Sequence[Changed], lines: Sequence[tuple[str, str]], vendors: Vendors) -> list[str]:
    """What is not as it must be: offers that are not healed, changes without their line, lines without a change."""
    wrong = [
        f"offer {one.offer.offer_id}: the {one.what} was changed, Bol has {one.offer.amount}, "
        f"managed {one.offer.managed}, on hold {one.offer.on_hold}"
        for one in changes
        if not healed(vendors, one)
    ]
    due = Counter((KIND_OF_LINE[one.what], one.offer.offer_id) for one in changes)
    ids = {one.offer.offer_id for one in changes}
    found: Counter[tuple[str, str]] = Counter()
    for kind, text in lines:
        named = next((word for word in text.replace(":", " ").split() if word in ids), "")
        if named:
            found[kind, named] += 1
        else:
            wrong.append(f"a line {kind!r} of no change: {text}")
    wrong += [f"offer {name} has no line {kind!r} in the log" for kind, name in due if not found[kind, name]]
    wrong += [
        f"offer {name} has {count} lines {kind!r}" for (kind, name), count in found.items() if count > 1
    ]
    return wrong[:20]


def _calls_wrong(calls: Mapping[str, int], pages: int, changes: Sequence[Changed]) -> list[str]:
    wrong = [f"{name}: {count}" for name, count in calls.items() if ":" in name]
    if calls.get("bol list-offers", 0) > LISTS * (pages + 1):
        wrong.append(f"{calls['bol list-offers']} pages read: more than one round of {LISTS} lists")
    due = sum(one.what != "hold" for one in changes)
    if calls.get("bol write-offer", 0) != due:
        wrong.append(f"{calls.get('bol write-offer', 0)} pushes for {due} changes to set right")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    limits = f"{LIMITS['list-offers'][0]} list calls and {LIMITS['write-offer'][0]} pushes a second"
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.drift", description=__doc__, epilog=f"Bol's limits here: {limits}."
    )
    parser.add_argument("--offers", type=int, default=50_000)
    parser.add_argument("--changed", type=int, default=500)
    parser.add_argument("--kinds", default=",".join(KINDS), help="what is changed, in turn")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    kinds = tuple(given.kinds.split(","))
    if not set(kinds) <= set(KINDS):
        parser.error(f"kinds are {', '.join(KINDS)}")
    asked = Asked(given.offers, min(given.changed, given.offers), kinds, given.seed)
    return tell(
        lambda console: run(asked, console),
        given.json,
        table_of("Offers changed behind the bridge's back, measured here, now"),
    )


if __name__ == "__main__":
    sys.exit(main())
