"""Effects: calls to a vendor, asked for by a flow, run after the row that asks for them is durable.

An effect is kept in its row until its outcome has come back as a `Settled` event (streams/vocabulary/
events.py), so it survives a crash and is picked up by whoever owns the partition. It is run by the executor
of its vendor: `connectors/bol/executor.py`, `connectors/mplus/executor.py`.

An executor is
    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution
where `repeated` says that an earlier try of this very effect may have taken effect (a crash came before its
outcome was durable, or its answer was lost): what is not idempotent must then look first.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from streams.vocabulary.fact import Fact, Value
from streams.vocabulary.mplus_order import Customer, Moved, OrderDraft, Payment

if TYPE_CHECKING:
    from streams.vocabulary.events import Answer, Message
    from streams.vocabulary.outcomes import Failure


# -- Bol


class PushOffer(Fact, frozen=True, kw_only=True, tag="push-stock"):
    """PATCH the offer: its stock always (a PATCH without it might reset what Bol has counted since), its price and its
    hold in the same call where they are to change (None: left as they are). Idempotent. Answer: `OfferPushed`."""

    offer_id: str
    amount: int
    managed: bool = True
    """`managedByRetailer` (facts/bol.md, Offers and stock)."""
    price_cents: int | None = None
    on_hold: bool | None = None


class ReadBolOffer(Fact, frozen=True, kw_only=True, tag="read-bol-offer"):
    """GET one offer; where it has stock and is not for sale though nobody holds it back, the reasons too. Answer:
    `BolOfferRead`, with None where Bol answers 404."""

    offer_id: str


class SweepBolInventory(Fact, frozen=True, kw_only=True, tag="sweep-bol-inventory"):
    """All pages of GET /retailer/inventory (what lies at Bol, FBB; 20 calls a minute at most). Events: `InventorySeen`
    per EAN to catalogue (`code/ean/<ean>`, normal form). Answer: `Swept(cursor="")`, `found` the number of EANs."""


class ReadBolInventory(Fact, frozen=True, kw_only=True, tag="read-bol-inventory"):
    """GET /retailer/inventory of this EAN only (its filter `query`; it counts among the sweep's 20 calls a minute).
    Answer: `BolInventoryRead`, with None where nothing of it is listed."""

    ean: str
    """In normal form."""


class FetchBolOrder(Fact, frozen=True, kw_only=True, tag="fetch-bol-order"):
    """GET one order with addresses and prices. Answer: `BolOrderFetched`."""

    order_id: str


class SweepBolOrders(Fact, frozen=True, kw_only=True, tag="sweep-bol-orders"):
    """List orders changed since `since` (status ALL, FBR and FBB, with overlap; by change-interval-minute for short
    gaps, by latest-change-date for long ones; None: the last hour), some pages at once.
    Events: one `OrderNoticed` per order to orders. Answer: `Swept(cursor, more)`: with `more` the cursor is the `place`
    to go on from (it begins with `{`), else the `since` of the next sweep, in ISO."""

    since: datetime | None = None
    place: str = ""
    """Where an earlier sweep has stopped, in the connector's own words; empty: at the beginning."""


class SweepBolOffers(Fact, frozen=True, kw_only=True, tag="sweep-bol-offers"):
    """Read one page of up to 100 offers (the page after `cursor`; "" is the first): first those that are for sale, then
    those that are not, with the reasons of each that has stock and is not held back by the shop itself.
    Events: `OfferSeen` per offer to catalogue. Answer: `Swept(cursor, more, offers)`; `more` False ends the round."""

    cursor: str = ""


class SweepProcessStatuses(Fact, frozen=True, kw_only=True, tag="sweep-process-statuses"):
    """Ask in bulk how these writes ended. Answer: `ProcessStatuses`."""

    process_ids: tuple[str, ...]


class CareForSubscription(Fact, frozen=True, kw_only=True, tag="care-for-subscription"):
    """See to it that our webhook subscription exists at Bol, has our url and is enabled (it is disabled by
    Bol after ten failed tries: facts/bol.md). Lists first, then POST or PUT only when needed.
    Answer: `SubscriptionCaredFor`."""

    url: str
    resources: tuple[str, ...] = ("ORDER", "PROCESS_STATUS", "SHIPMENT")


class Sent(Value, frozen=True):
    """So many units of an order item, in a shipment."""

    item_id: str
    quantity: int


class ShipBolItems(Fact, frozen=True, kw_only=True, tag="ship-bol-items"):
    """POST /retailer/shipments: items of one order leave together. With `label` (VVB) the shipment takes its
    transport from that label, else from `transporter` and `track`; without a transporter no transport is told.

    NOT idempotent: when `repeated`, look first. A shipment of the order with this `reference` is there: answer
    `BolWriteBegun(process_id="", done=True)`; a CREATE_SHIPMENT process of the first item that is not in `known`
    and did not fail: adopt it. Answer: `BolWriteBegun`."""

    order_id: str
    items: tuple[Sent, ...]
    reference: str
    """Ours, at most 90 characters, another one for each shipment of an order."""
    transporter: str = ""
    track: str = ""
    label: str = ""
    known: tuple[str, ...] = ()
    """Process ids of earlier writes about the first item."""


class CancelBolItem(Fact, frozen=True, kw_only=True, tag="cancel-bol-item"):
    """PUT /retailer/orders/cancellation: a whole item (all its open units). When `repeated`, look first: the order's
    item has nothing open any more: `BolWriteBegun(process_id="", done=True)`; a CANCEL_ORDER process of the item that
    is not in `known` and did not fail: adopt it. Answer: `BolWriteBegun`."""

    order_id: str
    item_id: str
    reason: str
    """A reason code of the contract (CancellationRequest)."""
    known: tuple[str, ...] = ()


class AskBolProcess(Fact, frozen=True, kw_only=True, tag="ask-bol-process"):
    """GET /shared/process-status/{id}. Answer: `ProcessStatuses` with one status, or none where Bol no longer knows it
    (404)."""

    process_id: str


class ReadBolShipments(Fact, frozen=True, kw_only=True, tag="read-bol-shipments"):
    """GET /retailer/shipments?order-id=: what Bol knows to have left. Answer: `BolShipmentsRead`."""

    order_id: str


class SweepBolReturns(Fact, frozen=True, kw_only=True, tag="sweep-bol-returns"):
    """All pages of GET /retailer/returns (handled=false, FBR and FBB). Events: `ReturnNoticed` per return to returns.
    Answer: `Swept(cursor="")`."""

    return_id: str = ""
    """Given: only this return instead, handled or not (GET /retailer/returns/{return-id}); one that Bol does not know
    is no event, and `found` is 0."""


class HandleBolReturn(Fact, frozen=True, kw_only=True, tag="handle-bol-return"):
    """PUT /retailer/returns/{rma-id}. When `repeated`, look first: GET /retailer/returns/{return-id}; handled already:
    `BolWriteBegun(process_id="", done=True)`. Answer: `BolWriteBegun`."""

    return_id: str
    rma_id: str
    result: str
    """RETURN_RECEIVED, EXCHANGE_PRODUCT, ... (ReturnRequest)."""
    quantity: int


# -- Mplus


class ReadStock(Fact, frozen=True, kw_only=True, tag="read-stock"):
    """getStock of one article at these branches. Answer: `StockAnswered`."""

    article_number: int
    branches: tuple[int, ...]


class SweepMarkers(Fact, frozen=True, kw_only=True, tag="sweep-markers"):
    """getCurrentSyncMarkers: one cheap call tells which feeds moved. Answer: `MarkersRead`."""


class SweepArticles(Fact, frozen=True, kw_only=True, tag="sweep-articles"):
    """One page of getProducts from `marker` (inclusive), onlyActive and onlyWebshop false.
    Events: `ArticleSeen` per article to catalogue. Answer: `Swept(cursor=str(max marker + 1), more)`."""

    marker: int = 0
    epoch: int = 0
    """Goes into each `ArticleSeen`."""


class SweepStock(Fact, frozen=True, kw_only=True, tag="sweep-stock"):
    """getStock of all articles changed since stockId `marker`, per branch (whether the marker is inclusive
    is unverified: the highest seen value is sent again, unchanged). `marker` 0 reads everything.
    Events: `StockRead` per article to stock. Answer: `Swept(cursor=str(max marker))`."""

    marker: int
    branches: tuple[int, ...]


class SweepStockHistory(Fact, frozen=True, kw_only=True, tag="sweep-stock-history"):
    """One page of getStockHistoryV2 since stockId `marker` (inclusive or not is unverified: what is known is sent
    again). Events: `StockMoved` per row to stock. Answer: `Swept(cursor=str(max marker), more)`."""

    marker: int
    branches: tuple[int, ...]


class SetMplusStock(Fact, frozen=True, kw_only=True, tag="set-mplus-stock"):
    """The article's free stock at a branch becomes `amount`: getStock first, and nothing is written where it is so
    already; then setStock of what lies there (free and reserved) under `reference`. NOT idempotent where somebody
    writes in between, so it is never repeated without that look. Answer: `MplusStockSet`."""

    article_number: int
    branch: int
    amount: Decimal
    reference: str = ""


class SweepMplusOrders(Fact, frozen=True, kw_only=True, tag="sweep-mplus-orders"):
    """One page of getOrders from `marker` (inclusive). Events: `MplusOrderSeen` to orders for orders of
    ours (an extOrderId with `ext_prefix`), `StockDoubted` to stock for every article on any changed order
    (a reservation may move the free amount without a stockId: facts/mplus.md 5.2).
    Answer: `Swept(cursor=str(max marker + 1), more)`."""

    marker: int
    ext_prefix: str


class SweepPackingSlips(Fact, frozen=True, kw_only=True, tag="sweep-packing-slips"):
    """One page of getPackingSlips from `marker` (inclusive). Events: `PackingSlipSeen` to orders for slips of orders of
    ours (an extOrderId with `ext_prefix`), cancelled ones too.
    Answer: `Swept(cursor=str(max marker + 1), more)`."""

    marker: int
    ext_prefix: str


Match = Literal["email", "vat", "kvk", "name-address"]
"""What a customer is known by. `email` is never a relay address of Bol's: that is new for every order."""


class FindRelation(Fact, frozen=True, kw_only=True, tag="find-relation"):
    """findRelationV2 with exactMatch, first by `extRelationId` where the customer has an identity, then by each of `by`
    that the customer has. What is found counts only when its field really is the one asked for (name-address: name,
    postcode and house number alike, whatever their spelling). Answer: `RelationFound`."""

    customer: Customer
    by: tuple[Match, ...]


class CreateRelation(Fact, frozen=True, kw_only=True, tag="create-relation"):
    """createRelation. NOT idempotent: when `repeated`, look first as `FindRelation` does, and adopt.
    Answer: `RelationSaved`."""

    customer: Customer
    by: tuple[Match, ...] = ()


class UpdateRelation(Fact, frozen=True, kw_only=True, tag="update-relation"):
    """updateRelation of the fields that are set. Idempotent. Answer: `RelationSaved`."""

    relation_number: int
    customer: Customer


class CommitOrder(Fact, frozen=True, kw_only=True, tag="commit-order"):
    """createOrderV3. When `repeated`: findOrder(extOrderId) first and adopt; on EXT-ORDER-ID-ALREADY-EXISTS
    likewise. Answer: `OrderCommitted`."""

    draft: OrderDraft


class ReadMplusOrder(Fact, frozen=True, kw_only=True, tag="read-mplus-order"):
    """getOrder, or findOrder by `ext_order_id` where `order_id` is empty. Answer: `MplusOrderRead`."""

    order_id: str = ""
    ext_order_id: str = ""


class DeliverMplusOrder(Fact, frozen=True, kw_only=True, tag="deliver-mplus-order"):
    """deliverOrderV2 up to these totals per article: getOrder first, then what is missing. So it is safe to repeat.
    Answer: `MplusOrderRead` with the order as it is then."""

    order_id: str
    due: tuple[Moved, ...] = ()
    """How many of each article are to be delivered in all; empty: everything that is open."""
    turnover: str = ""
    """DELIVER-ORDER-TURNOVER-TYPE-INVOICE or -RECEIPT; empty: Mplus decides."""


class CancelMplusOrder(Fact, frozen=True, kw_only=True, tag="cancel-mplus-order"):
    """Less is wanted than was booked: getOrder first, then cancelOrder (nothing is to stay and nothing was delivered)
    or updateOrder with smaller quantities. Never cancelOrderV2, which is a toggle. Safe to repeat. What was delivered
    already stays. Answer: `MplusOrderRead` with the order as it is then."""

    order_id: str
    left: tuple[Moved, ...]
    """How many of each article stay wanted (delivered or not); an article that is not named: none."""


class PayMplusOrder(Fact, frozen=True, kw_only=True, tag="pay-mplus-order"):
    """payOrderV2 under our key, so safe to repeat; ORDER-ALREADY-INVOICED counts as done. Answer: `MplusOrderPaid`."""

    order_id: str
    key: str
    payment: Payment
    prepay: bool


class SetMplusCategory(Fact, frozen=True, kw_only=True, tag="set-mplus-category"):
    """getOrder, then updateOrder with another orderCategoryNumber where it is not that one yet. Answer:
    `MplusOrderRead`."""

    order_id: str
    category: int


class ReadPackingSlips(Fact, frozen=True, kw_only=True, tag="read-packing-slips"):
    """getPackingSlipsByOrder. Answer: `PackingSlipsRead`."""

    order_id: str


BolEffect = (
    PushOffer
    | FetchBolOrder
    | SweepBolOrders
    | SweepBolOffers
    | ReadBolOffer
    | SweepBolInventory
    | ReadBolInventory
    | SweepProcessStatuses
    | CareForSubscription
    | ShipBolItems
    | CancelBolItem
    | AskBolProcess
    | ReadBolShipments
    | SweepBolReturns
    | HandleBolReturn
)
MplusEffect = (
    ReadStock
    | SweepMarkers
    | SweepArticles
    | SweepStock
    | SweepStockHistory
    | SetMplusStock
    | SweepMplusOrders
    | SweepPackingSlips
    | FindRelation
    | CreateRelation
    | UpdateRelation
    | CommitOrder
    | ReadMplusOrder
    | DeliverMplusOrder
    | CancelMplusOrder
    | PayMplusOrder
    | SetMplusCategory
    | ReadPackingSlips
)
Effect = BolEffect | MplusEffect


class RawAnswer(Value, frozen=True):
    """A vendor's answer as it came, for the raw topics (what a replay reads). No credentials in it."""

    vendor: str
    """`bol` or `mplus`."""
    operation: str
    status: int
    body: bytes
    asked_at: datetime
    answered_at: datetime
    call: int = 0
    """Which of the effect's calls it answers, from 1; the tries of one call share it."""


class Asking(Value, frozen=True):
    """Which run of which effect a raw answer is of. It travels with the answer, so that a replay can execute the effect
    anew against the answers it got (app/replay)."""

    flow: str
    key: str
    """The effect's key in its row."""
    number: int
    """As in `OpenEffect`."""
    mark: str
    """Of the effect in its words (streams/codec.py): the same question has the same one."""
    began: datetime
    """Our clock when the executor began: what it plans its calls by."""
    settled_at: datetime
    """`answered_at` of the `Settled` that the answers became: which run it was, if there were several."""
    answered_at: datetime
    """Of this answer; the record's own time has whole milliseconds only."""
    call: int
    """As in `RawAnswer`."""
    place: int
    """Among the answers of this run, from 1."""
    places: int
    """How many answers the run got. One that is too long is counted, and not kept."""
    repeated: bool = False
    """As the executor was told."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What running an effect yields: its outcome, the events it found on the way (sent before the outcome,
    so that a cursor never runs ahead of what it covers), and the vendor's raw answers."""

    outcome: Answer | Failure
    asked_at: datetime
    answered_at: datetime
    messages: tuple[Message, ...] = ()
    raw: tuple[RawAnswer, ...] = ()
    """In the order in which they came. None was asked for before `asked_at`."""
    began: datetime | None = None
    """The executor's clock at the beginning, where calls are planned by it."""


class Stumbled(Exception):
    """Our own code failed on a vendor's answers, the cause says how. They are kept all the same: once the code is
    mended, a replay reads them."""

    def __init__(self, raw: tuple[RawAnswer, ...]) -> None:
        super().__init__(f"our own code failed after {len(raw)} answers")
        self.raw = raw
