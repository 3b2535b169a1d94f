"""What a dry run found, for programs and for people. What is personal is masked."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.readmodel.masking import shown_body
from app.replay.looking import Found, Outcomes

SHOWN = 50
"""Entities, and events, that are shown to people; programs get all."""


def told(found: Found) -> dict[str, Any]:
    """For programs."""
    outcomes = found.outcomes
    return {
        "looked_at": dict(found.looked_at),
        "events": found.events,
        "outcomes": {
            "anew": outcomes.anew,
            "otherwise": outcomes.otherwise,
            "as_recorded": [
                {"effect": effect, "why": why, "count": count}
                for (effect, why), count in sorted(outcomes.as_recorded.items())
            ],
            "parked": outcomes.parked,
        },
        "differences": [
            {
                "flow": one.flow,
                "key": one.key,
                "changes": [
                    {
                        "field": change.field,
                        "before": masked(change.field, change.before),
                        "after": masked(change.field, change.after),
                    }
                    for change in one.changes
                ],
                "calls": [masked_call(call) for call in one.calls],
            }
            for one in found.differences
        ],
        "not_whole": list(found.not_whole),
        "moved": list(found.moved),
        "unsent": [
            {
                "topic": one.topic,
                "key": (one.key or b"").decode(errors="replace"),
                "value": shown_body(one.value),
            }
            for one in found.unsent
        ],
        "unsure": found.unsure,
        "behind": found.behind,
    }


def masked(field: str, value: str) -> str:
    """A field's value without what is personal, which its name and those above it tell."""
    node: Any = value
    names = re.sub(r"\[[^]]*\]", "", field).split(".")
    for name in reversed(names):
        node = {name: node}
    shown = orjson.loads(shown_body(orjson.dumps(node)))
    for name in names:
        shown = shown[name]
    return str(shown)


def masked_call(call: str) -> str:
    """A call without what is personal."""
    name, _, fields = call.partition(" ")
    return f"{name} {shown_body(fields.encode())}" if fields else name


def show(found: Found, console: Console) -> None:
    """For people."""
    _show_counts(found, console)
    for one in found.differences[:SHOWN]:
        table = Table(title=f"{one.flow} {one.key}", title_justify="left")
        for name in ("field", "is", "would be"):
            table.add_column(name, overflow="fold")
        for change in one.changes:
            before, after = (masked(change.field, one) for one in (change.before, change.after))
            table.add_row(*map(escape, (change.field, before, after)))
        for call in one.calls:
            table.add_row("call", "", escape(masked_call(call)))
        console.print(table)
    if len(found.differences) > SHOWN:
        console.print(f"and {len(found.differences) - SHOWN} more entities (--json shows all)")
    if found.unsent:
        table = Table(
            title=f"{len(found.unsent)} events that lie in no inbox, and would be sent", title_justify="left"
        )
        for name in ("inbox", "entity", "event"):
            table.add_column(name, overflow="fold")
        for draft in found.unsent[:SHOWN]:
            value = " ".join(shown_body(draft.value).split())
            table.add_row(
                *map(escape, (draft.topic, (draft.key or b"").decode(errors="replace"), value[:400]))
            )
        console.print(table)
    for sentence in _sentences(found):
        console.print(sentence, markup=False)
    if found.same:
        console.print("Nothing differs.")


def _show_counts(found: Found, console: Console) -> None:
    counts = Table(title="Looked at", title_justify="left")
    for name in ("flow", "entities", "would differ", "calls to vendors", "beginning not kept"):
        counts.add_column(name, justify="left" if name == "flow" else "right")
    differing = Counter(one.flow for one in found.differences)
    calling = Counter(one.flow for one in found.differences for _ in one.calls)
    missing = Counter(one.partition(" ")[0] for one in found.not_whole)
    for flow, count in found.looked_at.items():
        counts.add_row(flow, str(count), str(differing[flow]), str(calling[flow]), str(missing[flow]))
    console.print(counts)


def _sentences(found: Found) -> list[str]:
    said = [about_outcomes(found.outcomes)]
    if found.outcomes.parked:
        said.append(f"{found.outcomes.parked} events cannot be applied with the present code: dead letters.")
    if found.moved:
        some = ", ".join(found.moved[:5])
        said.append(
            f"{len(found.moved)} entities moved while they were looked at ({some}): look at them again."
        )
    if found.behind:
        said.append(f"{found.behind} events of these entities wait for their rows to come to them.")
    if found.unsure:
        said.append(
            f"Of {found.unsure} events it cannot be said whether they were sent: the inbox of their time is no longer "
            "kept."
        )
    return said


def about_outcomes(outcomes: Outcomes) -> str:
    """What became of what vendors said, in a sentence."""
    recorded = outcomes.as_recorded
    sentence = (
        f"{outcomes.anew} outcomes were worked out anew from the vendors' answers, {outcomes.otherwise} of them came "
        f"out otherwise; taken as recorded: {sum(recorded.values())}"
    )
    most_first = sorted(recorded.items(), key=lambda one: -one[1])
    parts = [f"{effect} {count}, {why}" for (effect, why), count in most_first]
    return f"{sentence} ({'; '.join(parts)})." if parts else f"{sentence}."
