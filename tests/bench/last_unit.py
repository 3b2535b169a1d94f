"""Who got the last unit, and whether Bol could have been told in time: from the vendors' own diaries. Pure.

A till refuses nobody, and a Bol customer is refused where Bol shows nothing any more. So a unit is promised twice
either because the till sold what a Bol customer had ordered (nothing at Bol could prevent that), or because a Bol
customer ordered what the till had sold. The latter could be known when Bol had been told already and showed the unit
again, or when there was time: from the sale, or from the first place that Bol's limit of writes left after it, `grace`
seconds had gone by.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from app.demo.freshness import Freshness, measured

Fate = Literal["once", "refused", "till-last", "not-knowable", "knowable"]
"""`once`: one got it, nobody else wanted it; `refused`: Bol no longer showed it; else it was promised twice."""
SECOND = timedelta(seconds=1)


class Round(NamedTuple):
    """What became of one unit."""

    offer_id: str
    sold_at: datetime | None = None
    """At the till."""
    ordered_at: datetime | None = None
    """At Bol; None: nobody did, or he was refused."""
    refused_at: datetime | None = None
    booked_at: datetime | None = None
    """When the Bol order was in Mplus."""


class Shown(NamedTuple):
    """A moment at which what Bol shows of an offer changed."""

    at: datetime
    offer_id: str
    on_sale: int
    pushed: bool
    """By the bridge, and not by an order."""


class Race(NamedTuple):
    """All rounds."""

    fates: Mapping[Fate, int]
    after_the_sale: Mapping[str, int]
    """Orders of what the till had sold, by how long after the sale they came."""
    seen_in_mplus: int
    """Of `till-last`: the Bol order was in Mplus when the till sold it."""
    still_shown: Freshness
    """From the sale to the push that took the number off, where no Bol customer took it before."""
    knowable: tuple[str, ...]
    """In words."""

    @property
    def oversold(self) -> int:
        """Units that were promised twice."""
        return sum(self.fates.get(fate, 0) for fate in ("till-last", "not-knowable", "knowable"))


BUCKETS = (0.05, 0.15, 0.5, 1.0)


def judged(
    rounds: Iterable[Round], shown: Sequence[Shown], writes: Sequence[datetime], limit: int, grace: float
) -> Race:
    """`shown`: the diary of Bol's shelf, oldest first; `writes`: when Bol took a write of offers, rising; `limit`: how
    many it takes in a second."""
    of: dict[str, list[Shown]] = {}
    for one in shown:
        of.setdefault(one.offer_id, []).append(one)
    fates: dict[Fate, int] = {}
    buckets: dict[str, int] = {}
    took: list[float] = []
    knowable: list[str] = []
    seen = never = 0
    for one in rounds:
        diary = of.get(one.offer_id, ())
        fate = _fate(one, diary, writes, limit, grace)
        fates[fate] = fates.get(fate, 0) + 1
        seen += fate == "till-last" and _seen(one)
        if fate in ("not-knowable", "knowable"):
            assert one.sold_at is not None
            assert one.ordered_at is not None
            after = (one.ordered_at - one.sold_at).total_seconds()
            name = next((f"within {most * 1000:.0f} ms" for most in BUCKETS if after <= most), "later")
            buckets[name] = buckets.get(name, 0) + 1
        if fate == "knowable":
            knowable.append(f"offer {one.offer_id} was ordered {after * 1000:.0f} ms after the till sold it")
        if one.sold_at is not None and one.ordered_at is None:
            gone = next((entry.at for entry in diary if entry.at >= one.sold_at and not entry.on_sale), None)
            if gone is None:
                never += 1
            else:
                took.append((gone - one.sold_at).total_seconds() * 1000)
    return Race(fates, buckets, seen, measured(took, never), tuple(knowable))


def _fate(one: Round, diary: Sequence[Shown], writes: Sequence[datetime], limit: int, grace: float) -> Fate:
    if one.sold_at is None or one.ordered_at is None:
        return "refused" if one.refused_at is not None else "once"
    if one.ordered_at <= one.sold_at:
        return "till-last"
    told = any(
        entry.pushed and not entry.on_sale and one.sold_at <= entry.at < one.ordered_at for entry in diary
    )
    in_time = first_place(writes, one.sold_at, limit) + timedelta(seconds=grace) < one.ordered_at
    return "knowable" if told or in_time else "not-knowable"


def _seen(one: Round) -> bool:
    return one.booked_at is not None and one.sold_at is not None and one.booked_at < one.sold_at


def first_place(writes: Sequence[datetime], moment: datetime, limit: int) -> datetime:
    """The first moment from then on at which Bol had taken fewer than `limit` writes in the second before."""
    while True:
        first, last = bisect_right(writes, moment - SECOND), bisect_left(writes, moment)
        if last - first < limit:
            return moment
        moment = writes[last - limit] + SECOND
