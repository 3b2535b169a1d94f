"""getProducts (facts/mplus.md 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.catalogue import Article, Product
from connectors.mplus.simulator.orders import vat_exclusive
from connectors.mplus.simulator.soap import Node, amount, element, wrapped

Chosen = tuple[Product, list[Article]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The request's filters. A product is chosen by what it is, an article by whether it is asked for."""

    articles: frozenset[int]
    groups: frozenset[int]
    plus: frozenset[str]
    products: frozenset[int]
    only_webshop: bool
    only_active: bool
    whole_products: bool
    changed_since: datetime | None

    @property
    def by_number(self) -> bool:
        return bool(self.articles or self.plus or self.products)

    def named(self, article: Article) -> bool:
        return (
            not self.by_number
            or article.number in self.articles
            or article.plu in self.plus
            or article.product in self.products
        )

    def of(self, product: Product, articles: list[Article]) -> list[Article]:
        if self.groups and not self.groups & set(product.groups):
            return []
        hits = [
            article
            for article in articles
            if self.named(article)
            and (article.webshop or not self.only_webshop)
            and (article.active or not self.only_active)
            and (self.changed_since is None or article.changed_at >= self.changed_since)
        ]
        return articles if hits and self.whole_products else hits


def get_products(books: MplusBooks, call: Node) -> Iterable[str]:
    """Products from a marker on, whole, as many as fit the limit counted in articles; the first one always
    (facts/mplus.md 1.4)."""
    request = call.inside("request")
    wanted = _Wanted(
        articles=frozenset(request.wholes("articleNumbers")),
        groups=frozenset(request.wholes("groupNumbers")),
        plus=frozenset(request.texts("pluNumbers")),
        products=frozenset(request.wholes("productNumbers")),
        only_webshop=bool(request.flag("onlyWebshop")),
        only_active=bool(request.flag("onlyActive")),
        whole_products=bool(request.flag("includeAllArticlesOfSelectedProducts")),
        changed_since=request.moment("changedSinceTimestamp"),
    )
    marker = request.whole("syncMarker") or 0
    limit = request.small("syncMarkerLimit")
    if not limit or limit < 0:
        return _written(books, _chosen(books, wanted, list(_candidates(books, wanted, marker))))
    page = list(_cut(_chosen(books, wanted, _candidates(books, wanted, marker)), limit))
    if books.config.shuffle_pages:
        books.rng.shuffle(page)
    return _written(books, page)


def _chosen(books: MplusBooks, wanted: _Wanted, candidates: Iterable[Product]) -> Iterator[Chosen]:
    for product in candidates:
        articles = [found for number in product.articles if (found := books.catalogue.article(number))]
        if hits := wanted.of(product, articles):
            yield product, hits


def _candidates(books: MplusBooks, wanted: _Wanted, marker: int) -> Iterator[Product]:
    """Without looking at every product where the request names its own."""
    catalogue = books.catalogue
    if not wanted.by_number:
        yield from catalogue.products_since(marker)
        return
    numbers = set(wanted.products)
    numbers |= {found.product for number in wanted.articles if (found := catalogue.article(number))}
    numbers |= {found.product for plu in wanted.plus if (found := catalogue.by_plu(plu))}
    products = [product for number in numbers if (product := catalogue.product(number))]
    yield from sorted((one for one in products if one.marker >= marker), key=lambda one: one.marker)


def _cut(chosen: Iterator[Chosen], limit: int) -> Iterator[Chosen]:
    count = 0
    for product, articles in islice(chosen, limit):
        count += len(articles)
        if count > limit and count > len(articles):
            return
        yield product, articles


def _written(books: MplusBooks, page: Iterable[Chosen]) -> Iterator[str]:
    yield "<ns:GetProductsResponse><ns:productList>"
    for product, articles in page:
        yield _product(books, product, articles)
    yield "</ns:productList></ns:GetProductsResponse>"


def _product(books: MplusBooks, product: Product, articles: list[Article]) -> str:
    return wrapped(
        "product",
        element("productNumber", product.number)
        + element("syncMarker", product.marker)
        + element("description", product.description)
        + wrapped("articleList", "".join(_article(books, article) for article in articles))
        + "".join(element("groupNumbers", group) for group in product.groups),
    )


def _article(books: MplusBooks, article: Article) -> str:
    percentage = books.vat_percentage(article.vat_code)
    return wrapped(
        "article",
        element("articleNumber", article.number)
        + element("pluNumber", article.plu)
        + element("syncMarker", article.marker)
        + element("changeTimestamp", article.changed_at)
        + element("createTimestamp", article.created_at)
        + element("active", article.active)
        + element("description", article.description)
        + element("colour", article.colour)
        + element("size", article.size)
        + element("invoiceText", article.description)
        + element("receiptText", article.description[:40])
        + element("barcode", article.barcode)
        + element("brandName", article.brand)
        + element("turnoverGroup", article.turnover_group)
        + element("vatCode", article.vat_code)
        + element("vatPercentage", percentage // books.config.vat_percentage_divisor)
        + element("purchasePrice", article.purchase_cents)
        + element("priceIncl", article.price_cents)
        + element("priceExcl", vat_exclusive(article.price_cents, percentage))
        + element("siUnit", article.si_unit or None)
        + element("unit", article.unit or None)
        + element("webshop", article.webshop)
        + element("stockArticle", article.stock_article)
        + "<ns:imageList/><ns:customFieldList/>"
        + wrapped("componentArticleList", _components(books, article))
        + wrapped("barcodeList", _barcodes(article))
        + element("discontinued", article.discontinued),
    )


def _components(books: MplusBooks, article: Article) -> str:
    parts = [(books.catalogue.article(number), pieces) for number, pieces in article.components]
    return "".join(
        wrapped(
            "componentArticle",
            element("articleNumber", part.number)
            + amount("quantity", "decimalPlaces", Decimal(pieces))
            + element("description", part.description)
            + element("barcode", part.barcode)
            + element("vatCode", part.vat_code)
            + element("priceIncl", part.price_cents),
        )
        for part, pieces in parts
        if part is not None
    )


def _barcodes(article: Article) -> str:
    own = [(article.barcode, 1)] if article.barcode else []
    return "".join(
        wrapped(
            "barcode",
            element("barcodeId", place)
            + element("barcode", code)
            + element("quantity", pieces)
            + element("decimalPlaces", 0)
            + element("isCurrent", place == 1),
        )
        for place, (code, pieces) in enumerate([*own, *article.extra_barcodes], 1)
    )


PRODUCTS = {"getProducts": get_products}
