"""What a row of the stock flow holds: one article of one connection."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from streams.vocabulary.activity import PushShown
from streams.vocabulary.events import Part
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
MOVEMENTS = 8
"""Movements kept in a row for whoever looks at it; all of them are on the activity topic, as long as that is kept."""
PARTED = 20
"""Offers that a row remembers after they have gone."""
PUSHES = 4
"""Ended pushes kept likewise, of all its offers together."""


class Reservation(Value, frozen=True):
    """One Bol order item that takes units of this article.

    seen (booked_at None) -> booked -> released (gone from the row, remembered in `released`).
    """

    order_id: str
    item_id: str
    quantity: Decimal
    made_at: datetime
    booked_at: datetime | None = None
    """When Mplus answered the booking."""
    after: int = 0
    """As in `Sale`."""
    parts: tuple[int, ...] = ()
    """Of a composed article: the parts that were told of it (kits.py)."""

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
    after: int = 0
    """The newest reading that was asked for when we heard of it (its number among the row's askings): only the answer
    to a later one is sure to contain it, whatever the clocks say (readings.py)."""


class Offer(Value, frozen=True):
    """An offer at Bol that sells this article."""

    offer_id: str
    ean: str = ""
    units: int = 1
    fulfilment: str = "FBR"
    condition: str = "NEW"
    desired: int | None = None
    sent: int | None = None
    """What Bol holds as far as we know: confirmed by its 204 or read back. None: not known."""
    sent_at: datetime | None = None
    left_at: datetime | None = None
    """When the push that Bol took last had left."""
    at_bol: int | None = None
    """As last read back."""
    at_bol_read: datetime | None = None
    loose: bool = False
    """A push that is not wanted any more may still get there: what Bol holds is not known until it took another one."""
    crossed: bool = False
    """It was read back otherwise than the push has it that is on its way."""
    managed: bool = True
    """As Bol has it, as far as we know: read back or confirmed."""
    corrected: int | None = None
    """What is left after open orders, as Bol counts; as last read back."""
    price_cents: int | None = None
    """As Bol has it, as far as we know."""
    on_hold: bool | None = None
    """As Bol has it, as far as we know."""
    held: bool = False
    """We put it on hold, so that we may take it off."""
    freed: bool = False
    """Somebody took it off the hold that we had put it on: it is left so until the article is switched on again."""
    refused_price: int | None = None
    """Cents that Bol refused: not sent again until the price is another one."""
    price_stuck: str = ""
    operator_missing: bool = False
    """It was said that it has none."""
    offline: tuple[str, ...] = ()
    """Why Bol does not show it, as last read back."""
    tries: int = 0
    stuck: str = ""
    cause: str = ""
    """What made the number that is on its way: `till-sale`, `bol-order`, `reading`, `offer`, `part`."""
    cause_at: datetime | None = None


class Count(Value, frozen=True):
    """What a part of this composed article has."""

    article_number: int
    have: Decimal | None
    counted_at: datetime
    limits: bool = True

    @property
    def known(self) -> bool:
        """Whether it says how many of the composed article it makes, or that it does not limit them."""
        return not self.limits or self.have is not None


class Movement(Value, frozen=True):
    """Something that moved the article's stock (streams/vocabulary/activity.py, MovementShown)."""

    at: datetime
    kind: str
    change: Decimal | None = None
    text: str = ""


class Inbound(Value, frozen=True):
    """Bol's own count, to be kept at a branch of Mplus."""

    branch: int
    wanted: Decimal
    set: Decimal | None = None
    """What was there last as far as we know: written, or found to be so."""
    set_at: datetime | None = None
    tries: int = 0
    stuck: str = ""


class Article(Value, frozen=True):
    """The row's state."""

    description: str = ""
    described: int = 0
    """The marker of the description; 0: none came yet."""
    active: bool = True
    stock_kept: bool = True
    unit: str = ""
    groups: tuple[int, ...] = ()
    price_cents: int = 0
    parts: tuple[Part, ...] = ()
    """Of a composed article."""
    counts: tuple[Count, ...] = ()
    """What those parts have, in their order; one that has not answered is missing."""
    wanting: tuple[int, ...] = ()
    """The parts that were asked to tell what they have, rising."""
    kits: tuple[int, ...] = ()
    """The composed articles that are on sale and have this one in them, rising."""
    told: Decimal | None = None
    """What those were told last; None: nothing, or that it is not known."""
    told_limits: bool = True
    """Whether they were told that it limits them."""
    told_at: datetime | None = None
    """When that was: what is told later bears a later time, whatever the clocks of the events say."""
    readings: tuple[Reading, ...] = ()
    """The newest of each branch, ordered by branch."""
    back: tuple[int, ...] = ()
    """Branches whose last reading went back in time and was not believed: the next one is."""
    answered: bool = False
    """Mplus has answered at least once (an article it keeps no stock of has no readings even then)."""
    reservations: tuple[Reservation, ...] = ()
    sales: tuple[Sale, ...] = ()
    offers: tuple[Offer, ...] = ()
    parted: tuple[str, ...] = ()
    """Offers that sell it no longer and that a push was still on its way to: what Bol holds of them is not known."""
    doubted_since: datetime | None = None
    """Something may have moved it then: a reading asked for after we heard so is wanted."""
    doubted_after: int = 0
    """As in `Sale`, `after`."""
    watched_after: int = 0
    """Likewise, of the moment from which somebody wants its number: the answer to an earlier asking is no first one."""
    read: int = 0
    """The newest asking for a reading that has ended: after a crash one may end twice."""
    swept_after: int = 0
    """Likewise, of the newest reading of a sweep: it may be newer than the answer to an earlier asking."""
    read_tries: int = 0
    read_stuck: str = ""
    sold: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    lying: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """What lies at Bol (FBB) of it, by EAN, in articles."""
    lying_at: datetime | None = None
    """When that was read; None: it was not yet."""
    moved: int = 0
    """The highest marker of Mplus's stock history that is in `movements`."""
    movements: tuple[Movement, ...] = ()
    """The newest first."""
    pushes: tuple[PushShown, ...] = ()
    """Those that have ended, the newest first."""

    @property
    def watched(self) -> bool:
        """Whether anybody wants its number: an offer, or a composed article with one."""
        return bool(self.offers or self.kits)


def item_key(order_id: str, item_id: str) -> str:
    """The identity of a reservation."""
    return f"{order_id}/{item_id}"
