"""Bol's deadlines: an order that is about to miss the day on which it must leave is raised in time. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from streams.orders.state import Order
from streams.orders.step import OVER, Making
from streams.vocabulary.time import SHOP_ZONE, seconds, utc

SUNDAY = 6
UNREAD = 86_400.0
"""Seconds from when an order is noticed until it should be read: its deadline is not known yet, and a day is what most
have. What somebody waits for (a shipment to be told) goes first."""


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def last_day(order: Order, days_on_the_way: int) -> date | None:
    """The last day on which what is open can be handed over in time; None: Bol names no day, or nothing is open.

    Bol gives the latest (or the chosen) day of delivery (OrderFulfilment, bol-retailer-v10), not of handing over.
    Parcels are not collected on Sundays.
    """
    if order.order is None:
        return None
    open_items = {line.item_id for line in order.lines if line.due > line.shipped}
    days: list[date] = []
    for item in order.order.items:
        if item.item_id in open_items and item.latest_delivery:
            try:
                days.append(date.fromisoformat(item.latest_delivery[:10]))
            except ValueError:
                continue
    if not days:
        return None
    day = min(days) - timedelta(days=days_on_the_way)
    return day - timedelta(days=1) if day.weekday() == SUNDAY else day


def raised_at(day: date, warn_hours: float) -> datetime:
    """When an order that is still here is raised: hours before the end of that day in the shop."""
    end = datetime.combine(day + timedelta(days=1), time(), SHOP_ZONE)
    return utc(end) - timedelta(hours=warn_hours)


def urgency(step: Making) -> datetime | None:
    """By when what brings the order into Mplus should be done: the end of the last day on which it can leave, or until
    that is known, soon. None: now (Bol names no day).

    Of a day's orders the one that was placed first is more urgent by as many microseconds as it is seconds older. With
    that its last step goes before the first step of the next order: else all of them were looked for first, then all
    their customers, and the first one was booked when the last one was nearly.
    """
    order = step.order.order
    if order is None:
        return step.order.noticed_at + seconds(UNREAD)
    day = last_day(step.order, step.rules.days_on_the_way)
    if day is None:
        return None
    return raised_at(day, 0.0) + (utc(order.placed_at) - LONG_AGO) / 1_000_000


def look(step: Making) -> None:
    """Raises it when it is time, or has the row woken then."""
    order = step.order
    how = step.rules.kinds.get(order.kind)
    if order.step in OVER or how is None or how.ship_on == "never":
        return
    day = last_day(order, step.rules.days_on_the_way)
    if day is None:
        if order.late:
            step.put(late=False)
            step.freed("late", "Nothing of it is open any more.")
        return
    due = raised_at(day, step.rules.warn_hours)
    if step.at < due:
        step.wakes.append(due)
        return
    if not order.late:
        step.put(late=True)
        where = f"order {order.mplus_number or order.mplus_order}" if order.is_booked else "not in Mplus yet"
        step.stuck(
            "late",
            f"This order must leave on {day.isoformat()} at the latest, and Bol is not told yet that it has ({where}). "
            "Send it, or cancel it at Bol.",
            level="warn",
        )
