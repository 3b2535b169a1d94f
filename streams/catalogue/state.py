"""What rows of the catalogue flow hold: articles, offers and codes of one connection.

One flow with three kinds of rows, told apart by their entity: `article/<number>`, `offer/<id>`,
`code/<kind>/<value>`. A row knows only itself; rows tell each other by events.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from streams.vocabulary.events import Code, Part
from streams.vocabulary.fact import Value

ASKERS = 1_000
"""Askers remembered per code. More orders than that waiting for one missing article are asked for again by
hand (`try again`)."""
OFFERS = 100
"""Offers that an article's row remembers; whether there is one at all is what counts."""


class ArticleRow(Value, frozen=True, tag="article", tag_field="row"):
    """An article as last seen."""

    marker: int
    description: str = ""
    codes: tuple[Code, ...] = ()
    """As claimed at the codes' rows, in normal form."""
    stock_kept: bool = True
    vat_code: int | None = None
    epoch: int = 0
    active: bool = True
    unit: str = ""
    groups: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    price_cents: int = 0
    described: int | None = None
    """The marker that the stock row was told last, which never falls; None: it was told nothing."""
    offers: tuple[str, ...] = ()
    """Offers that sell it."""
    judged: bool = False
    """It has been there long enough to say that no offer sells it."""
    judge_at: datetime | None = None
    why: str = ""
    """Why no offer sells it, as was told; empty: nothing was."""


class Heard(Value, frozen=True):
    """What a code's row said last."""

    article_number: int | None
    units: int = 1
    description: str = ""
    among: tuple[int, ...] = ()


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
    corrected: int | None = None
    price_cents: int | None = None
    on_hold: bool | None = None
    condition: str = "NEW"
    economic_operator: str = ""
    offline: tuple[str, ...] = ()
    told: int | None = None
    """The article whose row knows that this offer sells it."""
    why: str = ""
    """Why it has no article, as the list of unmatched ones shows it."""
    look_at: datetime | None = None
    """When it is asked for by itself, where that is another moment than its last reading gives."""
    tries: int = 0
    """Questions for it that failed in a row."""


class Claim(Value, frozen=True):
    """An article that carries the code."""

    article_number: int
    description: str = ""
    units: int = 1
    stock_kept: bool = True
    vat_code: int | None = None
    active: bool = True


class Lying(Value, frozen=True):
    """What lies at Bol (FBB) of this EAN."""

    regular: int
    title: str
    read_at: datetime
    look_at: datetime | None = None
    """As in `OfferRow`."""
    tries: int = 0


class CodeRow(Value, frozen=True, tag="code", tag_field="row"):
    """A code: who carries it, and who wants to know."""

    claims: tuple[Claim, ...] = ()
    """Ordered by article number."""
    askers: tuple[str, ...] = ()
    lying: Lying | None = None
    why: str = ""
    """Why that has no article, as was told."""


CatalogueRow = ArticleRow | OfferRow | CodeRow
