from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.mplus.simulator.config import Branch, Workplace
from tests.connectors.mplus.simulator.wire import Answer, Opened, Shop, line, order

V3 = "<request><idempotencyKey>{key}</idempotencyKey>{order}{more}</request>"
PAY = (
    "<prepay>{prepay}</prepay><paymentList><payment><method>{method}</method><amount>{amount}</amount></payment>"
    "</paymentList>"
)


async def found(shop: Shop, ext: str = "BOL-1") -> Answer:
    return await shop.call("findOrder", f"<extOrderId>{ext}</extOrderId>")


async def test_an_order_is_created_reserved_and_found(shop: Shop) -> None:
    address = "<deliveryAddress><name>Jan &amp; Co</name></deliveryAddress><reference>Bol 1</reference>"
    before = await shop.free()
    made = await shop.order(extra=address)
    assert made["result"] == "CREATE-ORDER-RESULT-OK"
    assert await shop.free() == before - 2
    read = await found(shop)
    assert read["result"] == "GET-ORDER-RESULT-OK"
    assert read["order.orderId"] == made["info.orderId"] == made["order.orderId"]
    assert read["order.deliveryAddress.name"] == "Jan & Co"
    assert read["order.reference"] == "Bol 1"
    assert read["order.relationName"] == "Jan de Vries"
    assert read["order.totalInclAmount"] == "3990"
    assert read["order.fullyPaid"] == "false"
    assert read["order.deliveryState"] == "ORDER-DELIVERY-STATE-NOTHING"
    assert read["order.financialDate.day"] == "20"
    assert read["order.lineList.line.data.price"] == "1995"
    assert made["info.orderString"] == "2026.1"
    assert (await shop.call("getOrder", f"<orderId>{made['info.orderId']}</orderId>"))[
        "order.extOrderId"
    ] == "BOL-1"


async def test_an_ext_order_id_is_taken_for_good(shop: Shop) -> None:
    await shop.order("BOL-1")
    await shop.control("orders/cancel", {"ext_order_id": "BOL-1"})
    before = await shop.free()
    again = await shop.order("BOL-1")
    assert again["result"] == "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS"
    assert again["info.orderId"] == again["info.orderString"] == ""
    assert again["errorMessage"] == "extOrderId exists"
    assert await shop.free() == before
    assert len(shop.books.orders) == 1


async def test_orders_without_an_ext_order_id_are_all_different(shop: Shop) -> None:
    assert (await shop.order(""))["result"] == (await shop.order(""))["result"] == "CREATE-ORDER-RESULT-OK"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("<relationNumber>681</relationNumber>", ""), "an order needs a relation"),
        (("681", "99"), "relation 99 not found"),
        (("<articleNumber>1001<", "<articleNumber>9<"), "article 9 not found"),
        (("<orderId/>", "<orderId/><entryBranchNumber>7</entryBranchNumber>"), "branch 7 not found"),
        (("<orderId/>", "<orderId/><workplaceNumber>7</workplaceNumber>"), "workplace 7"),
        (("<orderId/>", "<orderId/><deliveryMethod>FLESSENPOST</deliveryMethod>"), "FLESSENPOST"),
        (("<orderId/>", "<orderId/><orderCategoryNumber>77</orderCategoryNumber>"), "category 77"),
        (("<price>", "<vatCode>8</vatCode><price>"), "vatCode 8"),
        (("<line>", "<noline>"), "lines"),
    ],
)
async def test_an_order_that_cannot_be(shop: Shop, changed: tuple[str, str], message: str) -> None:
    await shop.relation()
    sent = order("BOL-1", 681, line(1001, 1)).replace(*changed)
    if "noline" in sent:
        sent = sent.replace("</line>", "</noline>")
    refused = await shop.call("createOrder", sent)
    assert refused["result"] == "CREATE-ORDER-RESULT-FAILED"
    assert message in refused["errorMessage"]
    assert len(shop.books.orders) == 0
    assert shop.books.stock.changes == []


