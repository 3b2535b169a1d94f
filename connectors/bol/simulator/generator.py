"""Customers of the Low Countries, made from a seed: with the odd addresses that marketplaces send. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from connectors.bol.simulator.habits import Habits

Country = Literal["NL", "BE"]
_FIRST = (
    "Jan", "Sanne", "Fatima", "Daan", "Lieke", "Mohammed", "Anneke", "Youssef", "Femke", "Bram", "Zoë", "Søren",
    "J.", "Marie-Louise",
)  # fmt: skip
_LAST = (
    "de Vries", "Jansen", "van den Berg", "Bakker", "El Amrani", "Peeters", "Maes", "Yılmaz", "van 't Hof",
    "Müller-Ștefan", "O'Brien", "Visser", "van der Meer-Oosterhuis van Wassenaar tot Starrenburg", "Li",
)  # fmt: skip
_FOREIGN = (
    ("Олена", "Шевченко"), ("李", "娜"), ("محمد", "العلي"), ("Ελένη", "Παπαδοπούλου"), ("Łukasz", "Wójcik"),
    ("संजय", "शर्मा"),
)  # fmt: skip
# Zip codes as the contract writes them: '1234AB' in the Netherlands, '0000' in Belgium (ShipmentDetails.zipCode).
_PLACES: dict[Country, tuple[tuple[str, str, str], ...]] = {
    "NL": (
        ("3511AB", "Utrecht", "Oudegracht"), ("1017XN", "Amsterdam", "Keizersgracht"),
        ("9712CP", "Groningen", "Oude Boteringestraat"), ("6211LE", "Maastricht", "Vrijthof"),
        ("5211JX", "'s-Hertogenbosch", "Hinthamerstraat"), ("8911HE", "Ljouwert", "It Fliet"),
        ("6511MD", "Nijmegen", "Plein 1944"), ("1054EA", "Amsterdam", "1e Helmersstraat"),
    ),
    "BE": (
        ("2000", "Antwerpen", "Meir"), ("9000", "Gent", "Veldstraat"),
        ("1000", "Brussel / Bruxelles", "Rue de l'Étuve"),
    ),
}  # fmt: skip
_BELGIAN = 3 / 11
_EXTENSIONS = ("", "", "", "A", "bis", "-2", "3 hoog", "/B1", "bus 12", "t/o 14")
_EXTRA = ("", "", "", "", "Apartment 4", "t.a.v. receptie", "<achterom> & bel 2x")
_COMPANIES = ("Bloem & Zonen B.V.", "Atelier Noord", "Maes bvba")
_PICKUP = ("Albert Heijn Oudegracht", "Bruna 't Centrum")


@dataclass(frozen=True, kw_only=True)
class Customer:
    """The fields of an order's addresses (bol-retailer-v10, ShipmentDetails and BillingDetails). Empty: not there."""

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
    language: str
    pickup_point: str
    """The order goes to this shop rather than to the customer's door."""
    bill_to_box: str
    """The number of the post-office box that the bill goes to, in place of street and house number."""
    company: str
    vat_number: str
    kvk_number: str
    order_reference: str
    person: int = 0
    """Who it is, whatever the address says: the same one in every order of the same person. Bol tells it nobody."""


def customer(
    rng: Random,
    order_id: str,
    habits: Habits | None = None,
    country: Country | None = None,
    business: bool | None = None,
    pickup: bool | None = None,
    odd: bool | None = None,
) -> Customer:
    """Someone who orders, new to Bol. What is None falls as the habits say."""
    habits = habits or Habits()
    land: Country = country or ("BE" if rng.random() < _BELGIAN else "NL")
    zip_code, city, street = rng.choice(_PLACES[land])
    company = _fall(rng, business, habits.business_share)
    made = Customer(
        first_name=rng.choice(_FIRST),
        surname=rng.choice(_LAST),
        street=street,
        house_number=str(rng.randint(1, 399)),
        extension=rng.choice(_EXTENSIONS),
        extra=rng.choice(_EXTRA),
        zip_code=zip_code,
        city=city,
        country=land,
        email=relay(rng, order_id),
        phone="" if rng.random() < 0.5 else f"06{rng.randint(10_000_000, 99_999_999)}",
        language=rng.choice(("nl-BE", "fr-BE")) if land == "BE" else "nl",
        pickup_point=rng.choice(_PICKUP) if _fall(rng, pickup, habits.pickup_share) else "",
        bill_to_box=str(rng.randint(1, 9999)) if rng.random() < 0.15 else "",
        company=rng.choice(_COMPANIES) if company else "",
        vat_number="",
        kvk_number="",
        order_reference=f"PO-{rng.randint(1000, 9999)}" if company and rng.random() < 0.5 else "",
        person=rng.getrandbits(48),
    )
    if company:
        vat_number, kvk_number = _registered(rng, land)
        made = replace(made, vat_number=vat_number, kvk_number=kvk_number)
    return _odd(rng, made) if _fall(rng, odd, habits.odd_address_share) else made


def again(rng: Random, one: Customer, order_id: str) -> Customer:
    """The same person with another order: all is as before but the relay address (facts/bol.md, Orders)."""
    return replace(one, email=relay(rng, order_id))


def relay(rng: Random, order_id: str) -> str:
    """An address of Bol's that leads to the customer, new for each order."""
    return f"{order_id.lower()}{rng.getrandbits(40):010x}@verkopen.bol.com"


def _fall(rng: Random, wanted: bool | None, share: float) -> bool:
    drawn = rng.random() < share
    return drawn if wanted is None else wanted


def _odd(rng: Random, one: Customer) -> Customer:
    first, last = rng.choice(_FOREIGN)
    box = {"street": "Postbus" if one.country == "NL" else "PB", "house_number": str(rng.randint(1, 9999))}
    kinds: tuple[dict[str, Any], ...] = (
        {"house_number": "", "extension": ""},
        {"extension": "bus 3"},
        {**box, "extension": ""},
        {"extra": f"c/o fam. {rng.choice(_LAST)}"},
        {"first_name": first, "surname": last},
        {"street": f"{one.street} {one.house_number}", "house_number": "", "extension": ""},
    )
    return replace(one, **rng.choice(kinds))


def _registered(rng: Random, country: Country) -> tuple[str, str]:
    """VAT number and chamber of commerce number (in Belgium both are the enterprise number), with right check
    digits."""
    if country == "BE":
        first = rng.randint(1_000_000, 9_999_999)
        number = f"0{first}{97 - first % 97:02d}"
        return f"BE{number}", number
    while True:
        digits = [rng.randint(1, 9), *(rng.randint(0, 9) for _ in range(7))]
        check = sum(digit * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True)) % 11
        if check < 10:
            number = "".join(map(str, [*digits, check]))
            return f"NL{number}B01", str(rng.randint(10_000_000, 99_999_999))
