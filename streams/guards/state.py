"""What a row of the guards flow holds: one connection."""

from __future__ import annotations

from datetime import datetime

import msgspec

from streams.guards.rules import Kind
from streams.vocabulary.fact import Value

MOST = 2_000
"""Of each kind that a row remembers; so many are a mass in the largest shop, whatever share it is."""
FEEDS = 20
"""Oddities of feeds that are remembered as looked at."""


class Odd(Value, frozen=True):
    """Something odd about an offer or an article."""

    at: datetime
    what: str = ""
    """`5>0`: what a doubled event has in common with the first one, and a fresh one about the same offer has not."""
    article: int = 0
    """The article's number; 0: not known."""


class Feed(Value, frozen=True):
    """Something odd about a feed, in the words in which it was told."""

    kind: Kind
    feed: str
    words: str


class Stop(Value, frozen=True):
    """Why the connection's pushes are stopped, and since when."""

    kind: Kind
    at: datetime
    count: int = 0
    """So many were seen when it was last shown."""
    provisional: bool = False
    """How many offers there are was not known: it goes on by itself when these turn out to be few of them."""
    examples: tuple[str, ...] = ()
    """Numbers of articles, by which people look them up; an offer's id where its article is not known."""
    feeds: tuple[Feed, ...] = ()
    """With `marker-back` and `empty-list`: what was told, the first one first."""


class Guarded(Value, frozen=True):
    """The row's state."""

    total: int | None = None
    """How many offers there are; None: no round over them has ended yet."""
    seen: dict[Kind, dict[str, Odd]] = msgspec.field(default_factory=dict)
    """By kind and offer or article, the oldest first: within the window, or since it before a stop."""
    stop: Stop | None = None
    """None: the pushes go on."""
    looked: dict[Kind, dict[str, Odd]] = msgspec.field(default_factory=dict)
    """What the person had before him who let it go on."""
    feeds: tuple[Feed, ...] = ()
    """Likewise of feeds, the newest last."""
    resumed_at: datetime | None = None
    resumed_by: str = ""
    restored_at: datetime | None = None
    """When a person let it go on who had seen that Mplus went back in time."""