async def test_another_entry_branch_needs_a_workplace(opened: Opened) -> None:
    shop = await opened(branches=(Branch(number=1), Branch(number=2, workplaces=(Workplace(number=5),))))
    relation = await shop.relation()
    sent = order("A", relation, line(1001, 1), "<entryBranchNumber>2</entryBranchNumber>")
    assert "workplaceNumber" in (await shop.call("createOrder", sent))["errorMessage"]
    sent = sent.replace("</entryBranchNumber>", "</entryBranchNumber><workplaceNumber>5</workplaceNumber>")
    assert (await shop.call("createOrder", sent))["result"] == "CREATE-ORDER-RESULT-OK"
    assert shop.books.stock_row(2, 1001).reserved == 1


async def test_a_price_that_is_not_sent_is_the_articles(shop: Shop) -> None:
    relation = await shop.relation()
    own = shop.books.catalogue.article(1001)
    assert own is not None
    await shop.call("createOrder", order("A", relation, line(1001, 1).replace("<price>1995</price>", "")))
    assert int((await found(shop, "A"))["order.totalInclAmount"]) == own.price_cents
    excl = line(1001, 1).replace("<price>1995</price>", "<priceExcl>1000</priceExcl>")
    await shop.call("createOrder", order("B", relation, excl))
    assert (await found(shop, "B"))["order.lineList.line.data.price"] in ("1090", "1210")


async def test_v3_is_replayed_under_its_key(shop: Shop) -> None:
    relation = await shop.relation()
    sent = V3.format(key="k", order=order("BOL-1", relation, line(1001, 2)), more="")
    before = await shop.free()
    first = await shop.call("createOrderV3", sent)
    again = await shop.call("createOrderV3", sent)
    assert first["idempotencyResult"] == "IDEMPOTENCY-RESULT-ORIGINAL-RESPONSE"
    assert again["idempotencyResult"] == "IDEMPOTENCY-RESULT-REPLAY-RESPONSE"
    assert first["order.orderId"] == again["order.orderId"]
    assert again["result"] == "CREATE-ORDER-RESULT-OK"
    assert await shop.free() == before - 2
    other = await shop.call("createOrderV3", sent.replace(">k<", ">l<"))
    assert other["result"] == "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS"


@pytest.mark.parametrize("replays", [True, False])
async def test_a_refused_v3_is_replayed_or_not(opened: Opened, replays: bool) -> None:
    shop = await opened(idempotency_replays_failures=replays)
    sent = V3.format(key="k", order=order("BOL-1", 681, line(1001, 2)), more="")
    assert (await shop.call("createOrderV3", sent))["result"] == "CREATE-ORDER-RESULT-FAILED"
    await shop.relation()
    again = await shop.call("createOrderV3", sent)
    assert (again["result"] == "CREATE-ORDER-RESULT-FAILED") is replays


async def test_keys_are_forgotten_oldest_first(opened: Opened) -> None:
    shop = await opened(idempotency_keys_kept=1)
    relation = await shop.relation()
    for key in ("a", "b", "a"):
        sent = V3.format(key=key, order=order("", relation, line(1001, 1)), more="")
        assert (await shop.call("createOrderV3", sent))["idempotencyResult"].endswith("ORIGINAL-RESPONSE")
    assert len(shop.books.orders) == 3


async def test_v3_pays_ahead(shop: Shop) -> None:
    relation = await shop.relation()
    more = PAY.format(prepay="true", method="BOL", amount=3990)
    paid = await shop.call(
        "createOrderV3", V3.format(key="k", order=order("A", relation, line(1001, 2)), more=more)
    )
    assert paid["payResult"] == "PAY-ORDER-RESULT-OK"
    assert paid["order.prepaidAmount"] == "3990"
    assert paid["order.fullyPaid"] == "true"
    assert paid["order.paymentList.payment.method"] == "BOL"
    bad = V3.format(key="l", order=order("B", relation, line(1001, 2)), more=more.replace("BOL", "GELD"))
    refused = await shop.call("createOrderV3", bad)
    assert refused["result"] == "CREATE-ORDER-RESULT-PAYMENT-FAILED"
    assert refused["payResult"] == "PAY-ORDER-RESULT-FAILED"
    assert "GELD" in refused["errorMessage"]
    assert (await found(shop, "B"))["order.orderId"] == refused["info.orderId"]


