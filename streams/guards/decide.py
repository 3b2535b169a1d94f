"""When a connection's pushes stop, and when they go on. Pure.

The row says only whether they are stopped: who runs the pushes looks at it (streams/gates.py), and keeps them where
they wait. Nothing is lost by a stop: the stock rows go on counting, and the newest numbers go when a person says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from streams.flow import Context, Decision
from streams.guards.rules import GuardRules, Kind
from streams.guards.shown import shown, stopped_words
from streams.guards.state import FEEDS, MOST, Feed, Guarded, Odd, Stop
from streams.vocabulary.activity import Activity, Level, Noted
from streams.vocabulary.events import (
    EXPLAINED_CAUSES,
    FeedOdd,
    GuardsEvent,
    NumberTurned,
    OffersCounted,
    OperatorResumed,
    ReadingOdd,
    Settled,
    Woke,
)
from streams.vocabulary.time import CLOCKS_DIFFER, seconds

LOOKED_GOOD_FOR = 24 * 3600.0
"""Seconds for which a database that went back in time, or a feed that is odd in the same words, is the one that the
person has seen."""
COUNTED: tuple[Kind, ...] = ("zero", "jump", "negative", "back")
EXAMPLES = 3


class _Step:
    """One decision in the making."""

    def __init__(self, state: Guarded, context: Context) -> None:
        self.state = state
        self.rules: GuardRules = context.rules
        self.connection = context.connection
        self.at = context.at
        self.activity: list[Activity] = []

    def note(self, text: str, level: Level) -> None:
        self.activity.append(Noted(kind="guard", text=text, level=level))

    def show(self) -> None:
        self.activity.append(shown(self.state, self.connection, self.rules))


def decide(state: Guarded | None, event: GuardsEvent, context: Context) -> Decision[Guarded]:
    """See streams/flow.py."""
    step = _Step(state or Guarded(), context)
    match event:
        case NumberTurned():
            _turned(step, event)
        case ReadingOdd():
            _read(step, event)
        case FeedOdd():
            _feed(step, Feed(kind=event.kind, feed=event.feed, words=event.words))
        case OffersCounted():
            _counted(step, event)
        case OperatorResumed():
            _resumed(step, event)
        case Settled() | Woke():
            pass  # this flow asks nothing of anybody, and sets no alarms
        case _:
            assert_never(event)
    return Decision(state=step.state, activity=tuple(step.activity))


# -- what is odd


def _turned(step: _Step, event: NumberTurned) -> None:
    if event.was == 0:
        _forget(step, "zero", event.offer_id)
    elif event.cause not in EXPLAINED_CAUSES:
        kind: Kind = "jump" if event.now else "zero"
        _odd(step, kind, event.offer_id, event.article_number, f"{event.was}>{event.now}")


def _read(step: _Step, event: ReadingOdd) -> None:
    if event.kind == "back" and _lately(step.state.restored_at, step.at, LOOKED_GOOD_FOR):
        return  # each article of the restored database goes back once
    _odd(step, event.kind, f"{event.article_number}/{event.branch}", event.article_number, "")


def _forget(step: _Step, kind: Kind, name: str) -> None:
    """It is as it was: were it odd again, that would be something new."""
    state = step.state
    if name in state.seen.get(kind, ()):
        state = replace(state, seen=_without(state.seen, kind, name))
    if name in state.looked.get(kind, ()):
        state = replace(state, looked=_without(state.looked, kind, name))
    step.state = state


def _without(of: dict[Kind, dict[str, Odd]], kind: Kind, name: str) -> dict[Kind, dict[str, Odd]]:
    return of | {kind: {one: odd for one, odd in of[kind].items() if one != name}}


def _odd(step: _Step, kind: Kind, name: str, article: int, what: str) -> None:
    if not step.rules.watches(kind):
        return
    step.state = state = _fresh(step.state, step.at, step.rules)
    looked = state.looked.get(kind, {}).get(name)
    if looked is not None and looked.what == what:
        return  # told twice, or the person has seen it
    known = {one: odd for one, odd in state.seen.get(kind, {}).items() if one != name}
    if state.stop is None:
        since = step.at - seconds(step.rules.window)
        known = {one: odd for one, odd in known.items() if odd.at > since}
    elif len(known) >= MOST:
        del known[next(iter(known))]
    known[name] = Odd(at=step.at, what=what, article=article)
    step.state = replace(state, seen=state.seen | {kind: known})
    if state.stop is None:
        _judge(step, kind)
    elif state.stop.kind == kind and len(known) >= 2 * state.stop.count:
        step.state = replace(step.state, stop=replace(state.stop, count=len(known)))
        step.show()


def _fresh(state: Guarded, at: datetime, rules: GuardRules) -> Guarded:
    """Without what the person has seen so long ago that nothing of it can be on its way any more, and without what a
    clock that was ahead has left."""
    if state.looked and not _lately(state.resumed_at, at, rules.window):
        state = replace(state, looked={})
    limit = at + seconds(CLOCKS_DIFFER)
    if any(odd.at > limit for kind in state.seen.values() for odd in kind.values()):
        seen = {
            kind: {name: odd if odd.at <= limit else replace(odd, at=at) for name, odd in found.items()}
            for kind, found in state.seen.items()
        }
        state = replace(state, seen=seen)
    return state


def _lately(moment: datetime | None, at: datetime, span: float) -> bool:
    """Whether that moment is less than so many seconds ago; one that a clock that was ahead has written is not."""
    return moment is not None and moment - seconds(CLOCKS_DIFFER) <= at < moment + seconds(span)


def _judge(step: _Step, kind: Kind) -> None:
    """Stops the connection if so many are a mass."""
    if _is_mass(step, kind):
        seen = step.state.seen[kind]
        provisional = step.state.total is None and kind != "back"
        named = dict.fromkeys(str(odd.article or name) for name, odd in reversed(seen.items()))
        examples = tuple(named)[:EXAMPLES]
        _stop(step, Stop(kind=kind, at=step.at, count=len(seen), provisional=provisional, examples=examples))


def _is_mass(step: _Step, kind: Kind) -> bool:
    seen = step.state.seen.get(kind)
    return bool(seen) and len(seen or ()) >= min(MOST, step.rules.mass(kind, step.state.total))


def _feed(step: _Step, odd: Feed) -> None:
    if not step.rules.watches(odd.kind):
        return
    state = step.state
    if odd in state.feeds and _lately(state.resumed_at, step.at, LOOKED_GOOD_FOR):
        return
    stop = state.stop
    if stop is None:
        _stop(step, Stop(kind=odd.kind, at=step.at, feeds=(odd,)))
    elif odd not in stop.feeds and len(stop.feeds) < FEEDS:
        step.state = replace(state, stop=replace(stop, feeds=(*stop.feeds, odd), provisional=False))
        step.note(odd.words, "warn")
        step.show()


# -- stopping and going on


def _stop(step: _Step, stop: Stop) -> None:
    step.state = replace(step.state, stop=stop)
    step.note(stopped_words(step.state, step.connection, step.rules), "stuck")
    step.show()


def _counted(step: _Step, event: OffersCounted) -> None:
    if event.total <= 0 or event.total == step.state.total:
        return  # of an empty list its sweep says so
    step.state = state = replace(step.state, total=event.total)
    stop = state.stop
    if stop is None or not stop.provisional:
        return
    count = len(state.seen.get(stop.kind, ()))
    if _is_mass(step, stop.kind):
        step.state = replace(state, stop=replace(stop, count=count, provisional=False))
        step.show()
        return
    step.state = replace(state, stop=None)
    for kind in COUNTED:  # what was seen meanwhile was judged by nobody
        if step.rules.watches(kind) and step.state.stop is None:
            _judge(step, kind)
    if step.state.stop is None:
        step.note(
            f"There are {event.total} offers, and {count} of them are no mass: pushes go on.", "cleared"
        )
        step.show()


def _resumed(step: _Step, event: OperatorResumed) -> None:
    state, stop = step.state, step.state.stop
    if stop is None:
        return  # two persons have looked, or one has clicked twice
    back = stop.kind in ("back", "marker-back") or any(odd.kind == "marker-back" for odd in stop.feeds)
    step.state = Guarded(
        total=state.total,
        looked={kind: found for kind, found in state.seen.items() if found},
        feeds=(*(odd for odd in state.feeds if odd not in stop.feeds), *stop.feeds)[-FEEDS:],
        resumed_at=step.at,
        resumed_by=event.who,
        restored_at=step.at if back else state.restored_at,
    )
    step.note(f"{event.who} has looked: pushes go on.", "cleared")
    step.show()
