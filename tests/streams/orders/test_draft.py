"""Prices and addresses of the order that Mplus is asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.orders.draft import customer, draft, order_lines
from streams.orders.rules import OrderRules
from streams.orders.state import Line
from streams.vocabulary.bol_order import Address
from tests.streams.orders.desk import JAN, bol_order, item


def line(units: int = 1) -> Line:
    return Line(item_id="i1", ean="", reference="", wanted=1, article_number=1001, units=units)


@given(quantity=st.integers(1, 50), total=st.integers(1, 500_000), units=st.integers(1, 24))
def test_lines_add_up_to_what_bol_charged(quantity: int, total: int, units: int) -> None:
    made = order_lines(item(quantity=quantity, total_cents=total), line(units), 1001)
    assert sum(one.quantity for one in made) == quantity * units
    assert sum(one.quantity * one.price_cents for one in made) == total
    assert len(made) <= 2
    prices = [one.price_cents for one in made]
    assert max(prices) - min(prices) <= 1


@given(quantity=st.integers(2, 50), cancelled=st.integers(1, 49), total=st.integers(100, 500_000))
def test_a_cancelled_part_is_not_charged(quantity: int, cancelled: int, total: int) -> None:
    kept = item(quantity=quantity, cancelled=min(cancelled, quantity), total_cents=total)
    made = order_lines(kept, line(), 1001)
    assert sum(one.quantity for one in made) == kept.wanted
    due = sum(one.quantity * one.price_cents for one in made)
    assert abs(due * quantity - total * kept.wanted) <= quantity


def test_an_even_price_takes_one_line() -> None:
    made = order_lines(item(quantity=3), line(), 1001)
    assert [(one.quantity, one.price_cents) for one in made] == [(3, 1995)]


def test_the_delivery_address_is_told_only_when_it_differs() -> None:
    assert customer(bol_order()).delivery_address == ""
    elsewhere = replace(bol_order(), ship_to=replace(JAN, street="Kade", house_number="1"))
    assert customer(elsewhere).delivery_address == "Kade 1 bis"


def test_a_company_is_billed_by_its_name() -> None:
    company = replace(JAN, company="Bloem BV", vat_number="NL001")
    made = customer(bol_order(ship_to=company))
    assert made.name == "Bloem BV"
    assert made.vat_number == "NL001"


def test_an_order_without_a_billing_name_is_billed_to_who_gets_it() -> None:
    order = replace(bol_order(), bill_to=Address())
    assert customer(order).name == "Jan de Vries"
    made = draft("shop", order, (), 7, 1, OrderRules(branch_number=1))
    assert made.invoice_to.name == "Jan de Vries"


def test_the_financial_date_is_the_shops() -> None:
    made = draft("shop", bol_order(), (), 7, 1, OrderRules(branch_number=1))
    assert made.financial_date.isoformat() == "2026-11-23"
