"""How customers, Bol and the post behave where nobody says otherwise. Shares lie between 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Shares are of orders, unless they say items. Spans are seconds, None: never."""

    business_share: float = 0.1
    repeat_share: float = 0.15
    """The same person as before, with another relay address (facts/bol.md, Orders)."""
    odd_address_share: float = 0.1
    """No house number, 'bus 3', a post-office box, c/o, another alphabet."""
    pickup_share: float = 0.1
    fbb_share: float = 0.0
    """Of items: sent by Bol from its own warehouse, though the offer is FBR. With several items, mixed orders."""
    vvb_share: float = 0.0
    """Of FBR orders: with a label of Bol's (distributionParty BOL)."""
    discount_share: float = 0.2
    """Of items."""
    free_share: float = 0.0
    """Of items: a gift, price 0."""
    exact_day_share: float = 0.0
    """The customer chose a day (exactDeliveryDate in place of latestDeliveryDate)."""
    time_frame_share: float = 0.0
    """EVENING, APPOINTMENT, SAMEDAY or SUNDAY rather than REGULAR."""
    ask_cancellation_share: float = 0.0
    """The customer regrets it and asks for a cancellation."""
    return_share: float = 0.0
    """Of shipped items: they come back."""
    delivery_days: int = 2
    """From the order to its latest delivery date."""
    expiry_days: int = 14
    """From the order to its expiry date: at the end of that day what is still open of an FBR item is cancelled."""
    ask_cancellation_after: float = 30.0
    return_after: float = 60.0
    """From the shipment to the registration of its return."""
    fbb_after: float | None = 600.0
    """Until Bol ships what it sends itself, and until it handles what comes back to its warehouse. 0: at once, so that
    no poll ever sees such an order open."""
    track_required: bool = False
    """Whether a parcel (no letter) needs a track and trace code. The contract says no: `trackAndTrace` is nullable."""
    writes_late: bool = False
    """Whether shipments, cancellations and returns take effect when their process ends, not when it begins. Which it is
    at Bol is not documented; it matters to whoever looks for a write whose answer was lost."""

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.name.endswith("_share") and not 0 <= getattr(self, one.name) <= 1:
                raise ValueError(f"{one.name} lies between 0 and 1")
