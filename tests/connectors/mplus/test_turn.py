"""Whose turn it is."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.turn import AFTER, INTO, READING, Turn, rank


class Counter:
    """Callers of one lane, and the order in which they got it."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.order: list[str] = []
        self.at_once = self.most = 0
        self.open = asyncio.Event()

    async def call(self, name: str, urgency: int) -> None:
        async with self.turn.of(urgency):
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.order.append(name)
            await self.open.wait()
            self.at_once -= 1


async def queued(counter: Counter, *calls: tuple[str, int]) -> list[asyncio.Task[None]]:
    """Each behind the other."""
    tasks = []
    for name, urgency in calls:
        tasks.append(asyncio.create_task(counter.call(name, urgency)))
        await asyncio.sleep(0)
    return tasks


async def test_a_reading_goes_before_an_order_and_that_before_what_follows() -> None:
    counter = Counter(Turn(every=100))
    tasks = await queued(
        counter, ("held", 2), ("after", AFTER), ("order", INTO), ("stock", READING), ("next", READING)
    )
    counter.open.set()
    await asyncio.gather(*tasks)
    assert counter.order == ["held", "stock", "next", "order", "after"]
    assert counter.most == 1


async def test_what_is_least_urgent_is_not_forgotten() -> None:
    counter = Counter(Turn(every=4))
    tasks = await queued(counter, ("held", 2), ("after", AFTER), *((f"s{n}", READING) for n in range(20)))
    counter.open.set()
    await asyncio.gather(*tasks)
    assert counter.order.index("after") <= 4


async def test_who_gives_up_holds_up_nobody() -> None:
    counter = Counter(Turn())
    held, gone, last = await queued(counter, ("held", 1), ("gone", 0), ("last", 1))
    gone.cancel()
    await asyncio.sleep(0)
    counter.open.set()
    await asyncio.gather(held, last)
    assert counter.order == ["held", "last"]
    again = await queued(counter, ("again", 1))
    await asyncio.gather(*again)


async def test_who_gives_up_in_the_moment_of_his_turn_gives_it_on() -> None:
    turn = Turn()
    counter = Counter(turn)
    held, gone, last = await queued(counter, ("held", 1), ("gone", 0), ("last", 1))
    counter.open.set()
    await asyncio.sleep(0)  # the turn is handed to `gone`, who has not run yet
    gone.cancel()
    await asyncio.gather(held, last)
    await asyncio.gather(gone, return_exceptions=True)
    assert counter.order[-1] == "last"


@given(st.lists(st.sampled_from((READING, INTO, AFTER)), max_size=30), st.integers(2, 6))
def test_everybody_gets_a_turn_once_and_one_at_a_time(ranks: list[int], every: int) -> None:
    async def story() -> None:
        counter = Counter(Turn(every))
        tasks = await queued(counter, ("held", 0), *((f"c{place}", one) for place, one in enumerate(ranks)))
        counter.open.set()
        await asyncio.gather(*tasks)
        assert sorted(counter.order) == sorted(["held", *(f"c{place}" for place in range(len(ranks)))])
        assert counter.most == 1

    asyncio.run(story())


def test_ranks() -> None:
    assert rank("getStock") < rank("createOrderV3") < rank("deliverOrderV2")
