"""From a Bol order and its articles to the order that Mplus is asked for. Pure. Its customer: customer.py."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from streams.orders.customer import payer_of, postal
from streams.orders.rules import ANYWHERE, Kind, OrderRules
from streams.orders.state import Line
from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem
from streams.vocabulary.company_numbers import vat_number
from streams.vocabulary.mplus_order import OrderDraft, OrderLine
from streams.vocabulary.time import SHOP_ZONE

TEXT = 100
"""Characters of an item's title on a line."""
OTHER = 0
"""In VatRules.by_country: every VAT code that is not named."""
SHIFTED = "VAT-METHOD-SHIFTED"
INCLUSIVE = "VAT-METHOD-INCLUSIVE"


class Drafted(NamedTuple):
    """An order as Mplus is asked for it."""

    draft: OrderDraft
    items: tuple[str, ...]
    """The Bol item of each line; empty: of none (a discount)."""

    @property
    def cents(self) -> int:
        """The sum of the lines."""
        return sum(line.quantity * line.price_cents for line in self.draft.lines)


def draft(
    connection: str,
    entity: str,
    order: BolOrder,
    lines: tuple[Line, ...],
    relation: int,
    attempt: int,
    kind: Kind,
    rules: OrderRules,
    at: datetime,
    shifted: bool | None = None,
) -> Drafted:
    """The order for createOrderV3. Every line's article must be known. `entity`: the row's; `shifted`: whether the VAT
    is shifted to the customer, where that is known already (his numbers are forgotten once the order is booked)."""
    how = rules.kinds[kind]
    items = {item.item_id: item for item in order.items}
    if shifted is None:
        shifted = reverse_charged(order, rules)
    made: list[tuple[OrderLine, str]] = []
    for line in lines:
        if line.due and line.article_number is not None:
            item = items[line.item_id]
            made.extend((one, line.item_id) for one in order_lines(item, line, order, rules, shifted))
            made.extend((one, "") for one in discount_lines(item, line, order, rules, shifted))
    return Drafted(
        OrderDraft(
            ext_order_id=f"{rules.ext_order_prefix}{entity}",
            idempotency_key=f"kassabrug-{connection}-{entity}-{attempt}",
            relation_number=relation,
            reference=own_reference(order),
            financial_date=(order.placed_at if how.financial_date == "ordered" else at)
            .astimezone(SHOP_ZONE)
            .date(),
            lines=tuple(one for one, _ in made),
            branch_number=how.branch_number,
            workplace_number=how.workplace_number,
            employee_number=how.employee_number,
            order_type=how.order_type,
            order_category=how.order_category,
            delivery_method=delivery_method(order, kind, rules),
            payment_method=how.payment_method,
            deliver_to=postal(order.ship_to),
            invoice_to=postal(payer_of(order)),
            vat_method=SHIFTED if shifted else INCLUSIVE,
        ),
        tuple(item_id for _, item_id in made),
    )


def own_reference(order: BolOrder) -> str:
    """`Bol.com A2K8290LP8`, and a business customer's own reference where he gave one."""
    theirs = (order.bill_to.order_reference or order.ship_to.order_reference).strip()
    return f"Bol.com {order.order_id}" + (f" / {theirs}" if theirs else "")


# -- lines


