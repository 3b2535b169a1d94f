"""SOAP 1.1 requests as MplusKASSA takes them (facts/mplus.md 1.2). Pure; replies are read in reply.py.

Requests are written as text, in the order of the schema (contracts/mplusqapi-67.1.3.xsd).
docs/decisions/0003-soap-with-lxml.md says why there is no SOAP library here.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from streams.vocabulary.time import SHOP_ZONE

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:ns1="urn:mplusqapi"><SOAP-ENV:Header/><SOAP-ENV:Body>'
)
_TAIL = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def envelope(operation: str, *content: str) -> bytes:
    """The request of an operation, whose content is made with the functions below."""
    return f"{_HEAD}{tag(operation, *content)}{_TAIL}".encode()


def tag(name: str, *content: str) -> str:
    """An element around elements (or nothing)."""
    inner = "".join(content)
    return f"<ns1:{name}>{inner}</ns1:{name}>" if inner else f"<ns1:{name}/>"


def text(name: str, value: str) -> str:
    """An element with text; characters that XML cannot hold are left out."""
    return f"<ns1:{name}>{_ILLEGAL.sub('', value).translate(_SPECIAL)}</ns1:{name}>"


def filled(name: str, value: str) -> str:
    """An element with text, or nothing where the text is empty."""
    return text(name, value) if value else ""


def number(name: str, value: int) -> str:
    """A whole number."""
    return f"<ns1:{name}>{value:d}</ns1:{name}>"


def optional(name: str, value: int | None) -> str:
    """A whole number, or nothing."""
    return "" if value is None else number(name, value)


def flag(name: str, value: bool) -> str:
    """true or false, never empty: an empty boolean is a fault (facts/mplus.md 1.2)."""
    return f"<ns1:{name}>{'true' if value else 'false'}</ns1:{name}>"


def day(name: str, value: date) -> str:
    """SoapMplusDate: day, mon, year in that order (facts/mplus.md 2.3)."""
    return tag(name, number("day", value.day), number("mon", value.month), number("year", value.year))


def moment(name: str, value: datetime) -> str:
    """SoapMplusDateTime: the shop's wall clock with its offset in minutes (facts/mplus.md 2.3). A moment without an
    offset is the shop's own time."""
    local = (value if value.tzinfo else value.replace(tzinfo=SHOP_ZONE)).astimezone(SHOP_ZONE)
    offset = local.utcoffset()
    parts = {"sec": local.second, "min": local.minute, "hour": local.hour}
    parts |= {"day": local.day, "mon": local.month, "year": local.year}
    return tag(
        name,
        *(number(part, of) for part, of in parts.items()),
        flag("isdst", False),
        number("timezone", int(offset.total_seconds()) // 60 if offset else 0),
    )


def amount(name: str, places: str, value: Decimal) -> str:
    """A quantity and, always, its decimal places (facts/mplus.md 2.2): the fewest that hold it, at most six."""
    rounded = round(value, 6).normalize()
    shift = max(0, -int(rounded.as_tuple().exponent))
    return number(name, int(rounded.scaleb(shift))) + number(places, shift)
