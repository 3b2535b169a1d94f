"""Replies of Mplus, read by local name: prefixes and the case of the outermost element differ between
operations and versions (facts/mplus.md 1.2), and elements we do not know are passed over. Pure.

No document type, no entity, no network, no tree beyond libxml2's own limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from typing import Generic, NamedTuple, TypeVar

from lxml import etree

from streams.vocabulary.time import SHOP_ZONE

R = TypeVar("R")

MOST_PLACES = 9
"""Decimal places of a quantity: the vendor's own code rounds to six (facts/mplus.md 2.2)."""
_LONG = 2**63
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(?:\.0+)?", re.ASCII)
_SHORT = 18
"""So many digits are never too many for a number of 64 bits."""
_REASONS = 5
"""Rows left out of a page whose reasons are told; the others are counted."""


class Unreadable(Exception):
    """A reply that is no reply of Mplus; the text is the reason."""


class Fault(Exception):
    """A SOAP fault. `ours`: the caller is to blame (facts/mplus.md 1.5), the same call fails again."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(code, said)
        self.code = code
        self.said = said
        self.ours = code.rpartition(":")[2].casefold().startswith("client")


class Node:
    """One element of a reply. Reading what is no value of its type raises Unreadable."""

    __slots__ = ("_children", "_element")

    def __init__(self, element: etree._Element) -> None:
        self._element = element
        self._children: dict[str, etree._Element] = {}
        for one in element:
            self._children.setdefault(_local(one), one)

    @property
    def name(self) -> str:
        """The local name."""
        return _local(self._element)

    def child(self, name: str) -> Node | None:
        """The first child of this name."""
        found = self._children.get(name)
        return None if found is None else Node(found)

    def each(self, *path: str) -> Iterator[Node]:
        """All elements at the end of this path of child names; nothing where a step is missing."""
        for one in self._element:
            if _local(one) == path[0]:
                node = Node(one)
                if len(path) == 1:
                    yield node
                else:
                    yield from node.each(*path[1:])

    def below(self, name: str) -> Iterator[Node]:
        """All elements of this name, however deep."""
        for one in self._element.iter(f"{{*}}{name}"):
            yield Node(one)

    def parts(self) -> Iterator[Node]:
        """All child elements, but for those that say they are nothing (`xsi:nil`)."""
        for one in self._element:
            if _local(one) and one.get(_NIL) not in ("true", "1"):
                yield Node(one)

    def written(self) -> str:
        """This element's own text as it came."""
        return self._element.text or ""

    def own(self) -> str:
        """This element's own text, without the space around it."""
        return (self._element.text or "").strip()

    def text(self, name: str) -> str:
        """A child's text; empty where it is missing or empty."""
        found = self._children.get(name)
        return "" if found is None else (found.text or "").strip()

    def whole(self, name: str, default: int | None = None) -> int:
        """A child's whole number; missing or empty: the default, and without one Unreadable."""
        found = self.maybe(name)
        if found is not None:
            return found
        if default is None:
            raise Unreadable(f"{self.name} has no {name}")
        return default

    def maybe(self, name: str) -> int | None:
        """A child's whole number; None where it is missing or empty."""
        given = self.text(name)
        return None if not given else self._number(given, f".{name}")

    def itself(self) -> int:
        """This element's own whole number."""
        return self._number(self.own(), "")

    def _number(self, given: str, where: str) -> int:
        if len(given) < _SHORT and given.isdecimal() and given.isascii():
            return int(given)
        if _WHOLE.fullmatch(given):
            value = int(given.partition(".")[0])
            if -_LONG <= value < _LONG:
                return value
        raise Unreadable(f"{self.name}{where} is {given[:40]!r}, not a whole number")

    def flag(self, name: str, default: bool) -> bool:
        """true/1 or false/0; the default where it is missing or empty."""
        given = self.text(name).casefold()
        if not given:
            return default
        if given not in ("true", "1", "false", "0"):
            raise Unreadable(f"{self.name}.{name} is {given[:40]!r}, neither true nor false")
        return given in ("true", "1")

    def amount(self, name: str, places: str, default: int | None = None) -> Decimal:
        """A quantity with its decimal places beside it; absent places count as 0 (facts/mplus.md 2.2)."""
        shift = self.whole(places, 0)
        if not 0 <= shift <= MOST_PLACES:
            raise Unreadable(f"{self.name}.{places} is {shift}, not between 0 and {MOST_PLACES}")
        return Decimal(self.whole(name, default)).scaleb(-shift)

    def moment(self, name: str) -> datetime | None:
        """A child's SoapMplusDateTime in UTC; zeros and absence are None (facts/mplus.md 2.3). `timezone` is
        the offset in minutes; where it is missing or 0 the time is the shop's wall clock."""
        found = self.child(name)
        if found is None:
            return None
        year, month, day = (found.whole(part, 0) for part in ("year", "mon", "day"))
        if not (year and month and day):
            return None
        try:
            clock = [found.whole(part, 0) for part in ("hour", "min", "sec")]
            local = datetime(year, month, day, clock[0], clock[1], clock[2], tzinfo=UTC)
            offset = found.whole("timezone", 0)
            if offset:
                return local - timedelta(minutes=offset)
            # The hour that comes twice in autumn: summer time is the first.
            first = found.flag("isdst", True)
            return local.replace(tzinfo=SHOP_ZONE, fold=0 if first else 1).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise Unreadable(f"{self.name}.{name} is no moment") from error


