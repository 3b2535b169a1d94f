"""What an expression sees: the Bol order in Bol's own words (contracts/bol-retailer-v10.openapi.json, Order). Pure.

Everything is there, empty where Bol gave nothing, so that an expression can be written without looking whether it is.
Money is a number of euros; `$money` and the fields of money round away what a computer's fractions add.
"""

from __future__ import annotations

from typing import Any

from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem
from streams.vocabulary.money import euros_of
from streams.vocabulary.mplus_order import OrderLine
from streams.vocabulary.time import SHOP_ZONE


def document(order: BolOrder) -> dict[str, Any]:
    """The order, with `kind` (FBR or FBB), `country` (of delivery) and `business` besides."""
    bill, ship = order.bill_to, order.ship_to
    return {
        "orderId": clean(order.order_id),
        "orderPlacedDateTime": order.placed_at.astimezone(SHOP_ZONE).isoformat(timespec="seconds"),
        "pickupPoint": order.pickup_point,
        "shipmentDetails": _address(ship),
        "billingDetails": _address(bill),
        "orderItems": [item_document(item) for item in order.items],
        "kind": next((clean(item.fulfilment) for item in order.items), ""),
        "country": clean(ship.country or bill.country),
        "business": bool(bill.company or bill.vat_number or bill.chamber_of_commerce),
    }


def item_document(item: BolOrderItem) -> dict[str, Any]:
    """One item: `item` in the expressions of lines."""
    return {
        "orderItemId": clean(item.item_id),
        "cancellationRequest": item.cancellation_requested,
        "fulfilment": {
            "method": clean(item.fulfilment),
            "distributionParty": clean(item.distribution),
            "latestDeliveryDate": clean(item.latest_delivery),
            "exactDeliveryDate": clean(item.latest_delivery) if item.exact_delivery else "",
            "expiryDate": clean(item.expires),
            "timeFrameType": clean(item.time_frame),
        },
        "offer": {"offerId": clean(item.offer_id), "reference": clean(item.reference)},
        "product": {"ean": clean(item.ean), "title": clean(item.title)},
        "quantity": item.quantity,
        "quantityShipped": item.quantity_shipped,
        "quantityCancelled": item.quantity_cancelled,
        "unitPrice": euros(item.unit_price_cents),
        "totalPrice": euros(item.total_cents),
        "commission": euros(item.commission_cents),
        "discounts": [{"title": clean(one.title), "amount": euros(one.cents)} for one in item.discounts],
        "additionalServices": [{"serviceType": clean(one)} for one in item.services],
    }


def line_document(line: OrderLine) -> dict[str, Any]:
    """`line` in the expressions of lines: what the line is without a mapping."""
    return {
        "articleNumber": line.article_number,
        "text": clean(line.text),
        "units": line.quantity,
        "price": euros(line.price_cents),
        "vatCode": line.vat_code,
        "turnoverGroup": line.turnover_group,
    }


def euros(cents: int) -> float:
    """The number next to it; exact again once it is rounded to the cent."""
    return float(euros_of(cents))


def clean(text: str) -> str:
    """Without halves of characters (lone surrogates), which no JSON can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _address(address: Address) -> dict[str, str]:
    return {
        "firstName": clean(address.first_name),
        "surname": clean(address.surname),
        "company": clean(address.company),
        "streetName": clean(address.street),
        "houseNumber": clean(address.house_number),
        "houseNumberExtension": clean(address.house_number_extension),
        "extraAddressInformation": clean(address.extra),
        "zipCode": clean(address.zip_code),
        "city": clean(address.city),
        "countryCode": clean(address.country),
        "email": clean(address.email),
        "deliveryPhoneNumber": clean(address.phone),
        "vatNumber": clean(address.vat_number),
        "kvkNumber": clean(address.chamber_of_commerce),
        "orderReference": clean(address.order_reference),
        "pickupPointName": clean(address.pickup_point),
        "language": clean(address.language),
    }
