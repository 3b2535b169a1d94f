"""Events: what happened, in the past tense; one closed union per inbox.

`Message` addresses an event: `Message(flow="stock", entity="1001", event=...)` goes to the topic
`stock.inbox` with the key `connection/1001`. Entities:
- catalogue: `article/<articleNumber>`, `offer/<offerId>`, `code/<kind>/<value>`
- stock: `<articleNumber>`
- customers: `<identity>` (a digest, no name)
- orders: `<bolOrderId>`, and `<bolOrderId>-FBB` for those items of a mixed order that Bol sends itself
- returns: `<returnId>`
- guards: `` (empty: the key is the connection itself)
- sweeps: `` (empty: the key is the connection itself)
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from streams.vocabulary.bol_order import BolOrder
from streams.vocabulary.effects import Match
from streams.vocabulary.fact import Fact, Value
from streams.vocabulary.mplus_order import Customer, MplusOrder, OrderDraft, PackingSlip
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.stock_reading import Reading

FlowName = Literal["catalogue", "stock", "customers", "orders", "returns", "guards", "sweeps"]


# -- answers: how an effect ended well


class OfferPushed(Fact, frozen=True, kw_only=True, tag="stock-pushed"):
    """Bol answered 204: from now on it holds this amount, and this price and hold where they were sent along (None:
    they were not)."""

    offer_id: str
    amount: int
    managed: bool = True
    price_cents: int | None = None
    on_hold: bool | None = None


class MplusStockSet(Fact, frozen=True, kw_only=True, tag="mplus-stock-set"):
    """The article's free stock at that branch is `amount` now. `done`: it was so already, and nothing was written."""

    article_number: int
    branch: int
    amount: Decimal
    marker: int | None = None
    """`stockId` of the mutation that this made; None: it made none, or Mplus did not say."""
    done: bool = False


class BolOrderFetched(Fact, frozen=True, kw_only=True, tag="bol-order-fetched"):
    """The whole order; None: Bol does not know it (404)."""

    order: BolOrder | None


class Swept(Fact, frozen=True, kw_only=True, tag="swept"):
    """A page (or all) of a sweep is read and its events are sent."""

    cursor: str
    more: bool = False
    found: int = 0
    offers: OffersTally | None = None
    """Of a page of offers."""


class OffersTally(Value, frozen=True):
    """What a page of offers shows that no number says."""

    offline: int = 0
    """Offers that Bol does not show though they have stock."""
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    """Why, in Bol's words, and how many offers each holds of."""
    without_operator: int = 0
    """Offers without an economic operator: Bol sets those offline."""


class ProcessStatus(Value, frozen=True):
    """How a write at Bol stands: PENDING, SUCCESS, FAILURE or TIMEOUT."""

    process_id: str
    status: str
    event_type: str = ""
    entity_id: str = ""
    error: str = ""


class ProcessStatuses(Fact, frozen=True, kw_only=True, tag="process-statuses"):
    """The answer to a bulk question; ids that Bol no longer knows are missing."""

    statuses: tuple[ProcessStatus, ...]


class SubscriptionCaredFor(Fact, frozen=True, kw_only=True, tag="subscription-cared-for"):
    """`did`: `nothing`, `created`, `enabled` or `changed`; `process_ids`: the writes now pending."""

    did: str
    process_ids: tuple[str, ...] = ()


class MarkersRead(Fact, frozen=True, kw_only=True, tag="markers-read"):
    """The present sync markers (facts/mplus.md 2.6). `stock` and `slip` are None where the installation omits them."""

    article: int
    order: int
    relation: int = 0
    stock: int | None = None
    slip: int | None = None
    """Of packing slips."""


class StockAnswered(Fact, frozen=True, kw_only=True, tag="stock-answered"):
    """One reading per branch that has one; a branch without one has no stock kept there."""

    readings: tuple[Reading, ...]


class RelationFound(Fact, frozen=True, kw_only=True, tag="relation-found"):
    """The relation that is this customer, or None. `by`: what it was found by (`identity`, or one of Match)."""

    relation_number: int | None
    by: str = ""


class RelationSaved(Fact, frozen=True, kw_only=True, tag="relation-saved"):
    """Created, updated or (after a lost answer) found again."""

    relation_number: int


