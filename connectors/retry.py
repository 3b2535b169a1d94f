"""The one retry policy of all calls to vendors: for hiccups of seconds.

What lasts longer is not waited out here: the outcome goes back to the flow, which waits durably
(streams/backoff.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import NamedTuple, TypeVar

from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent

T = TypeVar("T")


class RetryPolicy(NamedTuple):
    """How often, how long. Seconds."""

    tries: int = 3
    """In all, the first included."""
    base: float = 0.1
    cap: float = 2.0
    total: float = 5.0
    """All waits together; a vendor that asks for more gets it from the flow, not from here."""


async def with_retries(
    call: Callable[[int], Awaitable[Delivered[T] | Failure]],
    policy: RetryPolicy,
    sleep: Callable[[float], Awaitable[None]],
    random: Random,
    idempotent: bool,
) -> Delivered[T] | Failure:
    """Calls `call(1)`, `call(2)`, ... until it is delivered or refused, or the policy is used up.

    What was surely not sent is repeated; what may have taken effect only when it is `idempotent`. Once an
    answer was lost, the end is never told as `NotSent`: an earlier try may have taken effect. Waits have full
    jitter (anything from nothing to the step), so that what failed together is not tried again together.
    """
    waited = 0.0
    lost: AnswerLost | None = None
    number = 1
    while True:
        outcome = await call(number)
        asked: float | None = None
        match outcome:
            case NotSent():
                asked = outcome.retry_after
            case AnswerLost():
                lost = outcome
                if not idempotent:
                    return outcome
            case _:
                return outcome
        wait = random.uniform(0.0, min(policy.cap, policy.base * 2.0 ** (number - 1)))
        if asked is not None:
            wait = max(0.0, asked) + random.uniform(0.0, policy.base)
        if number >= policy.tries or waited + wait > policy.total:
            return lost if lost is not None and isinstance(outcome, NotSent) else outcome
        await sleep(wait)
        waited += wait
        number += 1
