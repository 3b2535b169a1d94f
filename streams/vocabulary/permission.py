"""Whether a call to a vendor may leave: only while the partition that asks for it is surely ours.

A worker that was stopped, or cut off from the log, for longer than the group waits may wake up in the midst of an
effect that somebody else runs already. So every connector asks in the moment before a request leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar


class Withdrawn(Exception):
    """The effect is another worker's, or may be: the call did not leave."""


def _always() -> bool:
    return True


_permitted: ContextVar[Callable[[], bool]] = ContextVar("permitted", default=_always)


@contextmanager
def under(permitted: Callable[[], bool]) -> Iterator[None]:
    """Calls within (and in tasks begun within) leave only while `permitted()`."""
    token = _permitted.set(permitted)
    try:
        yield
    finally:
        with suppress(ValueError):  # a task that was never finished is cleared away in another context
            _permitted.reset(token)


def insist() -> None:
    """Raises Withdrawn when this call must not leave."""
    if not _permitted.get()():
        raise Withdrawn("the partition that asks for this may be another worker's by now")