class OrderCommitted(Fact, frozen=True, kw_only=True, tag="order-committed"):
    """The order is in Mplus. `adopted`: it was there already, found by its extOrderId."""

    order_id: str
    number: str = ""
    adopted: bool = False
    unpaid: str = ""
    """Why the draft's payments are not on it (Mplus's words, or an installation that takes none along): they are to
    be made with `PayMplusOrder`. Empty: they are on it, or there are none."""
    marker: int = 0
    """Its `syncMarker` as we made it: while Mplus shows no other, nobody has changed it. 0: not told, or not final yet
    (found again, queued for its branch)."""


class MplusOrderRead(Fact, frozen=True, kw_only=True, tag="mplus-order-read"):
    """The order as it is in Mplus now; None: Mplus does not know it."""

    order: MplusOrder | None


class MplusOrderPaid(Fact, frozen=True, kw_only=True, tag="mplus-order-paid"):
    """The payment is on it; `invoice_id` where that made an invoice."""

    invoice_id: str = ""


class PackingSlipsRead(Fact, frozen=True, kw_only=True, tag="packing-slips-read"):
    """What left for the order, the oldest first; cancelled slips are left out."""

    slips: tuple[PackingSlip, ...]


class BolWriteBegun(Fact, frozen=True, kw_only=True, tag="bol-write-begun"):
    """Bol took it (202); how it ends is asked by `AskBolProcess`. `done`: it was found to be done already."""

    process_id: str
    done: bool = False


class BolShipment(Value, frozen=True):
    """A shipment that Bol knows of."""

    shipment_id: str
    reference: str = ""
    items: tuple[tuple[str, int], ...] = ()
    """(item id, units)."""
    transporter: str = ""
    track: str = ""


class BolShipmentsRead(Fact, frozen=True, kw_only=True, tag="bol-shipments-read"):
    """All shipments of an order."""

    shipments: tuple[BolShipment, ...]


class BolOfferRead(Fact, frozen=True, kw_only=True, tag="bol-offer-read"):
    """The answer to `ReadBolOffer`: the offer as it is now; None: Bol knows no such offer (404)."""

    offer: OfferSeen | None


class BolInventoryRead(Fact, frozen=True, kw_only=True, tag="bol-inventory-read"):
    """The answer to `ReadBolInventory`: what lies there of the EAN now, all its bskus together; None: it is not
    listed."""

    seen: InventorySeen | None


Answer = (
    OfferPushed
    | BolOrderFetched
    | Swept
    | ProcessStatuses
    | SubscriptionCaredFor
    | MarkersRead
    | StockAnswered
    | RelationFound
    | RelationSaved
    | OrderCommitted
    | BolOfferRead
    | BolInventoryRead
    | MplusStockSet
    | MplusOrderRead
    | MplusOrderPaid
    | PackingSlipsRead
    | BolWriteBegun
    | BolShipmentsRead
)


# -- for every flow


class Settled(Fact, frozen=True, kw_only=True, tag="settled"):
    """The effect that a row asked for under `key` (its `number`-th asking) has ended.

    `asked_at` and `answered_at`: our clock around the vendor call.
    """

    key: str
    number: int
    outcome: Answer | Refused | NotSent | AnswerLost
    asked_at: datetime
    answered_at: datetime
    repeated: bool = False
    """It was run as `repeated`: an earlier try of it may have taken effect, whatever came of this one."""


class Woke(Fact, frozen=True, kw_only=True, tag="woke"):
    """The moment that a row wanted to be woken at has come."""

    due: datetime


# -- catalogue: which article carries which code, which offer sells which article


class Code(Value, frozen=True):
    """A code an article or an offer is known by. `kind`: `ean` (barcode) or `sku` (PLU, article number or
    own reference). `units` > 1: a multipack barcode (facts/mplus.md 2.5, barcodeList.quantity)."""

    kind: Literal["ean", "sku"]
    value: str
    units: int = 1


class Part(Value, frozen=True):
    """A part of a composed article (kit): so much of that article is in one of it."""

    article_number: int
    quantity: Decimal


