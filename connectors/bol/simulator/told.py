"""The books as Bol's JSON: shapes of contracts/bol-retailer-v10 and bol-offers-v11. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from connectors.bol.simulator.books import BolBooks, Item, Offer, Order, Process, Subscription
from connectors.bol.simulator.customers import Customer
from streams.vocabulary.time import SHOP_ZONE

COMMISSION = Decimal("0.12")


def local(moment: datetime) -> str:
    """Dutch time with its offset, as Bol writes it."""
    return moment.astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def money(cents: int) -> orjson.Fragment:
    """Euros with two places, exactly: a float would not be."""
    return orjson.Fragment(f"{cents // 100}.{cents % 100:02d}")


def offer(books: BolBooks, one: Offer) -> dict[str, Any]:
    """OfferResponse."""
    return {
        "offerId": one.offer_id,
        "ean": one.ean,
        "lastModifiedDateTime": one.modified.isoformat(timespec="milliseconds"),
        "reference": one.reference,
        "onHoldByRetailer": one.on_hold,
        "stock": {
            "amount": one.amount,
            "correctedStock": books.corrected(one),
            "managedByRetailer": one.managed,
        },
        "countryAvailabilities": [
            {"countryCode": "NL", "forSale": True},
            {"countryCode": "BE", "forSale": True},
        ],
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": money(one.price_cents)}]},
        "fulfilment": {"method": one.fulfilment}
        if one.fulfilment == "FBB"
        else {
            "method": "FBR",
            "schedule": "MY_DELIVERY_PROMISE",
            "deliveryPromise": {"minimumDaysToCustomer": 1, "maximumDaysToCustomer": 2},
        },
    }


def reduced(one: Order, items: list[Item]) -> dict[str, Any]:
    """ReducedOrder."""
    return {
        "orderId": one.order_id,
        "orderPlacedDateTime": local(one.placed),
        "orderItems": [
            {
                "orderItemId": item.item_id,
                "ean": item.ean,
                "fulfilmentMethod": item.fulfilment,
                "fulfilmentStatus": "OPEN" if item.open else "HANDLED",
                "quantity": item.quantity,
                "quantityShipped": item.shipped,
                "quantityCancelled": item.cancelled,
                "cancellationRequest": item.cancellation_asked,
                "latestChangedDateTime": local(item.changed),
            }
            for item in items
        ],
    }


def order(one: Order) -> dict[str, Any]:
    """Order, with addresses and prices."""
    ship = _address(one.customer)
    bill = dict(ship)
    if one.bill_elsewhere:
        bill |= {"streetName": "Postbus", "houseNumber": "123", "houseNumberExtension": None}
    if one.customer.company:
        bill |= {
            "company": one.customer.company,
            "vatNumber": one.customer.vat_number,
            "kvkNumber": "12345678",
        }
    if one.customer.phone:
        ship["deliveryPhoneNumber"] = one.customer.phone
    return {
        "orderId": one.order_id,
        "pickupPoint": False,
        "orderPlacedDateTime": local(one.placed),
        "shipmentDetails": ship,
        "billingDetails": bill,
        "orderItems": [_item(item) for item in one.items],
    }


def _address(buyer: Customer) -> dict[str, Any]:
    return {
        "salutation": "UNKNOWN",
        "firstName": buyer.first_name,
        "surname": buyer.surname,
        "streetName": buyer.street,
        "houseNumber": buyer.house_number,
        "houseNumberExtension": buyer.extension or None,
        "extraAddressInformation": buyer.extra or None,
        "zipCode": buyer.zip_code,
        "city": buyer.city,
        "countryCode": buyer.country,
        "email": buyer.email,
    }


def _item(item: Item) -> dict[str, Any]:
    discount = item.unit_cents * item.quantity - item.total_cents
    return {
        "orderItemId": item.item_id,
        "cancellationRequest": item.cancellation_asked,
        "fulfilment": {
            "method": item.fulfilment,
            "distributionParty": "RETAILER",
            "timeFrameType": "REGULAR",
        },
        "offer": {"offerId": item.offer_id, "reference": item.reference},
        "product": {"ean": item.ean, "title": item.title},
        "quantity": item.quantity,
        "quantityShipped": item.shipped,
        "quantityCancelled": item.cancelled,
        "unitPrice": money(item.unit_cents),
        "totalPrice": money(item.total_cents),
        "discounts": [{"title": "Korting", "amount": money(discount)}] if discount else [],
        "commission": money(int(item.unit_cents * COMMISSION)),
        "latestChangedDateTime": local(item.changed),
    }


def process(one: Process, now: datetime) -> dict[str, Any]:
    """ProcessStatus."""
    told: dict[str, Any] = {
        "processStatusId": one.process_id,
        "entityId": one.entity_id,
        "eventType": one.event_type,
        "description": one.description,
        "status": one.status(now),
        "createTimestamp": local(one.made),
        "links": [
            {
                "rel": "self",
                "href": f"https://api.bol.com/shared/process-status/{one.process_id}",
                "method": "GET",
            }
        ],
    }
    if one.error and one.status(now) == "FAILURE":
        told["errorMessage"] = one.error
    return told


def subscription(one: Subscription) -> dict[str, Any]:
    """SubscriptionResponse."""
    return {
        "id": one.subscription_id,
        "resources": list(one.resources),
        "url": one.url,
        "subscriptionType": "WEBHOOK",
        "enabled": one.enabled,
    }


def problem(status: int, detail: str, name: str = "") -> dict[str, Any]:
    """Problem."""
    return {
        "type": "https://api.bol.com/problems",
        "title": "Error validating request. Consult the bol.com API documentation for more information."
        if status < 500
        else "Internal server error",
        "status": status,
        "detail": detail,
        "host": "simulator",
        "instance": "https://api.bol.com/retailer",
        "violations": [{"name": name, "reason": detail}] if name else [],
    }


def books(one: BolBooks) -> dict[str, Any]:
    """Everything, for a verdict."""
    return {
        "offers": [
            {
                "offerId": offer.offer_id,
                "ean": offer.ean,
                "reference": offer.reference,
                "amount": offer.amount,
                "managedByRetailer": offer.managed,
                "onSale": one.corrected(offer),
            }
            for offer in one.offers.values()
        ],
        "orders": [
            {
                "orderId": order.order_id,
                "placed": order.placed.isoformat(timespec="microseconds"),
                "items": [
                    {
                        "itemId": item.item_id,
                        "offerId": item.offer_id,
                        "ean": item.ean,
                        "quantity": item.quantity,
                        "cancelled": item.cancelled,
                        "shipped": item.shipped,
                        "unitCents": item.unit_cents,
                        "totalCents": item.total_cents,
                        "onSaleBefore": item.on_sale_before,
                    }
                    for item in order.items
                ],
            }
            for order in one.orders.values()
        ],
        "changes": one.changes,
        "shipments": one.shipments,
        "subscriptions": [subscription(sub) for sub in one.subscriptions.values()],
    }
