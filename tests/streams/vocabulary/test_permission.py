"""Calls leave only under a permission."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

from streams.vocabulary.permission import Withdrawn, insist, under


def test_without_anybody_who_forbids_it_a_call_leaves() -> None:
    insist()


def test_a_permission_is_asked_anew_each_time_and_ends_with_its_block() -> None:
    ours = True
    with under(lambda: ours):
        insist()
        ours = False
        with pytest.raises(Withdrawn, match="another worker"):
            insist()
    insist()


async def test_it_holds_in_tasks_that_are_begun_within_and_in_no_others() -> None:
    async def call() -> None:
        insist()

    with under(lambda: False):
        forbidden = asyncio.ensure_future(call())
    allowed = asyncio.ensure_future(call())
    with pytest.raises(Withdrawn):
        await forbidden
    await allowed


async def test_a_task_that_never_ends_is_cleared_away_in_silence() -> None:
    """Its block is left in another context than it was entered in."""

    async def call() -> None:
        with under(lambda: True):
            await asyncio.Event().wait()

    running = call()
    contextvars.copy_context().run(running.send, None)
    running.close()
