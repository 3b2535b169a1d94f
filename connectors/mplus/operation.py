"""A call to Mplus as a value, and its answer: built by the wire modules, sent by client.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from connectors.mplus import failure, reply, soap
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure

T = TypeVar("T")

Read = Callable[[bytes, datetime, datetime], T]
"""Reads a reply's body, given our clock before and after. Raises reply.Fault and reply.Unreadable."""


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One request and how its reply is read."""

    name: str
    body: bytes
    read: Read[T]
    idempotent: bool = True
    """It may be sent again after its answer was lost."""
    bulk: bool = False
    """It reads a whole feed: it goes through the lane of what takes long."""
    aside: bool = False
    """It may be asked while a booking is under way: nothing hangs on which of the two was first."""
    kept: bool = False
    """Its replies are kept on the raw topic. Of the others only those that could not be understood are."""


@dataclass(frozen=True)
class MplusAnswer(Generic[T]):
    """A reply, read. `asked_at` and `answered_at`: our clock right around the call, inside its lane."""

    what: T
    asked_at: datetime
    answered_at: datetime


Hear = Callable[[RawAnswer], None]
"""Gets the replies that are kept, of every try, as they came but for the secret."""


def understood(
    operation: Operation[T],
    status: int,
    body: bytes,
    retry_after: str | None,
    asked_at: datetime,
    answered_at: datetime,
) -> Delivered[MplusAnswer[T]] | Failure:
    """What a reply means for its call. The words of a failure are the vendor's: they may hold the secret."""
    try:
        if status != 200:
            return failure.of_status(operation.name, status, body, retry_after)
        what = operation.read(body, asked_at, answered_at)
    except reply.Fault as fault:
        return failure.of_fault(operation.name, fault)
    except reply.Unreadable as error:
        return AnswerLost(why=f"{operation.name}: {error}")
    return Delivered(MplusAnswer(what, asked_at, answered_at))


def operation(
    name: str,
    read: Callable[[reply.Node], T],
    *content: str,
    idempotent: bool = True,
    kept: bool = False,
    aside: bool = False,
) -> Operation[T]:
    """A small operation: `content` goes into the operation's element, `read` gets the response element."""
    return Operation(
        name,
        soap.envelope(name, *content),
        lambda body, asked_at, answered_at: read(reply.answer(body)),
        idempotent=idempotent,
        aside=aside,
        kept=kept,
    )


def listing(
    name: str, path: tuple[str, ...], read: Callable[[reply.Node], T], *content: str
) -> Operation[reply.Rows[T]]:
    """A page of a feed: `read` gets each element at `path` below the response element."""
    return Operation(
        name,
        soap.envelope(name, *content),
        lambda body, asked_at, answered_at: reply.rows(body, path, read),
        bulk=True,
        kept=True,
    )
