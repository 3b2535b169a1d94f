"""Customers of the Low Countries, made from a seed: with the odd addresses that marketplaces send. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_FIRST = (
    "Jan", "Sanne", "Fatima", "Daan", "Lieke", "Mohammed", "Anneke", "Youssef", "Femke", "Bram", "Zoë", "Søren",
    "J.", "Marie-Louise",
)  # fmt: skip
_LAST = (
    "de Vries", "Jansen", "van den Berg", "Bakker", "El Amrani", "Peeters", "Maes", "Yılmaz", "van 't Hof",
    "Müller-Ștefan", "O'Brien", "Visser", "van der Meer-Oosterhuis van Wassenaar tot Starrenburg", "Li",
)  # fmt: skip
# Zip codes as the contract writes them: '1234AB' in the Netherlands, '0000' in Belgium (ShipmentDetails.zipCode).
_PLACES = (
    ("3511AB", "Utrecht", "NL", "Oudegracht"), ("1017XN", "Amsterdam", "NL", "Keizersgracht"),
    ("9712CP", "Groningen", "NL", "Oude Boteringestraat"), ("6211LE", "Maastricht", "NL", "Vrijthof"),
    ("5211JX", "'s-Hertogenbosch", "NL", "Hinthamerstraat"), ("8911HE", "Ljouwert", "NL", "It Fliet"),
    ("6511MD", "Nijmegen", "NL", "Plein 1944"), ("1054EA", "Amsterdam", "NL", "1e Helmersstraat"),
    ("2000", "Antwerpen", "BE", "Meir"), ("9000", "Gent", "BE", "Veldstraat"),
    ("1000", "Brussel / Bruxelles", "BE", "Rue de l'Étuve"),
)  # fmt: skip
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


def customer(rng: Random, order_id: str) -> Customer:
    """Someone who orders; the e-mail address is a relay of Bol's, new for each order (facts/bol.md, Orders)."""
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
        language=rng.choice(("nl-BE", "fr-BE")) if country == "BE" else "nl",
        pickup_point=rng.choice(_PICKUP) if rng.random() < 0.1 else "",
        bill_to_box=str(rng.randint(1, 9999)) if rng.random() < 0.15 else "",
        company=rng.choice(_COMPANIES) if business else "",
        vat_number=_vat(rng, country) if business else "",
        kvk_number=_registered(rng, country) if business else "",
        order_reference=f"PO-{rng.randint(1000, 9999)}" if business and rng.random() < 0.5 else "",
    )


def _vat(rng: Random, country: str) -> str:
    if country == "BE":
        return f"BE0{rng.randint(100_000_000, 999_999_999)}"
    return f"NL{rng.randint(100_000_000, 999_999_999)}B01"


def _registered(rng: Random, country: str) -> str:
    """A chamber of commerce number, or in Belgium an enterprise number."""
    return (
        f"0{rng.randint(100_000_000, 999_999_999)}"
        if country == "BE"
        else str(rng.randint(10_000_000, 99_999_999))
    )
