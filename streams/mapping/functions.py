"""What an expression can call beyond the language's own functions. Pure.

Each takes and gives what JSON has. A first argument that is not there gives nothing, as with the language's own; what
cannot be done raises Misused with a sentence for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from streams.mapping import addresses
from streams.mapping.countries import Country, country_of
from streams.mapping.language import Function
from streams.vocabulary.money import CENT, cents_of, euros_of
from streams.vocabulary.time import SHOP_ZONE

Tables = Mapping[str, Mapping[str, str]]
EMPTY = "\N{NULL}empty\N{NULL}"
"""What `$empty()` gives: no text of an order can be it."""
NOISE = Decimal("1e-9")
"""Euros below which a difference is that of a computer's fractions: 0.1 + 0.2 is 0.30000000000000004."""
MOST_EUROS = Decimal(10**12)


class Misused(ValueError):
    """A function cannot do this; the text is for people."""


class Described(NamedTuple):
    """A function, for `kassabrug map functions`."""

    name: str
    takes: str
    does: str
    example: str


def euros_given(value: object) -> Decimal:
    """An amount of money, exact to the cent, half up. Raises Misused on what is none.

    A number is a computer's fraction: what lies below NOISE is no money but its error, and must not decide which way
    half a cent is rounded. So 19.95 * 0.1 is 2.00 and 1.005 is 1.01, as on paper.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Misused(f"{shown(value)} is no amount of money")
    try:
        exact = Decimal(value.strip() if isinstance(value, str) else repr(value))
        if not exact.is_finite() or abs(exact) > MOST_EUROS:
            raise ValueError
        return exact.quantize(NOISE, rounding=ROUND_HALF_UP).quantize(CENT, rounding=ROUND_HALF_UP)
    except ArithmeticError:
        pass
    except ValueError:
        pass
    raise Misused(f"{shown(value)} is no amount of money; write 19.95") from None


def day_given(value: object) -> date:
    """A day: `2026-11-25`, or a moment with its zone, whose day it is in the shop. Raises Misused."""
    text = _text(value, "a day").strip()
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        return moment_given(text).date()
    except (ValueError, OverflowError):
        raise Misused(f"{shown(value)} is no day; write 2026-11-25") from None


def moment_given(value: object) -> datetime:
    """A moment in the shop's own time; without a zone it is the shop's. Raises Misused."""
    try:
        moment = datetime.fromisoformat(_text(value, "a moment").strip())
        if moment.tzinfo is None:
            return moment.replace(tzinfo=SHOP_ZONE)
        return moment.astimezone(SHOP_ZONE)
    except (ValueError, OverflowError):
        raise Misused(f"{shown(value)} is no moment; write 2026-11-25T18:00+01:00") from None


def functions(tables: Tables, country: str) -> dict[str, Function]:
    """By name, without `$`. `country`: of the order, for telephone numbers and addresses that do not say theirs."""

    def table(name: Any, key: Any = None, otherwise: Any = None) -> Any:
        """The table's entry for a key."""
        found = tables.get(_text(name, "the name of a table"))
        if found is None:
            raise Misused(f"there is no table {shown(name)}; the settings have {_those(tables)}")
        value = found.get(_plain(key)) if key is not None else None
        return otherwise if value is None else value

    def phone(text: Any, where: Any = None) -> Any:
        """A telephone number as it is called from abroad."""
        return None if text is None else _phone(_text(text, "a telephone number"), _plain(where) or country)

    return {
        **_same_for_all(),
        "table": _counted("table", table, 1, 3),
        "phone": _counted("phone", phone, 1, 2),
    }


@lru_cache(maxsize=1)
def _same_for_all() -> dict[str, Function]:
    made: dict[str, tuple[Function, int, int]] = {
        "first": (_first, 0, 1000),
        "shorten": (_shorten, 2, 2),
        "digits": (_digits, 1, 1),
        "nameCase": (_name_case, 1, 1),
        "splitAddress": (_split_address, 1, 1),
        "joinAddress": (_join_address, 1, 3),
        "country2": (lambda text: _country(text, "two"), 1, 1),
        "country3": (lambda text: _country(text, "three"), 1, 1),
        "countryName": (lambda text: _country(text, "dutch"), 1, 1),
        "date": (_date, 1, 2),
        "daysLater": (_days_later, 2, 2),
        "money": (lambda euros: None if euros is None else float(euros_given(euros)), 1, 1),
        "cents": (lambda euros: None if euros is None else cents_of(euros_given(euros)), 1, 1),
        "euros": (_euros, 1, 1),
        "moneyText": (_money_text, 1, 2),
        "empty": (lambda: EMPTY, 0, 0),
    }
    return {name: _counted(name, *one) for name, one in made.items()}


