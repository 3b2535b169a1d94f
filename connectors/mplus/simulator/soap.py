"""SOAP 1.1, document/literal: requests read leniently by local name, answers as the live server writes them.

The live parser takes elements out of order and misses required ones without a word (facts/mplus.md 1.2), so
this one does too. What it never does is resolve an entity, fetch anything or take a document type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from lxml import etree

from connectors.mplus.simulator.orders import MOST_QUANTITY
from streams.vocabulary.time import SHOP_ZONE

NAMESPACE = "urn:mplusqapi"
SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP_NAMESPACE}" xmlns:ns="{NAMESPACE}">'
    "<SOAP-ENV:Header/><SOAP-ENV:Body>"
)
_TAIL = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"

MOST_TEXT = 65_536
"""Characters in one element: no field of a shop is longer."""
_INT_RANGE = 2**31
_LONG_RANGE = 2**63
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)


@dataclass
class SoapFault(Exception):
    """A `SOAP-ENV:Fault`. `code` is Client or Server with its sub-code (facts/mplus.md 1.5)."""

    text: str
    code: str = "Client"


class Node:
    """One element of a request, read by local names. A value that does not fit its type is a Client fault."""

    __slots__ = ("_element", "_path")

    def __init__(self, element: etree._Element, path: str = "") -> None:
        self._element = element
        self._path = path or self.name

    @property
    def name(self) -> str:
        """The local name."""
        return etree.QName(self._element).localname

    def children(self, name: str | None = None) -> Iterator[Node]:
        """The child elements, of this name or all."""
        for element in self._element:
            child = etree.QName(element).localname
            if name is None or child == name:
                yield Node(element, f"{self._path}.{child}")

    def names(self) -> Iterator[str]:
        """The local names of the child elements."""
        return (child.name for child in self.children())

    def child(self, name: str) -> Node | None:
        """The first child of this name."""
        return next(self.children(name), None)

    def inside(self, name: str) -> Node:
        """The child of this name, or this element itself where it is missing: `<request>` is sometimes left
        out."""
        return self.child(name) or self

    def value(self) -> str:
        """This element's own text."""
        text = "".join(map(str, self._element.itertext())) if len(self._element) else self._element.text or ""
        if len(text) > MOST_TEXT:
            raise SoapFault(f"{self._path} is longer than {MOST_TEXT} characters")
        return text

    def text(self, name: str) -> str | None:
        """A child's text, None where it is missing."""
        child = self.child(name)
        return None if child is None else child.value()

    def whole(self, name: str) -> int | None:
        """A child's xsd:long. Missing or empty: None."""
        child = self.child(name)
        return None if child is None else child.as_whole(_LONG_RANGE)

    def small(self, name: str) -> int | None:
        """A child's xsd:int. Missing or empty: None."""
        child = self.child(name)
        return None if child is None else child.as_whole(_INT_RANGE)

    def as_whole(self, bound: int = _LONG_RANGE) -> int | None:
        """This element's own whole number. Empty: None."""
        text = self.value().strip()
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or not -bound <= int(text) < bound:
            raise SoapFault(f"{self._path} is not a whole number in range: {text[:40]!r}")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """A child's boolean; 1 and 0 count. Empty is a fault at the live server (facts/mplus.md 1.2)."""
        child = self.child(name)
        if child is None:
            return None
        text = child.value().strip()
        if text not in ("true", "false", "1", "0"):
            raise SoapFault(f"{child._path} is not a boolean: {text[:40]!r}")
        return text in ("true", "1")

    def wholes(self, name: str) -> list[int]:
        """All children of this name as whole numbers. A wrapper named like its child (getStock.articleNumbers,
        facts/mplus.md 2.4) is looked into."""
        found: list[int] = []
        for child in self.children(name):
            if len(child._element):
                found.extend(child.wholes(name))
            elif (number := child.as_whole()) is not None:
                found.append(number)
        return found

    def texts(self, name: str) -> list[str]:
        """All children of this name; `pluNumbers/text/text` is looked into."""
        found: list[str] = []
        for child in self.children(name):
            inner = list(child.children())
            if inner:
                for one in inner:
                    found.extend(
                        value.value() for value in ([one] if not len(one._element) else one.children())
                    )
            elif text := child.value():
                found.append(text)
        return found

    def amount(self, quantity: str, places: str, absent: int) -> Decimal | None:
        """quantity / 10^decimalPlaces; `absent`: the places where none are sent (facts/mplus.md 2.2)."""
        whole = self.whole(quantity)
        if whole is None:
            return None
        shift = self.small(places)
        shift = absent if shift is None else shift
        if not 0 <= shift <= 6:
            raise SoapFault(f"{self._path}.{places} lies between 0 and 6")
        value = Decimal(whole).scaleb(-shift)
        if abs(value) > MOST_QUANTITY:
            raise SoapFault(f"{self._path}.{quantity} is at most {MOST_QUANTITY}")
        return value

    def day(self, name: str) -> date | None:
        """A child's SoapMplusDate; zeros are null (facts/mplus.md 2.3)."""
        child = self.child(name)
        if child is None:
            return None
        year, month, day = (child.small(part) or 0 for part in ("year", "mon", "day"))
        if not (year and month and day):
            return None
        try:
            return date(year, month, day)
        except (ValueError, OverflowError):
            raise SoapFault(f"{child._path} is not a date") from None

    def moment(self, name: str) -> datetime | None:
        """A child's SoapMplusDateTime in UTC; zeros are null. Without an offset it is the shop's wall clock."""
        child = self.child(name)
        day = self.day(name)
        if child is None or day is None:
            return None
        hour, minute, second = (child.small(part) or 0 for part in ("hour", "min", "sec"))
        offset = child.small("timezone") or 0
        try:
            local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
            if offset:
                return local - timedelta(minutes=offset)
            return local.replace(tzinfo=SHOP_ZONE).astimezone(UTC)
        except (ValueError, OverflowError):
            raise SoapFault(f"{child._path} is not a moment") from None


