"""Articles as their rows have them, made short."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from streams.stock.state import Article, Offer, Reservation, Sale
from streams.vocabulary.stock_reading import Reading

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER = 1001

Amount = Decimal | int | str


def reading(free: Amount, reserved: Amount = 0, incoming: Amount = 0, branch: int = 1) -> Reading:
    """What Mplus has at a branch."""
    return Reading(
        article_number=NUMBER,
        branch=branch,
        free=Decimal(free),
        reserved=Decimal(reserved),
        incoming=Decimal(incoming),
        marker=1,
        asked_at=AT,
        answered_at=AT,
    )


def article(*readings: Reading, ordered: Amount = 0, sold: Amount = 0, **more: object) -> Article:
    """A row with these readings; `ordered` at Bol and `sold` at the till in no reading yet."""
    reservations = (Reservation(order_id="b1", item_id="i1", quantity=Decimal(ordered), made_at=AT),) * bool(
        Decimal(ordered)
    )
    sales = (Sale(key="s1/l1", quantity=Decimal(sold), heard_at=AT, known_marker=1),) * bool(Decimal(sold))
    return Article(
        readings=readings,
        answered=True,
        reservations=reservations,
        sales=sales,
        **more,  # type: ignore[arg-type]  # the test's own fields
    )


def offer(offer_id: str, units: int = 1, condition: str = "NEW") -> Offer:
    """An offer that sells it."""
    return Offer(offer_id=offer_id, units=units, condition=condition)
