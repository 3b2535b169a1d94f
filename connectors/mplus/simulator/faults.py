"""Trouble on demand, drawn from a seeded dice: what a network, a busy service and a till can do to a caller."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Literal

import msgspec

CallFault = Literal[
    "http", "fault", "slow", "timeout", "timeout-after-effect", "truncated", "not-xml", "empty-list"
]
PushFault = Literal["webhook-doubled", "webhook-reordered", "webhook-lost"]
MOST_RULES = 100
EMPTY_LISTS = {
    "getStock": "<ns:GetStockResponse/>",
    "getProducts": "<ns:GetProductsResponse><ns:productList/></ns:GetProductsResponse>",
}
"""What `empty-list` answers, by operation."""


class FaultRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One kind of trouble for one operation (or webhook event), by chance or for a number of times.

    `http`: this status, a plain page. `fault`: a SOAP fault of this code. `slow`: the answer comes `seconds`
    late. `timeout`: nothing happens, and after `seconds` the connection is cut; `timeout-after-effect`: the
    same, but it did happen. `truncated` and `not-xml`: it happened, and the answer is cut in half or a page.
    `empty-list`: getStock or getProducts answers well, and with nothing in it.
    """

    kind: CallFault | PushFault
    operation: str = "*"
    """The operation, or a webhook's event; `*`: any."""
    probability: float = 1.0
    count: int | None = None
    """How often it strikes at most; None: until it is cleared."""
    status: int = 503
    code: Literal["Client", "Server"] = "Server"
    text: str = "simulated fault"
    seconds: float | None = None
    after_effect: bool = False
    """For `http` and `fault`: strike after the call took effect."""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability lies between 0 and 1")
        if self.count is not None and self.count < 1:
            raise ValueError("count is at least 1")
        if not 500 <= self.status <= 599 and self.status != 429:
            raise ValueError("status is 429 or 500 to 599")
        if self.seconds is not None and not 0 <= self.seconds <= 600:
            raise ValueError("seconds lie between 0 and 600")
        if self.kind == "empty-list" and self.operation not in ("*", *EMPTY_LISTS):
            raise ValueError(f"empty lists come from {' and '.join(EMPTY_LISTS)}")
        if len(self.text) > 1000 or len(self.operation) > 100:
            raise ValueError("text or operation is too long")

    @property
    def for_webhooks(self) -> bool:
        """It strikes pushes, not calls."""
        return self.kind.startswith("webhook-")


class Faults:
    """The rules in force, first fit strikes, and how often each struck."""

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
        return self._draw(
            operation,
            lambda rule: not rule.for_webhooks and (rule.kind != "empty-list" or operation in EMPTY_LISTS),
        )

    def for_push(self, event: str) -> FaultRule | None:
        """What happens to this webhook, if anything."""
        return self._draw(event, lambda rule: rule.for_webhooks)

    def told(self) -> list[dict[str, Any]]:
        """The rules with how often each struck, for people."""
        return [{**msgspec.to_builtins(rule), "struck": struck[0]} for rule, struck in self._rules]

    def _draw(self, name: str, fits: Callable[[FaultRule], bool]) -> FaultRule | None:
        for rule, struck in self._rules:
            if not fits(rule) or rule.operation not in ("*", name):
                continue
            if rule.count is not None and struck[0] >= rule.count:
                continue
            if rule.probability < 1 and self._rng.random() >= rule.probability:
                continue
            struck[0] += 1
            return rule
        return None
