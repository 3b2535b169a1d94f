"""Lines as they are drawn up from what was sent, and whether what is named there exists. A refusal carries a sentence
for people."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from connectors.mplus.simulator.catalogue import Catalogue
from connectors.mplus.simulator.config import Checked, MplusSimulatorConfig
from connectors.mplus.simulator.order_drafts import LineDraft
from connectors.mplus.simulator.orders import OrderLine, vat_inclusive

MOST_LINES = 1000
MOST_CENTS = 10**15
"""Far above any order and far below xsd:long."""


class Refusal(Exception):
    """A draft that the desk does not take; the text is the errorMessage."""


class OrderWriter:
    """Draws up the lines of an order."""

    def __init__(self, config: MplusSimulatorConfig, catalogue: Catalogue, new_id: Callable[[], str]) -> None:
        self._config = config
        self._catalogue = catalogue
        self._new_id = new_id
        self._vat = {rate.code: rate.percentage for rate in config.vat_rates}
        self._known: dict[Checked, frozenset[int] | frozenset[str]] = {
            "vat-code": frozenset(self._vat),
            "turnover-group": frozenset(one.number for one in config.turnover_groups if one.active),
            "delivery-method": frozenset(method.code for method in config.delivery_methods),
            "payment-method": frozenset(method.method for method in config.payment_methods),
            "order-category": frozenset(category.number for category in config.order_categories),
            "employee": frozenset(one.number for one in config.employees if one.active),
        }

    def check(self, what: Checked, named: int | str | None) -> None:
        """Raises Refusal where something is named that the shop does not have."""
        if named and what in self._config.checked and named not in self._known[what]:
            raise Refusal(f"{what.replace('-', ' ')} {named} not found")

    def lines(self, drafts: tuple[LineDraft, ...], old: list[OrderLine], vat_method: str) -> list[OrderLine]:
        """The lines as sent, each composed article with the parts that were not sent along (facts/mplus.md 4.2)."""
        if not 1 <= len(drafts) <= MOST_LINES:
            raise Refusal(f"an order has between 1 and {MOST_LINES} lines")
        ids = [draft.line_id for draft in drafts if draft.line_id]
        if len(set(ids)) != len(ids):
            raise Refusal("a lineId occurs twice")
        before = {line.line_id: line for line in old}
        lines: list[OrderLine] = []
        above: OrderLine | None = None
        for place, draft in enumerate(drafts):
            line = self._line(draft, before.get(draft.line_id), vat_method)
            if draft.component and above is not None:
                line.component_of = above.line_id
            else:
                above = line
            lines.append(line)
            following = drafts[place + 1].component if place + 1 < len(drafts) else False
            if above is not None and not following:
                lines += self._parts(above, lines, old)
        if sum(abs(line.total_incl) for line in lines) > MOST_CENTS:
            raise Refusal("the order's amount is too large")
        return lines

    def _parts(self, line: OrderLine, lines: list[OrderLine], old: list[OrderLine]) -> list[OrderLine]:
        """The parts of a composed article that are not on the order: new ones, or the old ones as many as fit."""
        composed = self._catalogue.article(line.article)
        there = {part.article for part in lines if part.component_of == line.line_id}
        known = {part.article: part for part in old if part.component_of == line.line_id}
        parts = []
        for number, pieces in composed.components if composed else ():
            article, before = self._catalogue.article(number), known.get(number)
            if article is None or number in there:
                continue
            parts.append(
                OrderLine(
                    line_id=before.line_id if before else self._new_id(),
                    article=number,
                    plu=article.plu,
                    text=article.description,
                    quantity=round(line.quantity * pieces, 6),
                    price=0,
                    vat_code=article.vat_code,
                    vat_percentage=self._vat[article.vat_code],
                    turnover_group=article.turnover_group,
                    vat_method=line.vat_method,
                    component_of=line.line_id,
                    delivered=before.delivered if before else Decimal(0),
                    cancelled=before.cancelled if before else Decimal(0),
                )
            )
        return parts

    def _line(self, draft: LineDraft, old: OrderLine | None, vat_method: str) -> OrderLine:
        article = self._catalogue.article(draft.article)
        if article is None:
            raise Refusal(f"article {draft.article} not found")
        vat_code = article.vat_code if draft.vat_code is None else draft.vat_code
        if "vat-code" in self._config.checked and vat_code not in self._vat:
            raise Refusal(f"vatCode {vat_code} not found")
        self.check("turnover-group", draft.turnover_group)
        if old is not None and (
            old.article != draft.article or abs(draft.quantity) < abs(old.delivered + old.cancelled)
        ):
            raise Refusal(f"line {old.line_id} was delivered or cancelled further than this")
        percentage = self._vat.get(vat_code, 0)
        price = draft.price
        if price is None and draft.price_excl is not None:
            price = vat_inclusive(draft.price_excl, percentage)
        return OrderLine(
            line_id=old.line_id if old else self._new_id(),
            article=article.number,
            plu=article.plu,
            text=draft.text or article.description,
            quantity=draft.quantity,
            price=article.price_cents if price is None else price,
            vat_code=vat_code,
            vat_percentage=percentage,
            turnover_group=article.turnover_group if draft.turnover_group is None else draft.turnover_group,
            vat_method=vat_method,
            delivered=old.delivered if old else Decimal(0),
            cancelled=old.cancelled if old else Decimal(0),
        )
