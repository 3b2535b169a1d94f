"""How the simulated marketplace behaves. What the facts leave open is a field here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connectors.bol.simulator.habits import Habits

LIMITS: Mapping[str, tuple[int, float]] = {
    "list-orders": (25, 60.0),
    "get-order": (25, 1.0),
    "list-offers": (25, 1.0),
    "get-offer": (50, 1.0),
    "write-offer": (50, 1.0),
    "process-status": (100, 1.0),
    "subscriptions": (25, 1.0),
    "shipments": (25, 1.0),
    "inventory": (20, 60.0),
    "list-returns": (20, 60.0),
    "get-return": (25, 1.0),
    "write-return": (25, 1.0),
}
"""Calls and seconds per window (facts/bol.md: known figures, unofficial)."""
RESOURCES = (
    "PROCESS_STATUS",
    "SHIPMENT",
    "PRICE_STAR_BOUNDARY",
    "COMPETING_OFFER",
    "OFFER_FOR_SALE",
    "OFFER_NOT_FOR_SALE",
    "ORDER",
)
"""bol-retailer-v10, SubscriptionRequest.resources."""


@dataclass(frozen=True, kw_only=True)
class BolSimulatorConfig(Habits):
    """One retailer's account, and how its customers behave (Habits)."""

    client_id: str = "demo"
    client_secret: str = field(default="demo-secret", repr=False)
    retailer_id: int = 1234567
    token_seconds: int = 299
    limits: Mapping[str, tuple[int, float]] = field(default_factory=lambda: dict(LIMITS))
    """An operation that is not named has none."""
    process_seconds: float = 0.2
    """From a 202 to its SUCCESS."""
    process_kept: float = 3600.0
    """Seconds after which a write that has ended is not known any more ("a limited period of time")."""
    resources: tuple[str, ...] = RESOURCES
    """What a webhook can subscribe to: that ORDER is among them is not documented (facts/bol.md)."""
    no_reasons_status: Literal[200, 204] = 200
    """What `not-for-sale-reasons` answers for an offer that is for sale: 200 in the contract, 204 by hearsay."""
    any_update_recounts: bool = False
    """Whether a PATCH without an amount, too, is the update after which orders are counted (managedByRetailer true):
    "after the last offer update" in bol-offers-v11, the last stock update in facts/bol.md."""
    sufficient_from: int = 1
    """Units from which on the inventory's stock is SUFFICIENT: the contract does not say."""
    push_tries: int = 10
    push_pause: float = 60.0
    """Seconds between tries: ten in about ten minutes, then the subscription is disabled."""
    push_timeout: float = 5.0
    pushes_at_once: int = 20
    pushes_waiting: int = 10_000
    attempts_kept: int = 1_000
    hang_seconds: float = 30.0
    """How long a call that times out is left hanging."""
    max_body: int = 1024 * 1024
    https_only: bool = False
    """Bol takes only https addresses for pushes; a test on one machine has none."""
    seed: int | None = None
    """Of customers, ids and trouble, where `serve` makes the dice; None: they differ at every start."""