class Rows(NamedTuple, Generic[R]):
    """The rows of a list."""

    found: list[R]
    left_out: int = 0
    """Rows that could not be read: one bad row must not hold up all others."""
    why: tuple[str, ...] = ()
    """The reasons of the first few of them."""


def answer(body: bytes) -> Node:
    """The operation's response element. Raises Fault and Unreadable."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(_clean(body), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _no_xml(error) from error
    return _response(root)


def rows(body: bytes, path: tuple[str, ...], read: Callable[[Node], R]) -> Rows[R]:
    """What stands at this path below the response element, row by row: a row's elements are dropped once it is
    read, so that a whole administration's stock needs no tree of it. Raises Fault and Unreadable."""
    found: list[R] = []
    left_out = 0
    why: list[str] = []
    depth = len(path) + 2  # Envelope, Body, the response, and the path's own lists
    try:
        reader = etree.iterparse(
            BytesIO(_clean(body)), events=("end",), tag=f"{{*}}{path[-1]}", resolve_entities=False,
            no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
            collect_ids=False,
        )  # fmt: skip
        for _, element in reader:
            above = [_local(one) for one in element.iterancestors()]
            if len(above) != depth or above[: len(path) - 1] != list(reversed(path[:-1])):
                continue  # something of the same name inside a row
            try:
                found.append(read(Node(element)))
            except Unreadable as error:
                left_out += 1
                if len(why) < _REASONS:
                    why.append(str(error))
            element.clear()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _no_xml(error) from error
    _response(reader.root)
    return Rows(found, left_out, tuple(why))


def _response(root: etree._Element) -> Node:
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("the reply declares a document type, which SOAP forbids")
    if _local(root) != "Envelope":
        raise Unreadable(f"the reply is <{_local(root)[:40]}>, not a SOAP envelope")
    first = next(Node(root).each("Body"), None)
    found = next((Node(one) for one in first._element), None) if first is not None else None
    if found is None:
        raise Unreadable("the reply's envelope is empty")
    if found.name == "Fault":
        raise Fault(found.text("faultcode"), found.text("faultstring"))
    if not found.name.casefold().endswith("response"):
        raise Unreadable(f"the reply holds <{found.name[:40]}>, which is no response")
    return found


def _clean(body: bytes) -> bytes:
    """Without the byte order mark or blank lines that some versions put first (facts/mplus.md 8)."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip() if body[:1] not in (b"<", b"\xfe", b"\xff") else body


def _local(element: etree._Element) -> str:
    name = element.tag
    return _bare(name) if isinstance(name, str) else ""


@lru_cache(2048)
def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def _no_xml(error: Exception) -> Unreadable:
    """Where it breaks, not what stands there: that could be anything."""
    line, column = error.position if isinstance(error, etree.XMLSyntaxError) else (0, 0)
    return Unreadable(f"the reply is not XML (line {line}, column {column})")
