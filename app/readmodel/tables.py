"""The tables of the read model. Moments are milliseconds since 1970, UTC; snapshots lie beside their columns
as the JSON they came in (streams/vocabulary/activity.py).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

VERSION = "4"
"""Raised when the tables change: an older read model is then thrown away and built again from the log."""

metadata = MetaData()

_counting = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives numbers of its own only to an INTEGER key."""

meta = Table("meta", metadata, Column("name", String, primary_key=True), Column("value", String))

positions = Table(
    "positions",
    metadata,
    Column("topic", String),
    Column("partition", Integer),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("topic", "partition"),
)

history = Table(
    "history",
    metadata,
    Column("id", _counting, primary_key=True),
    Column("mark", String(32), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("connection", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("level", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("millis", BigInteger),
    Column("trace", String, nullable=False),
    Index("history_of", "connection", "entity", "id"),
    Index("history_kind", "kind", "id"),
    Index("history_level", "level", "id"),
)

counts = Table(
    "counts",
    metadata,
    Column("connection", String),
    Column("minute", BigInteger, index=True),
    Column("what", String),
    Column("number", BigInteger, nullable=False),
    PrimaryKeyConstraint("connection", "minute", "what"),
)
"""How many lines came `in`, went `out` or said `stuck`, by the minute (minutes since 1970)."""

timings = Table(
    "timings",
    metadata,
    Column("connection", String),
    Column("kind", String),
    Column("minute", BigInteger, index=True),
    Column("bucket", Integer),
    Column("number", BigInteger, nullable=False),
    PrimaryKeyConstraint("connection", "kind", "minute", "bucket"),
)
"""How long it took, by the minute, as a histogram (app/readmodel/freshness.py)."""

articles = Table(
    "articles",
    metadata,
    Column("connection", String),
    Column("article", String),
    Column("description", String, nullable=False),
    Column("desired", BigInteger),
    Column("sentence", Text, nullable=False),
    Column("offers", Integer, nullable=False),
    Column("stuck", Text, nullable=False),
    Column("stuck_since", BigInteger, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("search", Text, nullable=False),
    Column("shown", LargeBinary, nullable=False),
    PrimaryKeyConstraint("connection", "article"),
    Index("articles_on_sale", "offers"),
    Index("articles_stuck", "connection", "stuck_since"),
)
"""Those on sale and those that are stuck are counted for the first page again and again: with these indexes no row is
read for it, and a snapshot is some thousand bytes."""

orders = Table(
    "orders",
    metadata,
    Column("connection", String),
    Column("order_id", String),
    Column("step", String, nullable=False),
    Column("placed_at", BigInteger),
    Column("stuck", Text, nullable=False),
    Column("stuck_since", BigInteger, index=True),
    Column("first_at", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("fulfilment", String, nullable=False),
    Column("late_day", String),
    Column("asks_cancellation", Integer),
    Column("waits_for_track", Integer),
    Column("business", Integer),
    Column("search", Text, nullable=False),
    Column("shown", LargeBinary, nullable=False),
    PrimaryKeyConstraint("connection", "order_id"),
    Index("orders_late", "late_day", "first_at"),
    *(
        Index(f"orders_{name}", name, "late_day", "first_at")
        for name in ("step", "fulfilment", "asks_cancellation", "waits_for_track", "business")
    ),
)
"""`late_day`: the last day of an open order that is late or nearly so, else NULL. The three after it: 1, or NULL where
it does not hold. Each list has an index that it is read from in its order (queries/orders.py)."""

returns = Table(
    "returns",
    metadata,
    Column("connection", String),
    Column("return_id", String),
    Column("registered_at", BigInteger, nullable=False),
    Column("states", String, nullable=False),
    Column("waits", Integer),
    Column("stuck", Text, nullable=False),
    Column("stuck_since", BigInteger, index=True),
    Column("first_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("shown", LargeBinary, nullable=False),
    PrimaryKeyConstraint("connection", "return_id"),
    Index("returns_newest", "registered_at", "connection", "return_id"),
    Index("returns_waiting", "waits"),
)
"""`states`: those of its items, each once, as `/open/handled/`. `waits`: 1 where an item waits for a person, else NULL.
"""

connections = Table(
    "connections",
    metadata,
    Column("connection", String, primary_key=True),
    Column("stuck", Text, nullable=False),
    Column("stuck_since", BigInteger, index=True),
    Column("at", BigInteger, nullable=False),
    Column("shown", LargeBinary, nullable=False),
)

guards = Table(
    "guards",
    metadata,
    Column("connection", String, primary_key=True),
    Column("stuck", Text, nullable=False),
    Column("stuck_since", BigInteger, index=True),
    Column("at", BigInteger, nullable=False),
    Column("shown", LargeBinary, nullable=False),
)

unmatched = Table(
    "unmatched",
    metadata,
    Column("connection", String),
    Column("side", String(5)),
    Column("name", String),
    Column("first_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("search", Text, nullable=False),
    Column("shown", LargeBinary, nullable=False),
    PrimaryKeyConstraint("connection", "side", "name"),
    Index("unmatched_newest", "first_at", "connection", "side", "name"),
    Index("unmatched_of_side", "side", "first_at"),
)
"""Offers without an article (`bol`), articles without an offer (`mplus`). What is matched is not here."""

answers = Table(
    "answers",
    metadata,
    Column("id", _counting, primary_key=True),
    Column("mark", String(32), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("asked_at", BigInteger),
    Column("connection", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("vendor", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("answers_of", "connection", "entity", "id"),
)
"""The vendors' answers, with what is personal masked before it is written here."""

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", _counting, primary_key=True),
    Column("mark", String(32), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("connection", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("offset", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("trace", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

skipped = Table(
    "skipped",
    metadata,
    Column("topic", String),
    Column("reason", String),
    Column("number", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("last_place", String, nullable=False),
    PrimaryKeyConstraint("topic", "reason"),
)
"""Records that could not be shown, counted by why."""
