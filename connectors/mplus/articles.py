"""getProducts on the wire (facts/mplus.md 4). Pure."""

from __future__ import annotations

from connectors.mplus import soap
from streams.vocabulary.events import ArticleSeen, Code

PAGE = 250
"""Articles asked for in a page (`syncMarkerLimit` counts articles, the first product always comes whole)."""


def get_products(marker: int) -> bytes:
    """A page from a marker on, inclusive. Neither only active nor only webshop ones: what is switched off must be
    seen to be (facts/mplus.md 2.6)."""
    return soap.envelope(
        "getProducts",
        soap.tag(
            "request",
            soap.tag("pluNumbers"),
            soap.flag("onlyWebshop", False),
            soap.flag("onlyActive", False),
            soap.number("syncMarker", marker),
            soap.number("syncMarkerLimit", PAGE),
        ),
    )


def products(reply: soap.Element) -> tuple[list[ArticleSeen], int]:
    """The articles of a page and the highest marker in it (0: an empty page). Raises Unreadable."""
    found: list[ArticleSeen] = []
    highest = 0
    listed = soap.child(reply, "productList")
    for product in soap.children(listed, "product") if listed is not None else ():
        articles = soap.child(product, "articleList")
        product_marker = soap.integer(product, "syncMarker", 0)
        seen = [
            _article(article, soap.string(product, "description"), product_marker)
            for article in (soap.children(articles, "article") if articles is not None else ())
        ]
        found.extend(seen)
        highest = max(highest, product_marker or max((one.marker for one in seen), default=0))
    return found, highest


def _article(element: soap.Element, product: str, product_marker: int) -> ArticleSeen:
    number = soap.integer(element, "articleNumber")
    description = soap.string(element, "description") or product
    variant = " ".join(
        part for part in (soap.string(element, "colour"), soap.string(element, "size")) if part
    )
    return ArticleSeen(
        article_number=number,
        description=f"{description} {variant}".strip()[:200],
        codes=tuple(_codes(element, number)),
        marker=soap.integer(element, "syncMarker", product_marker),
        active=soap.boolean(element, "active", True),
        stock_kept=soap.boolean(element, "stockArticle", True),
        price_cents=soap.integer(element, "priceIncl", 0),
    )


def _codes(element: soap.Element, number: int) -> list[Code]:
    """Barcodes as EANs; PLU, own id and article number as SKUs (facts/mplus.md 2.5)."""
    codes: list[Code] = []
    barcode = soap.string(element, "barcode")
    if barcode:
        codes.append(Code(kind="ean", value=barcode))
    barcodes = soap.child(element, "barcodeList")
    for one in soap.children(barcodes, "barcode") if barcodes is not None else ():
        value = soap.string(one, "barcode")
        units = soap.amount(one, "quantity", "decimalPlaces")
        if value:
            whole = int(units) if units > 1 and units == units.to_integral_value() else 1
            codes.append(Code(kind="ean", value=value, units=whole))
    for name in ("pluNumber", "extArticleId"):
        value = soap.string(element, name)
        if value:
            codes.append(Code(kind="sku", value=value))
    codes.append(Code(kind="sku", value=str(number)))
    return codes
