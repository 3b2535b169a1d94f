"""What cannot be right, told to the guards of the connection (streams/guards) and to people. Pure.

A number is told when a push of it is asked for and nothing that was heard of explains it; a reading once, when it
becomes odd. One reading that goes back in time is not believed and asked for again; the second one is what Mplus has.
"""

from __future__ import annotations

from msgspec.structs import replace

from streams.stock.readings import doubted
from streams.stock.shown import plain
from streams.stock.step import Step
from streams.vocabulary.events import Message, NumberTurned, ReadingOdd
from streams.vocabulary.stock_reading import Reading

JUMP_FACTOR = 5
JUMP_PIECES = 20
"""A number that becomes so many times larger or smaller, and by so many pieces, jumps. One that rises from 0 does not:
that is what a delivery looks like."""


def turned(step: Step, offer_id: str, was: int | None, now: int, ours: bool) -> None:
    """A push is asked for that makes `was` into `now`. `ours`: `was` is our own number, and not what somebody else had
    at Bol before; only a fall to 0 counts from that too."""
    if was is None or was == now or (now and not ours):
        return
    if was and (step.explained or (now and not _jumps(was, now))):
        return
    turn = NumberTurned(offer_id=offer_id, was=was, now=now, cause=step.cause, article_number=step.number)
    _tell(step, turn)


def _jumps(was: int, now: int) -> bool:
    less, more = sorted((was, now))
    return more - less >= JUMP_PIECES and more >= less * JUMP_FACTOR


def believed(step: Step, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Those of them that are to be taken; of what is odd about them the guards are told."""
    if not step.article.watched:
        return readings
    known = {reading.branch: reading for reading in step.article.readings}
    kept = readings
    for reading in readings:
        before = known.get(reading.branch)
        if before is not None and reading.asked_at >= before.answered_at:
            if reading.marker < before.marker:
                if not _believed_at_last(step, reading, before):
                    kept = tuple(one for one in kept if one is not reading)
                    continue
            elif reading.branch in step.article.back:
                _put_back(step, reading.branch, False)
        if (
            reading.free < 0
            and (before is None or before.free >= 0)
            and reading.branch in step.rules.branches
        ):
            _negative(step, reading)
    return kept


def _believed_at_last(step: Step, reading: Reading, before: Reading) -> bool:
    """Whether it is the second one in a row that goes back; the first one is asked for again."""
    if reading.branch in step.article.back:
        _put_back(step, reading.branch, False)
        return True
    _put_back(step, reading.branch, True)
    step.article = doubted(step.article, reading.answered_at, step.reading_asked)
    step.doubt_raised = True
    words = (
        f"The reading of branch {reading.branch} goes back in time: its marker was {before.marker} and is "
        f"{reading.marker} now, as if a database was put back."
    )
    step.note(
        "reading", f"{words} It is asked for again before it is believed.", level="warn", direction="in"
    )
    _tell_reading(step, "back", reading, words)
    return False


def _put_back(step: Step, branch: int, back: bool) -> None:
    others = set(step.article.back) - {branch}
    step.article = replace(step.article, back=tuple(sorted(others | {branch} if back else others)))


def _negative(step: Step, reading: Reading) -> None:
    words = f"Mplus has {plain(reading.free)} free at branch {reading.branch}: less than nothing."
    step.note(
        "reading",
        f"{words} More was sold than there was, or a delivery was not booked: put it right in Mplus.",
        level="warn",
        direction="in",
    )
    _tell_reading(step, "negative", reading, words)


def _tell_reading(step: Step, kind: str, reading: Reading, words: str) -> None:
    if step.rules.push:
        odd = ReadingOdd(kind=kind, article_number=step.number, branch=reading.branch, words=words)  # type: ignore[arg-type]  # one of the two
        _tell(step, odd)


def _tell(step: Step, event: NumberTurned | ReadingOdd) -> None:
    step.messages.append(Message(flow="guards", entity="", event=event))
