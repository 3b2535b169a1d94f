"""The one retry policy: what is repeated, how often, after how long, and what is told in the end."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.retry import RetryPolicy, with_retries
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused

DONE = Delivered("done")
UNSENT = NotSent(why="no connection")
LOST = AnswerLost(why="timeout")
NO = Refused(said="no")
POLICY = RetryPolicy(tries=4, base=0.1, cap=0.3, total=10.0)

outcomes = st.one_of(
    st.just(DONE),
    st.just(NO),
    st.just(LOST),
    st.builds(NotSent, why=st.just("x"), retry_after=st.none() | st.floats(-5, 20)),
)
policies = st.builds(
    RetryPolicy,
    tries=st.integers(1, 6),
    base=st.floats(0, 1),
    cap=st.floats(0, 3),
    total=st.floats(0, 12),
)


class Script:
    """Gives the outcomes one after the other (the last one for good) and notes what is waited."""

    def __init__(self, *outcomes: Delivered[str] | Failure) -> None:
        self.outcomes = outcomes
        self.numbers: list[int] = []
        self.slept: list[float] = []

    async def call(self, number: int) -> Delivered[str] | Failure:
        self.numbers.append(number)
        return self.outcomes[min(number, len(self.outcomes)) - 1]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def run(
        self, policy: RetryPolicy = POLICY, idempotent: bool = True, seed: int = 1
    ) -> Delivered[str] | Failure:
        return await with_retries(self.call, policy, self.sleep, Random(seed), idempotent)


@pytest.mark.parametrize("first", [DONE, NO])
async def test_done_and_refused_end_it(first: Delivered[str] | Failure) -> None:
    script = Script(first, DONE)
    assert await script.run() == first
    assert (script.numbers, script.slept) == ([1], [])


@pytest.mark.parametrize("idempotent", [True, False])
async def test_what_was_not_sent_is_sent_again(idempotent: bool) -> None:
    script = Script(UNSENT, UNSENT, DONE)
    assert await script.run(idempotent=idempotent) == DONE
    assert script.numbers == [1, 2, 3]


async def test_a_lost_answer_is_repeated_only_when_idempotent() -> None:
    assert await Script(LOST, DONE).run(idempotent=True) == DONE
    script = Script(LOST, DONE)
    assert await script.run(idempotent=False) == LOST
    assert script.numbers == [1]


async def test_once_an_answer_was_lost_the_end_is_never_not_sent() -> None:
    assert await Script(LOST, UNSENT).run() == LOST
    assert await Script(UNSENT).run() == UNSENT


async def test_the_vendors_own_wait_is_kept() -> None:
    script = Script(NotSent(why="429", retry_after=3.0), DONE)
    assert await script.run() == DONE
    assert 3.0 <= script.slept[0] <= 3.1


async def test_a_longer_wait_than_the_policys_is_left_to_the_flow() -> None:
    asked = NotSent(why="429", retry_after=60.0)
    script = Script(asked, DONE)
    assert await script.run() == asked
    assert script.slept == []


async def test_waits_grow_up_to_the_cap_with_full_jitter() -> None:
    firsts: list[float] = []
    for seed in range(200):
        script = Script(UNSENT)
        await script.run(seed=seed)
        assert len(script.slept) == 3
        assert all(0 <= wait <= step for wait, step in zip(script.slept, (0.1, 0.2, 0.3), strict=True))
        firsts.append(script.slept[0])
    assert min(firsts) < 0.01
    assert max(firsts) > 0.09


@given(st.lists(outcomes, min_size=1, max_size=8), policies, st.booleans(), st.integers())
async def test_bounds_and_honesty(
    script: list[Delivered[str] | Failure], policy: RetryPolicy, idempotent: bool, seed: int
) -> None:
    run = Script(*script)
    outcome = await run.run(policy, idempotent, seed)
    tried = [run.outcomes[min(number, len(script)) - 1] for number in run.numbers]
    assert run.numbers == list(range(1, len(tried) + 1))
    assert len(tried) <= policy.tries
    assert len(run.slept) == len(tried) - 1
    assert all(wait >= 0 for wait in run.slept)
    assert sum(run.slept) <= policy.total + 1e-9
    assert not any(isinstance(one, Delivered | Refused) for one in tried[:-1])
    lost = [one for one in tried if isinstance(one, AnswerLost)]
    if not idempotent:
        assert lost in ([], [tried[-1]])
    if lost and not isinstance(tried[-1], Delivered | Refused):
        assert isinstance(outcome, AnswerLost)
    else:
        assert outcome == tried[-1]