DESCRIBED: tuple[Described, ...] = (
    Described(
        "table",
        "name, key, default?",
        "the entry of a lookup table of the settings (orders.tables); without one the default",
        "$table('regions', country, 'EU')",
    ),
    Described(
        "first",
        "value, ...",
        "the first that is not empty",
        "$first(billingDetails.company, billingDetails.surname)",
    ),
    Described(
        "shorten",
        "text, n",
        "at most n characters, ending with a whole word where that costs little",
        "$shorten(item.product.title, 30)",
    ),
    Described("digits", "text", "only the digits", "$digits(shipmentDetails.deliveryPhoneNumber)"),
    Described(
        "nameCase",
        "text",
        "a name in capitals and small letters, with van, de and so on small",
        "$nameCase('JAN VAN DER BERG')",
    ),
    Described(
        "splitAddress",
        "text",
        "street, number and extension of one line, the Dutch and the Belgian way",
        "$splitAddress('Kerkstraat 12 bus 3').extension",
    ),
    Described(
        "joinAddress",
        "street, number, extension?",
        "one line of the three",
        "$joinAddress(shipmentDetails.streetName, shipmentDetails.houseNumber)",
    ),
    Described(
        "country2",
        "text",
        "a country's two letters, of its name or its three letters",
        "$country2('Nederland')",
    ),
    Described("country3", "text", "a country's three letters", "$country3(country)"),
    Described("countryName", "text", "a country's Dutch name", "$countryName(country)"),
    Described(
        "phone",
        "text, country?",
        "a telephone number in the form +31612345678; the country is the order's",
        "$phone(shipmentDetails.deliveryPhoneNumber)",
    ),
    Described(
        "date",
        "day, form?",
        "a day or moment written as the form says: YYYY YY MM M DD D HH mm",
        "$date(orderPlacedDateTime, 'DD-MM-YYYY')",
    ),
    Described("daysLater", "day, n", "the day n days later", "$daysLater(orderPlacedDateTime, 1)"),
    Described("money", "euros", "rounded to the cent, half up", "$money($sum(orderItems.totalPrice) * 0.1)"),
    Described("cents", "euros", "whole cents", "$cents(item.unitPrice)"),
    Described("euros", "cents", "euros of whole cents", "$euros(1995)"),
    Described(
        "moneyText", "euros, point?", "written with two places and a comma, or that point", "$moneyText(19.9)"
    ),
    Described(
        "empty", "", "leaves a text field empty; an empty result keeps what it would be anyway", "$empty()"
    ),
)
NAMES = frozenset(one.name for one in DESCRIBED)


# -- texts


def _first(*values: Any) -> Any:
    return next((one for one in values if one is not None and one != "" and one != []), None)


