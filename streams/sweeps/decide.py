"""When what is read, and from where. Pure.

A cursor moves only when what it covers is durable (the runner sends what a page held before its outcome). A
sweep that fails waits and is tried again from the same cursor; the others go on.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from streams.backoff import ASKED_CAP, delay
from streams.flow import Ask, Context, Decision
from streams.sweeps import markers, progress, restart, rounds
from streams.sweeps.rules import SweepRules
from streams.sweeps.state import NAMES, PROCESSES, Connection, Name, Sweep
from streams.sweeps.step import TITLES, Step
from streams.vocabulary.activity import ConnectionShown, SweepShown
from streams.vocabulary.effects import (
    CareForSubscription,
    Effect,
    SweepArticles,
    SweepBolInventory,
    SweepBolOffers,
    SweepBolOrders,
    SweepBolReturns,
    SweepMarkers,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepProcessStatuses,
    SweepStock,
    SweepStockHistory,
)
from streams.vocabulary.events import (
    ConnectionStarted,
    FeedOdd,
    MarkersRead,
    OfferDiffered,
    ProcessNoticed,
    ProcessStatuses,
    Settled,
    SubscriptionCaredFor,
    SweepNudged,
    SweepsEvent,
    Swept,
    Woke,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import CLOCKS_DIFFER, seconds

LOUD = 3
"""Failures in a row before a person is told: a vendor's hiccup is no news."""
SHOW_EVERY = 60.0
"""Seconds between snapshots when nothing but times has changed."""
AT_START: tuple[Name, ...] = ("mplus-markers", "bol-orders", "bol-returns", "bol-subscription")
SELDOM: tuple[Name, ...] = ("bol-offers", "bol-inventory")
"""Read at a start only if their time has come."""
UNTOLD: tuple[Name, ...] = ("bol-offers", "bol-returns", "bol-inventory", "mplus-stock-history")
"""They find what is known, all day: how much is no news."""


