"""The number for people: the sum written out, and where each offer stands."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from streams.stock.calculation import available, free, reserved, sold
from streams.stock.rules import StockRules
from streams.stock.state import Article
from streams.vocabulary.activity import OfferShown, StockShown, Term
from streams.vocabulary.time import SHOP_ZONE


def shown(number: str, article: Article, rules: StockRules) -> StockShown:
    """The snapshot of an article for the read model."""
    have = free(article)
    waiting, gone = reserved(article), sold(article)
    left = available(article, rules)
    terms: list[Term] = []
    if have is not None:
        where = ", ".join(f"{plain(reading.free)} at branch {reading.branch}" for reading in article.readings)
        terms.append(Term(amount=plain(have), label="free", why=f"in Mplus: {where}"))
    if article.reservations:
        orders = sorted({one.order_id for one in article.reservations})
        terms.append(
            Term(
                amount=f"-{waiting}",
                label="open Bol",
                why="orders not yet in a Mplus reading: " + ", ".join(orders[:5]) + _more(len(orders) - 5),
            )
        )
    if article.sales:
        terms.append(
            Term(
                amount=f"-{plain(gone)}",
                label="just sold at the till",
                why="heard from the till, not yet in a Mplus reading",
            )
        )
    if rules.buffer and have is not None:
        terms.append(Term(amount=f"-{rules.buffer}", label="buffer", why="kept back by the settings"))
    offers = tuple(
        [
            OfferShown(
                offer_id=offer.offer_id,
                ean=offer.ean,
                desired=offer.desired,
                sent=offer.sent,
                sent_at=offer.sent_at,
                at_bol=offer.at_bol,
                at_bol_read=offer.at_bol_read,
                stuck=offer.stuck,
            )
            for offer in article.offers
        ]
    )
    stuck = next((offer.stuck for offer in article.offers if offer.stuck), article.read_stuck)
    if not stuck and article.answered and not article.readings and article.offers:
        stuck = (
            "Mplus keeps no stock of this article at the chosen branches, so nothing is sent to Bol. Switch "
            "stock keeping on for it in Mplus."
        )
    return StockShown(
        article_number=number,
        description=article.description,
        terms=tuple(terms),
        desired=left,
        sentence=_sentence(article, rules, have, waiting, gone, left),
        offers=offers,
        stuck=stuck,
    )


def sentence(article: Article, rules: StockRules) -> str:
    """`12 free - 2 open Bol - 1 buffer = 9, sent 14:02:11`."""
    return _sentence(
        article, rules, free(article), reserved(article), sold(article), available(article, rules)
    )


def _sentence(
    article: Article, rules: StockRules, have: Decimal | None, waiting: int, gone: Decimal, left: int | None
) -> str:
    if have is None or left is None:
        return "no reading of Mplus yet"
    parts = [f"{plain(have)} free"]
    if article.reservations:
        parts.append(f"{waiting} open Bol")
    if article.sales:
        parts.append(f"{plain(gone)} just sold at the till")
    if rules.buffer:
        parts.append(f"{rules.buffer} buffer")
    text = " - ".join(parts) + f" = {left}"
    if have - waiting - gone - rules.buffer < 0:
        text += " (never below 0)"
    for offer in article.offers:
        if offer.fulfilment == "FBB":
            text += ", kept by Bol (FBB): not sent"
        elif offer.sent is not None and offer.sent == offer.desired:
            text += f", sent {clock(offer.sent_at)}" if offer.sent_at else ", as Bol has it"
        elif offer.desired is not None:
            text += f", {offer.desired} on its way"
    return text


def plain(amount: Decimal) -> str:
    """`12` or `0.5`, never `1E+1`."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def clock(moment: datetime | None) -> str:
    """The wall clock of the shop."""
    return moment.astimezone(SHOP_ZONE).strftime("%H:%M:%S") if moment else ""


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
