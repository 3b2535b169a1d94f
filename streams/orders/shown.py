"""An order for people."""

from __future__ import annotations

from streams.orders import following, lateness
from streams.orders.customer import full_name
from streams.orders.rules import OrderRules
from streams.orders.state import BOOKED, Order, Shipment
from streams.vocabulary.activity import LineShown, OrderShown, ShipmentShown, masked
from streams.vocabulary.bol_order import BolOrder


def shown(order_id: str, state: Order, rules: OrderRules) -> OrderShown:
    """The snapshot for the read model."""
    lines = {line.item_id: line for line in state.lines}
    items = tuple(
        item for item in (state.order.items if state.order else ()) if not lines or item.item_id in lines
    )
    left = following.delivered(state) if state.step in BOOKED or state.is_booked else {}
    day = lateness.last_day(state, rules.days_on_the_way)
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
                fulfilment=item.fulfilment,
                ordered=item.quantity,
                delivered=left.get(item.item_id, 0),
                shipped=item.quantity_shipped,
                cancelled=item.quantity_cancelled,
                commission_cents=item.commission_cents,
                total_cents=item.total_cents,
            )
            for item in items
        ),
        total_cents=sum(item.total_cents or item.unit_price_cents * item.quantity for item in items),
        mplus_order=state.mplus_number or state.mplus_order,
        relation=state.relation,
        stuck=state.stuck,
        fulfilment="/".join(sorted({item.fulfilment for item in items})),
        due=day.isoformat() if day is not None else "",
        late=state.late,
        shipments=tuple(_shipment(one) for one in state.shipments),
        asks_cancellation=any(line.asked_off and line.due for line in state.lines),
        country=state.country,
        business=state.business,
        commission_cents=sum(item.commission_cents for item in items),
    )


def _shipment(one: Shipment) -> ShipmentShown:
    return ShipmentShown(
        reference=one.reference,
        units=sum(sent.quantity for sent in one.items),
        status=one.status,
        transporter=one.transporter,
        track=one.track,
        said=one.said,
        asked_at=one.asked_at,
    )


def masked_customer(order: BolOrder) -> str:
    """`J*** d* V****, Utrecht`: what is kept of a person once the order is in Mplus."""
    address = order.ship_to
    name = masked(full_name(address) or address.company)
    return f"{name}, {address.city}" if name and address.city else name
