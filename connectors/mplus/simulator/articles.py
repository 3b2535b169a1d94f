"""A shop's range, made from a seed: the same seed gives the same articles, whatever the count.

Pure, so that a demo can load the very same EANs into a marketplace's simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

_BRANDS = ("Noorderlicht", "Veldman", "Duinzicht", "Kade 12", "Oost & Co", "Lindehof", "Marei", "Grachten")
_THINGS = (
    ("Sjaal", 1495, 4995), ("Muts", 995, 2995), ("Theepot", 1995, 6995), ("Mok", 495, 1495),
    ("Kandelaar", 895, 3995), ("Kussen", 1295, 5995), ("Plaid", 2995, 8995), ("Notitieboek", 595, 1995),
    ("Puzzel", 1295, 2995), ("Snijplank", 1495, 4495), ("Rugzak", 3995, 9995), ("Zeep", 395, 995),
    ("Prentenboek", 1095, 1995), ("Dropmix", 245, 695), ("Olijfolie", 795, 2195),
)  # fmt: skip
_LOW_VAT = frozenset({"Prentenboek", "Dropmix", "Olijfolie"})
_COLOURS = ("blauw", "geel", "groen", "rood", "zwart", "wit", "oker", "terracotta")
_SIZES = ("S", "M", "L", "XL")

FIRST_ARTICLE = 1001
FIRST_PRODUCT = 501
FIRST_COMPOSED = 900_001
LOW_VAT_CODE = 1
HIGH_VAT_CODE = 2
"""The sample answer of the contract carries vatCode 2 with 21 % (mplus-samples/resp_getProducts.xml)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedArticle:
    """One sellable variant. Prices are cents including VAT; `opening_stock` is in pieces."""

    article_number: int
    product_number: int
    plu: str
    description: str
    product_description: str
    ean: str
    price_cents: int
    purchase_cents: int
    vat_code: int
    opening_stock: int
    brand: str = ""
    colour: str = ""
    size: str = ""
    stock_article: bool = True
    webshop: bool = True
    active: bool = True
    components: tuple[tuple[int, int | Decimal], ...] = ()
    """Of a composed article: (article number, so much of it in one). It keeps no stock itself, its parts do."""
    si_unit: str = ""
    """`kg`, `m`: of what is weighed or cut."""
    unit: str = ""
    groups: tuple[int, ...] = ()
    """The article groups that its product is in; empty: the one that all are in."""


def check_digit(body: str) -> int:
    """The thirteenth digit of an EAN-13 whose first twelve are `body`. Raises ValueError on anything else."""
    if len(body) != 12 or not (body.isascii() and body.isdigit()):
        raise ValueError(f"an EAN-13 has twelve digits before its check digit, not {body!r}")
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return -total % 10


def ean13(body: str) -> str:
    """Twelve digits with their check digit behind them."""
    return f"{body}{check_digit(body)}"


def generate_articles(seed: int, count: int) -> tuple[GeneratedArticle, ...]:
    """`count` articles with distinct numbers and EANs. A shorter range is the beginning of a longer one.

    Raises ValueError on a negative count or one above a million.
    """
    if not 0 <= count <= 1_000_000:
        raise ValueError(f"between 0 and a million articles, not {count}")
    rng = Random(seed)
    first_ean = rng.randrange(10**9)
    made: list[GeneratedArticle] = []
    product = FIRST_PRODUCT
    while len(made) < count:
        made.extend(_product(rng, product, len(made), first_ean))
        product += 1
    return tuple(made[:count])


def compose(articles: tuple[GeneratedArticle, ...], count: int) -> tuple[GeneratedArticle, ...]:
    """`count` gift boxes of what is in the range: two of one article and one of the next. Raises ValueError where the
    range has too few articles for that."""
    if count and len(articles) < 2:
        raise ValueError("a composed article needs two others")
    boxes = []
    for place in range(count):
        first, second = articles[place % len(articles)], articles[(place + 1) % len(articles)]
        number = FIRST_COMPOSED + place
        boxes.append(
            GeneratedArticle(
                article_number=number,
                product_number=number,
                plu=str(number),
                description=f"Geschenkdoos {place + 1}",
                product_description=f"Geschenkdoos {place + 1}",
                ean=ean13(f"872{place:09d}"),
                price_cents=2 * first.price_cents + second.price_cents,
                purchase_cents=2 * first.purchase_cents + second.purchase_cents,
                vat_code=HIGH_VAT_CODE,
                opening_stock=0,
                stock_article=False,
                components=((first.article_number, 2), (second.article_number, 1)),
            )
        )
    return tuple(boxes)


def _product(rng: Random, product: int, index: int, first_ean: int) -> list[GeneratedArticle]:
    """The variants of one product. Every draw is made whatever the count, so that ranges share beginnings."""
    thing, low, high = rng.choice(_THINGS)
    brand = rng.choice(_BRANDS)
    price = rng.randrange(low, high + 1, 50)
    name = f"{thing} {brand} {product}"
    worn = thing in ("Sjaal", "Muts", "Rugzak")
    colour = rng.choice(_COLOURS) if worn else ""
    sizes = _SIZES[: rng.randint(2, 4)] if worn else ("",)
    return [
        GeneratedArticle(
            article_number=FIRST_ARTICLE + place,
            product_number=product,
            plu=str(FIRST_ARTICLE + place),
            description=" ".join(part for part in (name, colour, size) if part),
            product_description=name,
            ean=ean13(f"871{(first_ean + place) % 10**9:09d}"),
            price_cents=price,
            purchase_cents=price * rng.randint(40, 60) // 100,
            vat_code=LOW_VAT_CODE if thing in _LOW_VAT else HIGH_VAT_CODE,
            opening_stock=rng.randint(0, 3) if rng.random() < 0.2 else rng.randint(4, 60),
            brand=brand,
            colour=colour,
            size=size,
        )
        for place, size in enumerate(sizes, index)
    ]