async def test_paying_at_delivery_makes_an_invoice_once(shop: Shop) -> None:
    made = await shop.order()
    body = f"<request><orderId>{made['info.orderId']}</orderId>{PAY}</request>"
    short = await shop.call("payOrder", body.format(prepay="false", method="PIN", amount=3989))
    assert short["result"] == "PAY-ORDER-RESULT-PAYMENT-INSUFFICIENT"
    keyed = body.replace("<request>", "<request><idempotencyKey>k</idempotencyKey>")
    paid = await shop.call("payOrderV2", keyed.format(prepay="false", method="PIN", amount=3990))
    replayed = await shop.call("payOrderV2", keyed.format(prepay="false", method="PIN", amount=3990))
    assert paid["invoiceId"] == replayed["invoiceId"]
    again = await shop.call("payOrder", body.format(prepay="true", method="PIN", amount=1))
    assert again["result"] == "PAY-ORDER-RESULT-ORDER-ALREADY-INVOICED"
    assert (await shop.call("getCurrentSyncMarkers"))["invoiceSyncMarker"] == "1"
    assert (await found(shop))["order.invoiceIds.id"] == paid["invoiceId"]


async def test_cancelling_releases_and_v2_toggles(shop: Shop) -> None:
    before = await shop.free()
    made = await shop.order()
    plain = f"<orderId>{made['info.orderId']}</orderId><request/>"
    toggling = (
        "<request><workplace><branchNumber>1</branchNumber><workplaceNumber>1</workplaceNumber></workplace>"
        f"<employee><employeeNumber>999999</employeeNumber></employee><orderId>{made['info.orderId']}</orderId></request>"
    )
    assert (await shop.call("cancelOrder", plain))["result"] == "CANCEL-ORDER-RESULT-OK"
    assert await shop.free() == before
    read = await found(shop)
    assert read["order.cancelState"] == "ORDER-CANCEL-STATE-COMPLETE"
    assert read["order.lineList.line.data.cancelledQuantity"] == "2"
    assert (await shop.call("cancelOrder", plain))["result"] == "CANCEL-ORDER-RESULT-ALREADY-CANCELLED"
    assert (await shop.call("cancelOrderV2", toggling))["result"] == "CANCEL-ORDER-RESULT-UNDO-CANCEL-OK"
    assert await shop.free() == before - 2
    assert (await shop.call("cancelOrderV2", toggling))["result"] == "CANCEL-ORDER-RESULT-OK"
    assert (await shop.call("cancelOrder", "<orderId>x</orderId>"))[
        "result"
    ] == "CANCEL-ORDER-RESULT-NOT-FOUND"


async def test_some_orders_cannot_be_cancelled(shop: Shop) -> None:
    sent = await shop.order("A", extra="<orderCategoryNumber>3</orderCategoryNumber>")
    refused = await shop.call("cancelOrder", f"<orderId>{sent['info.orderId']}</orderId>")
    assert refused["result"] == "CANCEL-ORDER-RESULT-FAILED"
    gone = await shop.order("B")
    await shop.control("orders/deliver", {"ext_order_id": "B"})
    refused = await shop.call("cancelOrder", f"<orderId>{gone['info.orderId']}</orderId>")
    assert refused["result"] == "CANCEL-ORDER-RESULT-FAILED"


async def test_partial_deliveries_make_packing_slips(shop: Shop) -> None:
    made = await shop.order(quantity=3)
    line_id = made["order.lineList.line.lineId"]
    body = (
        f"<request><orderDelivery><orderId>{made['info.orderId']}</orderId><lineList><line><lineId>{line_id}</lineId>"
        "<quantity>{}</quantity><decimalPlaces>0</decimalPlaces></line></lineList></orderDelivery></request>"
    )
    for quantity in (4, 0, -1):
        refused = await shop.call("deliverOrderV2", body.format(quantity))
        assert refused["result"] == "DELIVER-ORDER-V2-RESULT-FAILED"
    part = await shop.call("deliverOrderV2", body.format(1))
    assert part["result"] == "DELIVER-ORDER-V2-RESULT-OK"
    read = await found(shop)
    assert read["order.deliveryState"] == "ORDER-DELIVERY-STATE-PARTIAL"
    assert read["order.lineList.line.data.deliveredQuantity"] == "1"
    rest = await shop.call("deliverOrder", f"<request><orderId>{made['info.orderId']}</orderId></request>")
    assert rest["result"] == "DELIVER-ORDER-RESULT-OK"
    again = await shop.call("deliverOrder", f"<request><orderId>{made['info.orderId']}</orderId></request>")
    assert again["result"] == "DELIVER-ORDER-RESULT-ALREADY-DELIVERED"
    read = await found(shop)
    assert read["order.completeState"] == "ORDER-COMPLETE-STATE-COMPLETE"
    ids = read.all("order.packingSlipIds.id")
    assert ids == [part["packingSlipId"], rest["packingSlipId"]]
    by_order = f"<request><orderId>{made['info.orderId']}</orderId></request>"
    slips = await shop.call("getPackingSlipsByOrder", by_order)
    assert slips.all("packingSlipList.packingSlip.packingSlipId") == ids
    assert slips.all("packingSlipList.packingSlip.extOrderId") == ["BOL-1", "BOL-1"]
    assert slips.all("packingSlipList.packingSlip.lineList.line.data.quantity") == ["1", "2"]
    delta = "<request><syncMarker>2</syncMarker><syncMarkerLimit>5</syncMarkerLimit></request>"
    assert (await shop.call("getPackingSlips", delta)).all(
        "packingSlipList.packingSlip.packingSlipId"
    ) == ids[1:]
    assert (await shop.call("getCurrentSyncMarkers"))["packingSlipSyncMarker"] == "2"


