from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from connectors.mplus.executor import MplusExecutor
from connectors.mplus.portions import own_lines
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    CreateRelation,
    DeliverMplusOrder,
    Execution,
    FindRelation,
    MplusEffect,
    PayMplusOrder,
    PushOffer,
    ReadMplusOrder,
    ReadPackingSlips,
    ReadStock,
    SetMplusCategory,
    SetMplusStock,
    SweepArticles,
    SweepMarkers,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepStock,
    SweepStockHistory,
    UpdateRelation,
)
from streams.vocabulary.events import (
    ArticleSeen,
    MarkersRead,
    MplusOrderSeen,
    OrderCommitted,
    PackingSlipSeen,
    RelationFound,
    RelationSaved,
    StockAnswered,
    StockDoubted,
    StockRead,
    Swept,
)
from streams.vocabulary.mplus_order import Customer, PackingSlip, Payment
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.connectors.mplus.test_soap import DRAFT
from tests.connectors.mplus.till import (
    Till,
    envelope,
    fault,
    operation_of,
    sample,
    stock_as_asked,
    stock_reply,
    stock_row,
    tree,
)

JAN = Customer(name="Jan", email="jan@example.nl")
NAMELESS = Customer(name="Jan", email="")
CREATE = CreateRelation(customer=JAN, by=("email",))
FIND = FindRelation(customer=JAN, by=("email",))
COMMIT = CommitOrder(draft=DRAFT)
ORDER_ID = "001a3cd4-3892-405b-9689-134b36656063"
TOO_OLD = fault(
    "SOAP-ENV:Client", "Method 'createOrderV3' not implemented: method name or namespace not recognized"
)


@pytest.fixture
def till() -> Till:
    return Till()


async def run(till: Till, effect: Any, repeated: bool = False) -> Execution:
    client = till.client()

    def found(connection: str) -> Any:
        return {"shop": client}[connection]

    return await MplusExecutor(found, till.time.clock).execute("shop", effect, repeated)


async def test_stock_of_an_article(till: Till) -> None:
    till.will("getStock", stock_as_asked)
    done = await run(till, ReadStock(article_number=1003, branches=(1, 2)))
    assert isinstance(done.outcome, StockAnswered)
    first, second = done.outcome.readings
    assert [(one.branch, one.free) for one in (first, second)] == [(1, 3), (2, 3)]
    assert (done.asked_at, done.answered_at) == (first.asked_at, second.answered_at)
    assert (done.messages, done.raw) == ((), ())


async def test_stock_of_no_branch_is_a_matter_of_settings(till: Till) -> None:
    done = await run(till, ReadStock(article_number=1003, branches=()))
    assert isinstance(done.outcome, Refused)
    assert "stock.branches" in done.outcome.said


async def test_markers(till: Till) -> None:
    till.will("getCurrentSyncMarkers", sample("resp_getCurrentSyncMarkers"))
    done = await run(till, SweepMarkers())
    assert done.outcome == MarkersRead(article=4321, order=512, relation=700, stock=9842, slip=77)


EFFECTS = [
    ("getStock", ReadStock(article_number=1, branches=(1,))),
    ("getCurrentSyncMarkers", SweepMarkers()),
    ("getProducts", SweepArticles()),
    ("getStock", SweepStock(marker=0, branches=(1,))),
    ("getStockHistoryV2", SweepStockHistory(marker=0, branches=(1,))),
    ("getStock", SetMplusStock(article_number=1, branch=1, amount=Decimal(2))),
    ("getOrders", SweepMplusOrders(marker=0, ext_prefix="BOL-")),
    ("findRelationV2", FIND),
    ("createRelation", CREATE),
    ("updateRelation", UpdateRelation(relation_number=1, customer=JAN)),
    ("createOrderV3", COMMIT),
    ("getOrder", ReadMplusOrder(order_id="o")),
    ("getOrder", DeliverMplusOrder(order_id="o")),
    ("getOrder", CancelMplusOrder(order_id="o", left=())),
    ("getOrder", SetMplusCategory(order_id="o", category=3)),
    ("payOrderV2", PayMplusOrder(order_id="o", key="k", payment=Payment(method="BOL", cents=1), prepay=True)),
    ("getPackingSlipsByOrder", ReadPackingSlips(order_id="o")),
    ("getPackingSlips", SweepPackingSlips(marker=0, ext_prefix="BOL-")),
]


