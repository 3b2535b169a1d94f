"""The articles as the back office has them, grouped in products, with their sync markers (facts/mplus.md 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.mplus.simulator.articles import GeneratedArticle
from connectors.mplus.simulator.markers import MarkerFeed
from streams.vocabulary.time import Clock

MOST_COMPONENTS = 1000


@dataclass(slots=True)
class Article:
    """The sellable variant. Prices are cents; `extra_barcodes` are (EAN, pieces) of packagings."""

    number: int
    product: int
    plu: str
    description: str
    barcode: str
    price_cents: int
    purchase_cents: int
    vat_code: int
    brand: str
    colour: str
    size: str
    stock_article: bool
    webshop: bool
    active: bool
    created_at: datetime
    changed_at: datetime
    marker: int = 0
    discontinued: bool = False
    turnover_group: int = 1
    extra_barcodes: tuple[tuple[str, int], ...] = ()
    components: tuple[tuple[int, int | Decimal], ...] = ()
    """(article number, so much of it) that one of a composed article is made of."""
    si_unit: str = ""
    unit: str = ""


@dataclass(slots=True)
class Product:
    """What groups the variants. `marker` is the highest of its articles'."""

    number: int
    description: str
    marker: int = 0
    articles: list[int] = field(default_factory=list)
    groups: tuple[int, ...] = (10,)


class Catalogue:
    """Articles and products. Nothing is ever deleted: an article goes inactive (facts/mplus.md 2.6)."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._articles: dict[int, Article] = {}
        self._products: dict[int, Product] = {}
        self._feed: MarkerFeed[int] = MarkerFeed()
        self._by_plu: dict[str, int] = {}

    @property
    def current(self) -> int:
        """The highest article sync marker given."""
        return self._feed.current

    def __len__(self) -> int:
        return len(self._articles)

    def article(self, number: int) -> Article | None:
        """The article of this number."""
        return self._articles.get(number)

    def by_plu(self, plu: str) -> Article | None:
        """The article of this PLU."""
        number = self._by_plu.get(plu)
        return None if number is None else self._articles[number]

    def articles(self) -> Iterator[Article]:
        """Every article, in the order of adding."""
        return iter(self._articles.values())

    def product(self, number: int) -> Product | None:
        """The product of this number."""
        return self._products.get(number)

    def products(self) -> Iterator[Product]:
        """Every product, in the order of adding."""
        return iter(self._products.values())

    def products_since(self, marker: int) -> Iterator[Product]:
        """Products changed at or after this marker, rising."""
        return (self._products[number] for number in self._feed.since(marker))

    def add(self, made: GeneratedArticle) -> Article:
        """Put an article into the range. Raises ValueError on a number or PLU that is taken, or a full book."""
        if made.article_number in self._articles or made.plu in self._by_plu:
            raise ValueError(f"article {made.article_number} or PLU {made.plu} exists already")
        if made.article_number < 1 or made.product_number < 1:
            raise ValueError("article and product numbers start at 1")
        if len(self._articles) >= self._limit:
            raise ValueError("the book of articles is full")
        self.check_parts(made.article_number, made.components)
        product = self._products.get(made.product_number)
        if product is None:
            product = Product(made.product_number, made.product_description or made.description)
            self._products[product.number] = product
        at = self._clock()
        article = Article(
            number=made.article_number, product=product.number, plu=made.plu, description=made.description,
            barcode=made.ean, price_cents=made.price_cents, purchase_cents=made.purchase_cents,
            vat_code=made.vat_code, brand=made.brand, colour=made.colour, size=made.size,
            stock_article=made.stock_article, webshop=made.webshop, active=made.active,
            created_at=at, changed_at=at, components=made.components, si_unit=made.si_unit, unit=made.unit,
        )  # fmt: skip
        if made.groups:
            product.groups = made.groups
        self._articles[article.number] = article
        self._by_plu[article.plu] = article.number
        product.articles.append(article.number)
        self._mark(article)
        return article

    def check_parts(self, number: int, components: tuple[tuple[int, int | Decimal], ...]) -> None:
        """Raises ValueError on a part that does not exist, is the article itself, or of which there is nothing."""
        if len(components) > MOST_COMPONENTS:
            raise ValueError(f"a composed article has at most {MOST_COMPONENTS} parts")
        for part, quantity in components:
            if part not in self._articles or part == number:
                raise ValueError(f"article {number} is made of {part}, which does not exist")
            if quantity <= 0:
                raise ValueError(f"article {number} holds some of {part}, not {quantity}")

    def change(self, article: Article, apply: Callable[[Article], None]) -> None:
        """Let `apply` edit an article (not its number, product or PLU) and give it and its product a new
        marker."""
        apply(article)
        article.changed_at = self._clock()
        self._mark(article)

    def _mark(self, article: Article) -> None:
        product = self._products[article.product]
        article.marker = product.marker = self._feed.touch(product.number)
