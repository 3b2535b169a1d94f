"""Putting what a dry run found in place: events into the inboxes, under a name.

Nothing is written into rows from here. Each difference is a `Rebuilt` event in its entity's own inbox; whoever owns
the partition applies it in its turn, unless something has happened to the row since it was looked at. Then the command
looks again. So it may be stopped at any moment, run again under the same name, and run beside a bridge at work: what is
in place already differs no longer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from app.replay.differing import Difference
from app.replay.looking import Found
from streams.codec import fact_headers
from streams.log.base import Draft, LogWriter
from streams.topics import inbox_topic
from streams.vocabulary.events import Rebuilt

AT_ONCE = 100
INCIDENT = "incident"
GONE = b'{"state":null,"applied":0}'


def trace_of(incident: str) -> str:
    """The trace of everything that follows."""
    return f"replay-{incident}"


def rebuilt_draft(difference: Difference, incident: str) -> Draft:
    """The event that puts a row in place."""
    connection = difference.key.partition("/")[0]
    event = Rebuilt(incident=incident, basis=difference.basis, row=msgspec.Raw(difference.row or GONE))
    headers = (*fact_headers(connection, trace_of(incident)), (INCIDENT, incident.encode()))
    return Draft(inbox_topic(difference.flow), difference.key.encode(), msgspec.json.encode(event), headers)


def events_of(found: Found, incident: str) -> list[Draft]:
    """All that is to be written: first what pushes should have become, which changes rows by itself."""
    marked = (INCIDENT, incident.encode())
    return [
        *(one._replace(headers=(*one.headers, marked), timestamp=None) for one in found.unsent),
        *(rebuilt_draft(one, incident) for one in found.differences),
    ]


async def drive(writer: LogWriter, drafts: Sequence[Draft]) -> AsyncIterator[int]:
    """Writes them in pieces; yields how many are written. Whoever stops in between loses nothing: the rest still
    differs. Raises LogUnavailable."""
    for first in range(0, len(drafts), AT_ONCE):
        await writer.append(drafts[first : first + AT_ONCE])
        yield min(len(drafts), first + AT_ONCE)