@pytest.mark.parametrize(("operation", "effect"), EFFECTS)
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(httpx.ConnectError(""), NotSent), (httpx.ReadTimeout(""), AnswerLost), (fault("SOAP-ENV:Client"), Refused),
     (fault(), AnswerLost), (b"<html/>", AnswerLost)],
)  # fmt: skip
async def test_a_failure_is_an_outcome_of_every_effect(
    till: Till, operation: str, effect: Any, reply: Any, outcome: type
) -> None:
    till.will(operation, reply)
    done = await run(till, effect)
    assert isinstance(done.outcome, outcome)
    assert done.messages == ()
    assert done.asked_at <= done.answered_at
    assert till.asked == [operation]


def test_no_effect_is_left_out_above() -> None:
    assert {type(effect) for _, effect in EFFECTS} == set(MplusEffect.__args__)


async def test_a_connection_that_is_not_set_up(till: Till) -> None:
    def found(connection: str) -> Any:
        raise KeyError(connection)

    done = await MplusExecutor(found, till.time.clock).execute("gone", COMMIT, False)
    assert done.outcome == Refused(said="the connection 'gone' is not in the settings")


async def test_an_effect_of_another_vendor_is_our_own_mistake(till: Till) -> None:
    with pytest.raises(TypeError, match="PushOffer"):
        await run(till, PushOffer(offer_id="o", amount=1))


# -- articles


def page(*markers: int) -> bytes:
    products = [
        tree("product", tree("syncMarker", marker),
             tree("articleList", tree("article", tree("articleNumber", 1000 + marker))))
        for marker in markers
    ]  # fmt: skip
    return envelope(tree("GetProductsResponse", tree("productList", *products)))


async def test_a_page_of_articles(till: Till) -> None:
    till.will("getProducts", page(7, 9, 8))
    done = await run(till, SweepArticles(marker=7))
    assert done.outcome == Swept(cursor="10", more=True, found=3)
    assert [message.entity for message in done.messages] == ["article/1007", "article/1009", "article/1008"]
    assert all(message.flow == "catalogue" for message in done.messages)
    assert all(isinstance(message.event, ArticleSeen) for message in done.messages)
    assert till.sent().findtext(".//{*}syncMarker") == "7"


async def test_the_end_of_the_articles(till: Till) -> None:
    till.will("getProducts", page())
    assert (await run(till, SweepArticles(marker=7))).outcome == Swept(cursor="7")


async def test_a_feed_that_ignores_the_marker_is_not_read_for_ever(till: Till) -> None:
    till.will("getProducts", page(3, 5))
    done = await run(till, SweepArticles(marker=7))
    assert done.outcome == Swept(cursor="7", more=False, found=2)