def _shorten(text: Any, most: Any) -> Any:
    if text is None:
        return None
    whole, most = _text(text, "a text").strip(), _count(most)
    if len(whole) <= most:
        return whole
    cut = whole[:most]
    # A word that is cut in two reads badly; half a line that is lost reads worse.
    blank = -1 if whole[most].isspace() else cut.rfind(" ")
    return (cut[:blank] if blank >= most * 2 // 3 else cut).rstrip(" ,;-")


def _digits(text: Any) -> Any:
    return None if text is None else re.sub(r"[^0-9]", "", _plain(text))


_SMALL_WORDS = """van von de der den des het 't 's ten ter te en op aan bij in la le les du da di del della dos el al
    zu zur und et"""
_SMALL = frozenset(_SMALL_WORDS.split())


def _name_case(text: Any) -> Any:
    if text is None:
        return None
    words = _text(text, "a name").split()
    return " ".join(_name_word(word, at == 0) for at, word in enumerate(words))


def _name_word(word: str, first: bool) -> str:
    said = re.sub(r"^['’][sStT]\b", "", word)
    if said != said.upper() and said != said.lower():
        return word  # McDonald: somebody has thought about it
    small = word.lower()
    if small in _SMALL and not (first and small[0] != "'"):
        return small
    # After a hyphen or an apostrophe too: Anne-Marie, O'Brien, 's-Gravenhage, d'Hondt.
    parts = re.split(r"([-'’])", small)
    begins = 2 if parts[0] in ("", "d", "l") and len(parts) > 2 else 0
    if parts[:3] == ["", "'", "s"] or parts[:3] == ["", "'", "t"]:
        begins = 3
    return "".join(part if at < begins else _capital(part) for at, part in enumerate(parts))


def _capital(part: str) -> str:
    return f"IJ{part[2:]}" if part.startswith("ij") else part[:1].upper() + part[1:]


# -- addresses, countries, telephone numbers


def _split_address(text: Any) -> Any:
    return None if text is None else addresses.split(_text(text, "an address"))._asdict()


def _join_address(street: Any, number: Any = None, extension: Any = None) -> str:
    return addresses.joined(_plain(street), _plain(number), _plain(extension))


def _country(text: Any, form: str) -> Any:
    if text is None or text == "":
        return None
    found = country_of(_text(text, "a country"))
    if found is None:
        raise Misused(f"{shown(text)} is no country that is known here")
    return getattr(found, form)


def _phone(text: str, where: str) -> str:
    kept = re.sub(r"\(0\)", "", text)
    number = re.sub(r"[^0-9]", "", kept)
    if not number:
        return ""
    if kept.strip().startswith("+"):
        return f"+{number}"
    if number.startswith("00"):
        return f"+{number[2:]}" if number[2:] else ""
    country = country_of(where) if where else None
    if country is None:
        return number
    national = _national(number, country)
    return f"+{country.calling}{national}" if national else ""


def _national(number: str, country: Country) -> str:
    """Without what is dialled before it at home, or the country's own code where it was given without +."""
    if country.trunk and number.startswith(country.trunk):
        return number[len(country.trunk) :]
    own = number.removeprefix(country.calling)
    return own if own != number and len(own) >= 8 else number


# -- days and money


_FORM = re.compile(r"YYYY|YY|MM|M|DD|D|HH|mm")


def _date(value: Any, form: Any = None) -> Any:
    if value is None or value == "":
        return None
    pattern = "YYYY-MM-DD" if form is None else _text(form, "a form")
    whole = isinstance(value, str) and len(value.strip()) == 10
    at = datetime.combine(day_given(value), datetime.min.time(), SHOP_ZONE) if whole else moment_given(value)
    parts = {
        "YYYY": f"{at.year:04d}",
        "YY": f"{at.year % 100:02d}",
        "MM": f"{at.month:02d}",
        "M": f"{at.month}",
        "DD": f"{at.day:02d}",
        "D": f"{at.day}",
        "HH": f"{at.hour:02d}",
        "mm": f"{at.minute:02d}",
    }
    return _FORM.sub(lambda found: parts[found.group()], pattern)


def _days_later(value: Any, days: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(days, bool) or not isinstance(days, int | float) or days != int(days):
        raise Misused(f"{shown(days)} is no whole number of days")
    try:
        return (day_given(value) + timedelta(days=int(days))).isoformat()
    except OverflowError:
        raise Misused(f"{shown(days)} days from {shown(value)} there is no day") from None


def _euros(cents: Any) -> Any:
    if cents is None:
        return None
    if isinstance(cents, bool) or not isinstance(cents, int | float) or cents % 1 or abs(cents) > 10**14:
        raise Misused(f"{shown(cents)} is no whole number of cents")
    return float(euros_of(int(cents)))


def _money_text(euros: Any, point: Any = None) -> Any:
    if euros is None:
        return None
    mark = "," if point is None else _text(point, "a point")
    return str(euros_given(euros)).replace(".", mark)


# -- what is given


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Misused(f"{shown(value)} is not {what}")
    return value


def _plain(value: object) -> str:
    """A text, or a whole number as one: keys and house numbers are both."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return _text(value, "a text")


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10**6:
        raise Misused(f"{shown(value)} is no number of characters")
    return int(value)


def shown(value: object) -> str:
    """A value in a sentence, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:60]}...")
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return str(value)


def _those(tables: Tables) -> str:
    return ", ".join(sorted(tables)) or "none"


def _counted(name: str, function: Function, least: int, most: int) -> Function:
    """The function, which says what it takes when it is given too few or too many.

    The language hands over as many arguments as are written.
    """

    def call(*given: Any) -> Any:
        if not least <= len(given) <= most:
            takes = str(least) if least == most else f"{least} to {most}"
            raise Misused(
                f"${name} takes {takes} values and was given {len(given)} "
                "(within $map and such, write function($one) { ... } around it)"
            )
        return function(*given)

    return call
