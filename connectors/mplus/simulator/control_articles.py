"""`/_control/articles`: what the back office does to the range."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.mplus.simulator import dump as told
from connectors.mplus.simulator.articles import GeneratedArticle
from connectors.mplus.simulator.catalogue import Article
from connectors.mplus.simulator.control_bodies import (
    ArticleChange,
    NewArticle,
    NotThere,
    Quantity,
    pieces_of,
    price_of,
)

if TYPE_CHECKING:
    from connectors.mplus.simulator.app import MplusSimulator

_FIELDS = ("description", "price_cents", "active", "webshop", "discontinued", "si_unit", "unit")


class ArticleControl:
    """The handlers, each from a decoded body to what is told back."""

    def __init__(self, simulator: MplusSimulator) -> None:
        self._simulator = simulator

    async def change(self, change: ArticleChange) -> Any:
        """The back office edits an article."""
        catalogue = self._simulator.books.catalogue
        article = catalogue.article(change.article)
        if article is None:
            raise NotThere(f"article {change.article} does not exist")
        price_of(change.price_cents)
        parts = None if change.components is None else _parts(change.components)
        if parts is not None:
            catalogue.check_parts(article.number, parts)

        def apply(edited: Article) -> None:
            for name in _FIELDS:
                if (value := getattr(change, name)) is not None:
                    setattr(edited, name, value)
            if change.ean is not None:
                edited.barcode = change.ean
            if change.extra_barcodes is not None:
                edited.extra_barcodes = tuple(change.extra_barcodes)
            if parts is not None:
                edited.components = parts

        catalogue.change(article, apply)
        product = catalogue.product(article.product)
        if change.groups is not None and product is not None:
            product.groups = tuple(change.groups)
        return self._told(article.number)

    async def deactivate(self, change: ArticleChange) -> Any:
        """The back office takes an article out of the range."""
        change.active = False
        return await self.change(change)

    async def add(self, new: NewArticle) -> Any:
        """A new article, a product of its own unless one is named."""
        price_of(new.price_cents)
        self._simulator.books.add_article(
            GeneratedArticle(
                article_number=new.article,
                product_number=new.product or new.article,
                plu=new.plu or str(new.article),
                description=new.description,
                product_description=new.description,
                ean=new.ean,
                price_cents=new.price_cents,
                purchase_cents=new.price_cents // 2,
                vat_code=new.vat_code,
                opening_stock=new.opening_stock,
                stock_article=new.stock_article and not new.components,
                components=_parts(new.components),
                si_unit=new.si_unit,
                unit=new.unit,
                groups=tuple(new.groups),
            )
        )
        return self._told(new.article)

    def _told(self, number: int) -> Any:
        return told.dump(self._simulator.books, frozenset({"articles"}), frozenset({number}))["articles"][0]


def _parts(components: list[tuple[int, Quantity]]) -> tuple[tuple[int, Decimal], ...]:
    return tuple((part, pieces_of(quantity)) for part, quantity in components)