async def test_rows_left_out_are_told_in_the_log(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    till.will("getProducts", page(7).replace(b"1007", b"abc"))
    done = await run(till, SweepArticles(marker=7))
    assert done.outcome == Swept(cursor="8", more=True, found=0)
    assert (
        "shop: 1 articles could not be read and are left out: article.articleNumber is 'abc'" in caplog.text
    )


# -- orders


async def test_a_page_of_orders(till: Till) -> None:
    till.will("getOrders", sample("resp_getOrders"))
    done = await run(till, SweepMplusOrders(marker=513, ext_prefix="BOL-"))
    assert done.outcome == Swept(cursor="514", more=True, found=1)
    [seen] = done.messages
    assert (seen.flow, seen.entity) == ("orders", "1043946570")
    assert isinstance(seen.event, MplusOrderSeen)
    assert seen.event.order.number == "2026-14"
    assert done.asked_at < done.answered_at


@pytest.mark.parametrize("ext", ["", "BOL-", "WEB-1", "BOL-" + "9" * 101])
async def test_orders_of_others_only_move_stock(till: Till, ext: str) -> None:
    body = sample("resp_getOrders").replace(b"BOL-1043946570", ext.encode())
    till.will("getOrders", body)
    done = await run(till, SweepMplusOrders(marker=513, ext_prefix="BOL-"))
    [doubted] = done.messages
    assert (doubted.flow, doubted.entity) == ("stock", "1001")
    assert doubted.event == StockDoubted(why="order 2026-14 changed in Mplus", since=done.answered_at)


async def test_an_article_on_several_orders_is_doubted_once(till: Till) -> None:
    order = sample("resp_getOrders").decode()
    whole = order.partition("<ns:orderList>")[2].partition("</ns:orderList>")[0]
    till.will("getOrders", order.replace(whole, whole + whole.replace("513", "515")).encode())
    done = await run(till, SweepMplusOrders(marker=513, ext_prefix="X"))
    assert done.outcome == Swept(cursor="516", more=True, found=2)
    assert len(done.messages) == 1


async def test_parts_that_mplus_added_are_on_an_order_too_and_are_no_lines_of_it(till: Till) -> None:
    """The same article may stand there on a line of its own and as a part."""

    def line(line_id: str, article: int, quantity: int, kind: str, *more: str) -> str:
        data = tree("data", tree("quantity", quantity), tree("decimalPlaces", 0))
        return tree(
            "line",
            tree("lineId", line_id),
            tree("articleNumber", article),
            data,
            tree("lineType", kind),
            *more,
        )

    prepared = tree("preparationList", line("p", 1005, 1, "LINE-TYPE-PREPARATION"))
    lines = (
        line("a", 900_001, 3, "LINE-TYPE-NONE"),
        line("b", 1001, 6, "LINE-TYPE-COMPONENT"),
        line("c", 1002, 3, "LINE-TYPE-COMPONENT"),
        line("d", 1001, 1, "LINE-TYPE-NONE", prepared),
    )
    order = tree(
        "order", tree("orderId", "m1"), tree("extOrderId", "BOL-1"), tree("syncMarker", 7),
        tree("lineList", *lines),
    )  # fmt: skip
    till.will("getOrders", envelope(tree("GetOrdersResponse", tree("orderList", order))))
    of_others = await run(till, SweepMplusOrders(marker=1, ext_prefix="X"))
    assert [one.entity for one in of_others.messages] == ["1001", "1002", "1005", "900001"]
    assert all(isinstance(one.event, StockDoubted) for one in of_others.messages)
    [seen] = (await run(till, SweepMplusOrders(marker=1, ext_prefix="BOL-"))).messages
    assert isinstance(seen.event, MplusOrderSeen)
    assert seen.event.order.articles == {1001, 1002, 1005, 900_001}
    assert [(one.line_id, one.component) for one in seen.event.order.lines] == [
        ("a", False), ("b", True), ("c", True), ("d", False),
    ]  # fmt: skip
    assert {one.line_id: one.quantity for one in own_lines(seen.event.order)} == {"a": 3, "d": 1}


# -- packing slips


def page_of_slips(*slips: tuple[int, str]) -> bytes:
    """(marker, extOrderId)."""
    rows = (
        tree(
            "packingSlip", tree("packingSlipId", f"s{marker}"), tree("orderId", "m1"), tree("extOrderId", ext),
            tree("syncMarker", marker), tree("reference", "3SABC1234567"),
        )
        for marker, ext in slips
    )  # fmt: skip
    return envelope(tree("GetPackingSlipsResponse", tree("packingSlipList", *rows)))


async def test_a_page_of_packing_slips_goes_to_the_orders_they_are_of(till: Till) -> None:
    ours = ((88, "BOL-1"), (91, "BOL-2-FBB"))
    others = ((89, ""), (90, "WEB-1"), (92, "BOL-"), (93, "BOL-" + "9" * 101))
    till.will("getPackingSlips", page_of_slips(*ours, *others))
    done = await run(till, SweepPackingSlips(marker=88, ext_prefix="BOL-"))
    assert done.outcome == Swept(cursor="94", more=True, found=6)
    assert [(one.flow, one.entity) for one in done.messages] == [("orders", "1"), ("orders", "2-FBB")]
    slip = PackingSlip(slip_id="s88", reference="3SABC1234567", marker=88)
    assert done.messages[0].event == PackingSlipSeen(order_id="m1", slip=slip, seen_at=done.answered_at)


async def test_an_empty_page_of_packing_slips_ends_the_sweep(till: Till) -> None:
    till.will("getPackingSlips", page_of_slips())
    done = await run(till, SweepPackingSlips(marker=88, ext_prefix="BOL-"))
    assert (done.outcome, done.messages) == (Swept(cursor="88"), ())


# -- stock


def branch_of(request: httpx.Request) -> int:
    return int(operation_of(request.content).findtext(".//{*}branchNumber"))


def since_of(request: httpx.Request) -> str | None:
    found: str | None = operation_of(request.content).findtext(".//{*}stockId")
    return found


def rows_of(found: dict[int, list[str]]) -> Callable[[httpx.Request], Any]:
    """Each branch gives its rows once, and none after."""

    async def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=stock_reply(*found.pop(branch_of(request), [])))

    return reply


