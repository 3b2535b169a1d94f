"""All rows of a catalogue, with the messages between them delivered in any order that keeps each row's own."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from streams.catalogue.decide import decide
from streams.catalogue.state import CatalogueRow, OfferRow
from streams.codec import RowCodec
from streams.flow import Context, Row
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import ArticleSeen, Code, CodeAsked, Message, OfferSeen

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CODEC: RowCodec[CatalogueRow] = RowCodec(CatalogueRow)


class Catalogue:
    """Rows by entity; messages to other flows are kept."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self.rows: dict[str, CatalogueRow] = {}
        self.waiting: list[Message] = []
        self.out: list[Message] = []
        self.notes: list[Noted] = []
        self.now = START
        self._random = chance

    def send(self, message: Message, times: int = 1) -> None:
        """Puts an event into the inbox, `times` in a row."""
        self.waiting.extend([message] * times)

    def article(
        self, number: int, *eans: str, marker: int = 1, active: bool = True, units: int = 1
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
        )
        return Message(flow="catalogue", entity=f"article/{number}", event=event)

    def offer(self, offer_id: str, ean: str, reference: str = "", amount: int = 3) -> Message:
        """An offer as Bol lists it now."""
        self.now += timedelta(seconds=1)
        event = OfferSeen(offer_id=offer_id, ean=ean, reference=reference, amount=amount, read_at=self.now)
        return Message(flow="catalogue", entity=f"offer/{offer_id}", event=event)

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
        context = Context(connection="shop", entity=message.entity, at=self.now, rules=())
        state = self.rows.get(message.entity)
        decision = decide(state, message.event, context)  # type: ignore[arg-type]  # catalogue events only
        assert decide(state, message.event, context) == decision  # type: ignore[arg-type]  # the same
        if decision.state is None:
            self.rows.pop(message.entity, None)
        else:
            row = CODEC.read(CODEC.write(Row(state=decision.state, applied=1)))
            assert row.state == decision.state
            self.rows[message.entity] = decision.state
        self.notes.extend(one for one in decision.activity if isinstance(one, Noted))
        for sent in decision.messages:
            (self.waiting if sent.flow == "catalogue" else self.out).append(sent)

    def sells(self, offer_id: str) -> int | None:
        """The article that the offer is linked to."""
        row = self.rows[f"offer/{offer_id}"]
        assert isinstance(row, OfferRow)
        return row.article_number

    def to(self, entity: str) -> list[object]:
        """What was sent to this entity of another flow."""
        return [message.event for message in self.out if message.entity == entity]