class ArticleSeen(Fact, frozen=True, kw_only=True, tag="article-seen"):
    """An article as Mplus has it; `stock_kept` is its `stockArticle`."""

    article_number: int
    description: str
    codes: tuple[Code, ...]
    marker: int
    active: bool = True
    stock_kept: bool = True
    vat_code: int | None = None
    """The article's own VAT code in Mplus."""
    price_cents: int = 0
    unit: str = ""
    """What one of it is where it is no piece, as Mplus has it (`siUnit`, else `unit`): `kg`, `m`."""
    groups: tuple[int, ...] = ()
    """The numbers of the groups its product is in."""
    parts: tuple[Part, ...] = ()
    """Of a composed article."""
    epoch: int = 0
    """How often this feed's marker has jumped back (`SweepArticles`): markers rise within one epoch only."""


class OfferSeen(Fact, frozen=True, kw_only=True, tag="offer-seen"):
    """An offer as Bol has it (bol-offers-v11). `amount`: stock.amount as Bol holds it."""

    offer_id: str
    ean: str
    reference: str = ""
    amount: int = 0
    managed_by_retailer: bool = True
    fulfilment: str = "FBR"
    read_at: datetime
    corrected: int | None = None
    """stock.correctedStock: what is left after open orders, as Bol counts."""
    price_cents: int | None = None
    """Of one piece (pricing.bundlePrices, quantity 1)."""
    on_hold: bool = False
    condition: str = "NEW"
    """`NEW`, `SECONDHAND/GOOD`, `REFURBISHED/A`."""
    economic_operator: str = ""
    for_sale: bool | None = None
    """Which of Bol's two lists it was on; None: it was read by itself."""
    offline: tuple[str, ...] = ()
    """Why Bol does not show it though it has stock (not-for-sale-reasons), in Bol's words."""


class CodeClaimed(Fact, frozen=True, kw_only=True, tag="code-claimed"):
    """An article carries this code (to the code's row)."""

    article_number: int
    description: str
    units: int = 1
    stock_kept: bool = True
    vat_code: int | None = None
    """The article's own VAT code in Mplus."""
    active: bool = True
    """Whether it is switched on in Mplus."""


class CodeDropped(Fact, frozen=True, kw_only=True, tag="code-dropped"):
    """An article no longer carries this code (to the code's row)."""

    article_number: int


class CodeAsked(Fact, frozen=True, kw_only=True, tag="code-asked"):
    """Who carries this code? Answered to `asker` at once, and again whenever the answer changes as long as
    the asker is remembered (an order until it got an article, an offer for good)."""

    asker: str
    """`orders:<bolOrderId>` or `catalogue:offer/<offerId>`."""


class CodeAnswered(Fact, frozen=True, kw_only=True, tag="code-answered"):
    """The present carrier of a code; `article_number` None: no article carries it."""

    kind: Literal["ean", "sku"]
    value: str
    article_number: int | None
    units: int = 1
    description: str = ""
    stock_kept: bool = True
    vat_code: int | None = None
    """The article's own VAT code in Mplus."""
    among: tuple[int, ...] = ()
    """Where several articles carry it, so that it leads to none: the first of them. Told to offers only."""


class CodeLeft(Fact, frozen=True, kw_only=True, tag="code-left"):
    """Whoever asked for this code is gone, or has another code now (to the code's row)."""

    asker: str
    """As in `CodeAsked`."""


class OfferLinked(Fact, frozen=True, kw_only=True, tag="offer-linked"):
    """This offer sells this article (to the article's row); `linked` False: it no longer does. Sent on change only."""

    offer_id: str
    linked: bool = True


class InventorySeen(Fact, frozen=True, kw_only=True, tag="inventory-seen"):
    """What lies at Bol of an EAN (FBB), to the code's row; it tells its article with `BolCounted`."""

    ean: str
    regular: int
    """Can be sold."""
    graded: int = 0
    """Cannot be sold any more."""
    title: str = ""
    read_at: datetime


CatalogueEvent = (
    ArticleSeen
    | OfferSeen
    | InventorySeen
    | CodeClaimed
    | CodeDropped
    | CodeAsked
    | CodeAnswered
    | CodeLeft
    | OfferLinked
    | Settled
    | Woke
)


# -- stock: the number on sale


