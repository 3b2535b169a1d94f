"""What the read model costs: `python -m tests.bench.readmodel`.

Records in the mix of the demo's day (an order's wake: its lines and snapshots, the till sales around it, the answers of
both vendors) come in rounds as they do live, on 4 partitions a topic, and are projected. Told is the time on the
processor of this process (its threads share one GIL with the agents), medians over `--repeats`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson
from rich.console import Console
from rich.table import Table

from app.readmodel import ReadModel
from app.readmodel.entries import entries_of
from app.readmodel.masking import shown_body
from app.readmodel.projection import Projection
from streams.log.base import Run
from streams.vocabulary.activity import LineShown, Noted, OfferShown, OrderShown, StockShown, Term
from tests.app.readmodel.fakes import NOON, HandClock, MemoryLog
from tests.app.readmodel.postgres import Postgres

PARTITIONS = 4
SALES = 18
"""Till sales beside one order, each with a push."""
STEPS = ("seen", "seen", "products", "customer", "customer", "committing", "committed", "committed", "committed",
         "delivered", "shipping", "done")  # fmt: skip
CITIES = ("Utrecht", "Ljouwert", "Amsterdam", "Oud-Beijerland")
NAMES = ("Koekenbakker", "van den Berg", "Zoë van 't Hof", "de Vries")

Stretch = list[tuple[str, object]]
"""What follows at once on each other: the entity, and an activity or an answer."""


class Answer:
    """A vendor's answer."""

    def __init__(self, vendor: str, operation: str, body: str, millis: int) -> None:
        self.vendor, self.operation, self.body, self.millis = vendor, operation, body.encode(), millis