def read_by(done: Execution) -> list[tuple[str, int, int]]:
    found = []
    for message in done.messages:
        assert message.flow == "stock"
        assert isinstance(message.event, StockRead)
        reading = message.event.reading
        found.append((message.entity, reading.branch, int(reading.free)))
    return found


async def test_the_stock_that_changed(till: Till) -> None:
    till.will("getStock", stock_reply(stock_row(1, 4, marker=100), stock_row(2, 5, marker=103)))
    done = await run(till, SweepStock(marker=100, branches=(1,)))
    # The row at the marker comes along each time: what it shows may be new, a reservation moves no marker.
    assert done.outcome == Swept(cursor="103", found=1)
    assert read_by(done) == [("1", 1, 4), ("2", 1, 5)]
    assert [since_of(one) for one in till.requests] == ["100"]


async def test_all_stock(till: Till) -> None:
    till.will("getStock", stock_reply(stock_row(1, 4, marker=7)))
    done = await run(till, SweepStock(marker=0, branches=(1,)))
    assert done.outcome == Swept(cursor="7", found=1)
    assert [since_of(one) for one in till.requests] == [None]


async def test_of_two_rows_of_an_article_in_a_sweep_the_last_change_counts(till: Till) -> None:
    till.will("getStock", stock_reply(stock_row(1, 3, marker=9), stock_row(1, 8, marker=7)))
    done = await run(till, SweepStock(marker=5, branches=(1,)))
    assert read_by(done) == [("1", 1, 3)]
    assert done.outcome == Swept(cursor="9", found=1)


@pytest.mark.parametrize(
    ("branches", "marker", "cursor"), [((1,), 0, "1"), ((1, 2), 50, "50"), ((), 50, "50"), ((), 0, "1")]
)
async def test_no_stock_changed(till: Till, branches: tuple[int, ...], marker: int, cursor: str) -> None:
    till.will("getStock", stock_reply())
    done = await run(till, SweepStock(marker=marker, branches=branches))
    assert done.outcome == Swept(cursor=cursor)
    assert len(till.requests) == len(branches)


async def test_a_branch_read_before_a_higher_marker_was_seen_is_read_again(till: Till) -> None:
    """Found in review: branch 1 changes (105) after it was read, branch 2 then shows 106; a cursor of 106 would
    pass over 105 for good."""
    first: dict[int, list[str]] = {
        1: [stock_row(1, 4, branch=1, marker=104)],
        2: [stock_row(1, 9, branch=2, marker=106)],
    }
    late = {1: [stock_row(1, 3, branch=1, marker=105)]}
    till.will("getStock", rows_of(first), rows_of(first), rows_of(late))
    done = await run(till, SweepStock(marker=100, branches=(1, 2)))
    assert [(branch_of(one), since_of(one)) for one in till.requests] == [(1, "100"), (2, "100"), (1, "104")]
    assert done.outcome == Swept(cursor="106", found=2)
    assert read_by(done) == [("1", 1, 3), ("1", 2, 9)]