class OfferObserved(Fact, frozen=True, kw_only=True, tag="offer-observed"):
    """This article is sold by this offer, and Bol held this amount when it was read."""

    offer_id: str
    ean: str
    amount: int
    managed_by_retailer: bool
    read_at: datetime
    units: int = 1
    """Articles in one unit of the offer (a multipack)."""
    fulfilment: str = "FBR"
    description: str = ""
    corrected: int | None = None
    price_cents: int | None = None
    on_hold: bool | None = None
    """None: not read (an event of before it was)."""
    condition: str = "NEW"
    economic_operator: str = ""
    offline: tuple[str, ...] = ()
    """As in `OfferSeen`."""


class ArticleDescribed(Fact, frozen=True, kw_only=True, tag="article-described"):
    """What the article is, from its row in the catalogue: sent when any of it changes."""

    marker: int
    description: str = ""
    active: bool = True
    stock_kept: bool = True
    unit: str = ""
    groups: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    price_cents: int = 0


class PartWanted(Fact, frozen=True, kw_only=True, tag="part-wanted"):
    """A composed article (`kit`) that is on sale has this article in it: it wants to know how many there are, now and
    whenever that changes. `wanted` False: it no longer does."""

    kit: int
    wanted: bool = True


class PartCounted(Fact, frozen=True, kw_only=True, tag="part-counted"):
    """What a part has for the composed article that it is in; `have` None: not known."""

    part: int
    have: Decimal | None
    counted_at: datetime
    """When the part's row knew of it."""
    limits: bool = True
    """False: Mplus keeps no stock of it (a service), so it does not limit what can be sold."""
    explained: bool = False
    """A known till sale or Bol order changed it."""


MovementKind = Literal["sale", "delivery", "correction", "manual", "api", "transfer", "unknown"]


class StockMoved(Fact, frozen=True, kw_only=True, tag="stock-moved"):
    """A row of Mplus's own stock history (getStockHistoryV2): what lay there grew or shrank by `changed`. It explains;
    what counts is the reading. `delivery`: goods that came in (purchase receipts)."""

    marker: int
    branch: int
    changed: Decimal
    kind: MovementKind
    moved_at: datetime
    reference: str = ""
    """The number of the receipt, delivery, correction or order, for people."""


class BolCounted(Fact, frozen=True, kw_only=True, tag="bol-counted"):
    """So much of this article lies at Bol (FBB inventory), as far as it can still be sold."""

    amount: int
    """Units at Bol."""
    units: int = 1
    """Articles in one of these units."""
    read_at: datetime
    ean: str = ""
    """By which it lies there: an article may have several, and lies there with all of them together."""


class OfferUnlinked(Fact, frozen=True, kw_only=True, tag="offer-unlinked"):
    """This offer no longer sells this article."""

    offer_id: str


class StockRead(Fact, frozen=True, kw_only=True, tag="stock-read"):
    """A sweep's reading of this article."""

    reading: Reading


class StockDoubted(Fact, frozen=True, kw_only=True, tag="stock-doubted"):
    """Something at Mplus may have moved this article's free amount: read it again. `since`: a reading asked
    at or after this moment settles the doubt."""

    why: str
    since: datetime


class TillSold(Fact, frozen=True, kw_only=True, tag="till-sold"):
    """A till finished a session with this article on it (facts/mplus.md 3.4). A refund is negative."""

    session_id: str
    line_id: str
    quantity: Decimal
    sold_at: datetime
    heard_at: datetime


class ReservationMade(Fact, frozen=True, kw_only=True, tag="reservation-made"):
    """A Bol order item wants this article; its order is not in Mplus yet."""

    order_id: str
    item_id: str
    quantity: Decimal
    made_at: datetime


class ReservationBooked(Fact, frozen=True, kw_only=True, tag="reservation-booked"):
    """The order is in Mplus since `booked_at` (our clock, the booking's answer): a reading asked at or after
    it contains the reservation, so ours ends there."""

    order_id: str
    item_id: str
    quantity: Decimal
    booked_at: datetime


class ReservationReleased(Fact, frozen=True, kw_only=True, tag="reservation-released"):
    """The order item fell away before it was booked (cancelled)."""

    order_id: str
    item_id: str


