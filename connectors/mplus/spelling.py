"""Whether two spellings are one name, postcode or house number. Pure."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "ĳ": "ij"}
)
"""Letters that no accent comes off of."""
_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")
_DUTCH_POSTCODE = re.compile(r"([1-9][0-9]{3}) ?([A-Za-z]{2})")


def runs(text: str) -> list[str]:
    """Its runs of letters and of digits, without case and accents: `12-bis`, `12 bis` and `12BIS` are 12, bis."""
    # Twice, as folding can compose anew what had been taken apart.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign)).translate(_LETTERS)
    return _RUNS.findall(bare)


def same(one: str, other: str) -> bool:
    """Whether they are alike but for case, accents, spaces and punctuation; nothing is like nothing."""
    found = "".join(runs(one))
    return found != "" and found == "".join(runs(other))


def same_number(one: str, other: str) -> bool:
    """Whether they are one number of a register: staff write a VAT number without its country too."""
    ours, theirs = sorted(("".join(runs(one)), "".join(runs(other))), key=len)
    return ours != "" and (ours == theirs or (ours[0].isdigit() and theirs[2:] == ours))


def house(address: str) -> list[str]:
    """The runs of the house number in an address of one string: from its first digit to its end. Empty: none."""
    found = runs(address)
    first = next((place for place, run in enumerate(found) if place and run[0].isdigit()), None)
    return [] if first is None else found[first:]


def postcodes(postcode: str) -> tuple[str, ...]:
    """The spellings that it may stand under: a Dutch one with its space and without it."""
    given = postcode.strip()
    dutch = _DUTCH_POSTCODE.fullmatch(given)
    if dutch is None:
        return (given,) if given else ()
    digits, letters = dutch[1], dutch[2]
    return tuple(dict.fromkeys((given, f"{digits} {letters.upper()}", f"{digits}{letters.upper()}")))
