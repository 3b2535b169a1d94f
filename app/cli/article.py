"""An article's number, explained on a terminal."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.console import wording
from app.past import AROUND, Line
from streams.vocabulary.activity import StockShown

STYLES = {"good": "green", "bad": "red", "wait": "yellow", "": "default"}
SHORT = 12
LEVELS = {"stuck": "red", "warn": "yellow", "good": "green", "cleared": "green"}


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to tell; as JSON it is this."""

    connection: str
    at: datetime
    """When the snapshot was made."""
    shown: StockShown
    asked: datetime | None = None
    """As of when; None: now."""
    stopped: str = ""
    """Why no numbers of the connection are sent now."""
    around: tuple[Line, ...] = ()
    """What happened shortly before `asked`."""


def tell(told: Explained, console: Console, now: datetime) -> None:
    """Everything, for a person."""
    shown = told.shown
    # Times of the same day need no date: the day that was asked about, else today.
    today = told.asked or now
    _head(told, console, now)
    if told.stopped:
        words = f"The numbers of {told.connection} are stopped: {told.stopped}"
        console.print(Text(words, style="red"), soft_wrap=True)
    if shown.stuck:
        console.print(Text(f"Stuck: {shown.stuck}", style="red"), soft_wrap=True)
    _sum(shown, console)
    _inputs(shown, console, today)
    _offers(shown, console, today)
    _pushes(shown, console, today)
    _title("Waiting", console)
    for wait in shown.waits:
        console.print(Text(f"  {wait}", style="yellow"), soft_wrap=True)
    if not shown.waits:
        console.print(Text("  for nothing", style="dim"))
    _movements(shown, console, today)
    if told.asked is not None:
        _around(told, console, today)


def _head(told: Explained, console: Console, now: datetime) -> None:
    shown = told.shown
    head = Text(shown.description or f"Article {shown.article_number}", style="bold")
    head.append(f"  article {shown.article_number} of {told.connection}", style="dim")
    console.print(head, soft_wrap=True)
    if told.asked is None:
        since = f"so since {wording.moment(told.at, now)}"
    else:
        since = f"as it stood {wording.full(told.asked)[:-4]}, so since {wording.moment(told.at, told.asked)}"
    what_for = wording.what_for(shown)
    line = Text(f"{what_for[0].upper()}{what_for[1:]}: ")
    line.append(wording.whole(shown.desired), style="bold")
    line.append(f"  {since}", style="dim")
    console.print(line, soft_wrap=True)


def _title(words: str, console: Console) -> None:
    console.print()
    console.print(Text(words, style="bold"))


def _sum(shown: StockShown, console: Console) -> None:
    _title("The sum", console)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", min_width=6)
    for place, term in enumerate(shown.terms):
        sign = "" if term.amount.startswith("-") or place == 0 else "+"
        grid.add_row(Text(f"{sign}{term.amount}"), Text(term.label), Text(term.why, style="dim"))
    if shown.terms:
        grid.add_row(
            Text(f"= {wording.whole(shown.desired)}", style="bold"), Text(wording.what_for(shown)), ""
        )
        console.print(grid)
    console.print(Text(f"  {shown.sentence}", style="dim"), soft_wrap=True)


def _inputs(shown: StockShown, console: Console, today: datetime) -> None:
    _title("What it is made of", console)
    if not shown.inputs:
        console.print(Text("  nothing was heard of it yet", style="dim"))
        return
    table = Table("what", "when", "from")
    for one in shown.inputs:
        table.add_row(Text(one.what), wording.moment(one.at, today), Text(one.source))
    console.print(table)


def _offers(shown: StockShown, console: Console, today: datetime) -> None:
    _title("Offers at Bol", console)
    if not shown.offers:
        console.print(Text("  no offer sells it", style="dim"))
    if shown.part_of:
        kits = ", ".join(str(kit) for kit in shown.part_of)
        console.print(Text(f"  on sale as a part of article {kits}", style="dim"), soft_wrap=True)
    for offer in shown.offers:
        head = Text(f"  {offer.offer_id}", style="bold")
        kinds = [
            f"EAN {offer.ean}" if offer.ean else "no EAN",
            wording.condition(offer.condition),
            offer.fulfilment,
        ]
        if offer.price_cents is not None:
            kinds.append(wording.euros(offer.price_cents))
        head.append(f"  {', '.join(kinds)}", style="dim")
        console.print(head, soft_wrap=True)
        numbers: list[tuple[str, str, datetime | None]] = []
        if offer.fulfilment != "FBB":
            numbers.append(("should be", wording.whole(offer.desired), None))
            numbers.append(("sent", wording.whole(offer.sent), offer.sent_at))
        numbers.append(("at Bol", wording.at_bol(offer), offer.at_bol_read))
        told = [
            f"{name} {number}{f' ({wording.moment(at, today)})' if at is not None else ''}"
            for name, number, at in numbers
        ]
        console.print(Text(f"    {'; '.join(told)}"), soft_wrap=True)
        for level, words in wording.offer(offer):
            console.print(Text(f"    {words}", style=STYLES[level]), soft_wrap=True)


def _pushes(shown: StockShown, console: Console, today: datetime) -> None:
    _title("Last pushes", console)
    if not shown.pushes:
        console.print(Text("  none yet", style="dim"))
        return
    several = len({one.offer_id for one in shown.pushes} | {one.offer_id for one in shown.offers}) > 1
    table = Table("when", *(["offer"] if several else []), "number", "after", "took", "outcome")
    for one in shown.pushes:
        taken = one.outcome.startswith("taken")
        table.add_row(
            wording.moment(one.at, today),
            *([Text(_short(one.offer_id))] if several else []),
            wording.whole(one.amount),
            wording.cause(one.cause) or "-",
            "-" if one.millis is None else wording.lasted(one.millis),
            Text(one.outcome, style="green" if taken else "red"),
        )
    console.print(table)


def _short(offer_id: str) -> str:
    """Bol's ids have 36 signs; the first part tells a few offers apart."""
    return offer_id if len(offer_id) <= SHORT else f"{offer_id[: SHORT - 1]}…"


def _movements(shown: StockShown, console: Console, today: datetime) -> None:
    _title("What moved it last", console)
    if not shown.movements:
        console.print(Text("  nothing that is remembered", style="dim"))
        return
    table = Table("when", "change", "what", "more")
    for one in shown.movements:
        words = wording.movement(one.kind)
        table.add_row(wording.moment(one.at, today), Text(one.change or "-"), Text(words), Text(one.text))
    console.print(table)


def _around(told: Explained, console: Console, today: datetime) -> None:
    _title(f"What happened in the {AROUND // timedelta(minutes=1)} minutes before", console)
    if not told.around:
        console.print(Text("  nothing", style="dim"))
    for line in told.around:
        words = Text(f"{wording.moment(line.at, today):>14}  ", style="dim")
        words.append(f"{wording.kind(line.kind)}  ", style=LEVELS.get(line.level, "bold"))
        words.append(line.text, style="default")
        if line.millis is not None:
            words.append(f"  took {wording.lasted(line.millis)}", style="dim")
        console.print(words, soft_wrap=True)