class Shop:
    """Makes the records; the same seed, the same records."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)

    def rounds(self, orders: int, size: int) -> list[list[tuple[str, object]]]:
        """The wakes of so many orders, six at a time beside each other, in rounds of `size` records."""
        waiting = [self._wake(number) for number in range(orders)]
        open_now: list[list[Stretch]] = []
        told: list[tuple[str, object]] = []
        while waiting or open_now:
            while waiting and len(open_now) < 6:
                open_now.append(waiting.pop(0))
            at = self._dice.randrange(len(open_now))
            told.extend(open_now[at].pop(0))
            if not open_now[at]:
                del open_now[at]
        return [told[begin : begin + size] for begin in range(0, len(told), size)]

    def _wake(self, number: int) -> list[Stretch]:
        dice = self._dice
        order = f"C0D9D{number:06d}"
        articles = [str(1000 + dice.randrange(500)) for _ in range(3)]
        soap, bol = self._soap_order(order, articles), self._bol_order(order, articles)
        way: list[Stretch] = [
            [(order, Answer("bol", "get-order", bol, 140))],
            *([(order, Answer("mplus", "findRelationV2", _soap("FindRelationV2", ""), 30))] for _ in range(3)),
            [(order, Answer("mplus", "createOrderV3", soap, 90))],
            [(order, Answer("mplus", "getPackingSlipsByOrder", soap, 60))],
            [("", Answer("mplus", "getOrders", _soap("GetOrders", "<ns:orderList/>" * 200), 60))],
            [("", Answer("bol", "list-orders", f"[{bol},{bol},{bol},{bol},{bol}]", 60))],
            *([(order, Answer("mplus", name, _soap(name, f"<ns:orderId>{order}</ns:orderId>"), 40))]
              for name in ("createRelation", "updateOrder", "payOrderV2")),
            *([(order, Answer("mplus", "getOrder", soap, 70))] for _ in range(3)),
            *([(order, Answer("bol", name, _process(order, name), 70))]
              for name in ("process-status", "create-shipment")),
            *([(order, Answer("bol", "get-order", bol, 140))] for _ in range(2)),
        ]  # fmt: skip
        for place, step in enumerate(STEPS):
            lines: Stretch = [
                (order, Noted(kind=step, text=f"Order {order} is {step}, place {place}.", direction="in")),
                (order, self._order(order, step, articles)),
            ]
            way.insert(dice.randrange(len(way)), lines)
        for article in articles:
            way.append([
                (article, Noted(kind="reservation", text=f"Bol order {order} takes 1.", direction="in")),
                (article, self._stock(article)),
            ])  # fmt: skip
        for sale in range(SALES):
            article = str(1000 + dice.randrange(500))
            sold: Stretch = [
                (article, Noted(kind="till-sale", text=f"1 sold at the till ({number}/{sale}).", direction="in")),
                (article, self._stock(article)),
                (article, Noted(kind="push", text=f"Bol holds {dice.randrange(40)} for offer {article}, after a till "
                                f"sale ({number}/{sale}).", level="good", direction="out", millis=dice.randrange(900))),
                (article, self._stock(article)),
            ]  # fmt: skip
            way.insert(dice.randrange(len(way)), sold)
        return way

    def _stock(self, article: str) -> StockShown:
        free = self._dice.randrange(40)
        return StockShown(
            article_number=article,
            description=f"Sjaal Lindehof {article} oker M",
            terms=(
                Term(amount=str(free), label="free", why=f"in Mplus: {free} at branch 1"),
                Term(amount="-1", label="buffer", why="kept back by the settings"),
            ),
            desired=max(0, free - 1),
            sentence=f"{free} free - 1 buffer = {max(0, free - 1)}, sent 13:45:57",
            offers=(
                OfferShown(
                    offer_id=f"9fb86330-0483-438a-bc0f-7412e20e{article}",
                    ean=f"871347713{article}",
                    desired=free,
                    sent=free,
                    sent_at=NOON,
                    at_bol=24,
                    at_bol_read=NOON,
                ),
            ),
        )

    def _order(self, order: str, step: str, articles: list[str]) -> OrderShown:
        lines = tuple(
            LineShown(
                item_id=f"{order}-{article}",
                ean=f"871347713{article}",
                title=f"Rugzak Duinzicht {article} zwart M",
                quantity=1,
                price_cents=3045,
                article_number=article,
                fulfilment="FBR",
                ordered=1,
            )
            for article in articles
        )
        return OrderShown(
            order_id=order,
            step=step,
            placed_at=NOON,
            customer="J** v** d** B***, Ljouwert",
            lines=lines,
            total_cents=9135,
            mplus_order="2026-28",
            stuck="Article for EAN 8719327100011 does not exist in Mplus." if step == "products" else "",
            fulfilment="FBR",
            due="2026-11-24",
        )

    def _soap_order(self, order: str, articles: list[str]) -> str:
        name, city = self._dice.choice(NAMES), self._dice.choice(CITIES)
        who = "".join(
            f"<ns:{part}><ns:name>{name}</ns:name><ns:contact>{name}</ns:contact><ns:address>It Fliet 363/B1"
            f"</ns:address><ns:zipcode>8911HE</ns:zipcode><ns:city>{city}</ns:city><ns:country>NL</ns:country></ns:{part}>"
            for part in ("deliveryAddress", "invoiceAddress")
        )
        lines = "".join(
            f"<ns:line><ns:lineId>34ad807d-a6c6-434a-bd30-b820bdc2{article}</ns:lineId><ns:articleNumber>{article}"
            f"</ns:articleNumber><ns:text>Rugzak Duinzicht {article} zwart M</ns:text><ns:data>"
            + "".join(f"<ns:{field}>{value}</ns:{field}>" for field, value in _LINE)
            + "</ns:data><ns:lineType>LINE-TYPE-NONE</ns:lineType><ns:lineKind>LINE-KIND-DEFAULT</ns:lineKind>"
            "</ns:line>"
            for article in articles
        )
        order_fields = "".join(f"<ns:{field}>{value}</ns:{field}>" for field, value in _ORDER)
        return _soap(
            "GetOrder",
            f"<ns:order><ns:orderId>d5ea9509-{order}</ns:orderId><ns:extOrderId>BOL-{order}</ns:extOrderId>"
            f"<ns:relationName>{name}</ns:relationName>{_moment('entryTimestamp')}{who}<ns:reference>Bol.com {order}"
            f"</ns:reference>{order_fields}<ns:lineList>{lines}</ns:lineList><ns:paymentList><ns:payment>"
            f"{_moment('entryTimestamp')}<ns:method>BOL</ns:method><ns:amount>9135</ns:amount></ns:payment>"
            "</ns:paymentList></ns:order>",
        )

    def _bol_order(self, order: str, articles: list[str]) -> str:
        person = {
            "salutation": "UNKNOWN",
            "firstName": "Jan",
            "surname": self._dice.choice(NAMES),
            "streetName": "It Fliet",
            "houseNumber": "363",
            "houseNumberExtension": "/B1",
            "extraAddressInformation": None,
            "zipCode": "8911HE",
            "city": self._dice.choice(CITIES),
            "countryCode": "NL",
            "email": f"{order.lower()}@verkopen.bol.com",
            "language": "nl",
            "deliveryPhoneNumber": "0688261014",
        }
        items = [
            {
                "orderItemId": f"{order}-{article}",
                "cancellationRequest": False,
                "fulfilment": {
                    "method": "FBR",
                    "distributionParty": "RETAILER",
                    "latestDeliveryDate": "2026-11-28",
                    "exactDeliveryDate": None,
                    "expiryDate": "2026-12-10",
                    "timeFrameType": "REGULAR",
                },
                "offer": {"offerId": f"65b070ac-f805-41cf-8908-dd11f21b{article}", "reference": article},
                "product": {"ean": f"871347713{article}", "title": f"Rugzak Duinzicht {article} zwart M"},
                "quantity": 1,
                "quantityShipped": 0,
                "quantityCancelled": 0,
                "unitPrice": 30.45,
                "totalPrice": 30.45,
                "discounts": [],
                "commission": 3.65,
                "additionalServices": [],
                "latestChangedDateTime": "2026-11-26T13:46:23+01:00",
            }
            for article in articles
        ]
        return orjson.dumps({
            "orderId": order,
            "pickupPoint": False,
            "orderPlacedDateTime": "2026-11-26T13:45:47+01:00",
            "shipmentDetails": person,
            "billingDetails": person,
            "orderItems": items,
        }).decode()  # fmt: skip


_LINE = tuple({
    "quantity": 1, "decimalPlaces": 0, "deliveredQuantity": 1, "deliveredDecimalPlaces": 0, "cancelledQuantity": 0,
    "cancelledDecimalPlaces": 0, "price": 3045, "priceExcl": 2517, "originalPrice": 3045, "turnoverGroup": 1,
    "vatCode": 2, "vatPercentage": 2100, "discountType": "DISCOUNT-TYPE-NONE", "totalInclAmount": 3045,
    "totalExclAmount": 2517,
}.items())  # fmt: skip
_ORDER = tuple({
    "syncMarker": 297, "orderType": "ORDER-TYPE-EXTERNAL-SALES-ORDER", "entryBranchNumber": 1, "relationNumber": 702,
    "employeeNumber": 999999, "financialBranchNumber": 1, "workplaceNumber": 1, "totalInclAmount": 9135,
    "totalExclAmount": 7551, "vatMethod": "VAT-METHOD-INCLUSIVE", "deliveryMethod": "POST", "paymentMethod": "BOL",
    "changeCounter": 4, "versionNumber": 3, "prepaidAmount": 9135, "fullyPaid": "true",
    "deliveryState": "ORDER-DELIVERY-STATE-COMPLETE", "cancelState": "ORDER-CANCEL-STATE-NOTHING",
    "completeState": "ORDER-COMPLETE-STATE-COMPLETE", "orderCategoryNumber": 3, "orderCategoryDescription": "Verzonden",
}.items())  # fmt: skip


def _moment(name: str) -> str:
    parts = {
        "sec": 2,
        "min": 46,
        "hour": 13,
        "day": 26,
        "mon": 11,
        "year": 2026,
        "isdst": "false",
        "timezone": 60,
    }
    return (
        f"<ns:{name}>{''.join(f'<ns:{one}>{value}</ns:{one}>' for one, value in parts.items())}</ns:{name}>"
    )


def _soap(operation: str, inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope '
        'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:mplusqapi"><SOAP-ENV:Header/>'
        f"<SOAP-ENV:Body><ns:{operation}Response><ns:result>RESULT-OK</ns:result>"
        f"{inner.partition('?>')[2] if inner.startswith('<?') else inner}"
        f"</ns:{operation}Response></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )


def _process(order: str, name: str) -> str:
    return orjson.dumps({
        "processStatusId": f"1-{order}",
        "entityId": order,
        "eventType": "CREATE_SHIPMENT",
        "description": f"{name} for order {order}.",
        "status": "PENDING",
        "createTimestamp": "2026-11-26T13:46:23+01:00",
        "links": [{"rel": "self", "href": f"https://api.bol.com/shared/process-status/{order}", "method": "GET"}],
    }).decode()  # fmt: skip


def put(log: MemoryLog, clock: HandClock, number: int, told: list[tuple[str, object]]) -> None:
    """A round's records on the log."""
    for place, (entity, what) in enumerate(told):
        clock.forward(0.004)
        if isinstance(what, Answer):
            log.answer(what.vendor, what.operation, what.body, entity, millis=what.millis, flow="orders")
        else:
            assert isinstance(what, Noted | StockShown | OrderShown)
            flow = "orders" if entity.startswith("C") else "stock"
            log.note(what, entity, trace=f"t-{number}-{place}", flow=flow)


