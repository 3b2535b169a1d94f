"""Street, number and extension out of one line and back, the Dutch and the Belgian way. Pure.

Nothing is lost: every letter and digit of the line is in one of the three parts, in the same order (but for a number
that stands first, as the French write it). What is not sure stays in the street: there a person still reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class Split(NamedTuple):
    """The parts of a line; each may be empty."""

    street: str
    number: str
    """Digits only."""
    extension: str
    """`A`, `bis`, `bus 3`, `2 hoog`."""


_NUMBER = re.compile(r"([0-9]{1,5})(?:[-/.]?(.*))")
_ORDINAL = re.compile(r"[0-9]+(e|de|ste|er|re|eme|ème|ième|th|st|nd|rd)", re.IGNORECASE)
_YEARS = re.compile(r"(1[5-9]|20)[0-9]{2}([-/–](1[5-9]|20)?[0-9]{2})?")
_GLUED = re.compile(r"([^\W\d_]{3,}\.?)([0-9]{1,5}[a-zA-Z]?)")
_LONGEST_EXTENSION = 4
"""Letters of a word after the number that belongs to it without being one of MARKS."""
_MOST_WORDS = 6
_MARKS = """bus bte boîte boite box bt app appt appartement apartment apt unit kamer huis hoog etage étage verdieping
    verd toevoeging toev achter voor achterhuis voorhuis beneden boven links rechts begane grond souterrain kelder
    rood zwart noord oost zuid west bis ter quater"""
MARKS = frozenset(_MARKS.split())
"""Words that follow a number and belong to it."""
_BOX = ("bus", "bte", "boîte", "boite", "box", "bt")


def split(line: str) -> Split:
    """The parts of a line like `Kerkstraat 12 bus 3`."""
    words = line.split()
    for place in range(1, len(words)):
        found = _number_at(words, place)
        if found is not None:
            return found
    return _glued(words) or _first(words) or Split(" ".join(words), "", "")


def joined(street: str, number: str, extension: str) -> str:
    """One line of the parts, as Dutch and Belgian post want it: `Kerkstraat 12 bus 3`, `Kerkstraat 12 A`."""
    return " ".join(part for part in (" ".join(one.split()) for one in (street, number, extension)) if part)


def _number_at(words: Sequence[str], place: int) -> Split | None:
    """Taken as the house number with all that follows it, if it looks like one."""
    word, after = words[place], words[place + 1 :]
    parts = _NUMBER.fullmatch(word.strip(",;"))
    if parts is None or _ORDINAL.fullmatch(word):
        return None
    # `Plein 1944 3`, `Plein 1940-1945 12`: a year belongs to the street where a number follows (`De Run 1944 2 hoog`
    # has none).
    if _YEARS.fullmatch(word) and after and after[0][0] in "0123456789" and after[1:2] != ["hoog"]:
        return None
    rest = parts[2].strip("-/.,;")
    if rest and not _belongs(rest):
        return None
    extension = [*([rest] if rest else []), *(after[1:] if after and not _letters(after[0]) else after)]
    if len(after) > _MOST_WORDS or not all(_belongs(one.strip(",;()-/.")) for one in after):
        return None
    if any(one.casefold() in _MONTHS for one in after):
        return None
    street = " ".join(words[:place]).rstrip(" ,;-–")
    if not _letters(street):
        return None
    return Split(street, parts[1], " ".join(extension).strip(" ,;-/"))


_MONTH_NAMES = """januari februari maart april mei juni juli augustus september oktober november december janvier
    février mars avril mai juin juillet août septembre octobre novembre décembre"""
_MONTHS = frozenset(_MONTH_NAMES.split())


def _belongs(word: str) -> bool:
    """Whether a word after a number is part of the number."""
    if not _letters(word):
        return True
    if word.casefold().rstrip(".") in MARKS:
        return True
    return len(word) <= (2 * _LONGEST_EXTENSION if re.search("[0-9]", word) else _LONGEST_EXTENSION)


def _letters(text: str) -> bool:
    """Whether there is anything to read in it."""
    return any(one.isalnum() for one in text)


def _glued(words: Sequence[str]) -> Split | None:
    """`Kerkstraat12`: nothing between street and number."""
    parts = _GLUED.fullmatch(words[-1]) if words else None
    if parts is None:
        return None
    number = _NUMBER.fullmatch(parts[2])
    if number is None:
        return None
    return Split(" ".join((*words[:-1], parts[1])), number[1], number[2])


def _first(words: Sequence[str]) -> Split | None:
    """`12, rue de la Loi`, `16/3 Rue Neuve`: the number before the street."""
    if len(words) < 2 or _ORDINAL.fullmatch(words[0]) or not _letters(" ".join(words[1:])):
        return None
    parts = _NUMBER.fullmatch(words[0].strip(",;"))
    rest = parts[2].strip("-/.,;") if parts is not None else ""
    if parts is None or (rest and not _belongs(rest)):
        return None
    after = list(words[1:])
    extension = [rest] if rest else []
    if after[0].casefold().rstrip(".") in _BOX and len(after) > 2:
        extension += [after.pop(0), after.pop(0).strip(",;")]
    elif after[0].casefold().strip(",") in ("bis", "ter"):
        extension.append(after.pop(0).strip(","))
    if not after:
        return None
    return Split(" ".join(after).strip(" ,;"), parts[1], " ".join(extension))
