"""Fixtures for replays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.replay.stage import Stage, open_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A whole bridge in memory, at work."""
    async with open_stage(tmp_path) as stage:
        await stage.start()
        yield stage
