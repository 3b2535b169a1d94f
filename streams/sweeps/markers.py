"""Which feeds of Mplus moved, and which jumped back. Pure.

Markers only rise (facts/mplus.md 2.6), so one that is lower than Mplus told before means that its database was put back
to a backup. What a sweep covers by then lies ahead of the feed, and everything until it has caught up would be missed:
the cursor goes back too. Orders and packing slips go on from there, as they began once: years of history are no concern
of ours. Articles and stock are read from the start. A marker of 0 or none tells nothing.

Whether a marker went back is told by the feed's own marker alone, never by a cursor: that comes from rows, is one ahead
of the last of them for most feeds, and of articles it may count by another series (products have markers of their own).
A cursor that is ahead all the same is set back without a word.
"""

from __future__ import annotations

from msgspec.structs import replace

from streams.sweeps.state import Name
from streams.sweeps.step import TITLES, Step
from streams.vocabulary.events import FeedOdd, MarkersRead, Settled
from streams.vocabulary.time import seconds

WHOLE: tuple[Name, ...] = ("mplus-articles", "mplus-stock")
"""Feeds that are read from the start when they jumped back."""


def read(step: Step, markers: MarkersRead, event: Settled) -> None:
    """Calls for the feeds that moved beyond their cursors."""
    _articles(step, markers.article, event)
    _from_now_on(step, "mplus-orders", markers.order, event)
    if markers.slip is not None and step.rules.slips:
        # None: the installation has none, and each order reads its slips by itself.
        _from_now_on(step, "mplus-slips", markers.slip, event)
    _stock(step, markers.stock, event)


def _articles(step: Step, marker: int, event: Settled) -> None:
    if _went_back(step, "mplus-articles", marker, marker + 1, event):
        step.state = replace(step.state, epoch=step.state.epoch + 1)
    elif marker >= int(step.state.sweep("mplus-articles").cursor or 0):
        step.due("mplus-articles")


def _from_now_on(step: Step, name: Name, marker: int, event: Settled) -> None:
    if _went_back(step, name, marker, marker + 1, event):
        return
    sweep = step.state.sweep(name)
    if not sweep.cursor:
        # Years of history are no concern of ours. An order that waits for a code has read the slips of before itself.
        step.put(name, replace(sweep, cursor=str(marker + 1)))
    elif marker >= int(sweep.cursor):
        step.due(name)


def _stock(step: Step, marker: int | None, event: Settled) -> None:
    sweep = step.state.sweep("mplus-stock")
    if marker is None:
        if not sweep.cursor or sweep.last_ok is None or step.at >= sweep.last_ok + seconds(step.rules.stock):
            step.due("mplus-stock")
        return
    back = _went_back(step, "mplus-stock", marker, marker, event)
    sweep = step.state.sweep("mplus-stock")
    if not sweep.cursor or marker > int(sweep.cursor):
        step.due("mplus-stock")
    _history(step, marker, back)


def _history(step: Step, marker: int, back: bool) -> None:
    """Begins at the present marker too."""
    name: Name = "mplus-stock-history"
    sweep = step.state.sweep(name)
    if not step.rules.stock_history:
        if sweep.cursor:
            step.put(name, replace(sweep, cursor="", next_at=None))
    elif back:
        step.goes_on_from(name, str(marker))
    elif not sweep.cursor:
        step.put(name, replace(sweep, cursor=str(marker)))
    elif marker > int(sweep.cursor):
        step.due(name)


def _went_back(step: Step, name: Name, marker: int, covered: int, event: Settled) -> bool:
    """Whether the feed's marker is lower than it was: then its cursor is put right, and it is told. `covered`: the
    cursor of a sweep that has read all there is now."""
    if marker <= 0:
        return False
    sweep = step.state.sweep(name)
    before = sweep.marker
    step.put(name, replace(sweep, marker=marker))
    if marker < before:
        whole = name in WHOLE
        if whole:
            step.from_the_start(name)
        elif sweep.cursor:
            step.goes_on_from(name, str(covered))
        how = "They are read from the start" if name == "mplus-articles" else "It is read from the start"
        now = how if whole else f"They are read from {marker} on, what changed before is not looked at again"
        title = TITLES[name]
        step.odd(
            FeedOdd(
                kind="marker-back",
                feed=name,
                words=f"{title[:1].upper()}{title[1:]}: the marker jumped back from {before} to {marker}. That happens "
                f"when the till's database is put back to a backup. {now}; look at what changed in Mplus since.",
            )
        )
        return True
    ahead = sweep.cursor and int(sweep.cursor) > covered
    if ahead and name not in step.context.open and (sweep.last_ok is None or event.asked_at >= sweep.last_ok):
        step.goes_on_from(name, str(covered))
    return False