StockEvent = (
    OfferObserved
    | ArticleDescribed
    | PartWanted
    | PartCounted
    | StockMoved
    | BolCounted
    | OfferUnlinked
    | StockRead
    | StockDoubted
    | TillSold
    | ReservationMade
    | ReservationBooked
    | ReservationReleased
    | Settled
    | Woke
)


# -- orders: from Bol to Mplus


class OrderNoticed(Fact, frozen=True, kw_only=True, tag="order-noticed"):
    """A sweep or a push says that this order exists or changed."""

    via: Literal["push", "sweep"]
    noticed_at: datetime
    changed: str = ""
    """A fingerprint of the list's entry (item ids, quantities, cancellation): equal means unchanged. Empty:
    unknown, fetch to see."""


class MplusOrderSeen(Fact, frozen=True, kw_only=True, tag="mplus-order-seen"):
    """A sweep read our order at Mplus."""

    order: MplusOrder


class PackingSlipSeen(Fact, frozen=True, kw_only=True, tag="packing-slip-seen"):
    """A sweep read a packing slip of our order at Mplus: made, written on, invoiced or cancelled."""

    order_id: str
    """Mplus's own id of the order; empty: it was not told."""
    slip: PackingSlip
    seen_at: datetime
    """Our clock when the page was answered: what was asked for before may be older."""


class CustomerAnswered(Fact, frozen=True, kw_only=True, tag="customer-answered"):
    """Which relation the customer is; None: not yet, and `why` says what stands in the way (it goes on by itself)."""

    relation_number: int | None
    why: str = ""


class OperatorShipped(Fact, frozen=True, kw_only=True, tag="operator-shipped"):
    """A person tells how it went out: transporter code and track and trace, by hand. What is delivered in Mplus and not
    told to Bol yet goes with it; `all`: whatever is open at Bol, delivered or not."""

    who: str
    transporter: str
    track: str = ""
    all: bool = False


class OperatorCancelled(Fact, frozen=True, kw_only=True, tag="operator-cancelled"):
    """A person cancels items (none named: all that is open) on both sides, with a reason code of Bol's."""

    who: str
    reason: str
    item_ids: tuple[str, ...] = ()


class OperatorAsked(Fact, frozen=True, kw_only=True, tag="operator-asked"):
    """A person asks for another try of a stuck step."""

    who: str


class ReturnAsked(Fact, frozen=True, kw_only=True, tag="return-asked"):
    """A return wants to know how its item was booked (to orders; answered as `ReturnAnswered` to returns)."""

    return_id: str
    rma_id: str
    ean: str
    quantity: int


OrdersEvent = (
    OrderNoticed
    | CodeAnswered
    | CustomerAnswered
    | MplusOrderSeen
    | PackingSlipSeen
    | OperatorAsked
    | OperatorShipped
    | OperatorCancelled
    | ReturnAsked
    | Settled
    | Woke
)


# -- customers: one row per customer, so that two orders of one person never make two relations


class CustomerAsked(Fact, frozen=True, kw_only=True, tag="customer-asked"):
    """An order wants to know which relation its customer is. Answered to orders as `CustomerAnswered`."""

    asker: str
    """The order's entity."""
    customer: Customer
    by: tuple[Match, ...]
    """How it may be found, the best first."""
    create: bool = True
    """Whether one that is not there may be made."""
    update: tuple[str, ...] = ()
    """Which fields (of Customer) of one that is there may be overwritten; none: it is left as it is."""
    fresh: bool = False
    """What is remembered is not believed: Mplus refused it. Look again."""
    urgency: datetime | None = None
    """By when the order should be booked (streams/flow.py, `Ask`); None: now."""


CustomersEvent = CustomerAsked | Settled | Woke


# -- returns: one row per return at Bol


class ReturnItem(Value, frozen=True):
    """One item of a return (`ReducedReturnItem`)."""

    rma_id: str
    order_id: str
    ean: str = ""
    expected: int = 1
    reason: str = ""
    """Main and detailed reason; the customer's own comments are personal and are left out."""
    handled: bool = False
    handled_as: str = ""
    """The last handling result that Bol shows."""
    handled_quantity: int = 0
    """How many units Bol processed with that result; 0: it is not told."""


