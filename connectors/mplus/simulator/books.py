"""The whole administration of one merchant, without any wire: what the till, the staff and the API do to it.

Synchronous and free of I/O, so that every call is one moment.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from uuid import UUID

from connectors.mplus.simulator.articles import GeneratedArticle, compose, generate_articles
from connectors.mplus.simulator.catalogue import Article, Catalogue
from connectors.mplus.simulator.config import MplusSimulatorConfig, WebhookTarget
from connectors.mplus.simulator.deliveries import Dispatch, Shipped
from connectors.mplus.simulator.order_desk import Done, OrderDesk
from connectors.mplus.simulator.order_drafts import PaymentDraft
from connectors.mplus.simulator.orders import MOST_QUANTITY, OrderBook
from connectors.mplus.simulator.relations import RelationBook
from connectors.mplus.simulator.sessions import Till
from connectors.mplus.simulator.stock import Origin, StockBook, StockRow
from streams.vocabulary.time import Clock

_CALLBACKS_KEPT = 1000
_IGNORED_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Callback:
    """An order's own URL that is to be called (facts/mplus.md 3.5)."""

    url: str
    order_id: str
    why: str


class MplusBooks:
    """Articles, stock, orders, relations, packing slips and tills of one merchant."""

    def __init__(self, config: MplusSimulatorConfig, *, clock: Clock, rng: Random) -> None:
        self.config = config
        self.clock = clock
        self.rng = rng
        self.catalogue = Catalogue(clock, config.record_limit)
        self.stock = StockBook(
            clock,
            reservations_move_stock_id=config.reservations_move_stock_id,
            history_limit=config.history_limit,
        )
        self.relations = RelationBook(clock, config.record_limit)
        self.orders = OrderBook(config.record_limit)
        self.desk = OrderDesk(
            config, clock, self.new_id, self.catalogue, self.stock, self.relations, self.orders
        )
        self.dispatch = Dispatch(config, clock, self.new_id, self.stock, self.orders, self.desk.invoice)
        self.till = Till(config, clock, self.new_id, self.catalogue, self.stock)
        self._deliveries = 0
        self._corrections = 0
        self.replays = Replays(config.idempotency_keys_kept)
        self._vat = {rate.code: rate.percentage for rate in config.vat_rates}
        self.ignored: Counter[str] = Counter()
        """Elements that were sent and are not kept, by `operation.element`: the schema has far more of them
        than a simulator needs, and a user should see what went nowhere."""
        self.webhook: WebhookTarget | None = config.webhook
        """The subscription in force; it can be set while the shop is open."""
        self._callbacks: deque[Callback] = deque(maxlen=_CALLBACKS_KEPT)
        made = config.articles
        if made is None:
            made = generate_articles(config.seed, config.article_count)
        for article in (*made, *compose(made, config.composed_count)):
            self.add_article(article)

    def new_id(self) -> str:
        """A UUID of this installation's own randomness."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def vat_percentage(self, vat_code: int) -> int:
        """In hundredths of a percent; an unknown code is 0."""
        return self._vat.get(vat_code, 0)

    def note_ignored(self, operation: str, sent: Iterable[str], kept: AbstractSet[str]) -> None:
        """Count the elements of a write that these books have no place for."""
        for name in (sent_name[:80] for sent_name in sent):
            if name not in kept and len(self.ignored) < _IGNORED_KEPT:
                self.ignored[f"{operation}.{name}"] += 1

    def add_article(self, made: GeneratedArticle) -> Article:
        """Put an article into the range, its opening stock at the default branch. Raises ValueError on a
        number that is taken, an unknown vatCode or a full book."""
        if made.vat_code not in {rate.code for rate in self.config.vat_rates}:
            raise ValueError(f"vatCode {made.vat_code} does not exist")
        if abs(made.opening_stock) > MOST_QUANTITY:
            raise ValueError(f"an opening stock is at most {MOST_QUANTITY}")
        article = self.catalogue.add(made)
        if article.stock_article:
            for branch in self.config.branches:
                first = branch.number == self.config.default_branch.number
                self.stock.open(branch.number, article.number, Decimal(made.opening_stock if first else 0))
        return article

    def stock_row(self, branch: int | None, article: int) -> StockRow:
        """The row of an article at a branch (None: the default one). Raises ValueError where there is none."""
        number = self.config.default_branch.number if branch is None else branch
        row = self.stock.row(number, article)
        if row is None:
            known = self.catalogue.article(article) is not None
            why = "keeps no stock there" if known else "does not exist"
            raise ValueError(f"article {article} {why} (branch {number})")
        return row

    def receive(self, row: StockRow, quantity: Decimal, reference: str = "") -> None:
        """Goods come in from a supplier; what was announced as incoming goes down with them."""
        self._deliveries += 1
        origin = Origin(cause="received", kind="DELIVERY", reference=reference, number=self._deliveries)
        self.stock.move(row, origin, on_hand=quantity, incoming=-min(row.incoming, quantity))

    def announce(self, row: StockRow, quantity: Decimal, reference: str = "") -> None:
        """A purchase order: goods that are to come."""
        self.stock.move(row, Origin(cause="announced", reference=reference), incoming=quantity)

    def correct(self, row: StockRow, change: Decimal, reference: str = "") -> None:
        """A count or a write-off."""
        self._corrections += 1
        origin = Origin(cause="correction", kind="CORRECTION", reference=reference, number=self._corrections)
        self.stock.move(row, origin, on_hand=change)

    def deliver(
        self,
        order_id: str,
        quantities: dict[str, Decimal] | None = None,
        *,
        invoiced: bool = False,
        reference: str = "",
    ) -> Shipped:
        """Deliver an order and, where the order asked for it, note its onDeliveryUrl to be called."""
        shipped = self.dispatch.deliver(order_id, quantities, invoiced=invoiced, reference=reference)
        if shipped.slip is not None and shipped.slip.order.on_delivery_url:
            self._callbacks.append(Callback(shipped.slip.order.on_delivery_url, order_id, "delivered"))
        return shipped

    def pay(self, order_id: str, payments: tuple[PaymentDraft, ...], *, prepay: bool) -> Done:
        """Pay for an order and, where the installation does so, deliver what is settled."""
        done = self.desk.pay(order_id, payments, prepay=prepay)
        if done.result == "OK" and not prepay and self.config.settling_delivers:
            self.deliver(order_id)
        return done

    def take_callbacks(self) -> list[Callback]:
        """The URLs to call since the last time this was asked."""
        taken = list(self._callbacks)
        self._callbacks.clear()
        return taken

    def copied(self) -> MplusBooks:
        """All of it as it is now, as a backup has it; the clock, the dice and the settings are shared."""
        shared = (self.config, self.clock, self.rng, self.webhook)
        return deepcopy(self, {id(one): one for one in shared})

    def fresh(self) -> MplusBooks:
        """The same installation as on its first day, with its subscription and ids that were not used yet."""
        books = MplusBooks(self.config, clock=self.clock, rng=self.rng)
        books.webhook = self.webhook
        return books


class Replays:
    """First answers by idempotency key, oldest forgotten first (facts/mplus.md 1.6)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._answers: OrderedDict[tuple[str, str], str] = OrderedDict()

    def answer(self, operation: str, key: str, first: Callable[[], tuple[str, bool]]) -> tuple[str, bool]:
        """The answer under this key and whether it is a replay. `first` gives the first answer and whether
        it is to be kept."""
        kept = self._answers.get((operation, key))
        if kept is not None:
            return kept, True
        answer, keep = first()
        if keep:
            self._answers[operation, key] = answer
            if len(self._answers) > self._limit:
                self._answers.popitem(last=False)
        return answer, False
