"""What a shop can set about its returns. Filled from the settings, one for each connection.

What was decided, and why:
- By hand is the default. No message of Bol's or Mplus's tells that a parcel is back on the shop's table, and
  RETURN_RECEIVED gives the customer the money back: only a person knows when that is right.
- A rule by reason is there for what needs no look at the parcel (a broken mug that the customer may keep), and for
  shops that take a return for received when nobody has said otherwise after so many days. It can choose from `ByRule`
  alone: the other results tell of something that a person has done (sent another one, repaired it, turned it down).
- Returns from Bol's own warehouse (FBB) are handled by Bol. Nothing of them is written to Bol; they are shown, and
  credited once Bol shows how it handled them.
- A credit follows the handling result that Bol shows, whoever handled it: us, staff in the partner site, or Bol. It is
  booked by itself only when Bol gives the customer the money back (`REFUNDED`). A person who handles a return says for
  that item whether it is credited, and that word wins over `credit`.
- What was handled by a rule is credited without goods: nobody has seen them, and stock that is not there is sold.
"""

from __future__ import annotations

from typing import Literal

from streams.vocabulary.fact import Value

ByRule = Literal["RETURN_RECEIVED", "CUSTOMER_KEEPS_PRODUCT_PAID"]
"""Results that a rule may give (ReturnRequest.handlingResult)."""
REFUNDED = ("RETURN_RECEIVED", "STILL_APPROVED")
"""Results after which the customer has the money back."""
GOODS_BACK = ("RETURN_RECEIVED", "STILL_APPROVED", "EXCHANGE_PRODUCT")
"""Results after which the goods are the shop's again."""


class HandlingRule(Value, frozen=True):
    """Handles open items of the retailer's own returns (FBR) by itself."""

    result: ByRule
    after_days: float
    """Days after the return was registered; handled by hand before that, the rule does nothing."""
    reason: str = ""
    """Words in Bol's main or detailed reason, whatever their case; empty: every reason."""


class ReturnRules(Value, frozen=True):
    """The rules in force for one connection."""

    kinds: tuple[Literal["FBR", "FBB"], ...] = ("FBR", "FBB")
    """Which returns are taken over at all; none: returns are not read."""
    handle: tuple[HandlingRule, ...] = ()
    """The first that fits an item counts; none: all is handled by hand."""
    credit: Literal["no", "when-handled"] = "no"
    """Whether a credit is booked in Mplus by itself once Bol shows the item as refunded (`REFUNDED`)."""
    restock: bool = False
    """Whether the credit is delivered in Mplus too, so that stock comes back (`GOODS_BACK`, and not by a rule)."""
    refund: bool = False
    """Whether the money that went back is booked on the credit too, by the order's own payment method. After the
    delivery (`restock`) it settles the credit, which makes its invoice; without that it is a deposit (facts/mplus.md
    7.4)."""
    credit_branch: int | None = None
    """The Mplus branch where parcels come back, for returns to the shop (FBR); None: the branch of the order. What goes
    back to Bol's warehouse stays at the order's branch."""
    credit_workplace: int | None = None
    """The workplace there: needed for a branch that is not the default one (facts/mplus.md 8, quirk 12)."""
    unseen: float = 3600.0
    """Seconds that an open return may go without being in a sweep's list before Bol is asked about it: longer than
    some sweeps. The list has open returns only, so what was handled in the partner site vanishes from it."""
    keep_days: int = 60
    """How long a return of which all items are handled is remembered."""
