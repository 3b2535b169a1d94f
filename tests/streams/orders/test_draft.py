"""Lines, prices, VAT, methods and references of the order that Mplus is asked for. Its customer: test_customer.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.orders.draft import Drafted, draft, order_lines
from streams.orders.rules import KindRules, OrderRules, ShippingRules, VatRules
from streams.orders.state import Line
from streams.vocabulary.bol_order import Address, BolOrder, Discount
from tests.streams.orders.desk import FBR, JAN, START, bol_order, item


def line(units: int = 1, **more: object) -> Line:
    """A line of article 1001."""
    fields: dict[str, object] = {"wanted": 1, "article_number": 1001, "units": units}
    return Line(item_id="i1", ean="", reference="", **{**fields, **more})  # type: ignore[arg-type]  # the test's own


def drawn(order: BolOrder | None = None, rules: OrderRules = FBR, *lines: Line) -> Drafted:
    """The draft of an order with these lines."""
    order = order or bol_order()
    lines = lines or (line(wanted=order.items[0].wanted),)
    return draft("shop", "b1", order, lines, 7, 1, "FBR", rules, START + timedelta(days=2))


@given(quantity=st.integers(1, 50), total=st.integers(1, 500_000), units=st.integers(1, 24))
def test_lines_add_up_to_what_bol_charged(quantity: int, total: int, units: int) -> None:
    made = order_lines(
        item(quantity=quantity, total_cents=total), line(units, wanted=quantity), bol_order(), FBR
    )
    assert sum(one.quantity for one in made) == quantity * units
    assert sum(one.quantity * one.price_cents for one in made) == total
    assert len(made) <= 2
    prices = [one.price_cents for one in made]
    assert max(prices) - min(prices) <= 1


@given(quantity=st.integers(2, 50), cancelled=st.integers(1, 49), total=st.integers(100, 500_000))
def test_a_cancelled_part_is_not_charged(quantity: int, cancelled: int, total: int) -> None:
    kept = item(quantity=quantity, cancelled=min(cancelled, quantity), total_cents=total)
    made = order_lines(kept, line(wanted=kept.wanted), bol_order(), FBR)
    assert sum(one.quantity for one in made) == kept.wanted
    due = sum(one.quantity * one.price_cents for one in made)
    assert abs(due * quantity - total * kept.wanted) <= quantity


@given(
    quantity=st.integers(1, 20),
    price=st.integers(1, 20_000),
    off=st.lists(st.integers(1, 500), max_size=4),
    cancelled=st.integers(0, 19),
)
def test_with_discounts_as_lines_the_sum_is_still_what_was_paid(
    quantity: int, price: int, off: list[int], cancelled: int
) -> None:
    less = min(sum(off), price * quantity)
    one = item(
        quantity=quantity,
        cancelled=min(cancelled, quantity - 1),
        unit_price_cents=price,
        total_cents=price * quantity - less,
        discounts=tuple(Discount(title=f"Actie {n}", cents=cents) for n, cents in enumerate(off))
        if sum(off) == less
        else (Discount(title="Actie", cents=less),),
    )
    within = drawn(bol_order(one), FBR, line(wanted=one.wanted))
    apart = drawn(bol_order(one), replace(FBR, discount_article=99), line(wanted=one.wanted))
    assert apart.cents == within.cents
    assert all(made.price_cents <= 0 or made.article_number != 99 for made in apart.draft.lines), (
        "a discount takes off"
    )


def test_an_even_price_takes_one_line() -> None:
    made = order_lines(item(quantity=3), line(wanted=3), bol_order(), FBR)
    assert [(one.quantity, one.price_cents) for one in made] == [(3, 1995)]


def test_a_free_item_costs_nothing() -> None:
    free = item(unit_price_cents=1995, total_cents=0, discounts=(Discount(title="Gratis", cents=1995),))
    assert [one.price_cents for one in drawn(bol_order(free)).draft.lines] == [0]


@pytest.mark.parametrize(
    ("rules", "country", "own", "code"),
    [
        (VatRules(), "NL", 2, None),
        (VatRules(by_country={"BE": {2: 21, 1: 6}}), "BE", 2, 21),
        (VatRules(by_country={"BE": {2: 21, 1: 6}}), "BE", 1, 6),
        (VatRules(by_country={"BE": {2: 21}}), "BE", 1, None),
        (VatRules(by_country={"BE": {2: 21, 0: 9}}), "BE", 1, 9),
        (VatRules(by_country={"BE": {0: 9}}), "BE", None, 9),
        (VatRules(by_country={"BE": {2: 21}}, by_article={1001: 5}), "BE", 2, 5),
        (VatRules(by_article={1001: 5}), "NL", 2, 5),
    ],
)
def test_the_vat_code_of_a_line(rules: VatRules, country: str, own: int, code: int | None) -> None:
    order = bol_order(ship_to=replace(JAN, country=country))
    made = drawn(order, replace(FBR, vat=rules), line(vat_code=own))
    assert [one.vat_code for one in made.draft.lines] == [code]


def test_a_valid_foreign_vat_number_shifts_the_vat_where_the_shop_wants_that() -> None:
    company = replace(JAN, country="BE", company="Bloem BV", vat_number="BE0428759497")
    rules = replace(FBR, vat=VatRules(reverse_charge=("BE",), reverse_charge_code=8))
    made = drawn(bol_order(ship_to=company), rules).draft
    assert made.vat_method == "VAT-METHOD-SHIFTED"
    assert [one.vat_code for one in made.lines] == [8]
    wrong = replace(company, vat_number="BE0428759498")
    assert drawn(bol_order(ship_to=wrong), rules).draft.vat_method == "VAT-METHOD-INCLUSIVE"
    at_home = replace(company, country="NL")
    assert drawn(bol_order(ship_to=at_home), rules).draft.vat_method == "VAT-METHOD-INCLUSIVE"


def test_the_revenue_account_goes_by_country() -> None:
    rules = replace(FBR, turnover_groups={"BE": 12, "": 10})
    belgian = bol_order(ship_to=replace(JAN, country="BE"))
    assert drawn(belgian, rules).draft.lines[0].turnover_group == 12
    assert drawn(None, rules).draft.lines[0].turnover_group == 10


@pytest.mark.parametrize(
    ("chosen", "country", "pickup", "method"),
    [
        ("REGULAR", "NL", False, "POST"),
        ("EVENING", "NL", False, "AVOND"),
        ("EVENING", "BE", False, "AVOND-BE"),
        ("", "BE", False, "BPOST"),
        ("EVENING", "NL", True, "PUNT"),
        ("SUNDAY", "NL", False, "POST"),
    ],
)
def test_the_delivery_method_is_the_most_exact_entry(
    chosen: str, country: str, pickup: bool, method: str
) -> None:
    table = {"EVENING": "AVOND", "EVENING/BE": "AVOND-BE", "PICKUP": "PUNT", "BE": "BPOST", "": "POST"}
    rules = replace(FBR, shipping=ShippingRules(delivery_methods=table))
    order = bol_order(item(time_frame=chosen), ship_to=replace(JAN, country=country))
    assert drawn(replace(order, pickup_point=pickup), rules).draft.delivery_method == method


def test_a_business_customers_own_reference_stands_beside_ours() -> None:
    company = replace(JAN, order_reference="PO-4711")
    assert drawn(bol_order(ship_to=company)).draft.reference == "Bol.com b1 / PO-4711"


def test_an_order_without_a_billing_name_is_billed_to_who_gets_it() -> None:
    assert drawn(replace(bol_order(), bill_to=Address())).draft.invoice_to.name == "Jan de Vries"


def test_the_financial_date_is_the_shops_day_of_the_order_or_of_the_booking() -> None:
    assert drawn().draft.financial_date.isoformat() == "2026-11-23"
    late = replace(bol_order(), placed_at=START.replace(hour=23, minute=30))
    assert drawn(late).draft.financial_date.isoformat() == "2026-11-24", "it is past midnight in the shop"
    booked = replace(FBR, kinds={"FBR": KindRules(branch_number=1, financial_date="booked")})
    assert drawn(None, booked).draft.financial_date.isoformat() == "2026-11-25"
