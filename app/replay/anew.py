"""An effect executed anew: by the present executors, against the answers that its run got. Nothing leaves."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from app.replay.answers import Run
from connectors.bol.executor import BolExecutor
from connectors.bol.recorded import RecordedBol, Unremembered
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.recorded import RecordedMplus
from connectors.recorded import NotRecorded, Recorded
from streams.effects import Executor, vendor_of
from streams.vocabulary.effects import Effect, Execution, Stumbled

T = TypeVar("T")


class AsRecorded(Exception):
    """It cannot be told anew; the text says why, in a few words that are counted by."""


def executed(connection: str, effect: Effect, run: Run) -> Execution:
    """What the present code makes of the answers. Raises AsRecorded."""
    recorded = Recorded(run.answers)
    began = run.asking.began
    executor: Executor
    if vendor_of(effect) == "bol":
        bol = RecordedBol(recorded)
        executor = BolExecutor(lambda _: bol, lambda: began, Unremembered())
    else:
        mplus = RecordedMplus(recorded)
        executor = MplusExecutor(lambda _: mplus, lambda: began)
    try:
        return _finished(executor.execute(connection, effect, run.asking.repeated))
    except Stumbled as error:
        if isinstance(error.__cause__, NotRecorded):
            raise AsRecorded("more is asked for now") from error
        raise AsRecorded("the present code fails on it") from error


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of what waits for nothing: all answers are at hand."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # StopIteration.value is Any
    work.close()
    raise AssertionError("an effect that is executed anew waited for something")
