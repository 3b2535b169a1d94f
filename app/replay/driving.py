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
from streams.log.base import Draft, Headers, LogWriter
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
    headers = headers_of(connection, incident)
    return Draft(inbox_topic(difference.flow), difference.key.encode(), msgspec.json.encode(event), headers)


def headers_of(connection: str, incident: str) -> Headers:
    """Of everything that a replay writes."""
    return (*fact_headers(connection, trace_of(incident)), (INCIDENT, incident.encode()))


def events_of(found: Found, incident: str) -> list[Draft]:
    """All that is to be written: rows first. A message before would move the row that it is for, which then would not
    be the one that was looked at."""
    return [
        *(rebuilt_draft(one, incident) for one in found.differences),
        *(
            one._replace(headers=headers_of((one.key or b"").decode().partition("/")[0], incident))
            for one in found.unsent
        ),
    ]


async def drive(writer: LogWriter, drafts: Sequence[Draft], at_once: int = AT_ONCE) -> AsyncIterator[int]:
    """Writes them in pieces; yields how many are written. Whoever stops in between loses nothing: the rest still
    differs. Raises LogUnavailable."""
    for first in range(0, len(drafts), at_once):
        await writer.append(drafts[first : first + at_once])
        yield min(len(drafts), first + at_once)
