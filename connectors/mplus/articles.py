"""getProducts on the wire (facts/mplus.md 4). Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from connectors.mplus import soap
from connectors.mplus.operation import Operation, listing
from connectors.mplus.reply import Node, Rows, Unreadable
from streams.vocabulary.events import ArticleSeen, Code, Part

PAGE = 250
"""Articles asked for in a page (`syncMarkerLimit` counts articles, the first product always comes whole)."""
LONGEST = 200
"""Characters of a description."""
LONGEST_UNIT = 20
"""Characters of a unit."""
MOST_GROUPS = 50
MOST_PARTS = 200
"""Of one article, far above any shop: further ones are left out."""


class Product(NamedTuple):
    """A product of a page: its articles, and where it stands in the feed."""

    articles: tuple[ArticleSeen, ...]
    marker: int
    """The product's own marker; where it has none, the highest of its articles."""
    left_out: int = 0
    why: str = ""


def get_products(marker: int) -> Operation[Rows[Product]]:
    """A page from a marker on, inclusive. Neither only active nor only webshop ones: what is switched off must be
    seen to be (facts/mplus.md 2.6)."""
    return listing(
        "getProducts",
        ("productList", "product"),
        product,
        soap.tag(
            "request",
            soap.tag("pluNumbers"),
            soap.flag("onlyWebshop", False),
            soap.flag("onlyActive", False),
            soap.number("syncMarker", marker),
            soap.number("syncMarkerLimit", PAGE),
        ),
    )


def product(row: Node) -> Product:
    """A `product`. An article that cannot be read is left out of it. Raises Unreadable."""
    marker = row.whole("syncMarker", 0)
    description = row.text("description")
    groups = _groups(row)
    seen: list[ArticleSeen] = []
    left_out, why = 0, ""
    for one in row.each("articleList", "article"):
        try:
            seen.append(_article(one, description, marker, groups))
        except Unreadable as error:
            left_out += 1
            why = why or str(error)
    highest = marker or max((one.marker for one in seen), default=0)
    return Product(tuple(seen), highest, left_out, why)


def _article(article: Node, product: str, product_marker: int, groups: tuple[int, ...]) -> ArticleSeen:
    number = article.whole("articleNumber")
    if number <= 0:
        raise Unreadable(f"an article with the number {number}")
    return ArticleSeen(
        article_number=number,
        description=_description(article, product),
        codes=tuple(_codes(article, number)),
        marker=article.whole("syncMarker", product_marker),
        active=article.flag("active", True),
        stock_kept=article.flag("stockArticle", True),
        # A composed article may have none of its own: its parts have theirs (facts/mplus.md 4.2).
        vat_code=article.maybe("vatCode"),
        price_cents=article.whole("priceIncl", 0),
        unit=(article.text("siUnit") or article.text("unit"))[:LONGEST_UNIT],
        groups=groups,
        parts=_parts(article, number),
    )


def _groups(product: Node) -> tuple[int, ...]:
    """The `groupNumbers` of a product, rising; one that is no number is passed over: it takes no article with it."""
    numbers: set[int] = set()
    for one in product.each("groupNumbers"):
        try:
            numbers.add(one.itself())
        except Unreadable:
            continue
    return tuple(sorted(numbers))[:MOST_GROUPS]


def _parts(article: Node, number: int) -> tuple[Part, ...]:
    """The `componentArticleList` (facts/mplus.md 4.2), by article number; a part that stands there twice is added up.
    One without a number or with nothing of it is no part, nor is the article itself; one without a quantity is there
    once. Raises Unreadable: without a part that cannot be read there would be more of the kit than there are."""
    found: dict[int, Decimal] = {}
    for one in article.each("componentArticleList", "componentArticle"):
        part = one.whole("articleNumber", 0)
        quantity = one.amount("quantity", "decimalPlaces", 1)
        if part > 0 and part != number and quantity > 0:
            found[part] = found.get(part, Decimal(0)) + quantity
    parts = (Part(article_number=part, quantity=quantity) for part, quantity in sorted(found.items()))
    return tuple(parts)[:MOST_PARTS]


def _description(article: Node, product: str) -> str:
    """The article's own words, with colour and size where they do not say them already."""
    text = article.text("description") or product
    for variant in (article.text("colour"), article.text("size")):
        if variant and f" {variant} ".casefold() not in f" {text} ".casefold():
            text = f"{text} {variant}"
    return text.strip()[:LONGEST]


def _codes(article: Node, number: int) -> list[Code]:
    """Barcodes as EANs; PLU, own id and article number as SKUs (facts/mplus.md 2.5).

    A barcode's `quantity` above 1 is a multipack; a part of a piece (weighed goods) is no code to sell by.
    """
    codes: list[Code] = []
    if barcode := article.text("barcode"):
        codes.append(Code(kind="ean", value=barcode))
    for one in article.each("barcodeList", "barcode"):
        value = one.text("barcode")
        units = one.amount("quantity", "decimalPlaces", 1)
        if value and units == units.to_integral_value():
            codes.append(Code(kind="ean", value=value, units=max(1, int(units))))
    for name in ("pluNumber", "extArticleId"):
        if value := article.text(name):
            codes.append(Code(kind="sku", value=value))
    codes.append(Code(kind="sku", value=str(number)))
    return codes
