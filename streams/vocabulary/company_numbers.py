"""Numbers that companies are known by: VAT, Kamer van Koophandel, the Belgian ondernemingsnummer.

Form and check digits only (python-stdnum); nobody is asked whether the company is there.
"""

from __future__ import annotations

from stdnum.be import vat as belgian
from stdnum.eu import vat as european
from stdnum.exceptions import ValidationError

LONGEST = 40
"""Characters that are looked at: the longest VAT number has fourteen, the rest is how people set it."""


def vat_number(text: str, country: str = "") -> str:
    """A VAT number of the EU as it is written everywhere (`NL004495445B01`, `BE0428759497`); empty: it is none.

    Without its country in front it is read as one of `country` (ISO alpha-2).
    """
    written = _compact(text)
    land = _compact(country)
    for candidate in (written, {"GR": "EL"}.get(land, land) + written if len(land) == 2 else ""):
        if not candidate[:2].isalpha():
            continue
        try:
            return str(european.validate(candidate))
        except ValidationError:
            continue
    return ""


def chamber_number(text: str, country: str = "") -> str:
    """What Bol calls the kvkNumber: `NL12345678` (a KvK number has eight digits and no check digit) or `BE0428759497`
    (an ondernemingsnummer, which is the VAT number without its country); empty: it is neither.

    The same number written without the country, with points, or behind `KvK` is the same one.
    """
    written = _compact(text).removeprefix("KVK")
    land = _compact(country)
    for prefix in ("NL", "BE"):
        if written.startswith(prefix):
            land, written = prefix, written.removeprefix(prefix)
    if not written.isdigit() or not written.strip("0"):
        return ""
    if len(written) == 8 and land in ("NL", ""):
        return f"NL{written}"
    if land not in ("BE", ""):
        return ""
    try:
        return f"BE{belgian.validate(written)}"
    except ValidationError:
        return ""


def _compact(text: str) -> str:
    return "".join(sign for sign in text if sign.isascii() and sign.isalnum()).upper()[:LONGEST]