async def projected(where: str | Path, password: str, rounds: list[list[tuple[str, object]]]) -> float:
    """Seconds on the processor for all rounds."""
    clock = HandClock()
    log = MemoryLog(clock, PARTITIONS)
    model = await ReadModel.open(where, clock=clock, password=password)
    projection = Projection(model.database, log, clock=clock, sleep=asyncio.sleep)
    await projection.catch_up()
    spent = 0.0
    try:
        for number, told in enumerate(rounds):
            put(log, clock, number, told)
            began = time.process_time()
            await projection.catch_up()
            spent += time.process_time() - began
        if projection.standing.skipped or projection.standing.doubled:
            raise SystemExit(f"not every record was projected: {projection.standing}")
    finally:
        await model.close()
    return spent


def parts(rounds: list[list[tuple[str, object]]]) -> tuple[float, float]:
    """Seconds for the rows alone (bodies included), and for the bodies alone."""
    clock = HandClock()
    log = MemoryLog(clock, PARTITIONS)
    for number, told in enumerate(rounds):
        put(log, clock, number, told)
    began = time.process_time()
    for at, records in log.partition.items():
        entries_of([Run(at, 0, len(records), records)])
    rows = time.process_time() - began
    bodies = [what.body for told in rounds for entity, what in told if isinstance(what, Answer) and entity]
    began = time.process_time()
    for body in bodies:
        shown_body(body)
    return rows, time.process_time() - began


