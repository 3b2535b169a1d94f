"""The books as Bol's JSON: shapes of contracts/bol-retailer-v10, bol-shared-v10 and bol-offers-v11. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import orjson

from connectors.bol.simulator.generator import Customer
from connectors.bol.simulator.records import (
    Item,
    Lying,
    Objection,
    Offer,
    Order,
    Process,
    Return,
    ReturnedItem,
    Shipment,
    Subscription,
)
from connectors.bol.simulator.return_desk import NOT_ACCEPTED
from connectors.bol.simulator.shelf import Shelf
from streams.vocabulary.time import SHOP_ZONE, utc

TITLES = {
    400: "Error validating request. Consult the bol.com API documentation for more information.",
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Payload too large",
    415: "Unsupported media type",
    429: "Too many requests",
}
ON_HOLD = Objection(
    category="ON_HOLD", code="4003-1", description="The seller has not marked the offer for-sale"
)
NO_STOCK = Objection(
    category="STOCK",
    code="4003-3",
    description="Out of stock or remaining stock is reserved for pending orders.",
)
"""As in bol-offers-v11, OnHoldReason and StockReason."""


def local(moment: datetime) -> str:
    """Dutch time with its offset, as Bol writes it."""
    return moment.astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def zulu(moment: datetime) -> str:
    """UTC, as the offers are dated (v11)."""
    return utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(cents: int) -> orjson.Fragment:
    """Euros with two places, exactly: a float would not be. Raises ValueError below nothing."""
    if cents < 0:
        raise ValueError("a price below nothing")
    return orjson.Fragment(f"{cents // 100}.{cents % 100:02d}")


def offer(shelf: Shelf, one: Offer) -> dict[str, Any]:
    """OfferResponse."""
    told: dict[str, Any] = {
        "offerId": one.offer_id,
        "ean": one.ean,
        "lastModifiedDateTime": zulu(one.modified),
        "reference": one.reference,
        "onHoldByRetailer": one.on_hold,
        "stock": {
            "amount": one.amount,
            "correctedStock": shelf.corrected(one),
            "managedByRetailer": one.managed,
        },
        "countryAvailabilities": [
            {"countryCode": country, "forSale": shelf.on_sale(one) > 0} for country in one.countries
        ],
        "condition": one.condition,
        "pricing": {
            "bundlePrices": [{"quantity": least, "unitPrice": money(cents)} for least, cents in one.prices]
        },
        "fulfilment": one.fulfilment,
    }
    if one.economic_operator:
        told["economicOperatorId"] = one.economic_operator
    return told


def not_for_sale(shelf: Shelf, one: Offer) -> dict[str, Any]:
    """NotForSaleReasons: no countries where it is for sale."""
    reasons = list(one.offline)
    if one.on_hold:
        reasons.append(ON_HOLD)
    if shelf.left(one) == 0:
        reasons.append(NO_STOCK)
    told = [
        {"category": reason.category, "code": reason.code, "description": reason.description}
        for reason in reasons
    ]
    return {
        "offerId": one.offer_id,
        "countries": [{"countryCode": country, "reasons": told} for country in one.countries if told],
    }


def lying(one: Lying) -> dict[str, Any]:
    """Inventory."""
    return {
        "ean": one.ean,
        "bsku": one.bsku,
        "gradedStock": one.graded,
        "regularStock": one.regular,
        "title": one.title,
    }


def reduced(one: Order, items: Iterable[Item]) -> dict[str, Any]:
    """ReducedOrder."""
    return {
        "orderId": one.order_id,
        "orderPlacedDateTime": local(one.placed),
        "orderItems": [
            {
                "orderItemId": item.item_id,
                "ean": item.offer.ean,
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
    return {
        "orderId": one.order_id,
        "pickupPoint": bool(one.customer.pickup_point),
        "orderPlacedDateTime": local(one.placed),
        "shipmentDetails": _ship_to(one.customer),
        "billingDetails": _bill_to(one.customer),
        "orderItems": [_item(item) for item in one.items],
    }


def _ship_to(buyer: Customer) -> dict[str, Any]:
    told = _address(buyer) | {"language": buyer.language}
    if buyer.phone:
        told["deliveryPhoneNumber"] = buyer.phone
    if buyer.pickup_point:
        told["pickupPointName"] = buyer.pickup_point
    return told


def _bill_to(buyer: Customer) -> dict[str, Any]:
    told = _address(buyer)
    if buyer.bill_to_box:
        told |= {"streetName": "Postbus", "houseNumber": buyer.bill_to_box, "houseNumberExtension": None}
    if buyer.company:
        told |= {"company": buyer.company, "vatNumber": buyer.vat_number, "kvkNumber": buyer.kvk_number}
    if buyer.order_reference:
        told["orderReference"] = buyer.order_reference
    return told


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
    return {
        "orderItemId": item.item_id,
        "cancellationRequest": item.cancellation_asked,
        "fulfilment": {
            "method": item.fulfilment,
            "distributionParty": item.distribution,
            "latestDeliveryDate": _day(item.latest),
            "exactDeliveryDate": _day(item.exact),
            "expiryDate": _day(item.expires),
            "timeFrameType": item.time_frame,
        },
        "offer": {"offerId": item.offer.offer_id, "reference": item.reference},
        "product": {"ean": item.offer.ean, "title": item.title},
        "quantity": item.quantity,
        "quantityShipped": item.shipped,
        "quantityCancelled": item.cancelled,
        "unitPrice": money(item.unit_cents),
        "totalPrice": money(item.total_cents),
        "discounts": [{"title": title, "amount": money(cents)} for title, cents in item.discounts],
        "commission": money(item.commission_cents),
        "additionalServices": [{"serviceType": one} for one in item.services],
        "latestChangedDateTime": local(item.changed),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def shipment_reduced(one: Shipment) -> dict[str, Any]:
    """ReducedShipment."""
    return _shipment(one) | {
        "shipmentItems": [{"orderItemId": item.item_id, "ean": item.offer.ean} for item, _ in one.items],
        "transport": {"transportId": one.shipment_id},
    }


def shipment(one: Shipment) -> dict[str, Any]:
    """Shipment."""
    return _shipment(one) | {
        "pickupPoint": bool(one.order.customer.pickup_point),
        "shipmentDetails": _ship_to(one.order.customer),
        "billingDetails": _bill_to(one.order.customer),
        "shipmentItems": [
            {
                "orderItemId": item.item_id,
                "fulfilment": {
                    "method": item.fulfilment,
                    "distributionParty": item.distribution,
                    "latestDeliveryDate": _day(item.latest),
                },
                "offer": {"offerId": item.offer.offer_id, "reference": item.reference},
                "product": {"ean": item.offer.ean, "title": item.title},
                "quantity": item.quantity,
                "quantityShipped": quantity,
                "unitPrice": money(item.unit_cents),
                "commission": money(item.commission_cents),
            }
            for item, quantity in one.items
        ],
        "transport": {"transportId": one.shipment_id} | one.transport,
    }


def _shipment(one: Shipment) -> dict[str, Any]:
    return {
        "shipmentId": one.shipment_id,
        "shipmentDateTime": local(one.at),
        "shipmentReference": one.reference,
        "order": {"orderId": one.order.order_id, "orderPlacedDateTime": local(one.order.placed)},
    }


def returned_reduced(one: Return) -> dict[str, Any]:
    """ReducedReturn."""
    return _return(one) | {"returnItems": [_returned(item) for item in one.items]}


def returned(one: Return) -> dict[str, Any]:
    """Return."""
    return _return(one) | {
        "returnItems": [
            _returned(item)
            | {
                "title": item.item.title,
                "trackAndTrace": item.track,
                "transporterName": item.transporter,
                "customerDetails": _sender(item.order.customer),
            }
            for item in one.items
        ]
    }


def _return(one: Return) -> dict[str, Any]:
    return {
        "returnId": one.return_id,
        "registrationDateTime": local(one.at),
        "fulfilmentMethod": one.fulfilment,
    }


def _returned(one: ReturnedItem) -> dict[str, Any]:
    return {
        "rmaId": one.rma_id,
        "orderId": one.order.order_id,
        "ean": one.item.ean,
        "expectedQuantity": one.expected,
        "returnReason": {
            "mainReason": one.main_reason,
            "detailedReason": one.detailed_reason or None,
            "customerComments": one.comments,
        },
        "handled": one.handled,
        "processingResults": [
            {
                "quantity": handling.quantity,
                "processingResult": "REJECTED" if handling.result == NOT_ACCEPTED else "ACCEPTED",
                "handlingResult": handling.result,
                "processingDateTime": local(handling.at),
            }
            for handling in one.handlings
        ],
    }


def _sender(buyer: Customer) -> dict[str, Any]:
    told = _address(buyer)
    if buyer.phone:
        told["deliveryPhoneNumber"] = buyer.phone
    if buyer.company:
        told |= {"company": buyer.company, "vatNumber": buyer.vat_number}
    return told


def process(one: Process, now: datetime) -> dict[str, Any]:
    """ProcessStatus."""
    told: dict[str, Any] = {
        "processStatusId": one.process_id,
        "eventType": one.event_type,
        "description": one.description,
        "status": one.status(now),
        "createTimestamp": local(one.made),
        "links": [
            {
                "rel": "self",
                "href": f"https://api.bol.com/shared/process-status/{one.process_id}",
            }
        ],
    }
    if one.entity_id:
        told["entityId"] = one.entity_id
    if one.error and one.status(now) != "PENDING":
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


def problem(status: int, detail: str, path: str = "", name: str = "") -> dict[str, Any]:
    """Problem. `name`: the field at fault."""
    return {
        "type": "https://api.bol.com/problems",
        "title": TITLES.get(status, "Internal server error" if status >= 500 else "Bad request"),
        "status": status,
        "detail": detail,
        "host": "simulator",
        "instance": f"https://api.bol.com{path}",
        "violations": [{"name": name, "reason": detail}] if name else [],
    }
