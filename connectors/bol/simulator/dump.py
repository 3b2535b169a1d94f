"""The books in full, for a verdict (`GET /_control/books`). Pure. Moments are UTC with microseconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from connectors.bol.simulator import told
from connectors.bol.simulator.books import BolBooks
from connectors.bol.simulator.records import Attempt, Item, Order


def books(one: BolBooks) -> dict[str, Any]:
    """Offers with what is on sale, orders with prices, every change, what was oversold."""
    return {
        "offers": [
            {
                "offerId": offer.offer_id,
                "ean": offer.ean,
                "reference": offer.reference,
                "amount": offer.amount,
                "managedByRetailer": offer.managed,
                "onSale": one.on_sale(offer),
                "priceCents": offer.cents(1),
                "onHold": offer.on_hold,
            }
            for offer in one.offers.values()
        ],
        "orders": [_order(order) for order in one.orders.values()],
        "oversold": [
            {
                "orderId": order.order_id,
                "itemId": item.item_id,
                "offerId": item.offer.offer_id,
                "units": units,
            }
            for order in one.orders.values()
            for item in order.items
            if (units := item.quantity - item.on_sale_before) > 0
        ],
        "changes": [
            {
                "at": _precise(change.at),
                "offerId": change.offer.offer_id,
                "ean": change.offer.ean,
                "cause": change.cause,
                "amount": change.amount,
                "onSale": change.on_sale,
            }
            for change in one.changes
        ],
        "changesDropped": one.changes_dropped,
        "shipments": [
            {
                "shipmentId": shipment.shipment_id,
                "at": _precise(shipment.at),
                "orderId": shipment.order.order_id,
                "items": [{"itemId": item.item_id, "quantity": sent} for item, sent in shipment.items],
                "reference": shipment.reference,
                "transport": shipment.transport,
            }
            for shipment in one.shipments.values()
        ],
        "subscriptions": [told.subscription(sub) for sub in one.subscriptions.values()],
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "orderId": order.order_id,
        "placed": _precise(order.placed),
        "items": [_item(item) for item in order.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "itemId": item.item_id,
        "offerId": item.offer.offer_id,
        "ean": item.offer.ean,
        "fulfilment": item.fulfilment,
        "quantity": item.quantity,
        "cancelled": item.cancelled,
        "shipped": item.shipped,
        "unitCents": item.unit_cents,
        "totalCents": item.total_cents,
        "onSaleBefore": item.on_sale_before,
    }


def attempts(made: Iterable[Attempt]) -> list[dict[str, Any]]:
    """The tries of pushes, oldest first."""
    return [
        {
            "at": _precise(one.at),
            "subscriptionId": one.subscription_id,
            "resource": one.event.resource,
            "type": one.event.kind,
            "resourceId": one.event.entity_id,
            "try": one.number,
            "answer": one.answer,
        }
        for one in made
    ]


def _precise(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
