"""The one list of topics. `kassabrug topics` prints it; the log creates what is missing from it.

Keys are `connection/entity` (the guards' and the sweeps' key is the connection alone), so that one entity's records
keep their order. Inboxes and webhooks are what a replay reads; they live as long as retention allows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Role = Literal["webhooks", "raw", "inbox", "rows", "activity", "dead"]

DAY = 24 * 3600


class Topic(NamedTuple):
    """One topic: what lies on it, by which key, and how long it is kept."""

    name: str
    role: Role
    key: str
    carries: str
    compacted: bool = False
    retention: int | None = 7 * DAY
    """Seconds; None: for ever (compacted topics keep the last record of a key)."""


def rows_topic(flow: str) -> str:
    """The changelog of a flow's rows; the name is the one Faust gives to the table's changelog."""
    return f"kassabrug-{flow}-changelog"


def inbox_topic(flow: str) -> str:
    """Where a flow's events are sent."""
    return f"{flow}.inbox"


FLOWS = ("catalogue", "stock", "customers", "orders", "returns", "guards", "sweeps")
APP_ID = "kassabrug"

BOL_WEBHOOKS = Topic(
    "bol.webhooks", "webhooks", "connection", "a push of Bol, as it came", retention=30 * DAY
)
MPLUS_WEBHOOKS = Topic(
    "mplus.webhooks", "webhooks", "connection", "a till event, as it came", retention=30 * DAY
)
BOL_RAW = Topic("bol.raw", "raw", "connection/entity", "an answer of Bol, as it came", retention=30 * DAY)
MPLUS_RAW = Topic(
    "mplus.raw", "raw", "connection/entity", "an answer of Mplus, as it came", retention=30 * DAY
)
ACTIVITY = Topic(
    "activity", "activity", "connection/entity", "what the flows did and why", retention=30 * DAY
)
DEAD_LETTERS = Topic(
    "deadletters",
    "dead",
    "the record's own",
    "a record that could not be read or applied",
    retention=90 * DAY,
)
INBOXES = tuple(
    Topic(inbox_topic(flow), "inbox", key, f"events of the {flow} flow", retention=30 * DAY)
    for flow, key in zip(
        FLOWS,
        (
            "connection/article|offer|code",
            "connection/articleNumber",
            "connection/identity",
            "connection/bolOrderId",
            "connection/returnId",
            "connection",
            "connection",
        ),
        strict=True,
    )
)
ROWS = tuple(
    Topic(rows_topic(flow), "rows", f"the key of {flow}.inbox", f"rows of the {flow} flow", True, None)
    for flow in FLOWS
)

TOPICS: tuple[Topic, ...] = (
    BOL_WEBHOOKS,
    MPLUS_WEBHOOKS,
    *INBOXES,
    *ROWS,
    BOL_RAW,
    MPLUS_RAW,
    ACTIVITY,
    DEAD_LETTERS,
)


def topic(name: str) -> Topic:
    """The topic of this name. Raises KeyError with the names there are."""
    for one in TOPICS:
        if one.name == name:
            return one
    raise KeyError(f"no topic {name!r}; there are: {', '.join(one.name for one in TOPICS)}")