def read_request(body: bytes) -> Node:
    """The operation element of an envelope. Raises SoapFault on anything that is no SOAP request."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SoapFault("the request is not well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise SoapFault("a SOAP message has no document type")
    if etree.QName(root).localname != "Envelope":
        raise SoapFault("the request is not a SOAP envelope")
    soap_body = Node(root).child("Body")
    operation = None if soap_body is None else next(soap_body.children(), None)
    if operation is None:
        raise SoapFault("the SOAP body holds no operation")
    return Node(operation._element)


def envelope(answer: str) -> str:
    """An answer in its envelope."""
    return f"{_HEAD}{answer}{_TAIL}"


def fault_envelope(fault: SoapFault) -> str:
    """A fault: its children carry no prefix (facts/mplus.md 1.5)."""
    return envelope(
        f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{escaped(fault.code)}</faultcode>"
        f"<faultstring>{escaped(fault.text)}</faultstring></SOAP-ENV:Fault>"
    )


def escaped(text: str) -> str:
    """Text fit for an element; a character that XML cannot carry becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text).translate(_SPECIAL)


def element(name: str, value: str | int | bool | date | None) -> str:
    """One element, or nothing for None. A datetime becomes a SoapMplusDateTime, a date a SoapMplusDate."""
    if value is None:
        return ""
    return f"<ns:{name}>{_inner(value)}</ns:{name}>"


def wrapped(name: str, inner: str) -> str:
    """An element around ready-made ones; empty where there are none, as the live server has it."""
    return f"<ns:{name}>{inner}</ns:{name}>" if inner else f"<ns:{name}/>"


def amount(quantity: str, places: str, value: Decimal) -> str:
    """An amount as its pair of elements, with the fewest places that hold it (facts/mplus.md 2.2)."""
    shift = min(6, max(0, -int(value.normalize().as_tuple().exponent)))
    return f"<ns:{quantity}>{int(value.scaleb(shift))}</ns:{quantity}><ns:{places}>{shift}</ns:{places}>"


def _inner(value: str | int | bool | date) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return f"<ns:day>{value.day}</ns:day><ns:mon>{value.month}</ns:mon><ns:year>{value.year}</ns:year>"
    return escaped(value)


def _moment(value: datetime) -> str:
    """Wall clock of the shop with its offset in minutes (facts/mplus.md 2.3)."""
    local = value.astimezone(SHOP_ZONE)
    offset = local.utcoffset()
    dst = local.dst()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    return (
        f"<ns:sec>{local.second}</ns:sec><ns:min>{local.minute}</ns:min><ns:hour>{local.hour}</ns:hour>"
        f"<ns:day>{local.day}</ns:day><ns:mon>{local.month}</ns:mon><ns:year>{local.year}</ns:year>"
        f"<ns:isdst>{'true' if dst else 'false'}</ns:isdst><ns:timezone>{minutes}</ns:timezone>"
    )