@contextlib.contextmanager
def place(on: str, number: int) -> Iterator[tuple[str | Path, str]]:
    """A new place for a read model, and its password."""
    if on == "sqlite":
        with tempfile.TemporaryDirectory(prefix="kassabrug-bench-") as folder:
            yield Path(folder) / "readmodel.db", ""
    else:
        with Postgres() as server:
            yield server.url(), server.password


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.readmodel", description=__doc__)
    parser.add_argument("--orders", type=int, default=40, help="each with about 110 records in its wake")
    parser.add_argument("--round", type=int, default=60, help="records that gather before they are projected")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rounds = Shop(asked.seed).rounds(asked.orders, asked.round)
    records = sum(len(told) for told in rounds)
    spent: list[tuple[float, float, float]] = []
    for number in range(asked.repeats):
        with place(asked.on, number) as (where, password):
            whole = asyncio.run(projected(where, password, rounds))
        spent.append((whole, *parts(rounds)))
    whole, rows, bodies = (statistics.median(column) for column in zip(*spent, strict=True))
    told = {
        "records": records,
        "rounds": len(rounds),
        "records_per_second": records / whole,
        "ms_per_record": whole / records * 1000,
        "of_that_rows_ms": rows / records * 1000,
        "of_that_bodies_ms": bodies / records * 1000,
        "ms_per_round": whole / len(rounds) * 1000,
    }
    if asked.json:
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        table = Table("what", "figure", title=f"The read model on {asked.on}", title_justify="left")
        for name, figure in told.items():
            table.add_row(
                name.replace("_", " "), f"{figure:,.3f}" if isinstance(figure, float) else f"{figure:,}"
            )
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
