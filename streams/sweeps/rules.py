"""How often what is read, for one connection."""

from __future__ import annotations

from streams.vocabulary.fact import Value


class SweepRules(Value, frozen=True):
    """The rules in force. Intervals in seconds."""

    branches: tuple[int, ...]
    ext_prefix: str = "BOL-"
    subscription_url: str = ""
    """Where Bol reaches our webhook; empty: no subscription is cared for."""
    resources: tuple[str, ...] = ("ORDER", "PROCESS_STATUS", "SHIPMENT")
    markers: float = 20.0
    """One cheap call tells which Mplus feeds moved (facts/mplus.md 2.6)."""
    stock: float = 300.0
    """Only where the installation gives no stock marker."""
    stock_mark: str = ""
    """Equal for equal rules about stock and how offers find their articles: when it changes every number is worked out
    anew."""
    stock_history: bool = True
    """Whether Mplus's own stock history is read as it grows: it explains, the numbers come from the readings."""
    slips: bool = True
    """Whether packing slips are read as they change: where staff write the track and trace code on them."""
    bol_orders: float = 60.0
    returns: float | None = 900.0
    """All open returns of Bol, whose list takes 20 calls a minute at most; None: returns are not read."""
    bol_offers: float = 6 * 3600.0
    """A whole round over all offers: finds foreign writes and new offers."""
    compare_at: str = "03:15"
    """One more round at this time of night (the shop's clock, `HH:MM`), whose result is told; empty: none."""
    bol_inventory: float | None = None
    """What lies at Bol (FBB), whose list takes 20 calls a minute at most; None: it is not read."""
    processes: float = 60.0
    subscription: float = 900.0
