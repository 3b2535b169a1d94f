"""The main job over real HTTP and SOAP, in small: the same command as scripts/demo, with the same verdict."""

from __future__ import annotations

import asyncio

from app.demo.run import Plan, Progress, demo


async def run(plan: Plan) -> tuple[list[str], int]:
    """Runs it and checks the verdict; the stages and how often the bridge was started."""
    seen: list[Progress] = []
    verdict = await demo(plan, seen.append, asyncio.Event())
    assert verdict is not None
    assert verdict.differences == ()
    assert verdict.oversold_knowable == 0
    assert verdict.till_sales > 0
    assert verdict.bol_orders > 0
    assert verdict.sale_freshness.unchanged == 0
    assert verdict.entry.unchanged == 0
    assert 0 < verdict.relations <= verdict.bol_orders
    child = seen[-1].child
    assert child is not None
    assert child.ended
    return [progress.stage for progress in seen], child.starts


async def test_a_quiet_day() -> None:
    stages, starts = await run(Plan(seed=3, rate=12, seconds=3, articles=40))
    assert stages[-1] == "verdict"
    assert any(stage.startswith("afterwards") for stage in stages)
    assert starts == 1


async def test_a_day_with_kill_9() -> None:
    _, starts = await run(Plan(seed=4, rate=12, seconds=6, articles=40, kill_every=1.5))
    assert starts >= 2, "killed at least once; on a busy machine a start alone takes some seconds"


async def test_a_day_with_trouble_at_both_vendors() -> None:
    await run(Plan(seed=5, rate=12, seconds=4, articles=40, faults=True))


async def test_ctrl_c_ends_it_without_a_verdict() -> None:
    stop = asyncio.Event()

    def tell(progress: Progress) -> None:
        if progress.stage == "customers":
            stop.set()

    assert await demo(Plan(seed=6, articles=20), tell, stop) is None
