"""What rows of the catalogue flow hold: articles, offers and codes of one connection.

One flow with three kinds of rows, told apart by their entity: `article/<number>`, `offer/<id>`,
`code/<kind>/<value>`. A row knows only itself; rows tell each other by events.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from streams.vocabulary.events import Code
from streams.vocabulary.fact import Value

ASKERS = 1_000
"""Askers remembered per code. More orders than that waiting for one missing article are asked for again by
hand (`try again`)."""


class ArticleRow(Value, frozen=True, tag="article", tag_field="row"):
    """An article as last seen."""

    marker: int
    description: str = ""
    codes: tuple[Code, ...] = ()
    """As claimed at the codes' rows, in normal form."""
    stock_kept: bool = True
    vat_code: int | None = None


class Heard(Value, frozen=True):
    """What a code's row said last."""

    article_number: int | None
    units: int = 1
    description: str = ""


class OfferRow(Value, frozen=True, tag="offer", tag_field="row"):
    """An offer as last read, and the article it sells."""

    ean: str
    read_at: datetime
    reference: str = ""
    amount: int = 0
    managed_by_retailer: bool = True
    fulfilment: str = "FBR"
    answers: dict[str, Heard] = msgspec.field(default_factory=dict)
    """By the code's entity."""
    article_number: int | None = None
    units: int = 1
    missed: bool = False
    """It was said that no article carries its codes."""


class Claim(Value, frozen=True):
    """An article that carries the code."""

    article_number: int
    description: str = ""
    units: int = 1
    stock_kept: bool = True
    vat_code: int | None = None


class CodeRow(Value, frozen=True, tag="code", tag_field="row"):
    """A code: who carries it, and who wants to know."""

    claims: tuple[Claim, ...] = ()
    """Ordered by article number."""
    askers: tuple[str, ...] = ()


CatalogueRow = ArticleRow | OfferRow | CodeRow
