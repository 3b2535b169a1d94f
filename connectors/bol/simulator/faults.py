"""Trouble on demand, drawn from a seeded dice."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

import msgspec

CallFault = Literal["http", "slow", "timeout", "timeout-after-effect", "truncated"]
PushFault = Literal["webhook-doubled", "webhook-reordered", "webhook-lost"]
MOST_RULES = 100


class FaultRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One kind of trouble for one operation (or push resource), by chance or for a number of times.

    `http`: this status (429 with Retry-After). `slow`: the answer comes `seconds` late. `timeout`: nothing
    happens and after `seconds` the connection is cut; `timeout-after-effect`: the same, but it did happen.
    `truncated`: it happened, and the answer is cut in half.
    """

    kind: CallFault | PushFault
    operation: str = "*"
    """As in config.LIMITS, or a push's resource; `*`: any."""
    probability: float = 1.0
    count: int | None = None
    status: int = 503
    seconds: float | None = None
    after_effect: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability lies between 0 and 1")
        if self.count is not None and self.count < 1:
            raise ValueError("count is at least 1")
        if not 400 <= self.status <= 599:
            raise ValueError("status lies between 400 and 599")
        if self.seconds is not None and not 0 <= self.seconds <= 600:
            raise ValueError("seconds lie between 0 and 600")
        if len(self.operation) > 100:
            raise ValueError("operation is too long")


class Faults:
    """The rules in force: the first that fits strikes."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._rules: list[tuple[FaultRule, list[int]]] = []

    def add(self, rule: FaultRule) -> None:
        """Raises ValueError where there are too many already."""
        if len(self._rules) >= MOST_RULES:
            raise ValueError(f"at most {MOST_RULES} fault rules")
        self._rules.append((rule, [0]))

    def clear(self) -> None:
        """No more trouble."""
        self._rules.clear()

    def for_call(self, operation: str) -> FaultRule | None:
        """What happens to this call, if anything."""
        return self._draw(operation, webhooks=False)

    def for_push(self, resource: str) -> FaultRule | None:
        """What happens to this push, if anything."""
        return self._draw(resource, webhooks=True)

    def told(self) -> list[dict[str, Any]]:
        """The rules and how often each struck."""
        return [{**msgspec.to_builtins(rule), "struck": struck[0]} for rule, struck in self._rules]

    def _draw(self, name: str, webhooks: bool) -> FaultRule | None:
        for rule, struck in self._rules:
            if rule.kind.startswith("webhook-") != webhooks or rule.operation not in ("*", name):
                continue
            if rule.count is not None and struck[0] >= rule.count:
                continue
            if self._rng.random() < rule.probability:
                struck[0] += 1
                return rule
        return None
