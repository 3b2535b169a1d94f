"""The till: sales and refunds, the receipts they make and the events that a till tells of them.

The shape of an event is facts/mplus.md 3.4: amounts are euros with a point there, not cents.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.mplus.simulator.catalogue import Catalogue
from connectors.mplus.simulator.config import MplusSimulatorConfig
from connectors.mplus.simulator.orders import MOST_QUANTITY, whole_cents
from connectors.mplus.simulator.stock import Origin, StockBook
from streams.vocabulary.money import euros_of
from streams.vocabulary.time import SHOP_ZONE, Clock

MOST_LINES = 1000


@dataclass(frozen=True, slots=True)
class SaleLine:
    """What is put on the till; `price_cents` None: the article's own price."""

    article: int
    quantity: Decimal
    price_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A line of a finished session. `quantity` is what left the shop: negative at a refund."""

    line_id: str
    article: int
    text: str
    quantity: Decimal
    price_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A finished session and its receipt."""

    session_id: str
    kind: str
    """completeSession or creditSession."""
    branch: int
    workplace: int
    at: datetime
    receipt_id: str
    receipt_number: int
    lines: tuple[SessionLine, ...]
    payment_method: str

    @property
    def total_cents(self) -> int:
        """What the customer paid, or got back (negative)."""
        return sum(whole_cents(line.price_cents * line.quantity) for line in self.lines)


@dataclass(frozen=True, slots=True)
class TillEvent:
    """A webhook to be: its name, its JSON body and the workplace that sends it."""

    name: str
    lane: tuple[int, int]
    body: dict[str, Any]


class Till:
    """All tills of the shop. Stock may go negative: a till never refuses what lies on the counter."""

    def __init__(
        self,
        config: MplusSimulatorConfig,
        clock: Clock,
        new_id: Callable[[], str],
        catalogue: Catalogue,
        stock: StockBook,
    ) -> None:
        self._config = config
        self._clock = clock
        self._new_id = new_id
        self._catalogue = catalogue
        self._stock = stock
        self._counters: dict[tuple[int, int], int] = {}
        self._instances = {
            (branch.number, place.number): new_id()
            for branch in config.branches
            for place in branch.workplaces
        }
        self.sessions: deque[Session] = deque(maxlen=config.history_limit)
        self.receipts = 0

    def sell(
        self,
        lines: Sequence[SaleLine],
        *,
        branch: int | None = None,
        workplace: int | None = None,
        payment_method: str = "PIN",
        refund: bool = False,
    ) -> tuple[Session, list[TillEvent]]:
        """Ring up a sale, or a refund of these (positive) quantities. Raises ValueError on an unknown article,
        branch, workplace or payment method, a quantity that is not above zero, or no line at all."""
        lane = self._lane(branch, workplace)
        if payment_method not in {method.method for method in self._config.payment_methods}:
            raise ValueError(f"payment method {payment_method!r} does not exist")
        if not 1 <= len(lines) <= MOST_LINES:
            raise ValueError(f"a session has between 1 and {MOST_LINES} lines")
        done = tuple(self._line(line, -1 if refund else 1) for line in lines)
        self.receipts += 1
        session = Session(
            session_id=self._new_id(),
            kind="creditSession" if refund else "completeSession",
            branch=lane[0],
            workplace=lane[1],
            at=self._clock(),
            receipt_id=self._new_id(),
            receipt_number=self.receipts,
            lines=done,
            payment_method=payment_method,
        )
        self.sessions.append(session)
        origin = Origin(
            cause="till-refund" if refund else "till-sale",
            kind="SALES",
            reference=session.session_id,
            receipt_id=session.receipt_id,
            workplace=lane[1],
            number=session.receipt_number,
        )
        for line in done:
            for article, quantity in self._taken(line):
                row = self._stock.row(lane[0], article)
                if row is not None:
                    self._stock.move(row, origin, on_hand=-quantity)
        return session, self._events(session)

    def _lane(self, branch: int | None, workplace: int | None) -> tuple[int, int]:
        found = next(
            (one for one in self._config.branches if one.number == branch),
            self._config.default_branch if branch is None else None,
        )
        if found is None:
            raise ValueError(f"branch {branch} does not exist")
        lane = (found.number, found.workplaces[0].number if workplace is None else workplace)
        if lane not in self._instances:
            raise ValueError(f"workplace {workplace} does not exist in branch {found.number}")
        return lane

    def _line(self, line: SaleLine, sign: int) -> SessionLine:
        article = self._catalogue.article(line.article)
        if article is None:
            raise ValueError(f"article {line.article} does not exist")
        if not 0 < line.quantity <= MOST_QUANTITY:
            raise ValueError(f"a quantity lies above 0 and at most at {MOST_QUANTITY}, not {line.quantity}")
        return SessionLine(
            line_id=self._new_id(),
            article=article.number,
            text=article.description,
            quantity=line.quantity * sign,
            price_cents=article.price_cents if line.price_cents is None else line.price_cents,
        )

    def _taken(self, line: SessionLine) -> list[tuple[int, Decimal]]:
        """What leaves the shop with a line: of a composed article its parts too, of which the event tells nothing
        (facts/mplus.md 4.2)."""
        article = self._catalogue.article(line.article)
        parts = article.components if article else ()
        return [
            (line.article, line.quantity),
            *((part, round(line.quantity * pieces, 6)) for part, pieces in parts),
        ]

    def _events(self, session: Session) -> list[TillEvent]:
        """Everything a till says of a session, in order; a subscription picks what it listens to."""
        lines = [self._told(line) for line in session.lines]
        total = _number(euros_of(session.total_cents))
        payments = {"payments": [{"method": session.payment_method, "amount": total}]}
        whole = {"sessionId": session.session_id, "lines": lines, "totalInclAmount": total}
        empty = {"sessionId": session.session_id, "lines": [], "totalInclAmount": 0}
        steps: list[tuple[str, dict[str, Any]]] = [("startSession", {"session": empty})]
        for count, line in enumerate(lines, 1):
            so_far = {"sessionId": session.session_id, "lines": lines[:count]}
            steps.append(
                ("addSessionLine", {"session": so_far, "addSessionLine": {"lineId": line["lineId"]}})
            )
        steps.append(("startPayment", {"session": whole}))
        steps.append((session.kind, {"session": whole, session.kind: payments}))
        return [self._event(name, session, rest) for name, rest in steps]

    def _event(self, name: str, session: Session, rest: dict[str, Any]) -> TillEvent:
        lane = (session.branch, session.workplace)
        self._counters[lane] = self._counters.get(lane, 0) + 1
        at = session.at.astimezone(SHOP_ZONE).isoformat(timespec="milliseconds")
        event = {"eventBlocking": False, "eventCounter": self._counters[lane], "eventTimestamp": at}
        sender = {
            "branchNumber": session.branch,
            "workplaceNumber": session.workplace,
            "instanceId": self._instances[lane],
        }
        return TillEvent(name, lane, {"event": event, "sender": sender, **rest})

    def _told(self, line: SessionLine) -> dict[str, Any]:
        positive = self._config.refund_quantities == "positive"
        return {
            "lineId": line.line_id,
            "articleNumber": line.article,
            "priceIncl": _number(euros_of(line.price_cents)),
            "quantity": _number(abs(line.quantity) if positive else line.quantity),
            "text": line.text,
        }


def _number(value: Decimal) -> int | float:
    """A JSON number: whole where it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)