async def test_what_changes_while_branches_are_read_again_is_left_to_the_next_sweep(till: Till) -> None:
    first: dict[int, list[str]] = {1: [], 2: [], 3: [stock_row(1, 9, branch=3, marker=106)]}
    late = {1: [stock_row(1, 2, branch=1, marker=110)], 2: [stock_row(1, 1, branch=2, marker=111)]}
    till.will("getStock", rows_of(first), rows_of(first), rows_of(first), rows_of(late))
    done = await run(till, SweepStock(marker=100, branches=(1, 2, 3)))
    assert [branch_of(one) for one in till.requests] == [1, 2, 3, 1, 2]
    # Branch 3 is covered up to 106 only: 108 may have happened there.
    assert done.outcome == Swept(cursor="106", found=3)


async def test_a_sweep_that_fails_halfway_tells_nothing(till: Till) -> None:
    till.will("getStock", stock_reply(stock_row(1)), httpx.ReadTimeout(""))
    done = await run(till, SweepStock(marker=5, branches=(1, 2)))
    assert isinstance(done.outcome, AnswerLost)
    assert done.messages == ()


# -- customers


async def test_a_customer_is_found_or_not(till: Till) -> None:
    till.will("findRelationV2", sample("resp_findRelation_found"), sample("resp_findRelation_none"))
    assert (await run(till, FIND)).outcome == RelationFound(relation_number=681, by="email")
    assert (await run(till, FIND)).outcome == RelationFound(relation_number=None)


async def test_nobody_is_looked_up_by_no_address(till: Till) -> None:
    assert (await run(till, FindRelation(customer=NAMELESS, by=("email",)))).outcome == RelationFound(
        relation_number=None
    )
    assert till.requests == []


async def test_a_customer_is_created(till: Till) -> None:
    till.will("createRelation", sample("resp_createRelation"))
    done = await run(till, CREATE)
    assert done.outcome == RelationSaved(relation_number=682)
    assert [raw.operation for raw in done.raw] == ["createRelation"]
    assert till.asked == ["createRelation"]


async def test_a_customer_that_an_earlier_try_created_is_adopted(till: Till) -> None:
    till.will("findRelationV2", sample("resp_findRelation_found"))
    assert (await run(till, CREATE, repeated=True)).outcome == RelationSaved(relation_number=681)
    assert till.asked == ["findRelationV2"]


async def test_a_customer_that_no_earlier_try_created_is_created(till: Till) -> None:
    till.will("findRelationV2", sample("resp_findRelation_none"))
    till.will("createRelation", sample("resp_createRelation"))
    assert (await run(till, CREATE, repeated=True)).outcome == RelationSaved(relation_number=682)


async def test_a_look_that_fails_creates_nothing(till: Till) -> None:
    till.will("findRelationV2", fault())
    assert isinstance((await run(till, CREATE, repeated=True)).outcome, AnswerLost)
    assert till.asked == ["findRelationV2"]


async def test_a_customer_that_cannot_be_looked_up_is_not_created_twice(till: Till) -> None:
    done = await run(till, CreateRelation(customer=NAMELESS, by=("email",)), repeated=True)
    assert isinstance(done.outcome, Refused)
    assert till.requests == []


async def test_a_customer_is_looked_for_by_identity_first_and_then_as_told(till: Till) -> None:
    jan = replace(JAN, identity="bol-7", vat_number="NL1")
    till.will("findRelationV2", sample("resp_findRelation_none"))
    done = await run(till, FindRelation(customer=jan, by=("vat", "kvk", "email")))
    assert done.outcome == RelationFound(relation_number=None)
    terms = [operation_of(one.content).find(".//{*}relation")[0] for one in till.requests]
    assert [(one.tag.rpartition("}")[2], one.text) for one in terms] == [
        ("extRelationId", "bol-7"), ("vatNumber", "NL1"), ("email", "jan@example.nl"),
    ]  # fmt: skip


AT_HOME = replace(NAMELESS, name="Jan Smit", address="Dorpstraat 12", house_number="12", zip_code="1111 ZZ")
BY_ADDRESS = FindRelation(customer=AT_HOME, by=("name-address",))


