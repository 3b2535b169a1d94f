"""What happened to one order or return, and what the vendors said of it, in the order of time."""

from __future__ import annotations

from sqlalchemy import Connection

from app.readmodel.queries.answers import answers_about
from app.readmodel.queries.history import HistoryFilter, lines
from app.readmodel.shown import Step

LINES = 200
ANSWERS = 60
"""In one timeline: the newest of each."""


def timeline(connection: Connection, of: str, entity: str, returns: bool) -> tuple[Step, ...]:
    """Of an entity of a connection; `returns`: of the return with that number, not of the order."""
    told = lines(connection, HistoryFilter(connection=of, entity=entity, returns=returns, limit=LINES))
    steps = [Step(at=line.at, line=line) for line in reversed(told)]
    steps += [
        Step(at=one.at, answer=one)
        for one in reversed(answers_about(connection, of, entity, ANSWERS, returns=returns))
    ]
    # What a vendor said comes before what was made of it, where both bear the same moment.
    steps.sort(key=lambda step: (step.at, step.answer is None))
    return tuple(steps)
