"""What a simulated installation is made of, and how it behaves where the documentation is silent."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal, get_args

from connectors.mplus.simulator.articles import GeneratedArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A till."""

    number: int
    name: str = "Kassa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A shop. Stock is kept per branch (facts/mplus.md 5.1)."""

    number: int
    name: str = "Winkel"
    workplaces: tuple[Workplace, ...] = (Workplace(number=1), Workplace(number=2, name="Kassa 2"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """`method` is the code that an order and a payment carry."""

    method: str
    description: str
    type: str = "PAYMENT-METHOD-TYPE-PAYMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMethod:
    """A way to ship; the merchant's own code."""

    code: str
    description: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCategory:
    """The merchant's own workflow status of an order (facts/mplus.md 7.7)."""

    number: int
    description: str
    allow_cancel: bool = True
    allow_process: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An employee, a turnover group or a category of relations."""

    number: int
    name: str
    active: bool = True


Checked = Literal[
    "vat-code",
    "turnover-group",
    "delivery-method",
    "payment-method",
    "order-category",
    "employee",
    "workplace",
]
ALL_CHECKED: frozenset[Checked] = frozenset(get_args(Checked))


@dataclass(frozen=True, slots=True, kw_only=True)
class VatRate:
    """`percentage` in hundredths of a percent: 2100 is 21 %."""

    code: int
    percentage: int


DEFAULT_WEBHOOK_SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
"""The secret of the published test vector (facts/mplus.md 3.3): known to everyone, fit for a simulator only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """A subscription of the back office (facts/mplus.md 3.2): events go to `{url}/{eventName}`."""

    url: str
    subscription_id: str = "kassabrug"
    secret: str = field(default=DEFAULT_WEBHOOK_SECRET, repr=False)
    """Base64 of the HMAC key."""
    events: tuple[str, ...] = ("completeSession", "creditSession")

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError("a webhook target is an http or https URL")
        self.key()

    def key(self) -> bytes:
        """The HMAC key. Raises ValueError where the secret is not base64 (the secret is not repeated)."""
        try:
            return base64.b64decode(self.secret, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("a webhook secret is base64") from None


@dataclass(frozen=True, kw_only=True)
class MplusSimulatorConfig:
    """One merchant's installation. What the facts leave open (facts/mplus.md 10) is a switch with its default
    on the pessimistic side: what works here should work there."""

    ident: str = "demo"
    secret: str = field(default="demo-secret", repr=False)
    seed: int = 1
    article_count: int = 200
    articles: tuple[GeneratedArticle, ...] | None = None
    """Given: used instead of `generate_articles(seed, article_count)`."""
    branches: tuple[Branch, ...] = (Branch(number=1),)
    """The first one is the default branch and holds the opening stock."""
    payment_methods: tuple[PaymentMethod, ...] = (
        PaymentMethod(method="PIN", description="Pin", type="PAYMENT-METHOD-TYPE-EFT"),
        PaymentMethod(method="CONTANT", description="Contant"),
        PaymentMethod(method="BOL", description="Bol.com", type="PAYMENT-METHOD-TYPE-SUSPENSE"),
    )
    delivery_methods: tuple[DeliveryMethod, ...] = (
        DeliveryMethod(code="AFHALEN", description="Afhalen"),
        DeliveryMethod(code="POST", description="Verzenden per post"),
        DeliveryMethod(code="DHL", description="Verzenden met DHL"),
    )
    order_categories: tuple[OrderCategory, ...] = (
        OrderCategory(number=1, description="Nieuw"),
        OrderCategory(number=2, description="In behandeling"),
        OrderCategory(number=3, description="Verzonden", allow_cancel=False),
    )
    vat_rates: tuple[VatRate, ...] = (
        VatRate(code=0, percentage=0),
        VatRate(code=1, percentage=900),
        VatRate(code=2, percentage=2100),
    )
    employees: tuple[Numbered, ...] = (
        Numbered(number=1, name="Beheer"),
        Numbered(number=7, name="Balie"),
        Numbered(number=8, name="Uit dienst", active=False),
        Numbered(number=999_999, name="API"),
    )
    turnover_groups: tuple[Numbered, ...] = (
        Numbered(number=1, name="Omzet"),
        Numbered(number=2, name="Omzet buitenland"),
        Numbered(number=3, name="Verzendkosten"),
    )
    relation_categories: tuple[Numbered, ...] = (
        Numbered(number=1, name="Klanten"),
        Numbered(number=2, name="Bol.com"),
    )
    composed_count: int = 0
    """Composed articles on top of the generated range (facts/mplus.md 4.2)."""
    webhook: WebhookTarget | None = None

    # -- what the facts leave open
    reservations_move_stock_id: bool = False
    """facts/mplus.md 5.2: does a new or cancelled order give its articles a new stockId? Default: no."""
    stock_id_inclusive: bool = True
    """getStock(stockId=n) and sinceStockId=n give rows from n on; False: after n."""
    set_stock_means: Literal["on-hand", "free"] = "on-hand"
    """What setStock's amount is: what lies there, or what is free (facts/mplus.md 5.3: not documented)."""
    packing_slip_marker: bool = True
    """Whether getCurrentSyncMarkers tells packingSlipSyncMarker: the contract has it as optional."""
    empty_list_means_all: bool = True
    """getStock with an empty article list gives every stock article; False: none."""
    absent_decimal_places: int = 0
    """What a quantity without decimalPlaces means (facts/mplus.md 2.2): 0, or 2 as the 2026 client reads it."""
    vat_percentage_divisor: int = 1
    """1: vatPercentage 2100 for 21 %; 100: plain 21 (facts/mplus.md 2.1)."""
    shuffle_pages: bool = True
    """Rows of a page come in any order (facts/mplus.md 0, point 4)."""
    checked: frozenset[Checked] = ALL_CHECKED
    """What an order or a line names must exist; what is not in here is taken as it comes."""
    contact_lists: Literal["refused", "ignored", "kept"] = "refused"
    """What createRelation makes of a contactList (facts/mplus.md 6: unverified)."""
    cancels_are_queued: bool = False
    """cancelOrder answers PENDING, and cancels when `/_control/orders/catch-up` says that the branch's own database has
    caught up (facts/mplus.md 8, quirk 7)."""
    settling_delivers: bool = False
    """Whether paying without prepay delivers what is open as well (facts/mplus.md 7.4 says only that the goods are
    shipped by then). Default: no, whoever wants a packing slip makes it."""
    failed_payment_keeps_order: bool = True
    """Whether createOrderV3 leaves an order behind whose payment it refuses (PAYMENT-FAILED)."""
    default_order_type: str = "ORDER-TYPE-SALES-ORDER"
    reserving_order_types: frozenset[str] = frozenset(
        {"ORDER-TYPE-SALES-ORDER", "ORDER-TYPE-EXTERNAL-SALES-ORDER"}
    )
    relation_required: bool = True
    wrong_secret: Literal["fault", "http-401"] = "fault"
    missing_operations: frozenset[str] = frozenset()
    """Operations that this (older) installation does not know: a fault, as facts/mplus.md 1.3 expects."""
    refund_quantities: Literal["negative", "positive"] = "negative"
    """The sign of a creditSession's quantities: not documented."""
    order_callbacks: Literal["off", "GET", "POST"] = "off"
    """Whether a delivered order's onDeliveryUrl is called (facts/mplus.md 3.5), and how."""
    order_callback_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Only these hosts are ever called back: an order is foreign input."""
    idempotency_keys_kept: int = 10_000
    idempotency_replays_failures: bool = True
    """A refused createOrderV3 is answered the same way again under its key, as the contract's words say."""

    # -- bounds
    max_body_bytes: int = 10 * 1024 * 1024
    history_limit: int = 200_000
    """Stock mutations, changes of free and sessions kept; older ones are dropped and counted."""
    record_limit: int = 200_000
    """Orders, relations and articles added at most; past it the write is refused."""
    webhook_timeout_seconds: float = 5.0
    webhook_queue: int = 10_000
    hang_seconds: float = 30.0
    """How long the fault `timeout` keeps a caller waiting before it cuts the connection."""

    def __post_init__(self) -> None:
        numbers = [branch.number for branch in self.branches]
        if not numbers or len(set(numbers)) != len(numbers):
            raise ValueError("at least one branch, each with its own number")
        if any(not branch.workplaces for branch in self.branches):
            raise ValueError("every branch has a workplace")
        if not self.ident or not self.secret:
            raise ValueError("ident and secret are not empty")
        if self.absent_decimal_places not in range(7):
            raise ValueError("absent_decimal_places lies between 0 and 6")
        if self.vat_percentage_divisor not in (1, 100):
            raise ValueError("vat_percentage_divisor is 1 or 100")
        if min(self.history_limit, self.record_limit, self.idempotency_keys_kept, self.webhook_queue) < 1:
            raise ValueError("bounds are positive")

    @property
    def default_branch(self) -> Branch:
        """The branch of orders that name none."""
        return self.branches[0]