def somebody(address: str) -> bytes:
    fields = {"relationNumber": 681, "name": "Jan Smit", "zipcode": "1111 ZZ", "address": address}
    inner = "".join(tree(name, value) for name, value in fields.items())
    return envelope(
        tree("FindRelationV2Response", tree("result", "FIND-RELATION-RESULT-OK"), tree("relation", inner))
    )


async def test_where_nobody_of_that_name_lives_the_address_is_not_looked_for_as_well(till: Till) -> None:
    till.will("findRelationV2", sample("resp_findRelation_none"))
    assert (await run(till, BY_ADDRESS)).outcome == RelationFound(relation_number=None)
    assert till.asked == ["findRelationV2"] * 2


async def test_a_namesake_at_the_postcode_is_told_from_who_is_meant_by_the_address(till: Till) -> None:
    till.will("findRelationV2", somebody("Dorpstraat 3"), somebody("Dorpstraat 3"), somebody("Dorpstraat 12"))
    assert (await run(till, BY_ADDRESS)).outcome == RelationFound(relation_number=681, by="name-address")
    last = operation_of(till.requests[-1].content).find(".//{*}relation")
    assert [one.text for one in last] == ["Jan Smit", "Dorpstraat 12", "1111 ZZ"]


async def test_a_namesake_and_nobody_else_is_nobody(till: Till) -> None:
    till.will("findRelationV2", somebody("Dorpstraat 3"))
    assert (await run(till, BY_ADDRESS)).outcome == RelationFound(relation_number=None)
    assert till.asked == ["findRelationV2"] * 3


async def test_a_look_by_the_address_that_fails_is_told(till: Till) -> None:
    till.will("findRelationV2", somebody("Dorpstraat 3"), somebody("Dorpstraat 3"), fault())
    assert isinstance((await run(till, BY_ADDRESS)).outcome, AnswerLost)


async def test_a_lost_answer_is_found_again_by_our_own_identity(till: Till) -> None:
    body = sample("resp_findRelation_found").replace(
        b"<ns:name>", b"<ns:extRelationId>bol-7</ns:extRelationId><ns:name>"
    )
    till.will("findRelationV2", body)
    effect = CreateRelation(customer=replace(NAMELESS, identity="bol-7"))
    assert (await run(till, effect, repeated=True)).outcome == RelationSaved(relation_number=681)
    assert till.asked == ["findRelationV2"]


def no_relation(said: str) -> bytes:
    failed = tree("result", "CREATE-RELATION-RESULT-FAILED") + tree("relationNumber", 0)
    return envelope(tree("CreateRelationResponse", failed, tree("errorMessage", said)))


COMPANY = replace(JAN, contact="Piet", contact_below=True)


async def test_a_contact_that_mplus_does_not_take_below_stays_in_the_field(till: Till) -> None:
    till.will("createRelation", no_relation("no contactList"), sample("resp_createRelation"))
    done = await run(till, CreateRelation(customer=COMPANY))
    assert done.outcome == RelationSaved(relation_number=682)
    with_list, without = (operation_of(one.content) for one in till.requests)
    assert with_list.find(".//{*}contactList") is not None
    assert without.find(".//{*}contactList") is None
    assert without.findtext(".//{*}contact") == "Piet"


async def test_a_contact_below_is_no_reason_to_try_again_blindly(till: Till) -> None:
    till.will("createRelation", no_relation("no name"))
    done = await run(till, CreateRelation(customer=COMPANY))
    assert done.outcome == Refused(said="no name", code="CREATE-RELATION-RESULT-FAILED")
    assert till.asked == ["createRelation"] * 2


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(httpx.ReadTimeout(""), AnswerLost), (fault("SOAP-ENV:Client.Authentication"), Refused)],
)
async def test_a_company_is_created_once(till: Till, reply: Any, outcome: type) -> None:
    till.will("createRelation", reply)
    assert isinstance((await run(till, CreateRelation(customer=COMPANY))).outcome, outcome)
    assert till.asked == ["createRelation"]


async def test_a_field_that_mplus_has_not_is_told_before_anything_is_sent(till: Till) -> None:
    for effect in (
        CreateRelation(customer=replace(JAN, extra={"colour": "red"})),
        CommitOrder(draft=replace(DRAFT, extra={"colour": "red"})),
    ):
        done = await run(till, effect)
        assert isinstance(done.outcome, Refused)
        assert done.outcome.code == "MAPPING"
        assert "'colour': look at the field mapping" in done.outcome.said
    assert till.requests == []


