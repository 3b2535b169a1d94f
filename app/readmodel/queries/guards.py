"""The connections whose numbers are stopped, or were."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from app.readmodel.shown import GuardRow
from app.readmodel.tables import guards
from streams.vocabulary.activity import GuardShown
from streams.vocabulary.time import moment_of

_read = msgspec.json.Decoder(GuardShown).decode


def guard_rows(connection: Connection) -> tuple[GuardRow, ...]:
    """All of which the guards have ever said anything, by name."""
    return tuple(
        GuardRow(
            connection=row.connection,
            at=moment_of(row.at),
            stuck_since=None if row.stuck_since is None else moment_of(row.stuck_since),
            shown=_read(row.shown),
        )
        for row in connection.execute(select(guards).order_by(guards.c.connection))
    )
