"""SOAP 1.1 as MplusKASSA speaks it (facts/mplus.md 1.2). Pure.

Requests are written as text in the schema's order (contracts/mplusqapi-67.1.3.xsd). Replies are read by local
name: prefixes and the case of the outermost element differ between operations and versions.
docs/decisions/0003-soap-with-lxml.md says why there is no SOAP library here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

Element = etree._Element

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPEN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:ns1="urn:mplusqapi"><SOAP-ENV:Header/><SOAP-ENV:Body>'
)
_CLOSE = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"


class Unreadable(Exception):
    """A reply that is no reply of Mplus; the text is the reason."""


class Fault(NamedTuple):
    """A SOAP fault. `ours`: the caller is to blame (facts/mplus.md 1.5), the same call fails again."""

    code: str
    said: str
    ours: bool


# -- writing


def envelope(operation: str, *content: str) -> bytes:
    """The request of an operation, whose content is made with `tag`."""
    return f"{_OPEN}{tag(operation, *content)}{_CLOSE}".encode()


def tag(name: str, *content: str) -> str:
    """An element around elements (or nothing)."""
    inner = "".join(content)
    return f"<ns1:{name}>{inner}</ns1:{name}>" if inner else f"<ns1:{name}/>"


def text(name: str, value: str) -> str:
    """An element with text; characters that XML cannot hold are left out."""
    return f"<ns1:{name}>{escape(_ILLEGAL.sub('', value))}</ns1:{name}>"


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


# -- reading


def reply(body: bytes) -> Element | Fault:
    """The first element in the Body, or the fault. Raises Unreadable."""
    root = _parse(body)
    if local(root) != "Envelope":
        raise Unreadable(f"the reply is <{local(root)}>, not a SOAP envelope")
    inside = child(root, "Body")
    first = next(children(inside), None) if inside is not None else None
    if first is None:
        raise Unreadable("the reply's envelope is empty")
    if local(first) != "Fault":
        return first
    code = string(first, "faultcode")
    last = code.rpartition(":")[2]
    return Fault(code=code, said=string(first, "faultstring"), ours=last.startswith("Client"))


def _parse(body: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body.removeprefix(b"\xef\xbb\xbf").lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"the reply is not XML ({str(error)[:120]})") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("the reply declares a document type, which SOAP forbids")
    return root


def local(element: Element) -> str:
    """The name without its namespace."""
    name = element.tag
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def children(element: Element, name: str | None = None) -> Iterator[Element]:
    """The child elements, or those of this name."""
    for one in element:
        if isinstance(one.tag, str) and (name is None or one.tag.rpartition("}")[2] == name):
            yield one


def child(element: Element, name: str) -> Element | None:
    """The first child of this name."""
    return next(children(element, name), None)


def string(element: Element, name: str) -> str:
    """The child's text; empty where it is missing or empty."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def integer(element: Element, name: str, default: int | None = None) -> int:
    """The child as a whole number. Raises Unreadable where it is rubbish, or missing without a default."""
    given = string(element, name)
    if not given and default is not None:
        return default
    try:
        return int(given)
    except ValueError as error:
        raise Unreadable(f"{local(element)}.{name} is {given[:40]!r}, not a whole number") from error


def boolean(element: Element, name: str, default: bool) -> bool:
    """true/1 or false/0; the default where it is missing or empty."""
    given = string(element, name).lower()
    return default if not given else given in ("true", "1")


def amount(element: Element, name: str, places: str) -> Decimal:
    """A quantity with its decimal places beside it; absent places count as 0 (facts/mplus.md 2.2)."""
    try:
        return Decimal(integer(element, name, 0)).scaleb(-integer(element, places, 0))
    except InvalidOperation as error:
        raise Unreadable(f"{local(element)}.{places} is out of bounds") from error
