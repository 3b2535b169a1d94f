"""An order to map, and any order there may be."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
from hypothesis import strategies as st

from streams.orders.rules import KindRules, OrderRules
from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem, Discount
from streams.vocabulary.mplus_order import Customer, OrderDraft, OrderLine, Payment, PostalAddress

SHIP = Address(
    first_name="JAN",
    surname="DE VRIES",
    street="Kerkstraat",
    house_number="12",
    house_number_extension="bus 3",
    zip_code="2000",
    city="Antwerpen",
    country="BE",
    email="2ab3@verkopen.bol.com",
    phone="0470 12 34 56",
    language="nl-BE",
)
BILL = msgspec.structs.replace(
    SHIP, company="Vries NV", vat_number="BE0123456789", order_reference="PO-77", city="Gent"
)
ORDER = BolOrder(
    order_id="A2K8290LP8",
    placed_at=datetime(2026, 11, 25, 23, 30, tzinfo=UTC),
    ship_to=SHIP,
    bill_to=BILL,
    items=(
        BolOrderItem(
            item_id="2012345678",
            ean="8712345678906",
            quantity=2,
            unit_price_cents=1995,
            total_cents=3790,
            commission_cents=310,
            title="Een mok",
            reference="MOK-1",
            latest_delivery="2026-11-27",
            time_frame="EVENING",
            distribution="RETAILER",
            discounts=(Discount(title="Actie", cents=200),),
        ),
    ),
)
ITEMS = ("2012345678", "")
CUSTOMER = Customer(
    name="Vries NV", email="2ab3@verkopen.bol.com", city="Gent", country="BE", company="Vries NV"
)
DRAFT = OrderDraft(
    ext_order_id="BOL-A2K8290LP8",
    idempotency_key="key",
    relation_number=12,
    reference="Bol.com A2K8290LP8",
    financial_date=date(2026, 11, 26),
    lines=(
        OrderLine(article_number=1001, text="Een mok", quantity=2, price_cents=1995),
        OrderLine(article_number=9, text="Actie", quantity=1, price_cents=-200),
    ),
    branch_number=1,
    deliver_to=PostalAddress(name="JAN DE VRIES", address="Kerkstraat 12 bus 3", city="Antwerpen", country="BE"),
    payments=(Payment(method="BOL", cents=3790, reference="A2K8290LP8"), Payment(method="X", cents=5)),
)  # fmt: skip


def rules(mapping: dict[str, str], tables: dict[str, dict[str, str]] | None = None) -> OrderRules:
    """A shop with this mapping."""
    return OrderRules(kinds={"FBR": KindRules(branch_number=1)}, mapping=mapping, tables=tables or {})


ODD_TEXT = st.one_of(
    st.text(st.characters(), max_size=20),  # lone surrogates and all
    st.sampled_from(
        ["", " ", "NL", "bus 3", "12", "12-3", "€", "\u0000", "\ud800", "a" * 3000, "'", '"', "$", "\\"]
    ),
)
CENTS = st.integers(-(10**9), 10**9)
ADDRESSES = st.builds(Address, **dict.fromkeys(Address.__struct_fields__, ODD_TEXT))
ORDERS = st.builds(
    BolOrder,
    order_id=ODD_TEXT,
    placed_at=st.datetimes(
        datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
        datetime(9998, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    ship_to=ADDRESSES,
    bill_to=ADDRESSES,
    pickup_point=st.booleans(),
    items=st.lists(
        st.builds(
            BolOrderItem,
            item_id=ODD_TEXT,
            ean=ODD_TEXT,
            title=ODD_TEXT,
            reference=ODD_TEXT,
            fulfilment=ODD_TEXT,
            latest_delivery=ODD_TEXT,
            quantity=st.integers(0, 10**6),
            unit_price_cents=CENTS,
            total_cents=CENTS,
            services=st.lists(ODD_TEXT, max_size=2).map(tuple),
            discounts=st.lists(st.builds(Discount, title=ODD_TEXT, cents=CENTS), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)
