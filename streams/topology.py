"""The topology: every agent, what it reads and what it writes. Data, in one file.

`kassabrug topics` prints it, docs/architecture.md draws it, app/composition.py gives each agent its handler and
fails for one that is missing.
"""

from __future__ import annotations

from typing import NamedTuple

from streams.topics import (
    ACTIVITY,
    BOL_RAW,
    BOL_WEBHOOKS,
    DEAD_LETTERS,
    MPLUS_RAW,
    MPLUS_WEBHOOKS,
    inbox_topic,
    rows_topic,
)


class Agent(NamedTuple):
    """One Faust agent."""

    name: str
    what: str
    reads: str
    writes: tuple[str, ...]
    rows: str | None = None
    """The changelog of the rows it keeps."""


def _inboxes(*flows: str) -> tuple[str, ...]:
    return tuple(inbox_topic(flow) for flow in flows)


AGENTS: tuple[Agent, ...] = (
    Agent(
        "bol-intake",
        "translates pushes of Bol",
        BOL_WEBHOOKS.name,
        (*_inboxes("orders", "sweeps"), ACTIVITY.name, DEAD_LETTERS.name),
    ),
    Agent(
        "mplus-intake",
        "translates till events",
        MPLUS_WEBHOOKS.name,
        (*_inboxes("stock"), ACTIVITY.name, DEAD_LETTERS.name),
    ),
    Agent(
        "catalogue",
        "which article carries which code, which offer sells which article",
        inbox_topic("catalogue"),
        (*_inboxes("catalogue", "stock", "orders"), ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("catalogue"),
    ),
    Agent(
        "stock",
        "the number on sale",
        inbox_topic("stock"),
        (*_inboxes("stock", "guards", "sweeps"), ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("stock"),
    ),
    Agent(
        "customers",
        "which relation a customer is, and never two for one",
        inbox_topic("customers"),
        (*_inboxes("orders"), ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("customers"),
    ),
    Agent(
        "orders",
        "from a Bol order to a Mplus order, and back with its shipment",
        inbox_topic("orders"),
        (*_inboxes("catalogue", "stock", "customers", "orders", "returns"), ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("orders"),
    ),
    Agent(
        "returns",
        "what customers send back: handled at Bol, credited in Mplus",
        inbox_topic("returns"),
        (*_inboxes("orders"), ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("returns"),
    ),
    Agent(
        "guards",
        "stops a connection's pushes where its numbers cannot be right",
        inbox_topic("guards"),
        (ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("guards"),
    ),
    Agent(
        "sweeps",
        "polling, with its cursors",
        inbox_topic("sweeps"),
        (*_inboxes("guards"), ACTIVITY.name, DEAD_LETTERS.name),
        rows_topic("sweeps"),
    ),
)

OUTSIDE: tuple[Agent, ...] = (
    Agent("ingress", "webhooks, stored as they come", "", (BOL_WEBHOOKS.name, MPLUS_WEBHOOKS.name)),
    Agent(
        "effects",
        "calls to the vendors that rows ask for; outcomes and what sweeps find",
        "",
        (
            *_inboxes("catalogue", "stock", "customers", "orders", "returns", "sweeps"),
            BOL_RAW.name,
            MPLUS_RAW.name,
        ),
    ),
    Agent("alarms", "wakes rows", "", _inboxes("catalogue", "customers", "orders", "returns", "sweeps")),
)
"""Writers that are no agents."""
