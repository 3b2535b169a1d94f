"""An order's whole life between the client and the simulator, each written from the contract on its own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.mplus import lookups
from connectors.mplus.simulator.articles import FIRST_COMPOSED
from connectors.retry import RetryPolicy
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    CreateRelation,
    DeliverMplusOrder,
    Effect,
    FindRelation,
    Match,
    PayMplusOrder,
    ReadMplusOrder,
    ReadPackingSlips,
    SetMplusCategory,
    SweepPackingSlips,
    UpdateRelation,
)
from streams.vocabulary.events import (
    MplusOrderPaid,
    MplusOrderRead,
    OrderCommitted,
    PackingSlipSeen,
    PackingSlipsRead,
    RelationFound,
    RelationSaved,
    Swept,
)
from streams.vocabulary.mplus_order import (
    Customer,
    Moved,
    MplusOrder,
    OrderDraft,
    OrderLine,
    Payment,
    PostalAddress,
)
from streams.vocabulary.outcomes import AnswerLost, Delivered, NotSent, Refused
from tests.connectors.mplus.test_client_against_simulator import JAN, Shop
from tests.connectors.mplus.test_client_against_simulator import opened as opened
from tests.connectors.mplus.test_client_against_simulator import shop as shop

PAYMENT = Payment(method="BOL", cents=5985, reference="BOL-1")
LOST = ["timeout-after-effect", "truncated", "not-xml"]


def lines(*articles: tuple[int, int]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(article_number=number, text="", quantity=quantity, price_cents=1995)
        for number, quantity in articles
    )


async def draft(shop: Shop, *articles: tuple[int, int], **more: Any) -> OrderDraft:
    saved = (await shop.run(CreateRelation(customer=JAN))).outcome
    assert isinstance(saved, RelationSaved)
    made = shop.draft(relation=saved.relation_number)
    return replace(made, **{"lines": lines(*(articles or ((1001, 2), (1002, 1)))), **more})


async def booked(shop: Shop, *articles: tuple[int, int], **more: Any) -> str:
    done = (await shop.run(CommitOrder(draft=await draft(shop, *articles, **more)))).outcome
    assert isinstance(done, OrderCommitted), done
    assert done.unpaid == ""
    return done.order_id


async def order(shop: Shop, effect: Effect, repeated: bool = False) -> MplusOrder:
    done = (await shop.run(effect, repeated)).outcome
    assert isinstance(done, MplusOrderRead), done
    assert done.order is not None
    return done.order


async def dump(shop: Shop, parts: str) -> Any:
    return (await shop.http.get(f"/_control/books?parts={parts}")).json()[parts]


def stock(shop: Shop, article: int) -> tuple[int, int]:
    row = shop.simulator.books.stock_row(1, article)
    return int(row.on_hand), int(row.reserved)


# -- commit


async def test_an_order_with_all_that_can_be_said_of_it(opened: Any) -> None:
    shop = opened()
    rich = replace(
        await draft(shop),
        vat_method="VAT-METHOD-SHIFTED", delivery_method="DHL", payment_method="BOL", order_category=2,
        delivery_day=date(2026, 11, 23), payments=(PAYMENT,), workplace_number=2,
        deliver_to=PostalAddress(name="Jan", address="Kade 2", city="Antwerpen", country="BE", label="Thuis"),
        lines=(
            OrderLine(article_number=1001, text="Das", quantity=2, price_cents=1995, vat_code=0, turnover_group=2),
            OrderLine(article_number=1002, text="Muts", quantity=1, price_cents=1995, vat_code=1),
        ),
        extra={"onDeliveryUrl": "http://localhost/x", "activityId": "A7"},
    )  # fmt: skip
    done = (await shop.run(CommitOrder(draft=rich))).outcome
    assert isinstance(done, OrderCommitted)
    [told] = await dump(shop, "orders")
    assert (told["vat_method"], told["total_cents"], told["total_excl_cents"]) == (
        "VAT-METHOD-SHIFTED",
        5985,
        5985,
    )
    assert (told["delivery_method"], told["payment_method"], told["category"]) == ("DHL", "BOL", 2)
    assert told["delivery_date"] == "2026-11-23"
    assert told["delivery_address"]["label"] == "Thuis"
    assert [(line["vat_code"], line["turnover_group"]) for line in told["lines"]] == [(0, 2), (1, 1)]
    assert told["payments"] == [{"method": "BOL", "cents": 5985, "reference": "BOL-1", "prepaid": True}]
    read = await order(shop, ReadMplusOrder(order_id=done.order_id))
    assert (read.prepaid_cents, read.fully_paid, read.category) == (5985, True, 2)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"delivery_method": "FLES"}, "delivery method FLES not found"),
        ({"payment_method": "Bol.com"}, "payment method Bol.com not found"),
        ({"order_category": 77}, "order category 77 not found"),
        ({"employee_number": 8}, "employee 8 not found"),
        ({"workplace_number": 9}, "workplace 9 not found"),
        ({"lines": (replace(lines((1001, 1))[0], vat_code=9),)}, "vatCode 9 not found"),
        ({"lines": (replace(lines((1001, 1))[0], turnover_group=9),)}, "turnover group 9 not found"),
        ({"lines": lines((9, 1))}, "article 9 not found"),
        ({"extra": {"colour": "red"}}, "no field 'colour'"),
        ({"vat_method": "21%"}, "vatMethod"),
    ],
)
async def test_what_mplus_does_not_have_is_refused_in_its_words(
    shop: Shop, more: dict[str, Any], said: str
) -> None:
    refused = (await shop.run(CommitOrder(draft=await draft(shop, **more)))).outcome
    assert isinstance(refused, Refused)
    assert said in refused.said
    assert shop.orders == 0


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("prepay", [True, False])
async def test_an_order_with_payments_whose_answer_is_lost_is_made_and_paid_once(
    opened: Any, kind: str, prepay: bool
) -> None:
    shop = opened(policy=RetryPolicy(tries=3))
    commit = CommitOrder(draft=await draft(shop, payments=(PAYMENT,), prepay=prepay))
    await shop.control("faults", kind=kind, operation="createOrderV3", count=3)
    assert isinstance((await shop.run(commit)).outcome, AnswerLost)
    done = (await shop.run(commit, repeated=True)).outcome
    assert isinstance(done, OrderCommitted)
    assert done.unpaid == ""
    [told] = await dump(shop, "orders")
    assert [one["cents"] for one in told["payments"]] == [5985]
    assert len(told["invoices"]) == (0 if prepay else 1)


async def test_a_payment_that_fails_leaves_an_order_that_says_so_and_is_paid_afterwards(shop: Shop) -> None:
    wrong = replace(PAYMENT, method="IDEAL")
    done = (await shop.run(CommitOrder(draft=await draft(shop, payments=(wrong,))))).outcome
    assert isinstance(done, OrderCommitted)
    assert done.unpaid == "unknown payment method IDEAL"
    pay = PayMplusOrder(order_id=done.order_id, key="k2", payment=PAYMENT, prepay=True)
    assert (await shop.run(pay)).outcome == MplusOrderPaid()


async def test_an_installation_that_leaves_no_order_behind_refuses(opened: Any) -> None:
    shop = opened(failed_payment_keeps_order=False)
    wrong = replace(PAYMENT, method="IDEAL")
    refused = (await shop.run(CommitOrder(draft=await draft(shop, payments=(wrong,))))).outcome
    assert refused == Refused(said="unknown payment method IDEAL", code="CREATE-ORDER-RESULT-PAYMENT-FAILED")
    assert shop.orders == 0


# -- deliver


async def test_an_order_is_delivered_in_parts_and_to_the_end_once(shop: Shop) -> None:
    before = stock(shop, 1001)
    order_id = await booked(shop)
    due = (Moved(article_number=1001, quantity=1),)
    for _ in range(2):
        part = await order(shop, DeliverMplusOrder(order_id=order_id, due=due))
        assert part.delivery_state == "ORDER-DELIVERY-STATE-PARTIAL"
    for _ in range(2):
        whole = await order(shop, DeliverMplusOrder(order_id=order_id))
        assert whole.delivery_state == whole.delivery_state.replace("PARTIAL", "COMPLETE")
    assert stock(shop, 1001) == (before[0] - 2, before[1])
    slips = (await shop.run(ReadPackingSlips(order_id=order_id))).outcome
    assert isinstance(slips, PackingSlipsRead)
    assert [one.lines for one in slips.slips] == [
        (Moved(article_number=1001, quantity=1),),
        (Moved(article_number=1001, quantity=1), Moved(article_number=1002, quantity=1)),
    ]
    await shop.control("slips/mark", packing_slip_id=slips.slips[0].slip_id, reference="3SABC1234")
    again = (await shop.run(ReadPackingSlips(order_id=order_id))).outcome
    assert isinstance(again, PackingSlipsRead)
    assert again.slips[0].reference == "3SABC1234"


async def test_a_packing_slip_that_is_written_on_comes_with_the_next_sweep(shop: Shop) -> None:
    order_id = await booked(shop)
    part = (Moved(article_number=1001, quantity=1),)
    await order(shop, DeliverMplusOrder(order_id=order_id, due=part))
    await order(shop, DeliverMplusOrder(order_id=order_id))
    cursor, [first, second] = await slips_since(shop, 0)
    assert (first.order_id, first.slip.lines) == (order_id, part)
    assert await slips_since(shop, cursor) == (cursor, [])
    await shop.control("slips/mark", packing_slip_id=first.slip.slip_id, reference="3SABC1234567")
    after, [marked] = await slips_since(shop, cursor)
    assert (marked.slip.slip_id, marked.slip.reference) == (first.slip.slip_id, "3SABC1234567")
    assert marked.slip.marker > second.slip.marker
    assert after == marked.slip.marker + 1


async def slips_since(shop: Shop, marker: int) -> tuple[int, list[PackingSlipSeen]]:
    """Where the next sweep begins, and what this one showed by rising marker: a page has no order that is promised."""
    done = await shop.run(SweepPackingSlips(marker=marker, ext_prefix="BOL-"))
    assert isinstance(done.outcome, Swept)
    seen = [message.event for message in done.messages if isinstance(message.event, PackingSlipSeen)]
    return int(done.outcome.cursor), sorted(seen, key=lambda one: one.slip.marker)


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("operation", ["getOrder", "deliverOrderV2"])
async def test_a_delivery_whose_answer_is_lost_is_made_once(opened: Any, kind: str, operation: str) -> None:
    shop = opened(policy=RetryPolicy(tries=3))
    order_id = await booked(shop)
    before = stock(shop, 1001)
    deliver = DeliverMplusOrder(order_id=order_id, due=(Moved(article_number=1001, quantity=1),))
    await shop.control("faults", kind=kind, operation=operation, count=3)
    assert isinstance((await shop.run(deliver)).outcome, AnswerLost)
    await shop.http.request("DELETE", "/_control/faults", json={})
    await order(shop, deliver, repeated=True)
    assert stock(shop, 1001) == (before[0] - 1, before[1] - 1)
    assert shop.simulator.calls["deliverOrderV2"] == 1


async def test_an_old_installation_delivers_the_whole(opened: Any) -> None:
    shop = opened(missing_operations=frozenset({"deliverOrderV2"}))
    order_id = await booked(shop)
    part = DeliverMplusOrder(order_id=order_id, due=(Moved(article_number=1001, quantity=1),))
    assert isinstance((await shop.run(part)).outcome, Refused)
    whole = await order(shop, DeliverMplusOrder(order_id=order_id))
    assert whole.delivery_state == "ORDER-DELIVERY-STATE-COMPLETE"


async def test_a_credit_brings_the_goods_back(shop: Shop) -> None:
    before = stock(shop, 1001)
    order_id = await booked(shop, (1001, -2))
    credit = await order(shop, DeliverMplusOrder(order_id=order_id))
    assert (credit.total_cents, credit.fully_paid) == (-3990, False)
    assert stock(shop, 1001) == (before[0] + 2, before[1])
    pay_back = replace(PAYMENT, cents=-3990)
    done = (await shop.run(PayMplusOrder(order_id=order_id, key="k", payment=pay_back, prepay=False))).outcome
    assert isinstance(done, MplusOrderPaid)
    assert done.invoice_id
    assert (await order(shop, ReadMplusOrder(order_id=order_id))).fully_paid


# -- cancel and change


async def test_an_order_is_cancelled_as_a_whole(shop: Shop) -> None:
    before = stock(shop, 1001)
    order_id = await booked(shop)
    for repeated in (False, True):
        gone = await order(shop, CancelMplusOrder(order_id=order_id, left=()), repeated)
        assert gone.cancel_state == "ORDER-CANCEL-STATE-COMPLETE"
    assert stock(shop, 1001) == before
    assert shop.simulator.calls["cancelOrder"] == 1
    assert shop.simulator.calls["cancelOrderV2"] == 0


@pytest.mark.parametrize("kind", LOST)
async def test_a_cancellation_whose_answer_is_lost_is_made_once(opened: Any, kind: str) -> None:
    shop = opened(policy=RetryPolicy(tries=3))
    order_id = await booked(shop)
    await shop.control("faults", kind=kind, operation="cancelOrder", count=1)
    cancel = CancelMplusOrder(order_id=order_id, left=())
    assert isinstance((await shop.run(cancel)).outcome, AnswerLost)
    gone = await order(shop, cancel, repeated=True)
    assert gone.cancel_state == "ORDER-CANCEL-STATE-COMPLETE"
    assert shop.simulator.calls["cancelOrder"] == 1


@pytest.mark.parametrize("kind", LOST)
async def test_a_change_whose_answer_is_lost_is_made_once(opened: Any, kind: str) -> None:
    shop = opened(policy=RetryPolicy(tries=3))
    order_id = await booked(shop)
    await shop.control("faults", kind=kind, operation="updateOrder", count=1)
    left = (Moved(article_number=1001, quantity=1),)
    smaller = await order(shop, CancelMplusOrder(order_id=order_id, left=left))
    assert [(one.article_number, one.quantity) for one in smaller.lines] == [(1001, 1)]
    assert stock(shop, 1001)[1] == 1
    assert stock(shop, 1002)[1] == 0
    assert smaller.changes == 2


async def test_a_cancellation_that_waits_for_its_branch(opened: Any) -> None:
    shop = opened(cancels_are_queued=True)
    order_id = await booked(shop)
    cancel = CancelMplusOrder(order_id=order_id, left=())
    for _ in range(2):
        assert isinstance((await shop.run(cancel)).outcome, AnswerLost)
    assert await shop.control("orders/catch-up") == {"cancelled": 1}
    assert (await order(shop, cancel, repeated=True)).cancel_state == "ORDER-CANCEL-STATE-COMPLETE"


async def test_what_left_stays_and_the_rest_goes(shop: Shop) -> None:
    order_id = await booked(shop)
    await order(shop, DeliverMplusOrder(order_id=order_id, due=(Moved(article_number=1001, quantity=1),)))
    rest = await order(shop, CancelMplusOrder(order_id=order_id, left=()))
    assert [(one.article_number, one.quantity, one.delivered) for one in rest.lines] == [(1001, 1, 1)]
    assert rest.complete_state == "ORDER-COMPLETE-STATE-COMPLETE"
    assert stock(shop, 1001)[1] == stock(shop, 1002)[1] == 0


async def test_a_category_that_forbids_cancelling(shop: Shop) -> None:
    order_id = await booked(shop)
    assert (await order(shop, SetMplusCategory(order_id=order_id, category=3))).category == 3
    refused = (await shop.run(CancelMplusOrder(order_id=order_id, left=()))).outcome
    assert isinstance(refused, Refused)
    assert "Verzonden" in refused.said
    unknown = (await shop.run(SetMplusCategory(order_id=order_id, category=77))).outcome
    assert unknown == Refused(said="order category 77 not found", code="UPDATE-ORDER-RESULT-FAILED")


async def test_a_change_loses_nothing_of_the_order(shop: Shop) -> None:
    order_id = await booked(
        shop, delivery_method="POST", payments=(PAYMENT,), extra={"onInvoiceUrl": "http://localhost/y"},
        invoice_to=PostalAddress(name="Jan & Zn <b>", city="Zwolle"),
    )  # fmt: skip
    await shop.control("orders/mark", order_id=order_id, reference=" 3S1 & co ")
    [before] = await dump(shop, "orders")
    await order(shop, SetMplusCategory(order_id=order_id, category=2))
    [after] = await dump(shop, "orders")
    assert {**after, "category": 1, "marker": before["marker"]} == before


async def test_the_marker_of_an_order_as_we_made_it_is_the_one_that_a_sweep_shows_until_somebody_changes_it(
    shop: Shop,
) -> None:
    done = (await shop.run(CommitOrder(draft=await draft(shop, (1001, 2), payments=(PAYMENT,))))).outcome
    assert isinstance(done, OrderCommitted)
    made = await order(shop, ReadMplusOrder(order_id=done.order_id))
    assert done.marker == made.marker > 0
    await shop.control("orders/edit", order_id=done.order_id, quantities={made.lines[0].line_id: 1})
    assert (await order(shop, ReadMplusOrder(order_id=done.order_id))).marker > done.marker


async def test_what_staff_change_while_we_write_stays(opened: Any) -> None:
    """An update that was cut off before it took effect, then one of staff, then ours."""
    shop = opened(policy=RetryPolicy(tries=1))
    order_id = await booked(shop)
    await shop.control("faults", kind="timeout", operation="updateOrder", count=1)
    change = SetMplusCategory(order_id=order_id, category=2)
    assert isinstance((await shop.run(change)).outcome, AnswerLost)
    line_id = (await order(shop, ReadMplusOrder(order_id=order_id))).lines[0].line_id
    await shop.control("orders/edit", order_id=order_id, quantities={line_id: 5})
    after = await order(shop, change, repeated=True)
    assert (after.category, after.lines[0].quantity) == (2, 5)


# -- pay


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("old", [False, True])
async def test_a_payment_whose_answer_is_lost_is_made_once(opened: Any, kind: str, old: bool) -> None:
    missing = frozenset({"createOrderV3", "payOrderV2"}) if old else frozenset()
    shop = opened(policy=RetryPolicy(tries=2), missing_operations=missing)
    done = (await shop.run(CommitOrder(draft=await draft(shop, payments=(PAYMENT,))))).outcome
    assert isinstance(done, OrderCommitted)
    assert bool(done.unpaid) is old
    order_id = done.order_id if old else (await booked_again(shop)).order_id
    operation = "payOrder" if old else "payOrderV2"
    await shop.control("faults", kind=kind, operation=operation, count=2)
    pay = PayMplusOrder(order_id=order_id, key="k", payment=PAYMENT, prepay=True)
    assert isinstance((await shop.run(pay)).outcome, AnswerLost)
    await shop.http.request("DELETE", "/_control/faults", json={})
    assert isinstance((await shop.run(pay, repeated=True)).outcome, MplusOrderPaid)
    [told] = [one for one in await dump(shop, "orders") if one["order_id"] == order_id]
    assert [one["cents"] for one in told["payments"]] == [5985]


async def booked_again(shop: Shop) -> OrderCommitted:
    made = replace(await draft(shop), ext_order_id="BOL-2", idempotency_key="k2")
    done = (await shop.run(CommitOrder(draft=made))).outcome
    assert isinstance(done, OrderCommitted)
    return done


@pytest.mark.parametrize("delivers", [False, True])
async def test_settling_makes_the_invoice_and_delivers_where_mplus_does_so(
    opened: Any, delivers: bool
) -> None:
    shop = opened(settling_delivers=delivers)
    order_id = await booked(shop)
    settle = PayMplusOrder(order_id=order_id, key="k", payment=PAYMENT, prepay=False)
    first, second = (await shop.run(settle)).outcome, (await shop.run(settle, repeated=True)).outcome
    assert first == second
    assert isinstance(first, MplusOrderPaid)
    read = await order(shop, ReadMplusOrder(order_id=order_id))
    assert read.invoices == (first.invoice_id,)
    assert read.delivery_state.endswith("COMPLETE" if delivers else "NOTHING")
    later = PayMplusOrder(order_id=order_id, key="another", payment=PAYMENT, prepay=False)
    assert (await shop.run(later)).outcome == MplusOrderPaid()
    await order(shop, DeliverMplusOrder(order_id=order_id))
    assert len(shop.simulator.books.orders.all()[0].slips) == 1


async def test_too_little_is_refused(shop: Shop) -> None:
    order_id = await booked(shop)
    short = PayMplusOrder(order_id=order_id, key="k", payment=replace(PAYMENT, cents=1), prepay=False)
    refused = (await shop.run(short)).outcome
    assert isinstance(refused, Refused)
    assert refused.code == "PAY-ORDER-RESULT-PAYMENT-INSUFFICIENT"


# -- composed articles


async def test_a_composed_article_is_sold_by_its_parts(opened: Any) -> None:
    shop = opened(composed_count=1)
    order_id = await booked(shop, (FIRST_COMPOSED, 3), (1003, 1))
    read = await order(shop, ReadMplusOrder(order_id=order_id))
    assert [(one.article_number, one.quantity, one.component) for one in read.lines] == [
        (FIRST_COMPOSED, 3, False), (1001, 6, True), (1002, 3, True), (1003, 1, False),
    ]  # fmt: skip
    assert (stock(shop, 1001)[1], stock(shop, 1002)[1]) == (6, 3)
    smaller = (Moved(article_number=FIRST_COMPOSED, quantity=2), Moved(article_number=1003, quantity=1))
    after = await order(shop, CancelMplusOrder(order_id=order_id, left=smaller))
    assert [int(one.quantity) for one in after.lines] == [2, 4, 2, 1]
    assert [one.line_id for one in after.lines] == [one.line_id for one in read.lines]
    on_hand = stock(shop, 1001)[0]
    one_box = DeliverMplusOrder(order_id=order_id, due=(Moved(article_number=FIRST_COMPOSED, quantity=1),))
    part = await order(shop, one_box)
    assert [int(one.delivered) for one in part.lines] == [1, 2, 1, 0]
    assert stock(shop, 1001) == (on_hand - 2, 2)
    rest = await order(shop, CancelMplusOrder(order_id=order_id, left=()))
    assert [int(one.quantity) for one in rest.lines] == [1, 2, 1]
    assert stock(shop, 1001)[1] == stock(shop, 1002)[1] == stock(shop, 1003)[1] == 0
    slips = (await shop.run(ReadPackingSlips(order_id=order_id))).outcome
    assert isinstance(slips, PackingSlipsRead)
    assert [one.lines for one in slips.slips] == [(Moved(article_number=FIRST_COMPOSED, quantity=1),)]


# -- customers


async def found(shop: Shop, customer: Customer, *by: Match) -> RelationFound:
    done = (await shop.run(FindRelation(customer=customer, by=by))).outcome
    assert isinstance(done, RelationFound)
    return done


async def test_a_customer_is_known_again_by_each_of_what_is_known_of_him(shop: Shop) -> None:
    jan = replace(
        JAN, name="Renée de Vries", identity="bol-7", vat_number="NL001", chamber_of_commerce="123",
        address="Dorpstraat 12 bis", house_number="12 bis", zip_code="1111ZZ",
    )  # fmt: skip
    saved = (await shop.run(CreateRelation(customer=jan))).outcome
    assert isinstance(saved, RelationSaved)
    number = saved.relation_number
    assert await found(shop, jan, "email") == RelationFound(relation_number=number, by="identity")
    unknown = replace(jan, identity="")
    for by in ("email", "vat", "kvk", "name-address"):
        assert await found(shop, unknown, by) == RelationFound(relation_number=number, by=by)
    respelt = Customer(
        name="RENÉE DE VRIES", email="", address="Dorpstr. 12-bis", house_number="12-BIS", zip_code="1111 zz"
    )
    assert await found(shop, respelt, "name-address") == RelationFound(
        relation_number=number, by="name-address"
    )
    for other in (replace(respelt, house_number="12"), replace(respelt, name="R. de Vries")):
        assert await found(shop, other, "vat", "name-address") == RelationFound(relation_number=None)


async def test_of_two_of_one_name_and_postcode_the_one_at_the_address_is_found(shop: Shop) -> None:
    numbers = {}
    for house in ("1", "3"):
        neighbour = Customer(
            name="Jan Jansen", email="", address=f"Kade {house}", house_number=house, zip_code="2222 AA"
        )
        saved = (await shop.run(CreateRelation(customer=neighbour))).outcome
        assert isinstance(saved, RelationSaved)
        numbers[house] = saved.relation_number
    for house, number in numbers.items():
        neighbour = Customer(
            name="jan jansen", email="", address=f"Kade {house}", house_number=house, zip_code="2222 AA"
        )
        # Asked for with the address first: of those that fit by name and postcode only one is given.
        assert (await found(shop, neighbour, "name-address")).relation_number == number


@pytest.mark.parametrize(("how", "contacts"), [("refused", []), ("ignored", []), ("kept", ["Piet"])])
async def test_the_contact_of_a_company(opened: Any, how: str, contacts: list[str]) -> None:
    shop = opened(contact_lists=how)
    company = replace(JAN, contact="Piet", contact_below=True)
    saved = (await shop.run(CreateRelation(customer=company))).outcome
    assert isinstance(saved, RelationSaved)
    [told] = await dump(shop, "relations")
    assert told["contact"] == "Piet"
    assert [one["name"] for one in told["contacts"]] == contacts
    moved = UpdateRelation(
        relation_number=saved.relation_number, customer=replace(company, city="Gent", name="")
    )
    assert (await shop.run(moved)).outcome == saved
    [told] = await dump(shop, "relations")
    assert (told["city"], told["name"], len(told["contacts"])) == ("Gent", JAN.name, len(contacts))


@pytest.mark.parametrize("kind", LOST)
async def test_a_customer_of_whom_only_our_identity_is_known_is_made_once(opened: Any, kind: str) -> None:
    shop = opened()
    create = CreateRelation(customer=Customer(name="Jan", email="", identity="bol-7"))
    await shop.control("faults", kind=kind, operation="createRelation", count=1)
    assert isinstance((await shop.run(create)).outcome, AnswerLost)
    assert isinstance((await shop.run(create, repeated=True)).outcome, RelationSaved)
    assert shop.simulator.books.relations.current == 1


# -- lookups


async def test_what_an_order_may_name(shop: Shop) -> None:
    employees, categories = await shop.client.employees(), await shop.client.order_categories()
    groups, rates = await shop.client.turnover_groups(), await shop.client.vat_groups()
    cards = await shop.client.card_categories()
    assert isinstance(employees, Delivered)
    assert isinstance(categories, Delivered)
    assert isinstance(groups, Delivered)
    assert isinstance(rates, Delivered)
    assert isinstance(cards, Delivered)
    assert lookups.Numbered(999_999, "API") in employees.answer.what
    assert lookups.Numbered(8, "Uit dienst", usable=False) in employees.answer.what
    assert [one.number for one in categories.answer.what] == [1, 2, 3]
    assert [one.description for one in groups.answer.what] == ["Omzet", "Omzet buitenland", "Verzendkosten"]
    assert {(one.branch, one.code, int(one.percentage)) for one in rates.answer.what} >= {
        (1, 1, 9),
        (2, 2, 21),
    }
    assert [one.number for one in cards.answer.what] == [1, 2]
    made = (await shop.run(CreateRelation(customer=JAN))).outcome
    assert isinstance(made, RelationSaved)
    there, nobody = await shop.client.relation(made.relation_number), await shop.client.relation(5)
    assert isinstance(there, Delivered)
    assert isinstance(nobody, Delivered)
    assert (there.answer.what, nobody.answer.what) == (JAN.name, None)


async def test_nothing_gets_through_to_a_mplus_that_is_not_there(shop: Shop) -> None:
    order_id = await booked(shop)
    await shop.control("faults", kind="http", status=429)
    for effect in (ReadMplusOrder(order_id=order_id), ReadPackingSlips(order_id=order_id)):
        assert isinstance((await shop.run(effect)).outcome, NotSent)
