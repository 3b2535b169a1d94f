"""What a shop can set about its stock (streams/stock/rules.py says what each rule does).

How articles are counted stands in the part itself; `group` and `article` have what differs for some of them:
app/stock_rules.py puts them together and looks for what contradicts itself.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.sections.part import Branch, Expression, Filled, Part, Span, Switch, Whole, fitting
from streams.stock.rules import Calculation, Split
from streams.vocabulary.codes import Kind

MOST = 1_000_000
"""Units."""
FINEST = Decimal("0.000001")


def _different(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value:
        raise ValueError("is empty; write at least one branch: [1]")
    if len(set(value)) != len(value):
        raise ValueError("write every branch once: its stock would count twice")
    return value


def _each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or len(set(value)) != len(value):
        raise ValueError('write "ean", "sku" or both, each once: ["ean", "sku"]')
    return value


def _group_key(value: str) -> str:
    if re.fullmatch(r"0|[1-9][0-9]{0,9}", value, re.ASCII) and int(value) < 2**31:
        return value
    raise ValueError("write the number of an article group: [connections.NAME.stock.group.12]")


def _portion(value: object) -> object:
    """A number of the file as it is written there: 0.1 is a tenth and not a computer's fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("write a number, without quotes: 0.5")
    number = Decimal(str(value))
    if not number.is_finite() or not FINEST <= number <= MOST or number % FINEST:
        raise ValueError(f"write a number from {FINEST} to {MOST}, with six decimals at most")
    return number


BranchKey = Annotated[
    str, fitting(r"0|[1-9][0-9]{0,8}", "write the number of a branch: [connections.NAME.stock.branch.2]")
]
ArticleKey = Annotated[
    str, fitting(r"[1-9][0-9]{0,14}", "write an article number: [connections.NAME.stock.article.1001]")
]
Units = Annotated[Whole, Field(ge=0, le=MOST)]
Most = Annotated[Whole, Field(ge=1, le=MOST)]
Percent = Annotated[Whole, Field(ge=0, le=100)]
Portion = Annotated[Decimal, BeforeValidator(_portion)]


class BranchStock(Part):
    """How much of a branch counts."""

    share: Whole = Field(default=100, ge=1, le=100)
    """Percent."""
    maximum: Units | None = None


class CountedSo(Part):
    """What differs for an article group or an article; what is not said holds as in `stock` itself."""

    calculation: Calculation | None = None
    fixed: Units | None = None
    expression: Expression | None = None
    buffer: Units | None = None
    buffer_percent: Percent | None = None
    cap: Most | None = None
    minimum: Units | None = None
    portion: Portion | None = None
    managed: Switch | None = None


class Stock(Part):
    """The rules for the stock of a connection."""

    branches: Annotated[tuple[Branch, ...], AfterValidator(_different)]
    calculation: Calculation = "available"
    fixed: Units | None = None
    expression: Expression | None = None
    buffer: Units = 0
    buffer_percent: Percent = 0
    cap: Most = 999
    minimum: Units = 0
    portion: Portion = Decimal(1)
    managed: Switch | None = None
    """None: the sound one for the calculation (app/stock_rules.py)."""

    split: Split = "even"
    weights: dict[Filled, Units] = Field(default_factory=dict, max_length=1000)
    push: Switch = True
    prices: Switch = False
    hold: Switch = False
    fbb_branch: Branch | None = None
    fbr_branch: Branch | None = None
    till_sale_hold_seconds: Span = Field(default=5.0, ge=0, le=3600)

    match: Annotated[tuple[Kind, ...], AfterValidator(_each_once)] = ("ean", "sku")
    """By what an offer finds its article, in this order (streams/catalogue/rules.py)."""

    branch: dict[BranchKey, BranchStock] = Field(default_factory=dict)
    group: dict[Annotated[str, AfterValidator(_group_key)], CountedSo] = Field(
        default_factory=dict, max_length=1000
    )
    article: dict[ArticleKey, CountedSo] = Field(default_factory=dict, max_length=5000)
