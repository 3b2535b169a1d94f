"""From a Bol order and its articles to the customer and the order that Mplus is asked for. Pure."""

from __future__ import annotations

from streams.orders.rules import OrderRules
from streams.orders.state import Line
from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem
from streams.vocabulary.mplus_order import Customer, OrderDraft, OrderLine, PostalAddress
from streams.vocabulary.time import SHOP_ZONE

TEXT = 100
"""Characters of an item's title on a line."""


def customer(order: BolOrder) -> Customer:
    """The relation's fields: who pays, and where it goes if that is elsewhere."""
    bill, ship = order.bill_to, order.ship_to
    payer = bill if full_name(bill) or bill.company else ship
    elsewhere = street(ship) != street(payer) or ship.zip_code != payer.zip_code
    return Customer(
        name=payer.company or full_name(payer) or full_name(ship) or "Bol.com",
        email=email(order),
        address=street(payer),
        zip_code=payer.zip_code,
        city=payer.city,
        country=payer.country,
        phone=ship.phone or bill.phone,
        company=payer.company,
        vat_number=bill.vat_number,
        chamber_of_commerce=bill.chamber_of_commerce,
        delivery_address=street(ship) if elsewhere else "",
        delivery_zip_code=ship.zip_code if elsewhere else "",
        delivery_city=ship.city if elsewhere else "",
        delivery_country=ship.country if elsewhere else "",
    )


def email(order: BolOrder) -> str:
    """The address the relation is looked up by; empty: Bol gave none."""
    return (order.bill_to.email or order.ship_to.email).strip()


def full_name(address: Address) -> str:
    """First name and surname."""
    return f"{address.first_name} {address.surname}".strip()


def street(address: Address) -> str:
    """Street, number and extension in one string: Mplus has no separate fields."""
    parts = (address.street, address.house_number, address.house_number_extension, address.extra)
    return " ".join(part.strip() for part in parts if part.strip())


def postal(address: Address) -> PostalAddress:
    """An address on the order itself."""
    return PostalAddress(
        name=full_name(address) or address.company,
        address=street(address),
        zip_code=address.zip_code,
        city=address.city,
        country=address.country,
        company=address.company,
    )


def order_lines(item: BolOrderItem, line: Line, article_number: int) -> tuple[OrderLine, ...]:
    """The lines of one item: `units` articles for each piece, and cents that add up exactly.

    `totalPrice` is after discounts and for the whole item. Where it does not divide evenly, the item takes
    two lines a cent apart, so that the sum in Mplus is the sum at Bol to the cent.
    """
    wanted = item.wanted
    articles = wanted * max(1, line.units)
    if articles == 0:
        return ()
    total = item.total_cents or item.unit_price_cents * item.quantity
    due = (total * wanted + item.quantity // 2) // item.quantity
    low, dearer = divmod(due, articles)
    text = (item.title or line.description)[:TEXT]
    parts = ((articles - dearer, low), (dearer, low + 1))
    return tuple(
        OrderLine(article_number=article_number, text=text, quantity=quantity, price_cents=cents)
        for quantity, cents in parts
        if quantity
    )


def draft(
    connection: str, order: BolOrder, lines: tuple[Line, ...], relation: int, attempt: int, rules: OrderRules
) -> OrderDraft:
    """The order for createOrderV3. Every line's article must be known."""
    items = {item.item_id: item for item in order.items}
    wanted = [line for line in lines if line.wanted]
    return OrderDraft(
        ext_order_id=f"{rules.ext_order_prefix}{order.order_id}",
        idempotency_key=f"kassabrug-{connection}-{order.order_id}-{attempt}",
        relation_number=relation,
        reference=f"Bol.com {order.order_id}",
        financial_date=order.placed_at.astimezone(SHOP_ZONE).date(),
        lines=tuple(
            made
            for line in wanted
            if line.article_number is not None
            for made in order_lines(items[line.item_id], line, line.article_number)
        ),
        branch_number=rules.branch_number,
        workplace_number=rules.workplace_number,
        employee_number=rules.employee_number,
        order_type=rules.order_type,
        order_category=rules.order_category,
        delivery_method=rules.delivery_method,
        payment_method=rules.payment_method,
        deliver_to=postal(order.ship_to),
        invoice_to=postal(order.bill_to if full_name(order.bill_to) else order.ship_to),
    )


def without_persons(order: BolOrder) -> BolOrder:
    """The order without names and addresses: what is kept once it is in Mplus."""
    return BolOrder(order_id=order.order_id, placed_at=order.placed_at, items=order.items)
