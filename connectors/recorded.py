"""What a vendor answered once to the calls of one effect, given again: a replay executes the effect anew against it,
with the present code and without a network (app/replay)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from streams.vocabulary.effects import RawAnswer


class NotRecorded(Exception):
    """The present code asks what was not asked then, or remembers what is not kept: the text says which."""


class Recorded:
    """The answers, by operation, in the order of the calls. A call that was tried several times is answered with what
    it got last: it was tried until it got somewhere."""

    def __init__(self, answers: Iterable[RawAnswer]) -> None:
        last = {(one.operation, one.call): one for one in answers}
        self._left: dict[str, deque[RawAnswer]] = {}
        for (operation, _), one in sorted(last.items(), key=lambda entry: entry[0][1]):
            self._left.setdefault(operation, deque()).append(one)

    def take(self, operation: str) -> RawAnswer:
        """The answer to the next call of this operation. Raises NotRecorded when there was none."""
        left = self._left.get(operation)
        if not left:
            raise NotRecorded(operation)
        return left.popleft()
