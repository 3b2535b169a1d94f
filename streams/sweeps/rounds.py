"""Whole rounds over the offers: how many there are, and the comparison of a night. Pure.

Every round compares: each offer goes to the row of its article, which notes what differs and sets it back. A night's
round adds a report. What a round sees by itself (offers that are not shown, or have no economic operator) is counted
page by page; what differs is told by the stock rows, which work off their inbox while the round goes on and for some
time after it. The report waits for them: REPORT_AFTER, and longer as long as they still tell of something.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.sweeps.night import last_night, next_night
from streams.sweeps.state import DIFFERED, REASONS, Comparison
from streams.sweeps.step import Step
from streams.vocabulary.digest import mark
from streams.vocabulary.events import FeedOdd, OfferDiffered, OffersCounted, OffersTally, Swept
from streams.vocabulary.time import CLOCKS_DIFFER, seconds

REPORT_AFTER = 120.0
"""Seconds after the round's end."""
QUIET = 60.0
"""Seconds for which no row told of a difference."""
LONGEST = 900.0
"""Seconds after the round's end until the report comes anyway."""
OTHER = "other reasons"
NAMED = 3
"""Reasons in the report; the others are on the articles' pages."""


def anew(step: Step) -> None:
    """The round under way begins once more: what it has counted does not count."""
    comparison = step.state.comparison
    if comparison is not None and comparison.stage == "running":
        comparison = Comparison(stage="running", began=step.at)
    step.state = replace(step.state, counted=0, comparison=comparison)


def page(step: Step, outcome: Swept) -> None:
    """A page of the round is read."""
    if outcome.more and not outcome.cursor:
        anew(step)  # Bol no longer took the cursor
        return
    step.state = replace(step.state, counted=step.state.counted + outcome.found)
    comparison = step.state.comparison
    if comparison is not None and comparison.stage == "running" and outcome.offers is not None:
        step.state = replace(step.state, comparison=_with(comparison, outcome.offers))
    if not outcome.more:
        _ended(step)


def _with(comparison: Comparison, tally: OffersTally) -> Comparison:
    reasons = dict(comparison.reasons)
    for reason, count in tally.reasons.items():
        name = reason if reason in reasons or len(reasons) < REASONS else OTHER
        reasons[name] = reasons.get(name, 0) + count
    return replace(
        comparison,
        offline=comparison.offline + tally.offline,
        reasons=reasons,
        without_operator=comparison.without_operator + tally.without_operator,
    )


def _ended(step: Step) -> None:
    """The whole round."""
    total, before = step.state.counted, step.state.total or 0
    step.state = replace(step.state, counted=0, total=total)
    step.loud = True
    if not total and before:
        step.odd(
            FeedOdd(
                kind="empty-list",
                feed="bol-offers",
                words=f"Bol's list of offers is empty; there were {before:,} of them in the round before. Nothing is "
                "forgotten because of it. Look in the Bol partner site whether the offers are there.",
            )
        )
    step.guard(OffersCounted(total=total))
    comparison = step.state.comparison
    if comparison is None:
        return
    if comparison.stage == "running":
        comparison = replace(
            comparison,
            stage="reporting",
            total=total,
            ended=step.at,
            report_at=step.at + seconds(REPORT_AFTER),
        )
        step.state = replace(step.state, comparison=comparison)
    elif comparison.stage == "wanted":
        _begin(step)


# -- the night's comparison


def night(step: Step) -> None:
    """Begins a comparison when it is that late, and reports on one that is done."""
    _redated(step)
    _report(step, waits=True)
    clock, state = step.rules.compare_at, step.state
    if not clock:
        if state.comparison is not None and state.comparison.stage == "wanted":
            step.state = replace(state, comparison=None)
        return
    if state.compared is None or state.compared > step.at + seconds(CLOCKS_DIFFER):
        step.state = replace(state, compared=step.at)
    elif last_night(step.at, clock) > state.compared:
        _report(step, waits=False)
        step.state = replace(step.state, compared=step.at, comparison=Comparison())
        sweep = step.state.sweep("bol-offers")
        if not sweep.cursor and "bol-offers" not in step.context.open:
            _begin(step)


def wakes(step: Step) -> list[datetime]:
    """When there is something to do for it next."""
    comparison = step.state.comparison
    found = [next_night(step.at, step.rules.compare_at)] if step.rules.compare_at else []
    if comparison is not None and comparison.report_at is not None:
        found.append(comparison.report_at)
    return found


def differed(step: Step, event: OfferDiffered) -> None:
    """A stock row found a difference."""
    comparison = step.state.comparison
    if comparison is None or comparison.began is None:
        return
    if event.read_at < comparison.began - seconds(CLOCKS_DIFFER):
        return
    one = mark(event.offer_id)
    if one in comparison.differed:
        return
    if len(comparison.differed) < DIFFERED:
        comparison = replace(comparison, differed=(*comparison.differed, one))
    else:
        comparison = replace(comparison, more=True)
    if comparison.report_at is not None and comparison.ended is not None:
        longest = comparison.ended + seconds(LONGEST)
        wait = max(comparison.report_at, step.at + seconds(QUIET))
        comparison = replace(comparison, report_at=min(longest, wait))
    step.state = replace(step.state, comparison=comparison)


def _begin(step: Step) -> None:
    step.state = replace(step.state, counted=0, comparison=Comparison(stage="running", began=step.at))
    if not step.state.sweep("bol-offers").failures:
        step.due("bol-offers")


def _redated(step: Step) -> None:
    """Without what a clock that was ahead has left."""
    comparison, now = step.state.comparison, step.at + seconds(CLOCKS_DIFFER)
    if comparison is None:
        return
    if comparison.ended is not None and comparison.ended > now:
        comparison = replace(comparison, ended=step.at, report_at=step.at)
    if comparison.began is not None and comparison.began > now:
        comparison = replace(comparison, began=step.at)
    step.state = replace(step.state, comparison=comparison)


def _report(step: Step, waits: bool) -> None:
    comparison = step.state.comparison
    if comparison is None or comparison.report_at is None:
        return
    if waits and step.at < comparison.report_at:
        return
    step.state = replace(step.state, comparison=None)
    all_well = not (comparison.differed or comparison.offline or comparison.without_operator)
    step.note("comparison", report(comparison), "good" if all_well else "warn")


def report(comparison: Comparison) -> str:
    """`Compared 50,000 offers with their rows: 12 differed and were set back, ...`"""
    found: list[str] = []
    if comparison.differed:
        more = "more than " if comparison.more else ""
        found.append(f"{more}{len(comparison.differed):,} differed and were set back")
    if comparison.offline:
        is_are = "is" if comparison.offline == 1 else "are"
        found.append(f"{comparison.offline:,} {is_are} not shown by Bol{_why(comparison.reasons)}")
    if comparison.without_operator:
        found.append(f"{comparison.without_operator:,} without economic operator")
    offers = (
        "1 offer with its row" if comparison.total == 1 else f"{comparison.total:,} offers with their rows"
    )
    return f"Compared {offers}: {', '.join(found) or 'all hold what was sent'}."


def _why(reasons: dict[str, int]) -> str:
    if not reasons:
        return ""
    ordered = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    named = [f"{count:,}: {reason}" for reason, count in ordered[:NAMED]]
    if len(ordered) > NAMED:
        named.append("and others")
    return f" ({'; '.join(named)})"
