"""What a row of the returns flow holds: one Bol return of one connection. Nothing personal: no name, no comment."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from streams.vocabulary.fact import Value
from streams.vocabulary.mplus_order import OrderDraft, Payment

ItemState = Literal["open", "asked", "handled", "failed"]
"""open -> asked (of Bol) -> handled, or failed (Bol refused; a person may ask again). Whatever Bol shows as handled is
handled."""
CreditState = Literal["none", "asked", "committing", "delivering", "paying", "booked", "failed"]
"""none -> asked (of the orders flow) -> committing -> delivering (with restock) -> paying (where it is paid apart)
-> booked. `failed`: not booked, a person has to look; asked again from there. From `delivering` on the credit is in
Mplus and never booked again."""


class Item(Value, frozen=True):
    """One item of the return."""

    rma_id: str
    order_id: str
    ean: str
    expected: int
    reason: str
    state: ItemState = "open"
    seen_open: bool = True
    """False: it was handled before this row knew it. Such a one is never credited by itself."""
    result: str = ""
    """As asked of Bol."""
    quantity: int = 0
    """Units asked for; once it is handled: units handled, 0 where Bol does not tell."""
    by_rule: bool = False
    wants_credit: bool | None = None
    """What the person who handled it said; None: the rules count."""
    process_id: str = ""
    waits: int = 0
    """How often Bol's process was still pending."""
    handled_as: str = ""
    """As Bol has it. Empty though it is handled: it is no longer in Bol's list, and Bol did not tell how."""
    handled_at: datetime | None = None
    tries: int = 0
    stuck: str = ""
    credit: CreditState = "none"
    credited: int = 0
    """Units of the credit."""
    credit_asked_at: datetime | None = None
    attempt: int = 1
    """Part of the idempotency keys from 2 on: raised only after Mplus refused, because the same key would get the same
    refusal again (facts/mplus.md 1.6)."""
    draft: OrderDraft | None = None
    """Only until it is in Mplus: it may hold an address."""
    due: tuple[Payment, ...] = ()
    """Payments that follow the delivery."""
    pay_key: str = ""
    paid: int = 0
    mplus_order: str = ""
    mplus_number: str = ""
    credit_tries: int = 0
    credit_stuck: str = ""

    @property
    def settled(self) -> bool:
        """Nothing more is to come of it."""
        return self.state == "handled" and self.credit in ("none", "booked") and not self.credit_stuck


class Return(Value, frozen=True):
    """The row's state."""

    registered_at: datetime
    fulfilment: str
    items: tuple[Item, ...]
    noticed_at: datetime
    unseen: bool = False
    """It was not in any answer of Bol's since Bol was asked about it."""
    read_tries: int = 0

    def item(self, rma_id: str) -> Item | None:
        """The item of this RMA, or None."""
        return next((item for item in self.items if item.rma_id == rma_id), None)
