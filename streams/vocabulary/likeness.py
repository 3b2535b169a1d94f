"""When two names or addresses are the same, however they are spelled. Pure.

People and vendors write the same thing in many ways: `3511 AB` and `3511ab`, `Oudegracht 12 bis` in one field or in
three, `José` and `Jose`. What is compared here has no case, no accents, no punctuation and no spaces. What is left
must be equal: `J. de Vries` and `Jan de Vries` are two persons, for they may be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

from streams.vocabulary.mplus_order import Customer

ACCENTS = frozenset((202, 216, 220, 230, 240))
"""Combining classes of the marks that Latin, Greek and Cyrillic letters may go without. The marks of other scripts make
another letter of what they stand with, so they stay."""
BOXES = frozenset(("bus", "bt", "bte", "boite", "box", "postbus"))
"""What stands before the number of a letter box in Belgium, or before nothing at all."""
DUTCH_POSTCODE = re.compile(r"[1-9]\d{3}[a-z]{2}")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_HOUSE_IN_STREET = re.compile(r"(?<=\S)[\s,]+(\d.*)$", re.DOTALL)


def digest(parts: Iterable[str], size: int = 16) -> str:
    """Hexadecimal, of these texts in this order: other texts, or another division of them, give another."""
    told = blake2b(digest_size=size)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        told.update(f"{len(encoded)}:".encode())
        told.update(encoded)
    return told.hexdigest()


def bare(text: str) -> str:
    """Letters and digits of any script: without case, accents, punctuation and spaces."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    spelled = unicodedata.normalize("NFKD", folded)
    return "".join(
        sign
        for sign in spelled
        if unicodedata.category(sign)[0] in "LNM" and unicodedata.combining(sign) not in ACCENTS
    )


def house(number: str, extension: str = "", country: str = "") -> str:
    """A house number with what belongs to it: `12 bis`, `12-bis` and `12bis` are one, `1-2` and `12` are two; in
    Belgium `16 bus 3`, `16 bte 3` and `16/3` are one."""
    plain = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", f"{number} {extension}").casefold()
        if not unicodedata.combining(sign)
    )
    parts = _TOKEN.findall(plain)
    if country.strip().upper() == "BE":
        parts = [part for place, part in enumerate(parts) if place == 0 or part not in BOXES]
    return "|".join(parts)


def house_in(street: str) -> tuple[str, str]:
    """Street and house number of a line that has both (`Oudegracht 12 bis` -> `Oudegracht`, `12 bis`), from the first
    number that is not at its very beginning; the number is empty where there is none."""
    line = " ".join(street.split())
    found = _HOUSE_IN_STREET.search(line)
    return (line[: found.start()], found[1]) if found else (line, "")


def place(street: str, number: str, zip_code: str, country: str) -> str:
    """Where somebody lives, for comparing; empty: it is not known well enough to tell two people apart.

    In the Netherlands a postcode and a house number are one front door. Elsewhere a postcode is a whole town, so the
    street counts too. Without a number apart, the one in the street's line is taken.
    """
    line, found = house_in(street)
    door = house(number if number.strip() else found, "", country)
    if not (found and f"{door}|".startswith(f"{house(found, '', country)}|")):
        line = street  # what looks like a number there is the street's own: `Plein 1945`
    zone = bare(zip_code)
    if not zone or not (door or bare(line)):
        return ""
    land = country.strip().upper()
    if land in ("NL", "") and door and DUTCH_POSTCODE.fullmatch(zone):
        return f"{zone}/{door}"
    return f"{land}/{zone}/{bare(line)}/{door}"


def lives_at(name: str, street: str, number: str, zip_code: str, country: str) -> tuple[str, str] | None:
    """Name and place of somebody, for comparing; None: one of them is missing, so that he cannot be known by it.
    `street` may be a whole line with the number in it; `number` has the extension behind it."""
    who, where = bare(name), place(street, number, zip_code, country)
    return (who, where) if who and where else None


def alike(customer: Customer, name: str, address: str, zip_code: str) -> bool:
    """Whether a relation with this name and address is that customer: name, postcode and house number alike, and the
    street too where a postcode is not a front door. What the customer's address has behind its number (`c/o`, an
    apartment) a relation may go without."""
    if not bare(customer.name) or bare(customer.name) != bare(name):
        return False
    zone = bare(customer.zip_code)
    if not zone or zone != bare(zip_code):
        return False
    whole, theirs, door = bare(customer.address), bare(address), customer.house_number
    if not theirs:
        return False
    if theirs == whole:
        return True
    if not house(door):
        return False
    if customer.country.strip().upper() in ("NL", "") and DUTCH_POSTCODE.fullmatch(zone):
        _, found = house_in(address)
        return house(found) == house(door)
    return whole.startswith(theirs) and theirs.endswith(bare(door))