def decide(state: Connection | None, event: SweepsEvent, context: Context) -> Decision[Connection]:
    """See streams/flow.py."""
    step = Step(_redated(state, context) if state else Connection(), context)
    match event:
        case ConnectionStarted():
            _started(step)
        case SweepNudged():
            if event.sweep in NAMES:
                step.due(event.sweep)
        case ProcessNoticed():
            if event.status != "PENDING":
                _ended(step, {event.process_id: event.status})
        case OfferDiffered():
            rounds.differed(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            pass  # what is due is asked for below
        case _:
            assert_never(event)
    rounds.night(step)
    return _decision(state, step)


def _redated(state: Connection, context: Context) -> Connection:
    """Without what a clock that was ahead has left: a sweep that was read tomorrow, or would not run for hours."""
    at: datetime = context.at
    sweeps = {name: _sweep_redated(name, sweep, context) for name, sweep in state.sweeps.items()}
    if state.shown_at is not None and state.shown_at > at + seconds(CLOCKS_DIFFER):
        state = replace(state, shown_at=None)
    return state if sweeps == state.sweeps else replace(state, sweeps=sweeps)


def _sweep_redated(name: str, sweep: Sweep, context: Context) -> Sweep:
    now = context.at + seconds(CLOCKS_DIFFER)
    longest = ASKED_CAP if sweep.failures else _every(name, context.rules) or CLOCKS_DIFFER
    if sweep.last_ok is not None and sweep.last_ok > now:
        sweep = replace(sweep, last_ok=None)
    if sweep.next_at is not None and sweep.next_at > now + seconds(longest):
        sweep = replace(sweep, next_at=context.at)
    return sweep


def _decision(before: Connection | None, step: Step) -> Decision[Connection]:
    asks: list[Ask] = []
    last = progress.comes_last(step.state, step.context.open)
    for name in NAMES:
        sweep = step.state.sweep(name)
        if sweep.next_at is None or name in step.context.open or sweep.next_at > step.at or name == last:
            continue
        effect = _effect(name, sweep, step)
        step.put(name, replace(sweep, next_at=None))
        if effect is not None:
            asks.append(Ask(key=name, effect=effect))
    waits = [
        sweep.next_at
        for name, sweep in step.state.sweeps.items()
        if sweep.next_at is not None and name != last
    ]
    waits += rounds.wakes(step)
    activity = list(step.notes)
    shown_at = step.state.shown_at
    every = progress.SHOW_EVERY if progress.is_going_on(step.state) else SHOW_EVERY
    if step.loud or before is None or shown_at is None or step.at >= shown_at + seconds(every):
        activity.append(shown(step.state))
        step.state = replace(step.state, shown_at=step.at)
    return Decision(
        state=step.state,
        messages=tuple(step.messages),
        asks=tuple(asks),
        activity=tuple(activity),
        wake=min(waits, default=None),
    )


def shown(state: Connection) -> ConnectionShown:
    """The snapshot for the read model."""
    sweeps = tuple(
        SweepShown(
            name=name,
            last_ok=sweep.last_ok,
            next_at=sweep.next_at,
            failures=sweep.failures,
            said=sweep.said,
            cursor="" if sweep.cursor.startswith("{") else sweep.cursor,
            so_far=sweep.so_far,
            going_on=sweep.going_on,
        )
        for name in NAMES
        if (sweep := state.sweeps.get(name)) is not None
    )
    stuck = "; ".join(
        f"{TITLES[name]} cannot be read, {sweep.failures} times now ({sweep.said})"
        for name in NAMES
        if (sweep := state.sweep(name)).failures >= LOUD
    )
    advice = ". It is tried again by itself; `kassabrug check` tells what works and what does not."
    return ConnectionShown(sweeps=sweeps, stuck=stuck[:1].upper() + stuck[1:] + advice if stuck else "")


# -- what calls for a sweep


def _started(step: Step) -> None:
    restart.changed_settings(step)
    for name in AT_START:
        step.due(name)
    for name in SELDOM:
        sweep, every = step.state.sweep(name), _every(name, step.rules)
        if every is None:
            if sweep.next_at is not None:
                step.put(name, replace(sweep, next_at=None))
        elif sweep.cursor or sweep.last_ok is None or step.at >= sweep.last_ok + seconds(every):
            step.due(name)
    step.loud = True


def _effect(name: Name, sweep: Sweep, step: Step) -> Effect | None:
    rules = step.rules
    match name:
        case "mplus-markers":
            return SweepMarkers()
        case "mplus-articles":
            return SweepArticles(marker=int(sweep.cursor or 0), epoch=step.state.epoch)
        case "mplus-orders":
            return SweepMplusOrders(marker=int(sweep.cursor or 0), ext_prefix=rules.ext_prefix)
        case "mplus-slips":
            return SweepPackingSlips(marker=int(sweep.cursor or 0), ext_prefix=rules.ext_prefix)
        case "mplus-stock":
            return SweepStock(marker=int(sweep.cursor or 0), branches=rules.branches)
        case "mplus-stock-history":
            return SweepStockHistory(marker=int(sweep.cursor or 0), branches=rules.branches)
        case "bol-orders":
            if sweep.cursor.startswith("{"):  # in the midst of it
                return SweepBolOrders(place=sweep.cursor)
            return SweepBolOrders(since=datetime.fromisoformat(sweep.cursor) if sweep.cursor else None)
        case "bol-returns":
            return SweepBolReturns() if rules.returns is not None else None
        case "bol-offers":
            return SweepBolOffers(cursor=sweep.cursor)
        case "bol-inventory":
            return SweepBolInventory() if rules.bol_inventory is not None else None
        case "bol-processes":
            return SweepProcessStatuses(process_ids=step.state.processes) if step.state.processes else None
        case "bol-subscription":
            if not rules.subscription_url:
                return None
            return CareForSubscription(url=rules.subscription_url, resources=rules.resources)


# -- outcomes


def _settled(step: Step, event: Settled) -> None:
    if event.key not in NAMES:
        return
    name: Name = event.key
    outcome = event.outcome
    match outcome:
        case Refused() | NotSent() | AnswerLost():
            _failed(step, name, outcome)
            return
        case Swept():
            _swept(step, name, outcome, event)
            step.put(name, progress.counted(name, step.state.sweep(name), outcome, event.answered_at))
        case MarkersRead():
            _worked(step, name, event)
            markers.read(step, outcome, event)
        case ProcessStatuses():
            _worked(step, name, event)
            asked = set(step.state.processes)
            known = {one.process_id for one in outcome.statuses}
            ended = {one.process_id: one.status for one in outcome.statuses if one.status != "PENDING"}
            _ended(step, ended | dict.fromkeys(asked - known, "forgotten"))
        case SubscriptionCaredFor():
            _worked(step, name, event)
            if outcome.did != "nothing":
                step.note("subscription", f"Our subscription at Bol was {outcome.did}.", "good")
            _pending(step, outcome.process_ids)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to a sweep")
    _next(step, name, outcome)


def _swept(step: Step, name: Name, outcome: Swept, event: Settled) -> None:
    _worked(step, name, event)
    sweep = step.state.sweep(name)
    if sweep.anew is not None:
        # It was asked for before something called for another place.
        step.put(name, replace(sweep, cursor=sweep.anew, anew=None, again=True))
        if name == "bol-offers":
            rounds.anew(step)
        return
    whole = name == "mplus-stock" and not int(sweep.cursor or 0)
    step.put(name, replace(sweep, cursor=outcome.cursor, had=sweep.had or outcome.found > 0))
    if name == "bol-offers":
        if not outcome.more:
            step.put(name, replace(step.state.sweep(name), cursor=""))
        rounds.page(step, outcome)
    if whole and sweep.had and not outcome.found:
        step.odd(
            FeedOdd(
                kind="empty-list",
                feed=name,
                words="Mplus gave the stock of all articles, and there was none; there was some before. Nothing is "
                "forgotten because of it. Look in Mplus whether the stock is there.",
            )
        )
    if name == "bol-orders" and outcome.more:
        return  # said once, at the end
    if outcome.found and name not in UNTOLD:
        step.note("sweep", f"Read {TITLES[name]}: {outcome.found} found.")


def _worked(step: Step, name: Name, event: Settled) -> None:
    sweep = step.state.sweep(name)
    if sweep.failures:
        step.loud = True
    if sweep.failures >= LOUD:
        step.note("sweep", f"{TITLES[name].capitalize()} can be read again.", "cleared")
    step.put(name, replace(sweep, last_ok=event.answered_at, failures=0, said=""))


def _next(step: Step, name: Name, outcome: object) -> None:
    """When this sweep runs next."""
    sweep = step.state.sweep(name)
    more = isinstance(outcome, Swept) and outcome.more
    if more or sweep.again:
        step.put(name, replace(sweep, again=False, next_at=step.at))
        return
    every = _every(name, step.rules)
    if name == "bol-processes" and not step.state.processes:
        every = None
    known = sweep.next_at
    if every is not None and known is None:
        step.put(name, replace(sweep, next_at=step.at + seconds(every)))


def _every(name: str, rules: SweepRules) -> float | None:
    """Seconds between two runs; None: it runs when something calls for it."""
    return {
        "mplus-markers": rules.markers,
        "bol-orders": rules.bol_orders,
        "bol-returns": rules.returns,
        "bol-offers": rules.bol_offers,
        "bol-inventory": rules.bol_inventory,
        "bol-processes": rules.processes,
        "bol-subscription": rules.subscription,
    }.get(name)


def _failed(step: Step, name: Name, outcome: Refused | NotSent | AnswerLost) -> None:
    sweep = step.state.sweep(name)
    failures = sweep.failures + 1
    asked = outcome.retry_after if isinstance(outcome, NotSent) else None
    words = outcome.said if isinstance(outcome, Refused) else outcome.why
    wait = delay(failures, f"{step.context.connection}/{name}", asked)
    cursor = sweep.cursor if sweep.anew is None else sweep.anew
    step.put(
        name,
        replace(
            sweep,
            cursor=cursor,
            anew=None,
            failures=failures,
            said=words,
            again=False,
            next_at=step.at + seconds(wait),
        ),
    )
    step.loud = True
    if failures == LOUD:
        text = f"{TITLES[name].capitalize()} cannot be read: {words}. It is tried again by itself."
        step.note("sweep", text, "stuck")


# -- writes pending at Bol


def _pending(step: Step, process_ids: tuple[str, ...]) -> None:
    if not process_ids:
        return
    known = step.state.processes
    fresh = tuple(one for one in process_ids if one not in known)
    step.state = replace(step.state, processes=(*known, *fresh)[-PROCESSES:])
    step.due("bol-processes", step.at + seconds(step.rules.processes))


def _ended(step: Step, statuses: dict[str, str]) -> None:
    known = step.state.processes
    step.state = replace(step.state, processes=tuple(one for one in known if one not in statuses))
    for process_id in known:
        status = statuses.get(process_id, "")
        if status in ("FAILURE", "TIMEOUT"):
            text = f"Bol did not do what was asked in process {process_id}: {status}."
            step.note("process", text, "warn")
