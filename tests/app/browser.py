"""A headless Chromium for a module's tests; each opens a context of its own in it, which shares nothing with others."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Left out where there is none, or failed where it has to be there."""
    if CHROMIUM is None:
        if os.environ.get("KASSABRUG_REQUIRE_BROWSER"):
            pytest.fail("no Chromium, and it is required here")
        pytest.skip("left out, there is no Chromium here (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        one = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        await one.close()
