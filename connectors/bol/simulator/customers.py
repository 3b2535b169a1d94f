"""Customers of the Low Countries, made from a seed: with the odd addresses that marketplaces send. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_FIRST = (
    "Jan",
    "Sanne",
    "Fatima",
    "Daan",
    "Lieke",
    "Mohammed",
    "Anneke",
    "Youssef",
    "Femke",
    "Bram",
    "Zoë",
    "Søren",
)
_LAST = (
    "de Vries", "Jansen", "van den Berg", "Bakker", "El Amrani", "Peeters", "Maes", "Yılmaz", "van 't Hof",
    "Müller-Ștefan", "O'Brien", "Visser",
)  # fmt: skip
_PLACES = (
    ("3511 AB", "Utrecht", "NL", "Oudegracht"), ("1017 XN", "Amsterdam", "NL", "Keizersgracht"),
    ("9712 CP", "Groningen", "NL", "Oude Boteringestraat"), ("6211 LE", "Maastricht", "NL", "Vrijthof"),
    ("5211 JX", "'s-Hertogenbosch", "NL", "Hinthamerstraat"), ("2000", "Antwerpen", "BE", "Meir"),
    ("9000", "Gent", "BE", "Veldstraat"), ("8911", "Ljouwert", "NL", "It Fliet"),
)  # fmt: skip
_EXTENSIONS = ("", "", "", "A", "bis", "-2", "3 hoog", "/B1")
_EXTRA = ("", "", "", "", "Apartment 4", "t.a.v. receptie", "<achterom> & bel 2x")
_COMPANIES = ("Bloem & Zonen B.V.", "Atelier Noord", "Maes bvba")


@dataclass(frozen=True, kw_only=True)
class Customer:
    """The fields of an order's addresses (bol-retailer-v10, ShipmentDetails and BillingDetails)."""

    first_name: str
    surname: str
    street: str
    house_number: str
    extension: str
    extra: str
    zip_code: str
    city: str
    country: str
    email: str
    phone: str
    company: str
    vat_number: str


def customer(rng: Random, order_id: str) -> Customer:
    """Someone who orders; the e-mail address is a relay of Bol's, new for each order (facts/bol.md)."""
    zip_code, city, country, street = rng.choice(_PLACES)
    business = rng.random() < 0.1
    return Customer(
        first_name=rng.choice(_FIRST),
        surname=rng.choice(_LAST),
        street=street,
        house_number=str(rng.randint(1, 399)),
        extension=rng.choice(_EXTENSIONS),
        extra=rng.choice(_EXTRA),
        zip_code=zip_code,
        city=city,
        country=country,
        email=f"{order_id.lower()}{rng.getrandbits(40):010x}@verkopen.bol.com",
        phone="" if rng.random() < 0.5 else f"06{rng.randint(10_000_000, 99_999_999)}",
        company=rng.choice(_COMPANIES) if business else "",
        vat_number=f"{country}{rng.randint(100_000_000, 999_999_999)}B01" if business else "",
    )
