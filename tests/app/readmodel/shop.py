"""What a small shop's log holds on a morning: one order that went well, one that is stuck, two articles."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from streams.vocabulary.activity import (
    ConnectionShown,
    LineShown,
    Noted,
    OfferShown,
    OrderShown,
    StockShown,
    SweepShown,
    Term,
)
from tests.app.readmodel.fakes import NOON, MemoryLog

CONTRACTS = Path(__file__).parents[3] / "../shared/contracts"

PERSON = {
    "salutation": "FEMALE",
    "firstName": "Wilhelmina",
    "surname": "Koekenbakker",
    "streetName": "Prinsengracht",
    "houseNumber": "263",
    "houseNumberExtension": "bis",
    "zipCode": "1016GV",
    "city": "Amsterdam",
    "countryCode": "NL",
    "email": "w.koekenbakker@voorbeeld.nl",
    "deliveryPhoneNumber": "0612345678",
}
SECRETS = tuple(
    value
    for name, value in PERSON.items()
    if name not in ("salutation", "city", "countryCode", "houseNumber", "houseNumberExtension")
)
"""Of the city the order's own line tells (streams/orders/shown.py); the others are too short to look for.
None of these may be on any page, in any answer, or in the tables."""

BOL_ORDER = json.dumps(
    {
        "orderId": "A2K8290LP8",
        "orderPlacedDateTime": "2026-11-23T11:58:02+01:00",
        "shipmentDetails": PERSON,
        "billingDetails": PERSON,
        "orderItems": [
            {
                "orderItemId": "2012345678",
                "offer": {"offerId": "7f1b-01", "reference": "1001"},
                "product": {"ean": "8712626055143", "title": "Espresso cups, set of 4"},
                "quantity": 2,
                "unitPrice": 19.95,
                "totalPrice": 39.9,
            }
        ],
    }
).encode()

MPLUS_FAULT = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
    b"<faultcode>SOAP-ENV:Client</faultcode><faultstring>Article 4711 is blocked for w.koekenbakker@voorbeeld.nl"
    b"</faultstring></e:Fault></e:Body></e:Envelope>"
)

STUCK_WHY = (
    "Article for EAN 8719327100011 does not exist in Mplus. Make it there, or put this EAN on the article "
    "that it is; the order then goes on by itself."
)


def line(item: str, ean: str, title: str, quantity: int, cents: int, article: str) -> LineShown:
    """An item of an order."""
    return LineShown(
        item_id=item, ean=ean, title=title, quantity=quantity, price_cents=cents, article_number=article
    )


def fill(log: MemoryLog) -> None:
    """Puts the shop's records on the log."""
    _stock(log)
    _order_that_went_well(log)
    _order_that_is_stuck(log)
    log.note(
        ConnectionShown(
            sweeps=(
                SweepShown(
                    name="bol-orders",
                    last_ok=NOON - timedelta(seconds=20),
                    next_at=NOON + timedelta(seconds=40),
                    cursor="2026-11-23T10:59:40+00:00",
                ),
                SweepShown(
                    name="mplus-stock",
                    last_ok=NOON - timedelta(minutes=4),
                    next_at=NOON + timedelta(seconds=8),
                    failures=2,
                    said="Mplus does not answer: connection refused",
                    cursor="88121",
                ),
            )
        ),
        "",
    )
    log.die(b'{"is":"order-noticed","surname":"Koekenbakker"', "not an event of this inbox: truncated")
    log.die(
        json.dumps({"is": "bol-order-fetched", "ship_to": PERSON}).encode(),
        "not an event of this inbox: missing field `items`",
        offset=8,
    )


def _stock(log: MemoryLog) -> None:
    log.note(
        StockShown(
            article_number="1001",
            description="Espresso cups, set of 4",
            terms=(
                Term(amount="12", label="free", why="in Mplus: 12 at branch 1"),
                Term(amount="-2", label="open Bol", why="orders not yet in a Mplus reading: A2K8290LP8"),
                Term(amount="-1", label="buffer", why="kept back by the settings"),
            ),
            desired=9,
            sentence="12 free - 2 open Bol - 1 buffer = 9, sent 12:00:00",
            offers=(
                OfferShown(
                    offer_id="7f1b-01",
                    ean="8712626055143",
                    desired=9,
                    sent=9,
                    sent_at=NOON,
                    at_bol=9,
                    at_bol_read=NOON,
                ),
            ),
        ),
        "1001",
    )
    stuck = (
        "Bol refuses the number: 404 offer not found. Publish the offer at Bol again or take it off the list."
    )
    log.note(
        StockShown(
            article_number="1002",
            description="Teapot 100 % linen cosy",
            terms=(Term(amount="3", label="free"),),
            desired=3,
            sentence="3 free = 3, 3 on its way",
            offers=(OfferShown(offer_id="7f1b-02", ean="8712626055150", desired=3, sent=5, stuck=stuck),),
            stuck=stuck,
        ),
        "1002",
    )
    log.note(Noted(kind="till-sale", text="1 sold at the till.", direction="in"), "1001", trace="t-9")
    log.note(
        Noted(
            kind="push",
            text="Bol holds 9 for offer 7f1b-01, after a till sale.",
            level="good",
            direction="out",
            millis=420,
        ),
        "1001",
        trace="t-9",
    )


def _order_that_went_well(log: MemoryLog) -> None:
    order = "A2K8290LP8"
    log.note(Noted(kind="order-seen", text=f"Bol order {order}, by push.", direction="in"), order)
    log.answer("bol", "get-order", BOL_ORDER, order)
    log.answer(
        "mplus", "createRelation", (CONTRACTS / "mplus-samples/req_createRelation.xml").read_bytes(), order
    )
    log.note(
        OrderShown(
            order_id=order,
            step="committed",
            placed_at=NOON,
            customer="W***** K*****, Amsterdam",
            lines=(line("2012345678", "8712626055143", "Espresso cups, set of 4", 2, 1995, "1001"),),
            total_cents=3990,
            mplus_order="2026-14",
            relation=681,
            fulfilment="FBR",
        ),
        order,
    )
    log.note(
        Noted(
            kind="committed",
            text="Order 2026-14 is in Mplus.",
            level="good",
            direction="out",
            millis=1900,
        ),
        order,
    )


def _order_that_is_stuck(log: MemoryLog) -> None:
    order = "A2K8290LQ1"
    log.note(Noted(kind="order-seen", text=f"Bol order {order}, by sweep.", direction="in"), order)
    log.answer("mplus", "createOrderV3", MPLUS_FAULT, order, status=500)
    log.note(
        OrderShown(
            order_id=order,
            step="products",
            placed_at=NOON - timedelta(minutes=9),
            customer="J*** d* V****, Utrecht",
            lines=(line("2012345680", "8719327100011", "<b>Linen</b> tea towel", 1, 123450, ""),),
            total_cents=123450,
            stuck=STUCK_WHY,
            fulfilment="FBR",
        ),
        order,
    )
    log.note(Noted(kind="missing-article", text=STUCK_WHY, level="stuck"), order)