async def test_one_line_of_two_is_a_partial_delivery(shop: Shop) -> None:
    relation = await shop.relation()
    await shop.call("createOrder", order("A", relation, line(1001, 1) + line(1002, 1)))
    first = (await found(shop, "A")).all("order.lineList.line.lineId")[0]
    await shop.control("orders/deliver", {"ext_order_id": "A", "quantities": {first: 1}})
    read = await found(shop, "A")
    assert read["order.deliveryState"] == "ORDER-DELIVERY-STATE-PARTIAL"
    await shop.control("orders/cancel", {"ext_order_id": "A"})
    read = await found(shop, "A")
    assert read["order.cancelState"] == "ORDER-CANCEL-STATE-PARTIAL"
    assert read["order.completeState"] == "ORDER-COMPLETE-STATE-COMPLETE"


async def test_delivering_with_an_invoice_marks_the_slip(shop: Shop) -> None:
    made = await shop.order()
    body = (
        f"<request><orderId>{made['info.orderId']}</orderId>"
        "<turnoverType>DELIVER-ORDER-TURNOVER-TYPE-INVOICE</turnoverType></request>"
    )
    assert (await shop.call("deliverOrder", body))["invoiceId"]
    slips = await shop.call("getPackingSlips", "<request/>")
    assert slips["packingSlipList.packingSlip.state"] == "PACKING-SLIP-STATE-INVOICED"


async def test_an_update_needs_what_was_read_last(shop: Shop) -> None:
    before = await shop.free()
    made = await shop.order()
    line_id = made["order.lineList.line.lineId"]

    def update(lines: str, counter: int = 1, more: str = "") -> str:
        return (
            f"<order><orderId>{made['info.orderId']}</orderId>{more}<changeCounter>{counter}</changeCounter>"
            f"<versionNumber>{counter}</versionNumber><lineList>{lines}</lineList></order>"
        )

    same = await shop.call("updateOrder", update(line(1001, 2, line_id=line_id)))
    assert same["result"] == "UPDATE-ORDER-RESULT-NO-CHANGES"
    more = await shop.call("updateOrder", update(line(1001, 5, line_id=line_id) + line(1002, 1)))
    assert more["result"] == "UPDATE-ORDER-RESULT-OK"
    assert await shop.free() == before - 5
    assert shop.books.stock_row(1, 1002).reserved == 1
    stale = await shop.call("updateOrder", update(line(1001, 1, line_id=line_id)))
    assert stale["result"] == "UPDATE-ORDER-RESULT-ORDER-HAS-CHANGED"
    request = f"<request>{update(line(1001, 1, line_id=line_id), 2, '<reference>3S1</reference>')}</request>"
    less = await shop.call("updateOrderV2", request)
    assert less["order.reference"] == "3S1"
    assert less.all("order.lineList.line.lineId") == [line_id]
    assert await shop.free() == before - 1
    assert shop.books.stock_row(1, 1002).reserved == 0
    unknown = await shop.call("updateOrder", "<order><orderId>x</orderId></order>")
    assert unknown["result"] == "UPDATE-ORDER-RESULT-NOT-FOUND"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (line(1002, 1), "removed"),
        (line(1001, 1, line_id="ID"), "further"),
        (line(1002, 2, line_id="ID"), "further"),
    ],
)
async def test_what_was_delivered_stays_on_the_order(shop: Shop, lines: str, message: str) -> None:
    made = await shop.order(quantity=3)
    line_id = made["order.lineList.line.lineId"]
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1", "quantities": {line_id: 2}})
    sent = (
        f"<order><orderId>{made['info.orderId']}</orderId><changeCounter>2</changeCounter>"
        f"<versionNumber>2</versionNumber><lineList>{lines.replace('ID', line_id)}</lineList></order>"
    )
    refused = await shop.call("updateOrder", sent)
    assert refused["result"] == "UPDATE-ORDER-RESULT-FAILED"
    assert message in refused["errorMessage"]


