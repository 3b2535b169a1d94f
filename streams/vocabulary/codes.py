"""Codes that articles, offers and order lines are matched by: EANs (GTINs) and SKUs."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import quote, unquote

Kind = Literal["ean", "sku"]
LONGEST = 120
"""Characters of a code that count: Bol's reference has at most 100 (bol-offers-v11)."""
_NO_DIGITS = re.compile(r"[^0-9]+")


def normal(kind: Kind, value: str) -> str:
    """The one spelling that codes are compared in; empty: no code at all.

    EAN: its digits; a UPC-A (12) and a GTIN-14 with a leading 0 become the EAN-13 they are. SKU: without
    spaces around it, and without upper case.
    """
    text = value.strip()[:LONGEST]
    if kind == "sku":
        return text.casefold()
    digits = text if text.isascii() and text.isdigit() else _NO_DIGITS.sub("", text)
    if len(digits) == 12:
        return "0" + digits
    if len(digits) == 14 and digits[0] == "0":
        return digits[1:]
    return digits


def valid_ean(value: str) -> bool:
    """Whether it is an EAN-8 or EAN-13 with the right check digit."""
    if len(value) not in (8, 13) or not (value.isascii() and value.isdigit()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(value)))
    return weighted % 10 == 0


def code_entity(kind: Kind, value: str) -> str:
    """The entity of a code's row: `code/ean/8712345678906`. A slash in a value cannot break the key."""
    code = normal(kind, value)
    # Most are digits, which nothing has to be done about (an offer's row names its codes some twenty times).
    return f"code/{kind}/{code if code.isascii() and code.isalnum() else quote(code, safe='')}"


def code_of_entity(entity: str) -> tuple[str, str]:
    """Kind and value of a code's entity. Raises ValueError on another entity."""
    what, _, rest = entity.partition("/")
    kind, _, value = rest.partition("/")
    if what != "code" or kind not in ("ean", "sku"):
        raise ValueError(f"{entity!r} is not a code's entity")
    return kind, unquote(value)