def due_cents(item: BolOrderItem, units: int) -> int:
    """What so many of the item's units cost, after discounts: `totalPrice` is for the whole item, so a part of it is
    that share of it, half up. A price of nothing is a free item."""
    total = item.total_cents if item.total_cents or item.discounts else item.unit_price_cents * item.quantity
    return (total * units + item.quantity // 2) // item.quantity if item.quantity else 0


def order_lines(
    item: BolOrderItem, line: Line, order: BolOrder, rules: OrderRules, shifted: bool = False
) -> tuple[OrderLine, ...]:
    """The lines of one item: `units` articles for each piece, and cents that add up exactly.

    Where the sum does not divide evenly, the item takes two lines a cent apart, so that the sum in Mplus is the sum at
    Bol to the cent.
    """
    units = line.due
    articles = units * max(1, line.units)
    if articles == 0 or line.article_number is None:
        return ()
    due = due_cents(item, units) + (_discount(item, units) if rules.discount_article is not None else 0)
    low, dearer = divmod(due, articles)
    country = order.ship_to.country
    return tuple(
        OrderLine(
            article_number=line.article_number,
            text=(item.title or line.description)[:TEXT],
            quantity=quantity,
            price_cents=cents,
            vat_code=vat_code(line.article_number, line.vat_code, country, rules, shifted),
            turnover_group=by_country(rules.turnover_groups, country),
        )
        for quantity, cents in ((articles - dearer, low), (dearer, low + 1))
        if quantity
    )


def discount_lines(
    item: BolOrderItem, line: Line, order: BolOrder, rules: OrderRules, shifted: bool = False
) -> tuple[OrderLine, ...]:
    """Each discount of Bol's as a line of its own, where the shop wants that: one piece at less than nothing. They and
    the item's lines add up to what was paid."""
    if rules.discount_article is None or not _discount(item, line.due):
        return ()
    left = _discount(item, line.due)
    country = order.ship_to.country
    parts = item.discounts
    whole = sum(one.cents for one in parts)
    made: list[OrderLine] = []
    for place, one in enumerate(parts):
        cents = left if place == len(parts) - 1 else min(left, left * one.cents // whole if whole else 0)
        whole -= one.cents
        left -= cents
        if cents:
            code = vat_code(rules.discount_article, line.vat_code, country, rules, shifted)
            made.append(
                OrderLine(
                    article_number=rules.discount_article,
                    text=(one.title or "Korting Bol.com")[:TEXT],
                    quantity=1,
                    price_cents=-cents,
                    vat_code=code,
                    turnover_group=by_country(rules.turnover_groups, country),
                )
            )
    return tuple(made)


def _discount(item: BolOrderItem, units: int) -> int:
    """What Bol took off so many of the units, in cents."""
    taken = max(0, sum(one.cents for one in item.discounts))
    return (taken * units + item.quantity // 2) // item.quantity if item.quantity else 0


# -- tables


def by_country(table: dict[str, int], country: str) -> int | None:
    """The entry of the country, or that of every other one."""
    return table.get(country, table.get(ANYWHERE))


def vat_code(article: int, own: int | None, country: str, rules: OrderRules, shifted: bool) -> int | None:
    """The line's VAT code; None: the article's own, which Mplus knows."""
    vat = rules.vat
    if shifted and vat.reverse_charge_code is not None:
        return vat.reverse_charge_code
    if article in vat.by_article:
        return vat.by_article[article]
    codes = vat.by_country.get(country)
    if codes is None:
        return None
    if own is not None and own in codes:
        return codes[own]
    return codes.get(OTHER)


def reverse_charged(order: BolOrder, rules: OrderRules) -> bool:
    """A business customer in a country of `vat.reverse_charge`, with a VAT number of that country that is valid in
    form: the VAT is shifted to him."""
    country = order.ship_to.country
    number = order.bill_to.vat_number or order.ship_to.vat_number
    if country not in rules.vat.reverse_charge or not number:
        return False
    return vat_number(number, country).startswith(country)


def delivery_method(order: BolOrder, kind: Kind, rules: OrderRules) -> str:
    """The order's delivery method by what the customer chose, the most exact entry first; empty: none is sent."""
    table = rules.shipping.delivery_methods
    country = order.ship_to.country
    frames = [item.time_frame for item in order.items if item.fulfilment == kind and item.time_frame]
    chosen = [
        *(["PICKUP"] if order.pickup_point else []),
        *(["VVB"] if shipped_via_bol(order, kind) else []),
        *sorted(set(frames), key=lambda one: (one == "REGULAR", one)),
    ]
    for option in chosen:
        for key in (f"{option}/{country}", option):
            if key in table:
                return table[key]
    return table.get(country, table.get(ANYWHERE, ""))


def shipped_via_bol(order: BolOrder, kind: Kind) -> bool:
    """VVB: the retailer sends it with a label of Bol's."""
    return kind == "FBR" and any(
        item.distribution == "BOL" for item in order.items if item.fulfilment == kind
    )


def transporter(delivery_method: str, rules: OrderRules) -> str:
    """Bol's transporter code for a delivery method of Mplus; empty: none is told."""
    table = rules.shipping.transporters
    return table.get(delivery_method, table.get(ANYWHERE, ""))


def without_persons(order: BolOrder) -> BolOrder:
    """The order without names and addresses: what is kept once it is in Mplus. The country stays."""
    return BolOrder(
        order_id=order.order_id,
        placed_at=order.placed_at,
        items=order.items,
        pickup_point=order.pickup_point,
        ship_to=Address(country=order.ship_to.country),
    )
