"""The books in full, for a verdict (`GET /_control/books`). Pure. Moments are UTC with microseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from connectors.bol.simulator import told
from connectors.bol.simulator.books import BolBooks
from connectors.bol.simulator.records import Attempt, Item, Order, Return


def books(one: BolBooks) -> dict[str, Any]:
    """Offers with what is on sale, what lies at Bol, orders with prices, every change, what was oversold; what was
    shipped, cancelled and returned, by whom and why; writes as long as they are remembered."""
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
                "offline": [reason.code for reason in offer.offline],
            }
            for offer in one.offers.values()
        ],
        "inventory": [told.lying(lying) for lying in one.warehouse.lying.values()],
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
                "by": shipment.by,
            }
            for shipment in one.shipments.values()
        ],
        "labels": [
            {
                "labelId": label.label_id,
                "orderId": label.order.order_id,
                "itemIds": [item.item_id for item in label.items],
            }
            for label in one.labels.values()
        ],
        "cancellations": [
            {
                "at": _precise(gone.at),
                "orderId": gone.order.order_id,
                "itemId": gone.item.item_id,
                "quantity": gone.quantity,
                "by": gone.by,
                "reason": gone.reason,
            }
            for gone in one.cancellations
        ],
        "returns": [_return(back) for back in one.returns.values()],
        "processes": [
            {
                "processId": process.process_id,
                "eventType": process.event_type,
                "entityId": process.entity_id,
                "at": _precise(process.made),
                "status": process.status(one.clock()),
                "error": process.error,
            }
            for process in one.processes
        ],
        "subscriptions": [told.subscription(sub) for sub in one.subscriptions.values()],
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "orderId": order.order_id,
        "placed": _precise(order.placed),
        "customer": asdict(order.customer),
        "items": [_item(item) for item in order.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "itemId": item.item_id,
        "offerId": item.offer.offer_id,
        "ean": item.offer.ean,
        "fulfilment": item.fulfilment,
        "distribution": item.distribution,
        "quantity": item.quantity,
        "cancelled": item.cancelled,
        "shipped": item.shipped,
        "unitCents": item.unit_cents,
        "totalCents": item.total_cents,
        "discounts": [{"title": title, "cents": cents} for title, cents in item.discounts],
        "commissionCents": item.commission_cents,
        "latestDelivery": _day(item.latest),
        "exactDelivery": _day(item.exact),
        "expires": _day(item.expires),
        "timeFrame": item.time_frame,
        "returned": item.returned,
        "cancellationAsked": item.cancellation_asked,
        "onSaleBefore": item.on_sale_before,
    }


def _return(back: Return) -> dict[str, Any]:
    return {
        "returnId": back.return_id,
        "at": _precise(back.at),
        "fulfilment": back.fulfilment,
        "handled": back.handled,
        "items": [
            {
                "rmaId": one.rma_id,
                "orderId": one.order.order_id,
                "itemId": one.item.item_id,
                "expected": one.expected,
                "handlings": [
                    {"at": _precise(h.at), "result": h.result, "quantity": h.quantity, "by": h.by}
                    for h in one.handlings
                ],
            }
            for one in back.items
        ],
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


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _precise(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
