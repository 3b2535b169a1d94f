"""Moments as a person writes them: on the command line, and on a page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from streams.vocabulary.time import SHOP_ZONE

_AGO = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")


def moment(text: str, now: datetime) -> datetime:
    """`90s`, `15m`, `2h`, `1d` ago, or an ISO moment (without a zone: the shop's). Raises ValueError."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return now - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no moment: write 90s, 15m, 2h, 1d or 2026-11-23T14:00") from None
    return (given if given.tzinfo else given.replace(tzinfo=SHOP_ZONE)).astimezone(UTC)


def as_of(text: str, now: datetime) -> datetime:
    """The moment that is meant, at the end of its second where no part of one is named: pages leave that part out.
    `14:02` is the last time that the shop's clock showed it. Raises ValueError for no moment, and for one to come."""
    clock = _CLOCK.fullmatch(text.strip())
    try:
        if clock is not None:
            hour, minute, second = (int(part or 0) for part in clock.groups())
            found = _shown_last(hour, minute, second, now)
        else:
            found = moment(text, now)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no moment: write 14:02, 14:02:11, '2026-11-26 14:02', 2026-11-26T14:02:11+01:00, or 90s, "
            "15m, 2h, 1d for so long ago"
        ) from None
    if found > now:
        raise ValueError(f"{text!r} has yet to come: leave it out for how it stands now")
    return found if found.microsecond else found + timedelta(milliseconds=999)


def _shown_last(hour: int, minute: int, second: int, now: datetime) -> datetime:
    here = now.astimezone(SHOP_ZONE).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return (here if here <= now else here - timedelta(days=1)).astimezone(UTC)
