"""Trouble on demand, drawn from a seeded dice."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

import msgspec

from connectors.bol.simulator.records import Fate

CallFault = Literal["http", "slow", "timeout", "timeout-after-effect", "truncated", "empty-list"]
WriteFault = Literal["process-failure", "process-timeout"]
PushFault = Literal["webhook-doubled", "webhook-reordered", "webhook-lost"]
MOST_RULES = 100
LISTS = ("list-offers", "list-orders", "list-returns", "inventory")
"""Operations that `empty-list` can strike."""


class FaultRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One kind of trouble for one operation (or push resource), by chance or for a number of times.

    `http`: this status (429 with Retry-After); with `after_effect` it did happen. `slow`: the answer comes
    `seconds` late. `timeout`: nothing happens and after `seconds` the connection is cut; `timeout-after-effect`:
    the same, but it did happen. `truncated`: it happened, and the answer is cut in half. `empty-list`: a list (one of
    LISTS) is answered as if nothing were on it. `process-failure`, `process-timeout`: the write is accepted with 202,
    does nothing and ends so. `webhook-*`: a push comes twice, late, or never.
    """

    kind: CallFault | WriteFault | PushFault
    operation: str = "*"
    """As in config.LIMITS, or a push's resource; `*`: any but the login, which is `token`."""
    method: str = ""
    """Calls of this HTTP method only."""
    path: str = ""
    """Calls whose path begins so only."""
    probability: float = 1.0
    count: int | None = None
    """After so many times it is over."""
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
        if max(len(self.operation), len(self.method), len(self.path)) > 100:
            raise ValueError("operation, method and path have at most 100 characters")
        if self.kind == "empty-list" and self.operation not in LISTS:
            raise ValueError(f"a list is one of {', '.join(LISTS)}")
        if self.kind.startswith("webhook-") and (self.method or self.path):
            raise ValueError("a push has no method and no path")


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

    def for_call(self, operation: str, method: str, path: str) -> FaultRule | None:
        """What happens to this call, if anything."""
        return self._draw("call", operation, method, path)

    def for_write(self, operation: str, method: str, path: str) -> Fate:
        """How an asynchronous write will end."""
        rule = self._draw("process", operation, method, path)
        if rule is None:
            return "SUCCESS"
        return "FAILURE" if rule.kind == "process-failure" else "TIMEOUT"

    def for_push(self, resource: str) -> FaultRule | None:
        """What happens to this push, if anything."""
        return self._draw("webhook", resource)

    def told(self) -> list[dict[str, Any]]:
        """The rules and how often each struck."""
        return [{**msgspec.to_builtins(rule), "struck": struck[0]} for rule, struck in self._rules]

    def _draw(self, family: str, operation: str, method: str = "", path: str = "") -> FaultRule | None:
        for rule, struck in self._rules:
            if _family(rule) != family or not _fits(rule, operation, method, path):
                continue
            if rule.count is not None and struck[0] >= rule.count:
                continue
            if self._rng.random() < rule.probability:
                struck[0] += 1
                return rule
        return None


def _family(rule: FaultRule) -> str:
    first = rule.kind.partition("-")[0]
    return first if first in ("process", "webhook") else "call"


def _fits(rule: FaultRule, operation: str, method: str, path: str) -> bool:
    if rule.operation == "*":
        if operation == "token" and not rule.path:
            return False
    elif rule.operation != operation:
        return False
    return rule.method.upper() in ("", method) and path.startswith(rule.path)
