"""Models of both vendors: their books, and what a call does to them. No HTTP: the wire is tested elsewhere."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    CreateRelation,
    Effect,
    FetchBolOrder,
    FindRelation,
    PushOffer,
    ReadMplusOrder,
    ReadStock,
    UpdateRelation,
)
from streams.vocabulary.events import (
    Answer,
    BolOrderFetched,
    MplusOrderRead,
    OfferPushed,
    OrderCommitted,
    RelationFound,
    RelationSaved,
    StockAnswered,
)
from streams.vocabulary.mplus_order import MplusOrder, MplusOrderLine, OrderDraft
from streams.vocabulary.outcomes import Refused
from streams.vocabulary.stock_reading import Reading


def ean(article: int) -> str:
    """The EAN of an article in the model."""
    return f"87{article:011d}"


class Mplus:
    """The till: physical stock, reservations by orders, relations by who they are. Of a composed article nothing lies
    there: what is sold or ordered of it is its parts."""

    def __init__(self, articles: dict[int, int], kits: dict[int, dict[int, int]] | None = None) -> None:
        self.kits = kits or {}
        """By composed article: how many of which parts are in one."""
        self.stock = dict(articles)
        self.reserved = dict.fromkeys(articles, 0)
        self.marker = dict.fromkeys(articles, 1)
        self.orders: dict[str, OrderDraft] = {}
        self.created: list[str] = []
        self.keys: dict[str, str] = {}
        self.relations: dict[str, list[int]] = {}
        self.left: dict[str, dict[int, int]] = {}
        """Articles that stay on an order, by its extOrderId."""

    def sell(self, article: int, quantity: int) -> None:
        """A unit goes over the counter; the marker grows with every mutation, not with reservations."""
        for part, count in self.parts(article).items():
            self.stock[part] -= count * quantity
            self.marker[part] += 1

    def parts(self, article: int) -> dict[int, int]:
        """What one of it takes off the shelf."""
        return self.kits.get(article, {article: 1})

    def free(self, article: int) -> int:
        """What may still be sold."""
        if article in self.kits:
            return min(max(0, self.free(part)) // count for part, count in self.kits[article].items())
        return self.stock[article] - self.reserved[article]

    def reserve(self, article: int, quantity: int) -> None:
        """An order takes so many, or lets them go."""
        for part, count in self.parts(article).items():
            self.reserved[part] += count * quantity

    def commit(self, draft: OrderDraft, look_first: bool) -> Answer | Refused:
        """createOrderV3, as the executor promises it."""
        if draft.idempotency_key in self.keys or (look_first and draft.ext_order_id in self.orders):
            return OrderCommitted(order_id=f"m-{draft.ext_order_id}", number="1", adopted=True)
        if draft.ext_order_id in self.orders:
            return OrderCommitted(order_id=f"m-{draft.ext_order_id}", number="1", adopted=True)
        self.keys[draft.idempotency_key] = draft.ext_order_id
        self.orders[draft.ext_order_id] = draft
        self.created.append(draft.ext_order_id)
        left = self.left.setdefault(draft.ext_order_id, {})
        for line in draft.lines:
            self.reserve(line.article_number, line.quantity)
            left[line.article_number] = left.get(line.article_number, 0) + line.quantity
        return OrderCommitted(order_id=f"m-{draft.ext_order_id}", number="1")

    def leave(self, order_id: str, wanted: dict[int, int]) -> None:
        """Less is wanted of an order: what falls away is free again."""
        left = self.left[order_id.removeprefix("m-")]
        for article, count in left.items():
            keep = min(count, wanted.get(article, 0))
            self.reserve(article, keep - count)
            left[article] = keep

    def told(self, ext_order_id: str) -> MplusOrder | None:
        """The order as getOrder has it."""
        draft = self.orders.get(ext_order_id)
        if draft is None:
            return None
        left = self.left[ext_order_id]
        ordered: dict[int, int] = {}
        for line in draft.lines:
            ordered[line.article_number] = ordered.get(line.article_number, 0) + line.quantity
        whole = "COMPLETE" if not any(left.values()) else "NOTHING"
        return MplusOrder(
            order_id=f"m-{ext_order_id}",
            ext_order_id=ext_order_id,
            number="1",
            marker=1,
            cancel_state=f"ORDER-CANCEL-STATE-{whole}",
            relation_number=draft.relation_number,
            lines=tuple(
                MplusOrderLine(
                    article_number=article,
                    quantity=Decimal(count),
                    cancelled=Decimal(count - left[article]),
                )
                for article, count in ordered.items()
            ),
        )


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
            case PushOffer():
                self.bol.offers[effect.offer_id] = effect.amount
                return OfferPushed(offer_id=effect.offer_id, amount=effect.amount)
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
                return RelationFound(relation_number=mplus.relations.get(effect.customer.identity, [None])[0])
            case CreateRelation():
                known = mplus.relations.setdefault(effect.customer.identity, [])
                if not (repeated and known):
                    known.append(sum(len(one) for one in mplus.relations.values()) + 1)
                return RelationSaved(relation_number=known[0])
            case UpdateRelation():
                return RelationSaved(relation_number=effect.relation_number)
            case ReadMplusOrder():
                ext = effect.ext_order_id or effect.order_id.removeprefix("m-")
                return MplusOrderRead(order=mplus.told(ext))
            case CancelMplusOrder():
                mplus.leave(effect.order_id, {one.article_number: one.quantity for one in effect.left})
                return MplusOrderRead(order=mplus.told(effect.order_id.removeprefix("m-")))
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
        surname=f"de Vries {number % 3}",
        street="Oudegracht",
        house_number=str(number % 3 + 1),
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
