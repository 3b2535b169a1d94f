"""A stopped connection for people: what was seen, and what to do. Pure."""

from __future__ import annotations

from streams.guards.rules import GuardRules, Kind
from streams.guards.state import Guarded
from streams.vocabulary.activity import GuardShown

LOOK: dict[Kind, str] = {
    "zero": "look whether the stock in Mplus is right: the branches in the settings, a count or an import that went "
    "wrong, a database that was put back",
    "jump": "look whether the stock in Mplus is right: a count or an import that went wrong, a database that was put "
    "back",
    "negative": "look whether the stock in Mplus is right: the branches in the settings, deliveries that were not "
    "booked",
    "back": "ask the dealer whether a database of Mplus was put back, and look whether its stock is right",
    "marker-back": "ask the dealer whether a database of Mplus was put back, and look whether its stock is right",
    "empty-list": "look whether it is empty there too; `kassabrug check` tells whether the account and its rights are "
    "right",
}


def shown(state: Guarded, connection: str, rules: GuardRules) -> GuardShown:
    """The snapshot for the read model."""
    stop = state.stop
    if stop is None:
        return GuardShown(resumed_by=state.resumed_by)
    return GuardShown(
        why=stopped_words(state, connection, rules),
        kind=stop.kind,
        stopped_at=stop.at,
        resumed_by=state.resumed_by,
    )


def stopped_words(state: Guarded, connection: str, rules: GuardRules) -> str:
    """What was seen, what it means, and what to do; empty: the connection is not stopped."""
    stop = state.stop
    if stop is None:
        return ""
    seen = _seen(state, rules)
    told = " ".join(_sentence(odd.words) for odd in stop.feeds)
    first, second = (told, seen) if stop.kind in ("marker-back", "empty-list") else (seen, told)
    words = f"{first} {second}".strip()
    words += " No number is sent to Bol, or written into Mplus; all else goes on."
    if stop.provisional:
        words += (
            " How many offers there are is not known yet: it goes on by itself when Bol's list has been read and these "
            "are few of them."
        )
    return (
        f"{words} What to do: {LOOK[stop.kind]}. When it is right, press “Go on”, or run `kassabrug stock resume "
        f"{connection}`: the newest numbers are sent then."
    )


def _seen(state: Guarded, rules: GuardRules) -> str:
    stop = state.stop
    if stop is None or not stop.count:
        return ""
    of = f" of {state.total} offers" if state.total is not None else " offers"
    within = f"Within {_span(rules.window)}"
    named = ", ".join(stop.examples)
    articles = f"{'article' if len(stop.examples) == 1 else 'articles'} {named}"
    match stop.kind:
        case "zero":
            text = f"{within} {stop.count}{of} would fall to 0, and no sale or order says why: {articles}"
        case "jump":
            text = f"{within} the numbers of {stop.count}{of} would jump, and no sale or order says why: {articles}"
        case "negative":
            text = f"{within} Mplus came to have less than nothing of {stop.count} articles: {named}"
        case _:
            text = f"{within} the readings of {stop.count} articles went back in time: {named}"
    return f"{text}{', ...' if stop.count > len(stop.examples) else '.'}"


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _span(window: float) -> str:
    return f"{window / 60:g} minutes" if window >= 120 else f"{window:g} seconds"
