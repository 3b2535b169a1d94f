"""Activity: what the flows did and why, for people. The read model is built from nothing else.

Key on the topic: the row's key (`connection/entity`). `Noted` is a line in the history; the `*Shown` are
snapshots: the newest of a key replaces the one before. No personal data beyond what is masked already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from streams.vocabulary.fact import Fact, Value

Level = Literal["info", "good", "warn", "stuck", "cleared"]


class Noted(Fact, frozen=True, kw_only=True, tag="noted"):
    """One line: `kind` is a word to filter by (`till-sale`, `push`, `order-seen`, `committed`, `missing-
    article`, ...), `text` a whole sentence for a person."""

    kind: str
    text: str
    level: Level = "info"
    direction: Literal["in", "out", ""] = ""
    """What came in from a vendor, what went out to one, or neither."""
    millis: int | None = None
    """How long it took from the cause to here, where that is known (freshness)."""


class Term(Value, frozen=True):
    """One term of a sum: `12 free`, `-2 open Bol`."""

    amount: str
    label: str
    why: str = ""


class OfferShown(Value, frozen=True):
    """An offer of the article."""

    offer_id: str
    ean: str = ""
    desired: int | None = None
    sent: int | None = None
    sent_at: datetime | None = None
    at_bol: int | None = None
    at_bol_read: datetime | None = None
    stuck: str = ""


class StockShown(Fact, frozen=True, kw_only=True, tag="stock-shown"):
    """An article's number with its sum written out."""

    article_number: str
    description: str = ""
    terms: tuple[Term, ...] = ()
    desired: int | None = None
    """None: not known yet (no reading)."""
    sentence: str = ""
    """`12 free - 2 open Bol - 1 buffer = 9, sent 14:02:11, confirmed 14:02:11`."""
    offers: tuple[OfferShown, ...] = ()
    stuck: str = ""


class LineShown(Value, frozen=True):
    """One item of a Bol order."""

    item_id: str
    ean: str
    title: str
    quantity: int
    price_cents: int
    article_number: str = ""


class OrderShown(Fact, frozen=True, kw_only=True, tag="order-shown"):
    """An order and how far it is. `step`: seen, fetching, products, customer, committing, committed, done,
    cancelled. `stuck`: why it cannot go on, in words, with what to do; empty: it goes on."""

    order_id: str
    step: str
    placed_at: datetime | None = None
    customer: str = ""
    """Masked: `J*** d* V****, Utrecht`."""
    lines: tuple[LineShown, ...] = ()
    total_cents: int = 0
    mplus_order: str = ""
    relation: int | None = None
    stuck: str = ""
    fulfilment: str = ""


class SweepShown(Value, frozen=True):
    """How one sweep of a connection stands."""

    name: str
    last_ok: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    said: str = ""
    cursor: str = ""


class ConnectionShown(Fact, frozen=True, kw_only=True, tag="connection-shown"):
    """The sweeps of a connection: what is read, when, and what fails."""

    sweeps: tuple[SweepShown, ...] = ()
    stuck: str = ""


Activity = Noted | StockShown | OrderShown | ConnectionShown


def masked(text: str) -> str:
    """Personal data for pages and logs: the first letter of each word, the rest as stars (at most five).

    `Jan de Vries` -> `J** d* V****`; an e-mail address keeps its last part: `a*****@verkopen.bol.com`.
    """
    if "@" in text:
        name, _, domain = text.rpartition("@")
        return f"{masked(name)}@{domain}"
    return " ".join(word[0] + "*" * min(5, len(word) - 1) for word in text.split())
