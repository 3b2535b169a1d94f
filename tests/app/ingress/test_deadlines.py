"""Limits without a timer each: they end what takes too long, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from app.ingress import deadlines
from app.ingress.deadlines import Deadlines


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "TICK", 0.01)


async def test_what_takes_too_long_ends_with_a_timeout() -> None:
    with pytest.raises(TimeoutError), Deadlines().within(0.01):
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "the task is not taken for cancelled"


async def test_what_is_done_in_time_is_left_alone_and_watched_no_more() -> None:
    limits = Deadlines()
    with limits.within(0.03):
        await asyncio.sleep(0)
    await asyncio.sleep(0.06)  # past it: nothing happens to whoever goes on
    assert not limits._running
    assert limits._timer is None, "nobody waits, so nobody looks"


async def test_a_limit_can_begin_again() -> None:
    limits = Deadlines()
    with limits.within(0.02) as limit:
        for _ in range(4):
            await asyncio.sleep(0.01)
            limit.again(0.5)
    late = limits.within(5)
    late.again(0.01)
    with pytest.raises(TimeoutError), late:
        await asyncio.Event().wait()


async def test_a_cancellation_by_somebody_else_goes_on_its_way() -> None:
    limits = Deadlines()
    entered = asyncio.Event()

    async def work() -> None:
        with limits.within(60):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not limits._running


async def test_another_error_is_let_out_as_it_is() -> None:
    with pytest.raises(ValueError, match="ours"), Deadlines().within(60):
        raise ValueError("ours")


async def test_many_at_once_each_have_their_own() -> None:
    limits = Deadlines()

    async def work(seconds: float) -> str:
        try:
            with limits.within(seconds):
                await asyncio.sleep(0.1)
        except TimeoutError:
            return "late"
        return "done"

    assert await asyncio.gather(*(work(one) for one in (0.01, 5.0, 0.02, 5.0))) == [
        "late",
        "done",
        "late",
        "done",
    ]
