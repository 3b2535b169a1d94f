"""What a shop can set about its orders."""

from __future__ import annotations

from streams.vocabulary.fact import Value


class OrderRules(Value, frozen=True):
    """The rules in force for one connection."""

    branch_number: int
    """The Mplus branch that orders are booked at."""
    workplace_number: int | None = None
    """Needed for a branch that is not the default one (facts/mplus.md 8, quirk 12)."""
    employee_number: int = 999999
    ext_order_prefix: str = "BOL-"
    order_type: str = "ORDER-TYPE-EXTERNAL-SALES-ORDER"
    order_category: int | None = None
    delivery_method: str = ""
    payment_method: str = ""
    fulfilments: tuple[str, ...] = ("FBR",)
    """Which orders are taken over: sent by the retailer (FBR), by Bol (FBB), or both."""
    default_relation: int | None = None
    """The relation for orders without an e-mail address; None: such an order waits for a person."""
    keep_days: int = 100
    """How long a finished order is remembered: longer than Bol's lists reach back (3 months)."""