async def test_a_customer_is_renewed(till: Till) -> None:
    till.will(
        "updateRelation",
        envelope(tree("UpdateRelationResponse", tree("result", "UPDATE-RELATION-RESULT-OK"))),
    )
    done = await run(till, UpdateRelation(relation_number=681, customer=JAN))
    assert done.outcome == RelationSaved(relation_number=681)


# -- bookings

COMMITTED = OrderCommitted(order_id=ORDER_ID, number="2026-14", marker=513)
ADOPTED = OrderCommitted(order_id=ORDER_ID, number="2026-14", adopted=True)


async def test_an_order_is_booked(till: Till) -> None:
    till.will("createOrderV3", sample("resp_createOrderV3"))
    done = await run(till, COMMIT)
    assert done.outcome == COMMITTED
    [raw] = done.raw
    assert (raw.asked_at, raw.answered_at) == (done.asked_at, done.answered_at)


async def test_an_order_that_an_earlier_try_booked_is_adopted(till: Till) -> None:
    till.will("findOrder", sample("resp_findOrder_found"))
    assert (await run(till, COMMIT, repeated=True)).outcome == ADOPTED
    assert till.asked == ["findOrder"]


async def test_an_order_that_no_earlier_try_booked_is_booked(till: Till) -> None:
    till.will("findOrder", sample("resp_findOrder_none"))
    till.will("createOrderV3", sample("resp_createOrderV3"))
    done = await run(till, COMMIT, repeated=True)
    assert done.outcome == COMMITTED
    # A booking is dated by the call that made it: a reading asked before it does not contain it.
    assert done.asked_at < done.raw[1].asked_at < done.answered_at == done.raw[1].answered_at


async def test_an_order_that_is_there_already_is_adopted(till: Till) -> None:
    till.will("createOrderV3", sample("resp_createOrder_dup"))
    till.will("findOrder", sample("resp_findOrder_found"))
    assert (await run(till, COMMIT)).outcome == ADOPTED


async def test_an_order_that_is_there_but_not_given_is_asked_for_again(till: Till) -> None:
    till.will("createOrderV3", sample("resp_createOrder_dup"))
    till.will("findOrder", sample("resp_findOrder_none"))
    done = await run(till, COMMIT)
    assert done.outcome == AnswerLost(
        why="Mplus has an order BOL-1043946570 already (extOrderId exists), but does not give it"
    )


async def test_an_order_that_mplus_does_not_want(till: Till) -> None:
    failed = tree("result", "CREATE-ORDER-RESULT-FAILED") + tree("errorMessage", "article 1001 is blocked")
    till.will("createOrderV3", envelope(tree("CreateOrderV3Response", failed)))
    done = await run(till, COMMIT)
    assert done.outcome == Refused(said="article 1001 is blocked", code="CREATE-ORDER-RESULT-FAILED")
    assert [raw.operation for raw in done.raw] == ["createOrderV3"]


async def test_an_installation_without_idempotency_keys_books_too(till: Till) -> None:
    till.will("createOrderV3", TOO_OLD)
    till.will("createOrderV2", sample("resp_createOrderV3"))
    assert (await run(till, COMMIT)).outcome == COMMITTED
    assert till.asked == ["createOrderV3", "createOrderV2"]


async def test_such_an_installation_is_looked_into_first_when_repeated(till: Till) -> None:
    till.will("findOrder", sample("resp_findOrder_found"))
    assert (await run(till, COMMIT, repeated=True)).outcome == ADOPTED
    assert till.asked == ["findOrder"]


async def test_an_answer_lost_without_a_key_is_not_asked_again_blindly(till: Till) -> None:
    till.will("createOrderV3", TOO_OLD)
    till.will("createOrderV2", httpx.ReadTimeout(""))
    assert isinstance((await run(till, COMMIT)).outcome, AnswerLost)
    assert till.asked == ["createOrderV3", "createOrderV2"]