class ReturnNoticed(Fact, frozen=True, kw_only=True, tag="return-noticed"):
    """A sweep read this return."""

    registered_at: datetime
    fulfilment: str = "FBR"
    items: tuple[ReturnItem, ...]


class OperatorHandled(Fact, frozen=True, kw_only=True, tag="operator-handled"):
    """A person says how an item of a return is handled; `credit`: whether it is credited in Mplus."""

    who: str
    rma_id: str
    result: str
    quantity: int
    credit: bool = False


class ReturnAnswered(Fact, frozen=True, kw_only=True, tag="return-answered"):
    """What the orders flow knows of the item's order: where and how it was booked; None: it remembers no such order."""

    order_id: str
    rma_id: str
    draft: OrderDraft | None = None
    """The credit as it would be booked: negative quantities at the price that was paid."""


ReturnsEvent = ReturnNoticed | ReturnAnswered | OperatorHandled | Settled | Woke


# -- guards: one row per connection, which stops its pushes when numbers cannot be right


EXPLAINED_CAUSES = ("till-sale", "bol-order")
"""Causes (`NumberTurned.cause`) that say by themselves why a number falls or rises."""


class NumberTurned(Fact, frozen=True, kw_only=True, tag="number-turned"):
    """A stock row is about to push a number that fell to 0, rose from 0 or changed by much."""

    offer_id: str
    was: int
    now: int
    cause: str
    """As in streams/stock/state.py, `Offer.cause`."""
    article_number: int = 0
    """What it sells; 0: an older record."""


class ReadingOdd(Fact, frozen=True, kw_only=True, tag="reading-odd"):
    """A reading of Mplus that cannot be right: less than nothing is free, or it goes back in time (asked later than
    the one before, and yet with a lower marker)."""

    kind: Literal["negative", "back"]
    article_number: int
    branch: int
    words: str


class FeedOdd(Fact, frozen=True, kw_only=True, tag="feed-odd"):
    """A feed that cannot be right: its marker jumped back (a till's database was restored), or a list is empty that
    was not."""

    kind: Literal["marker-back", "empty-list"]
    feed: str
    words: str


class OffersCounted(Fact, frozen=True, kw_only=True, tag="offers-counted"):
    """A whole round over the offers has ended, and there were so many."""

    total: int


class OperatorResumed(Fact, frozen=True, kw_only=True, tag="operator-resumed"):
    """A person has looked: the connection's pushes go on."""

    who: str


GuardsEvent = NumberTurned | ReadingOdd | FeedOdd | OffersCounted | OperatorResumed | Settled | Woke


# -- sweeps: polling, one row per connection


class SweepNudged(Fact, frozen=True, kw_only=True, tag="sweep-nudged"):
    """A push hints that this feed moved: sweep it now rather than at the next tick."""

    sweep: str


class ConnectionStarted(Fact, frozen=True, kw_only=True, tag="connection-started"):
    """The worker that owns this connection has (re)started: see to the first ticks."""

    started_at: datetime


class ProcessNoticed(Fact, frozen=True, kw_only=True, tag="process-noticed"):
    """A push says that a write at Bol ended."""

    process_id: str
    status: str


class OfferDiffered(Fact, frozen=True, kw_only=True, tag="offer-differed"):
    """A stock row found that Bol holds something else for this offer than we last sent."""

    offer_id: str
    read_at: datetime


SweepsEvent = SweepNudged | ConnectionStarted | ProcessNoticed | OfferDiffered | Settled | Woke


# -- for every flow, from a replay


class Rebuilt(Fact, frozen=True, kw_only=True, tag="rebuilt"):
    """A replay (app/replay) has worked out a row anew from its events, with the present code. The delivery core puts
    it in the old one's place if nothing has happened to that one since."""

    incident: str
    """The name under which a person has it done."""
    basis: int
    """What the row had applied when it was looked at (0: there was none)."""
    row: msgspec.Raw
    """The row, as the changelog has rows."""


# -- addressing


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """An event and where it goes. The connection is the sender's own."""

    flow: FlowName
    entity: str
    event: (
        CatalogueEvent | StockEvent | CustomersEvent | OrdersEvent | ReturnsEvent | GuardsEvent | SweepsEvent
    )
