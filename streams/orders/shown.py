"""An order for people."""

from __future__ import annotations

from streams.orders.draft import full_name
from streams.orders.state import Order
from streams.vocabulary.activity import LineShown, OrderShown, masked
from streams.vocabulary.bol_order import BolOrder


def shown(order_id: str, state: Order) -> OrderShown:
    """The snapshot for the read model."""
    lines = {line.item_id: line for line in state.lines}
    items = state.order.items if state.order else ()
    return OrderShown(
        order_id=order_id,
        step=state.step,
        placed_at=state.order.placed_at if state.order else None,
        customer=state.customer,
        lines=tuple(
            LineShown(
                item_id=item.item_id,
                ean=item.ean,
                title=item.title,
                quantity=item.wanted,
                price_cents=item.unit_price_cents,
                article_number=str(lines[item.item_id].article_number or "") if item.item_id in lines else "",
            )
            for item in items
        ),
        total_cents=sum(item.total_cents or item.unit_price_cents * item.quantity for item in items),
        mplus_order=state.mplus_number or state.mplus_order,
        relation=state.relation,
        stuck=state.stuck,
        fulfilment="/".join(sorted({item.fulfilment for item in items})),
    )


def masked_customer(order: BolOrder) -> str:
    """`J*** d* V****, Utrecht`: what is kept of a person once the order is in Mplus."""
    address = order.ship_to
    name = masked(full_name(address) or address.company)
    return f"{name}, {address.city}" if name and address.city else name
