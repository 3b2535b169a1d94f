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


class InputShown(Value, frozen=True):
    """Something that the number is made of, as it was heard: `free 12 at branch 1`, read at 14:02:10 from Mplus."""

    what: str
    at: datetime | None
    source: str
    """Where it came from: `Mplus getStock`, `till`, `Bol order 123`, `settings`."""


class PushShown(Value, frozen=True):
    """A push that has ended."""

    offer_id: str
    amount: int
    at: datetime
    outcome: str
    """`taken`, or why not, in the vendor's words."""
    cause: str = ""
    millis: int | None = None


class MovementShown(Value, frozen=True):
    """Something that moved the article's stock, the newest first."""

    at: datetime
    kind: str
    """`till-sale`, `till-return`, `bol-order`, `cancelled`, `booked`, `sale`, `delivery`, `correction`, ..."""
    change: str
    """`-2`, `+12`; empty where it changes no amount by itself."""
    text: str = ""


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
    fulfilment: str = "FBR"
    condition: str = "NEW"
    corrected: int | None = None
    on_hold: bool = False
    offline: tuple[str, ...] = ()
    """Why Bol does not show it, in Bol's words."""
    price_cents: int | None = None


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
    inputs: tuple[InputShown, ...] = ()
    pushes: tuple[PushShown, ...] = ()
    """The last few, the newest first."""
    waits: tuple[str, ...] = ()
    """What is waiting for what, in words."""
    movements: tuple[MovementShown, ...] = ()
    part_of: tuple[int, ...] = ()
    """The composed articles that are on sale and have it in them, twenty at most."""


class UnmatchedShown(Fact, frozen=True, kw_only=True, tag="unmatched-shown"):
    """An offer at Bol without an article, an article of Mplus without an offer, or stock at Bol without either, and
    why. `why` empty: it is matched now (or gone), and off the list."""

    side: Literal["bol", "mplus"]
    name: str
    """The offer's id, the article's number, or the EAN of stock at Bol."""
    title: str = ""
    codes: tuple[str, ...] = ()
    """What it was looked up by: `EAN 871...`, `reference A-1`."""
    why: str = ""


class GuardShown(Fact, frozen=True, kw_only=True, tag="guard-shown"):
    """Whether a connection's pushes are stopped; `why` empty: they go on."""

    why: str = ""
    """What was seen, and what to do."""
    kind: str = ""
    stopped_at: datetime | None = None
    resumed_by: str = ""


class LineShown(Value, frozen=True):
    """One item of a Bol order. Quantities are units of the item at Bol."""

    item_id: str
    ean: str
    title: str
    quantity: int
    """Still wanted: ordered less cancelled."""
    price_cents: int
    article_number: str = ""
    fulfilment: str = ""
    ordered: int = 0
    delivered: int = 0
    """In Mplus."""
    shipped: int = 0
    """At Bol."""
    cancelled: int = 0
    commission_cents: int = 0
    total_cents: int = 0
    """After discounts, as Bol has it."""


class ShipmentShown(Value, frozen=True):
    """A shipment that was told to Bol. `status`: waiting, asked, pending, SUCCESS, FAILURE, TIMEOUT."""

    reference: str
    units: int
    status: str
    transporter: str = ""
    track: str = ""
    said: str = ""
    """Bol's words where it failed."""
    asked_at: datetime | None = None


class OrderShown(Fact, frozen=True, kw_only=True, tag="order-shown"):
    """An order and how far it is. `step`: seen, products, customer, committing, committed, delivered, shipping, done,
    cancelled, kept-out. `stuck`: why it cannot go on, in words, with what to do; empty: it goes on."""

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
    due: str = ""
    """`YYYY-MM-DD`: the last day on which it can be handed over in time."""
    late: bool = False
    """It is near that day, or past it, and not handed over."""
    shipments: tuple[ShipmentShown, ...] = ()
    asks_cancellation: bool = False
    """The customer asked Bol to cancel, and that is not settled yet."""
    country: str = ""
    business: bool = False
    commission_cents: int = 0


class ReturnItemShown(Value, frozen=True):
    """One item of a return. `state`: open, asked, handled, failed; `credit`: none, asked, booked, failed."""

    rma_id: str
    order_id: str
    ean: str
    expected: int
    reason: str = ""
    state: str = "open"
    handled_as: str = ""
    credit: str = "none"
    mplus_order: str = ""
    stuck: str = ""


class ReturnShown(Fact, frozen=True, kw_only=True, tag="return-shown"):
    """A return at Bol."""

    return_id: str
    registered_at: datetime
    fulfilment: str = "FBR"
    items: tuple[ReturnItemShown, ...] = ()


class SweepShown(Value, frozen=True):
    """How one sweep of a connection stands."""

    name: str
    last_ok: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    said: str = ""
    cursor: str = ""
    so_far: int = 0
    """Found in the round under way, or in the last one: articles, readings of stock, offers; 0 where it has none."""
    going_on: bool = False
    """That round goes on."""


class ConnectionShown(Fact, frozen=True, kw_only=True, tag="connection-shown"):
    """The sweeps of a connection: what is read, when, and what fails."""

    sweeps: tuple[SweepShown, ...] = ()
    stuck: str = ""


Activity = Noted | StockShown | UnmatchedShown | GuardShown | OrderShown | ReturnShown | ConnectionShown


def masked(text: str) -> str:
    """Personal data for pages and logs: the first letter of each word, the rest as stars (at most five).

    `Jan de Vries` -> `J** d* V****`; an e-mail address keeps its last part: `a*****@verkopen.bol.com`.
    """
    if "@" in text:
        name, _, domain = text.rpartition("@")
        return f"{masked(name)}@{domain}"
    return " ".join(word[0] + "*" * min(5, len(word) - 1) for word in text.split())
