"""What a row of the stock flow holds: one article of one connection."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from streams.vocabulary.fact import Value
from streams.vocabulary.stock_reading import Reading

REMEMBERED_SALES = 64
"""Till lines remembered to take a doubled push once. An older double lowers the number only until the next
reading."""
UNREAD_SALES = 200
"""Till sales that a row holds one by one until a reading shows them."""
REMEMBERED_ITEMS = 300
"""Released Bol items remembered, so that a `ReservationMade` sent again after a crash is not taken up
again. Doubles follow within one run of the orders flow."""


class Reservation(Value, frozen=True):
    """One Bol order item that takes units of this article.

    seen (booked_at None) -> booked -> released (gone from the row, remembered in `released`).
    """

    order_id: str
    item_id: str
    quantity: int
    made_at: datetime
    booked_at: datetime | None = None
    """When Mplus answered the booking: a reading asked at or after it contains the reservation."""

    @property
    def key(self) -> str:
        """Its identity."""
        return item_key(self.order_id, self.item_id)


class Sale(Value, frozen=True):
    """A till sale that no reading is known to contain yet."""

    key: str
    quantity: Decimal
    heard_at: datetime
    known_marker: int
    """The newest stock marker we had when we heard of it."""


class Offer(Value, frozen=True):
    """An offer at Bol that sells this article."""

    offer_id: str
    ean: str = ""
    units: int = 1
    fulfilment: str = "FBR"
    desired: int | None = None
    sent: int | None = None
    """What Bol holds as far as we know: confirmed by its 204 or read back. None: not known."""
    sent_at: datetime | None = None
    at_bol: int | None = None
    """As last read back."""
    at_bol_read: datetime | None = None
    managed: bool = True
    tries: int = 0
    stuck: str = ""
    cause: str = ""
    """What made the number that is on its way: `till-sale`, `bol-order`, `reading`, `offer`."""
    cause_at: datetime | None = None


class Article(Value, frozen=True):
    """The row's state."""

    description: str = ""
    readings: tuple[Reading, ...] = ()
    """The newest of each branch, ordered by branch."""
    answered: bool = False
    """Mplus has answered at least once (an article it keeps no stock of has no readings even then)."""
    reservations: tuple[Reservation, ...] = ()
    sales: tuple[Sale, ...] = ()
    offers: tuple[Offer, ...] = ()
    doubted_since: datetime | None = None
    """A reading asked at or after this moment is wanted."""
    read_tries: int = 0
    read_stuck: str = ""
    sold: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


def item_key(order_id: str, item_id: str) -> str:
    """The identity of a reservation."""
    return f"{order_id}/{item_id}"
