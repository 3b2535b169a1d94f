"""Models of both vendors: their books, and what a call does to them. No HTTP: the wire is tested elsewhere."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem
from streams.vocabulary.effects import (
    CommitOrder,
    CreateRelation,
    Effect,
    FetchBolOrder,
    FindRelation,
    PushStock,
    ReadStock,
    UpdateRelation,
)
from streams.vocabulary.events import (
    Answer,
    BolOrderFetched,
    OrderCommitted,
    RelationFound,
    RelationSaved,
    StockAnswered,
    StockPushed,
)
from streams.vocabulary.mplus_order import OrderDraft
from streams.vocabulary.outcomes import Refused
from streams.vocabulary.stock_reading import Reading


def ean(article: int) -> str:
    """The EAN of an article in the model."""
    return f"87{article:011d}"


class Mplus:
    """The till: physical stock, reservations by orders, relations."""

    def __init__(self, articles: dict[int, int]) -> None:
        self.stock = dict(articles)
        self.reserved = dict.fromkeys(articles, 0)
        self.marker = dict.fromkeys(articles, 1)
        self.orders: dict[str, OrderDraft] = {}
        self.created: list[str] = []
        self.keys: dict[str, str] = {}
        self.relations: dict[str, int] = {}
        self.doubled_relations = 0

    def sell(self, article: int, quantity: int) -> None:
        """A unit goes over the counter; the marker grows with every mutation, not with reservations."""
        self.stock[article] -= quantity
        self.marker[article] += 1

    def free(self, article: int) -> int:
        """What may still be sold."""
        return self.stock[article] - self.reserved[article]

    def commit(self, draft: OrderDraft, look_first: bool) -> Answer | Refused:
        """createOrderV3, as the executor promises it."""
        if draft.idempotency_key in self.keys or (look_first and draft.ext_order_id in self.orders):
            return OrderCommitted(order_id=f"m-{draft.ext_order_id}", number="1", adopted=True)
        if draft.ext_order_id in self.orders:
            return OrderCommitted(order_id=f"m-{draft.ext_order_id}", number="1", adopted=True)
        self.keys[draft.idempotency_key] = draft.ext_order_id
        self.orders[draft.ext_order_id] = draft
        self.created.append(draft.ext_order_id)
        for line in draft.lines:
            self.reserved[line.article_number] += line.quantity
        return OrderCommitted(order_id=f"m-{draft.ext_order_id}", number="1")


class Bol:
    """The marketplace: orders and offers."""

    def __init__(self, offers: dict[str, int]) -> None:
        self.offers = dict(offers)
        self.orders: dict[str, BolOrder] = {}


class Vendors:
    """Runs one effect: takes effect at once, answers later or never."""

    def __init__(self, bol: Bol, mplus: Mplus, chance: random.Random) -> None:
        self.bol = bol
        self.mplus = mplus
        self._random = chance

    def run(
        self, effect: Effect, repeated: bool, asked_at: datetime, answered_at: datetime
    ) -> Answer | Refused:
        """What the call does and says."""
        mplus = self.mplus
        match effect:
            case PushStock():
                self.bol.offers[effect.offer_id] = effect.amount
                return StockPushed(offer_id=effect.offer_id, amount=effect.amount)
            case FetchBolOrder():
                return BolOrderFetched(order=self.bol.orders.get(effect.order_id))
            case ReadStock():
                article = effect.article_number
                reading = Reading(
                    article_number=article,
                    branch=1,
                    free=Decimal(mplus.free(article)),
                    reserved=Decimal(mplus.reserved[article]),
                    incoming=Decimal(0),
                    marker=mplus.marker[article],
                    asked_at=asked_at,
                    answered_at=answered_at,
                )
                return StockAnswered(readings=(reading,))
            case FindRelation():
                return RelationFound(relation_number=mplus.relations.get(effect.email))
            case CreateRelation():
                if effect.customer.email in mplus.relations:
                    mplus.doubled_relations += 0 if repeated else 1
                number = mplus.relations.setdefault(effect.customer.email, len(mplus.relations) + 1)
                return RelationSaved(relation_number=number)
            case UpdateRelation():
                return RelationSaved(relation_number=effect.relation_number)
            case CommitOrder():
                if self._random.random() < 0.02:
                    return Refused(said="the branch is closed for stock-taking")
                return mplus.commit(effect.draft, repeated)
            case _:
                raise AssertionError(f"not in this model: {effect}")


def order(number: int, articles: list[tuple[int, int]], placed_at: datetime) -> BolOrder:
    """A Bol order of these articles and quantities."""
    address = Address(
        first_name="Jan",
        surname=f"de Vries {number}",
        street="Oudegracht",
        house_number=str(number),
        zip_code="3511 AA",
        city="Utrecht",
        country="NL",
        email=f"o{number}@verkopen.bol.com",
    )
    items = tuple(
        BolOrderItem(
            item_id=f"i{number}-{place}",
            ean=ean(article),
            quantity=quantity,
            unit_price_cents=1995,
            total_cents=1995 * quantity - place,
            title=f"article {article}",
        )
        for place, (article, quantity) in enumerate(articles)
    )
    return BolOrder(order_id=f"b{number}", placed_at=placed_at, items=items, ship_to=address, bill_to=address)