async def test_orders_are_listed_by_marker_type_and_id(shop: Shop) -> None:
    for count in range(5):
        await shop.order(f"BOL-{count}", quantity=1, article=1001 + count)
    await shop.control("orders/cancel", {"ext_order_id": "BOL-0"})
    page = await shop.call(
        "getOrders", "<request><syncMarker>5</syncMarker><syncMarkerLimit>2</syncMarkerLimit></request>"
    )
    assert sorted(page.all("orderList.order.extOrderId")) == ["BOL-0", "BOL-4"]
    none = "<request><orderTypeList><orderType>ORDER-TYPE-SALES-ORDER</orderType></orderTypeList></request>"
    assert (await shop.call("getOrders", none)).each("orderList.order") == []
    by_article = (
        "<request><articleNumbers>1003</articleNumbers><includeLineList>false</includeLineList></request>"
    )
    listed = await shop.call("getOrders", by_article)
    assert listed.all("orderList.order.extOrderId") == ["BOL-2"]
    assert listed.each("orderList.order.lineList") == []
    number = "<request><orderNumbers><year>2026</year><number>4</number></orderNumbers></request>"
    assert (await shop.call("getOrders", number)).all("orderList.order.extOrderId") == ["BOL-3"]
    named = "<request><extOrderIds><id>BOL-3</id><id>BOL-9</id></extOrderIds></request>"
    assert (await shop.call("getOrdersByExtOrderIds", named)).all("orderList.order.extOrderId") == ["BOL-3"]
    every = await shop.call(
        "getOrdersByExtOrderIds", "<request><syncMarkerLimit>3</syncMarkerLimit></request>"
    )
    assert len(every.each("orderList.order")) == 3


Step = st.tuples(
    st.sampled_from(["create", "cancel", "toggle", "deliver", "part", "sell", "receive"]), st.integers(0, 4)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(Step, max_size=25))
async def test_reserved_is_always_what_open_orders_hold(opened: Opened, steps: list[tuple[str, int]]) -> None:
    """Whatever is done in whatever order: reserved = open lines, on hand = opening + history, and the changes of
    free chain from the opening to the present."""
    shop = await opened(article_count=3)
    books = shop.books
    relation = await shop.relation()
    for count, (what, which) in enumerate(steps):
        orders = books.orders.all()
        chosen = orders[which % len(orders)] if orders else None
        if what == "create":
            sent = order(str(count), relation, line(1001 + which % 3, which + 1) + line(1001, 1))
            await shop.call("createOrder", sent)
        elif what == "sell":
            await shop.control("sell", {"article": 1001 + which % 3, "quantity": which + 1})
        elif what == "receive":
            await shop.control("receive", {"article": 1001 + which % 3, "quantity": which + 1})
        elif chosen is None:
            continue
        elif what == "part":
            books.deliver(chosen.order_id, {chosen.lines[0].line_id: Decimal(1)})
        elif what == "deliver":
            books.deliver(chosen.order_id)
        else:
            books.desk.cancel(chosen.order_id, toggle=what == "toggle")
    for row in books.stock.rows():
        held = sum(
            (one.open for each in books.orders.all() for one in each.lines if one.article == row.article),
            Decimal(0),
        )
        assert row.reserved == held
        moved = sum((one.changed for one in books.stock.history if one.article == row.article), Decimal(0))
        assert row.on_hand == row.opening + moved
        changes = [one for one in books.stock.changes if one.article == row.article]
        assert [one.before for one in changes] == [row.opening, *(one.after for one in changes[:-1])][
            : len(changes)
        ]
        assert row.free == (changes[-1].after if changes else row.opening)
