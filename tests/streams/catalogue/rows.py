"""All rows of a catalogue, with the messages between them delivered in any order that keeps each row's own."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from streams.catalogue.decide import decide
from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import CatalogueRow, OfferRow
from streams.codec import RowCodec
from streams.flow import Context, OpenEffect, Row
from streams.vocabulary.activity import Noted, UnmatchedShown
from streams.vocabulary.effects import ReadBolInventory, ReadBolOffer
from streams.vocabulary.events import (
    ArticleSeen,
    Code,
    CodeAsked,
    InventorySeen,
    Message,
    OfferSeen,
    Settled,
    Woke,
)

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = CatalogueRules()
CODEC: RowCodec[CatalogueRow] = RowCodec(CatalogueRow)


class Catalogue:
    """Rows by entity; messages to other flows are kept."""

    def __init__(self, chance: random.Random | None = None, rules: CatalogueRules = RULES) -> None:
        self.rules = rules
        self.rows: dict[str, CatalogueRow] = {}
        self.waiting: list[Message] = []
        self.out: list[Message] = []
        self.notes: list[Noted] = []
        self.unmatched: dict[tuple[str, str], UnmatchedShown] = {}
        """By side and name, as the list has them."""
        self.told_unmatched = 0
        self.wakes: dict[str, datetime] = {}
        self.open: dict[str, ReadBolOffer | ReadBolInventory] = {}
        """By entity: what is asked for by itself."""
        self.now = START
        self._random = chance

    def send(self, message: Message, times: int = 1) -> None:
        """Puts an event into the inbox, `times` in a row."""
        self.waiting.extend([message] * times)

    def article(
        self, number: int, *eans: str, marker: int = 1, active: bool = True, units: int = 1, **more: Any
    ) -> Message:
        """An article with these EANs, and its number as SKU."""
        codes = [Code(kind="ean", value=value, units=units) for value in eans]
        codes.append(Code(kind="sku", value=str(number)))
        event = ArticleSeen(
            article_number=number,
            description=f"Mug {number}",
            codes=tuple(codes),
            marker=marker,
            active=active,
            **more,
        )
        return Message(flow="catalogue", entity=f"article/{number}", event=event)

    def offer(self, offer_id: str, ean: str, reference: str = "", amount: int = 3, **more: Any) -> Message:
        """An offer as Bol lists it now."""
        self.now += timedelta(seconds=1)
        event = self.seen(offer_id, ean, reference, amount, **more)
        return Message(flow="catalogue", entity=f"offer/{offer_id}", event=event)

    def seen(self, offer_id: str, ean: str, reference: str = "", amount: int = 3, **more: Any) -> OfferSeen:
        """The offer as Bol has it at this moment."""
        return OfferSeen(
            offer_id=offer_id, ean=ean, reference=reference, amount=amount, read_at=self.now, **more
        )

    def lying(self, ean: str, regular: int, title: str = "Mug") -> InventorySeen:
        """What lies of it at Bol at this moment."""
        return InventorySeen(ean=ean, regular=regular, title=title, read_at=self.now)

    def inventory(self, ean: str, regular: int) -> None:
        """Bol lists it now."""
        self.now += timedelta(seconds=1)
        event = self.lying(ean, regular)
        self.send(Message(flow="catalogue", entity=f"code/ean/{ean}", event=event))
        self.settle()

    def ask(self, code: str, asker: str = "orders:b1") -> Message:
        """Who carries this code?"""
        return Message(flow="catalogue", entity=code, event=CodeAsked(asker=asker))

    def settle(self) -> None:
        """Delivers until nothing waits."""
        while self.waiting:
            self.deliver(self._pick())

    def _pick(self) -> Message:
        if self._random is None:
            return self.waiting.pop(0)
        entity = self._random.choice(self.waiting).entity
        place = next(place for place, message in enumerate(self.waiting) if message.entity == entity)
        return self.waiting.pop(place)

    def deliver(self, message: Message) -> None:
        """Applies one event, and reads the row back as the log would."""
        open_now = {}
        asked = self.open.get(message.entity)
        if asked is not None and not isinstance(message.event, Settled):
            open_now = {"look": OpenEffect(effect=asked, number=1)}
        elif asked is not None:
            del self.open[message.entity]
        context = Context(
            connection="shop", entity=message.entity, at=self.now, rules=self.rules, open=open_now
        )
        state = self.rows.get(message.entity)
        decision = decide(state, message.event, context)  # type: ignore[arg-type]  # catalogue events only
        assert decide(state, message.event, context) == decision  # type: ignore[arg-type]  # the same
        for dropped in decision.drops:
            assert dropped == "look"
            del self.open[message.entity]
        for ask in decision.asks:
            assert isinstance(ask.effect, ReadBolOffer | ReadBolInventory)
            assert message.entity not in self.open, "one question at a time"
            self.open[message.entity] = ask.effect
        if decision.wake is None:
            self.wakes.pop(message.entity, None)
        else:
            self.wakes[message.entity] = decision.wake
        if decision.state is None:
            assert message.entity not in self.open, "a row that asks for something is not deleted"
            self.rows.pop(message.entity, None)
        else:
            row = CODEC.read(CODEC.write(Row(state=decision.state, applied=1)))
            assert row.state == decision.state
            self.rows[message.entity] = decision.state
        self.notes.extend(one for one in decision.activity if isinstance(one, Noted))
        for one in decision.activity:
            if isinstance(one, UnmatchedShown):
                self.told_unmatched += 1
                if one.why:
                    self.unmatched[one.side, one.name] = one
                else:
                    self.unmatched.pop((one.side, one.name), None)
        for sent in decision.messages:
            (self.waiting if sent.flow == "catalogue" else self.out).append(sent)

    def ring(self, until: datetime | None = None) -> int:
        """Every alarm that is due by then (None: the next one) rings, and its time comes; how many did."""
        if until is None:
            until = min(self.wakes.values())
        rung = 0
        while due := [(at, entity) for entity, at in self.wakes.items() if at <= until]:
            at, entity = min(due)
            self.now = max(self.now, at)
            del self.wakes[entity]
            self.deliver(Message(flow="catalogue", entity=entity, event=Woke(due=at)))
            self.settle()
            rung += 1
        self.now = max(self.now, until)
        return rung

    def look(self, offer_id: str, outcome: Any, asked_at: datetime | None = None) -> None:
        """What came of asking for the offer."""
        self.answer(f"offer/{offer_id}", outcome, asked_at)

    def answer(self, entity: str, outcome: Any, asked_at: datetime | None = None) -> None:
        """What came of asking for this one."""
        event = Settled(
            key="look", number=1, outcome=outcome, asked_at=asked_at or self.now, answered_at=self.now
        )
        self.deliver(Message(flow="catalogue", entity=entity, event=event))
        self.settle()

    def sells(self, offer_id: str) -> int | None:
        """The article that the offer is linked to."""
        row = self.rows[f"offer/{offer_id}"]
        assert isinstance(row, OfferRow)
        return row.article_number

    def to(self, entity: str) -> list[object]:
        """What was sent to this entity of another flow."""
        return [message.event for message in self.out if message.entity == entity]
