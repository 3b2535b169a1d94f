"""Who an order's customer is, and how his address is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.orders.customer import (
    OVERWRITABLE,
    CustomerOf,
    FixedDebtor,
    SoughtCustomer,
    UnknownCustomer,
    full_name,
    is_email,
    is_relay,
    postal,
    relation_of,
    street,
    wants_update,
)
from streams.orders.rules import CustomerRules, KindRules, OrderRules
from streams.vocabulary.bol_order import Address, BolOrder
from streams.vocabulary.mplus_order import Customer

JAN = Address(
    first_name="Jan",
    surname="de Vries",
    street="Oudegracht",
    house_number="12",
    house_number_extension="bis",
    zip_code="3511 AB",
    city="Utrecht",
    country="NL",
    email="abc123@verkopen.bol.com",
)
BLOEM = replace(JAN, company="Bloem BV", vat_number="NL004495445B01", chamber_of_commerce="99887766")
KIOSK = Address(
    first_name="Jan",
    surname="de Vries",
    pickup_point="Albert Heijn: UTRECHT",
    street="Voorstraat",
    house_number="1",
    zip_code="3512 AK",
    city="Utrecht",
    country="NL",
)


def order(bill_to: Address = JAN, ship_to: Address | None = None, pickup: bool = False) -> BolOrder:
    """An order of these two."""
    return BolOrder(
        order_id="b1",
        placed_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        items=(),
        bill_to=bill_to,
        ship_to=bill_to if ship_to is None else ship_to,
        pickup_point=pickup,
    )


def rules(**customer: object) -> OrderRules:
    """Of a shop that takes over what it sends itself."""
    own = CustomerRules(**customer)  # type: ignore[arg-type]  # each test names what it sets
    return OrderRules(kinds={"FBR": KindRules(branch_number=1)}, customer=own)


def asked(of: BolOrder, **customer: object) -> CustomerOf:
    return relation_of(of, "FBR", rules(**customer))


def sought(of: BolOrder, **customer: object) -> SoughtCustomer:
    found = asked(of, **customer)
    assert isinstance(found, SoughtCustomer)
    return found


def made(of: BolOrder, **customer: object) -> Customer:
    return sought(of, **customer).customer


def identity(of: BolOrder, **customer: object) -> str:
    return made(of, **customer).identity


# -- addresses


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"street": "Oudegracht", "house_number": "12"}, "Oudegracht 12"),
        ({"street": "Oudegracht", "house_number": "12", "house_number_extension": "bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht", "house_number": "12", "house_number_extension": "A"}, "Oudegracht 12 A"),
        ({"street": "Oudegracht", "house_number": "12A"}, "Oudegracht 12A"),
        ({"street": "Oudegracht", "house_number": "12A", "house_number_extension": "A"}, "Oudegracht 12A"),
        ({"street": "Oudegracht", "house_number": "12 bis", "house_number_extension": "bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht", "house_number": "12", "house_number_extension": "-2"}, "Oudegracht 12-2"),
        ({"street": "Oudegracht", "house_number": "12", "house_number_extension": "/3"}, "Oudegracht 12/3"),
        ({"street": "Oudegracht", "house_number": "12", "house_number_extension": "2"}, "Oudegracht 12 2"),
        ({"street": "Oudegracht", "house_number": "12-14"}, "Oudegracht 12-14"),
        ({"street": "Oudegracht 12 bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht 12", "house_number": "12"}, "Oudegracht 12"),
        ({"street": "Oudegracht 12", "house_number": "12", "house_number_extension": "bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht 12 bis", "house_number": "12", "house_number_extension": "bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht 12", "house_number_extension": "bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht 12 bis", "house_number_extension": "bis"}, "Oudegracht 12 bis"),
        ({"street": "Oudegracht 12", "house_number": "14"}, "Oudegracht 12 14"),
        ({"street": "Oudegracht 112", "house_number": "12"}, "Oudegracht 112 12"),
        ({"street": "Plein 1945", "house_number": "3"}, "Plein 1945 3"),
        ({"street": "Q 7", "house_number": "7"}, "Q 7 7"),
        ({"street": "2e Jan Steenstraat", "house_number": "2"}, "2e Jan Steenstraat 2"),
        ({"street": "Wetstraat", "house_number": "16", "house_number_extension": "bus 3"}, "Wetstraat 16 bus 3"),
        ({"street": "Rue de la Loi", "house_number": "16", "house_number_extension": "bte 3"},
         "Rue de la Loi 16 bte 3"),
        ({"street": "Wetstraat", "house_number": "16", "house_number_extension": "b003"}, "Wetstraat 16 b003"),
        ({"street": "Postbus 123"}, "Postbus 123"),
        ({"street": "Postbus", "house_number": "123"}, "Postbus 123"),
        ({"street": "Kade", "house_number": "1", "extra": "c/o Smit"}, "Kade 1, c/o Smit"),
        ({"street": "Kade", "house_number": "1", "extra": "3e verdieping, bel 4"}, "Kade 1, 3e verdieping, bel 4"),
        ({"street": "Kade", "house_number": "1", "house_number_extension": "hs", "extra": "HS"}, "Kade 1 hs"),
        ({"street": "Kade", "house_number": "1", "extra": "Kade 1"}, "Kade 1"),
        ({"extra": "Woonboot Neeltje"}, "Woonboot Neeltje"),
        ({"house_number": "12"}, "12"),
        ({}, ""),
        ({"street": "  Kade \n", "house_number": " 1", "extra": "\t"}, "Kade 1"),
        ({"street": "Οδός Αθηνάς", "house_number": "5"}, "Οδός Αθηνάς 5"),
        ({"street": "Улица Ленина", "house_number": "7", "house_number_extension": "Б"}, "Улица Ленина 7 Б"),
        ({"street": "東京都千代田区", "house_number": "1-1"}, "東京都千代田区 1-1"),
        ({"pickup_point": "Albert Heijn: UTRECHT", "street": "Voorstraat", "house_number": "1"},
         "Albert Heijn: UTRECHT, Voorstraat 1"),
        ({"pickup_point": "Voorstraat 1", "street": "Voorstraat", "house_number": "1"}, "Voorstraat 1"),
        ({"pickup_point": "PostNL punt", "street": "Kade", "house_number": "1", "extra": "PostNL punt"},
         "PostNL punt, Kade 1"),
    ],
)  # fmt: skip
def test_addresses_in_every_form(parts: dict[str, str], expected: str) -> None:
    address = Address(**parts)
    assert street(address) == expected
    assert postal(address).address == expected


PART = st.one_of(
    st.sampled_from(["", "12", "bis", "A", "12A", "12 bis", "Kade", "Kade 12", "Kade 12 bis", "-2", "bus 3",
                     "Plein 1945"]),
    st.text(max_size=12),
)  # fmt: skip
ADDRESSES = st.builds(
    Address,
    pickup_point=PART,
    street=PART,
    house_number=PART,
    house_number_extension=PART,
    extra=PART,
)


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@given(ADDRESSES)
def test_no_part_of_an_address_is_lost(address: Address) -> None:
    whole = plain(street(address))
    for name in ("pickup_point", "street", "house_number", "house_number_extension", "extra"):
        assert plain(getattr(address, name)) in whole


@given(ADDRESSES)
def test_nothing_is_added_to_an_address(address: Address) -> None:
    parts = (
        address.pickup_point,
        address.street,
        address.house_number,
        address.house_number_extension,
        address.extra,
    )
    given_signs = sum(len("".join(plain(part).split())) for part in parts)
    told_signs = len("".join(plain(street(address)).split()))
    assert told_signs <= given_signs + 2, "at most the commas around the street"


@given(
    st.sampled_from(["Oudegracht", "Rue de la Loi"]),
    st.sampled_from(["12", "7", "1-2"]),
    st.sampled_from(["", "bis", "A", "bus 3"]),
)
def test_whatever_field_a_part_is_in_the_address_is_one(line: str, number: str, extension: str) -> None:
    door = f"{number} {extension}".strip()
    spread = [
        Address(street=line, house_number=number, house_number_extension=extension),
        Address(street=line, house_number=door),
        Address(street=line, house_number=door, house_number_extension=extension),
        Address(street=f"{line} {door}"),
        Address(street=f"{line} {number}", house_number_extension=extension),
        Address(street=f"{line} {door}", house_number=number, house_number_extension=extension),
        Address(street=f"{line} {number}", house_number=number, house_number_extension=extension),
    ]
    assert {street(one) for one in spread} == {f"{line} {door}"}


def test_an_address_on_an_order_has_every_part_in_its_place() -> None:
    assert postal(BLOEM).name == "Jan de Vries"
    assert postal(BLOEM).company == "Bloem BV"
    assert postal(replace(BLOEM, first_name="", surname="")).name == "Bloem BV"
    told = postal(JAN)
    assert (told.zip_code, told.city, told.country) == ("3511 AB", "Utrecht", "NL")
    assert full_name(Address(first_name=" Jan ", surname="")) == "Jan"


# -- the customer


def test_a_person() -> None:
    assert made(order()) == Customer(
        name="Jan de Vries",
        email="abc123@verkopen.bol.com",
        identity=identity(order()),
        house_number="12 bis",
        address="Oudegracht 12 bis",
        zip_code="3511 AB",
        city="Utrecht",
        country="NL",
    )


def test_a_company() -> None:
    found = sought(order(BLOEM), match=("vat", "kvk", "name-address"))
    told = found.customer
    assert found.by == ("vat", "kvk", "name-address")
    assert (told.name, told.company, told.contact) == ("Bloem BV", "Bloem BV", "Jan de Vries")
    assert (told.vat_number, told.chamber_of_commerce) == ("NL004495445B01", "99887766")
    assert told.contact_below
    assert not made(order(BLOEM), company_contact="field").contact_below
    alone = made(order(replace(BLOEM, first_name="", surname="")))
    assert (alone.contact, alone.contact_below) == ("", False)


def test_a_numbers_form_is_the_one_it_is_known_by() -> None:
    belgian = replace(BLOEM, country="BE", vat_number="0428.759.497", chamber_of_commerce="0428 759 497")
    told = made(order(belgian))
    assert (told.vat_number, told.chamber_of_commerce) == ("BE0428759497", "BE0428759497")
    german = replace(BLOEM, country="DE", vat_number="DE136695976", chamber_of_commerce="HRB 12345")
    assert made(order(german)).chamber_of_commerce == "HRB 12345"
    assert sought(order(german), match=("kvk", "vat")).by == ("vat",)


def test_a_number_that_cannot_be_one_is_not_sent_and_is_told() -> None:
    wrong = replace(BLOEM, vat_number="NL999999999B99", chamber_of_commerce="123")
    found = sought(order(wrong), match=("vat", "kvk", "name-address"))
    assert found.by == ("name-address",)
    assert (found.customer.vat_number, found.customer.chamber_of_commerce) == ("", "")
    assert [one for one in found.remarks if "VAT number NL999999999B99" in one]
    assert [one for one in found.remarks if "chamber of commerce number 123" in one]
    assert not sought(order(BLOEM)).remarks
    assert asked(order(wrong), match=("vat",)).remarks, "whoever is not known by it is told too"


def test_what_goes_elsewhere_has_a_delivery_address() -> None:
    told = made(order(JAN, KIOSK))
    assert told.address == "Oudegracht 12 bis"
    assert told.delivery_address == "Albert Heijn: UTRECHT, Voorstraat 1"
    assert (told.delivery_zip_code, told.delivery_city, told.delivery_country) == ("3512 AK", "Utrecht", "NL")
    for same in (
        replace(JAN, first_name="Joke"),
        replace(JAN, street=" oudegracht"),
        replace(JAN, zip_code="3511AB"),
        Address(),
    ):
        assert made(order(JAN, same)).delivery_address == ""  # fmt: skip


def test_a_half_that_the_billing_details_lack_is_the_shipments() -> None:
    nobody = Address(email="abc123@verkopen.bol.com")
    assert made(order(nobody, JAN)) == made(order())
    nameless = replace(JAN, first_name="", surname="", street="Kade", house_number="1")
    told = made(order(nameless, JAN))
    assert (told.name, told.address, told.delivery_address) == (
        "Jan de Vries",
        "Kade 1 bis",
        "Oudegracht 12 bis",
    )
    homeless = Address(first_name="Piet", surname="Smit")
    assert made(order(homeless, JAN)).name == "Piet Smit"
    assert made(order(homeless, JAN)).address == "Oudegracht 12 bis"
    assert made(order(JAN, replace(KIOSK, phone="0301234567"))).phone == "0301234567"


def test_who_has_no_name_is_called_something() -> None:
    told = made(order(Address(email="jan@example.nl", country="NL")))
    assert told.name == "Bol.com"


def test_a_relay_address_is_kept_and_matched_on_by_nobody() -> None:
    assert sought(order()).by == ("name-address",)
    assert made(order()).email == "abc123@verkopen.bol.com"
    assert made(order(), keep_relay_email=False).email == ""
    real = order(JAN, replace(JAN, email="Jan@Example.nl"))
    assert made(real).email == "Jan@Example.nl", "a real one comes first, wherever it stands"
    assert sought(real).by == ("email", "name-address")
    assert sought(order(), relay_domains=()).by == ("email", "name-address")


@pytest.mark.parametrize(
    ("address", "relay"),
    [
        ("a@verkopen.bol.com", True),
        ("a@VERKOPEN.BOL.COM", True),
        ("a@eu.verkopen.bol.com", True),
        ("a@nietverkopen.bol.com", False),
        ("a@bol.com", False),
        ("verkopen.bol.com@example.nl", False),
        ("", False),
    ],
)
def test_relay_addresses(address: str, relay: bool) -> None:
    assert is_relay(address, CustomerRules()) is relay


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("jan@example.nl", True),
        ("jan", False),
        ("@example.nl", False),
        ("jan@", False),
        ("jan@ example.nl", False),
        ("", False),
    ],
)
def test_addresses_of_mail(address: str, is_one: bool) -> None:
    assert is_email(address) is is_one


# -- the identity


def test_two_orders_of_one_person_have_one_identity() -> None:
    """Only Bol's relay address is another one."""
    again = replace(JAN, email="xyz789@verkopen.bol.com", city="UTRECHT")
    spelled = replace(
        JAN, surname="DE VRIES", zip_code="3511ab", house_number="12bis", house_number_extension=""
    )
    line = replace(JAN, street="Oudegracht 12-bis", house_number="", house_number_extension="")
    sent_on = order(JAN, KIOSK)
    persons = {identity(one) for one in (order(), order(again), order(spelled), order(line), sent_on)}
    assert len(persons) == 1
    assert persons.pop().startswith("bol-")


def test_an_identity_stays_what_it_is() -> None:
    """It lies in Mplus: another digest would make a second relation of everybody."""
    assert identity(order()) == "bol-b2c9ee1c02e42429f6b8ab3c87359076"


def test_two_persons_never_have_one() -> None:
    persons = [
        JAN,
        replace(JAN, first_name="Joke"),
        replace(JAN, first_name="J."),
        replace(JAN, house_number="14"),
        replace(JAN, house_number_extension=""),
        replace(JAN, house_number="1", house_number_extension="2"),
        replace(JAN, zip_code="3512 AB"),
        replace(JAN, company="Bloem BV"),
        replace(JAN, zip_code="1000", country="BE"),
        replace(JAN, zip_code="1000", country="BE", street="Nieuwstraat"),
        replace(JAN, email="jan@example.nl"),
        replace(JAN, email="jan2@example.nl"),
    ]
    assert len({identity(order(one)) for one in persons}) == len(persons)


def test_the_merchants_order_says_what_is_best() -> None:
    both = replace(BLOEM, email="inkoop@bloem.example")
    other = replace(both, email="jan@bloem.example")
    vat_first, mail_first = ("vat", "email"), ("email", "vat")
    assert identity(order(both), match=vat_first) == identity(order(other), match=vat_first)
    assert identity(order(both), match=mail_first) != identity(order(other), match=mail_first)
    assert sought(order(both), match=vat_first).by == vat_first
    assert sought(order(both), match=mail_first).by == mail_first


def test_a_company_is_one_whoever_orders_for_it() -> None:
    colleague = replace(BLOEM, first_name="Joke", surname="Smit")
    assert identity(order(BLOEM)) == identity(order(colleague))


def test_two_companies_of_one_name_and_address_are_two_by_their_numbers() -> None:
    """A holding and its daughter: the invoice of one is none for the other."""
    other = replace(BLOEM, vat_number="NL100000009B01")
    shared = replace(BLOEM, email="inkoop@bloem.example"), replace(other, email="inkoop@bloem.example")
    assert BLOEM.vat_number != other.vat_number
    for one, two in ((BLOEM, other), shared):
        assert identity(order(one)) == identity(order(replace(one, first_name="Joke")))
        assert identity(order(one)) != identity(order(two))
    kvk = replace(BLOEM, vat_number="", chamber_of_commerce="12345678")
    assert identity(order(kvk)) != identity(order(replace(kvk, chamber_of_commerce="")))


TEXT = st.text(alphabet="ab ÀÉ-'.12", max_size=6)
PERSONS = st.builds(
    Address,
    first_name=TEXT,
    surname=TEXT,
    company=st.sampled_from(["", "", "Bloem BV"]),
    street=TEXT,
    house_number=st.sampled_from(["", "1", "12", "1-2", "12 bis"]),
    house_number_extension=st.sampled_from(["", "2", "bis", "bus 2"]),
    zip_code=st.sampled_from(["", "3511 AB", "3511ab", "1000"]),
    country=st.sampled_from(["NL", "BE", ""]),
    email=st.sampled_from(["", "x@verkopen.bol.com", "jan@example.nl"]),
    vat_number=st.sampled_from(["", "NL004495445B01", "NL1"]),
    pickup_point=st.sampled_from(["", "", "Kiosk"]),
)


@given(PERSONS, PERSONS)
def test_an_identity_goes_with_what_is_compared(bill_to: Address, ship_to: Address) -> None:
    found = asked(order(bill_to, ship_to), match=("email", "vat", "kvk", "name-address"))
    if isinstance(found, UnknownCustomer):
        assert "orders.customer.fallback" in found.why
        return
    assert isinstance(found, SoughtCustomer)
    loud = replace(bill_to, first_name=bill_to.first_name.upper(), zip_code=bill_to.zip_code.lower())
    other = asked(order(loud, ship_to), match=("email", "vat", "kvk", "name-address"))
    assert isinstance(other, SoughtCustomer)
    assert other.customer.identity == found.customer.identity
    if "email" in found.by:
        assert found.customer.email == "jan@example.nl"
    if "vat" in found.by:
        assert found.customer.vat_number
    if "name-address" in found.by:
        assert found.customer.name
        assert found.customer.zip_code


# -- who is not looked for, and who cannot be


def test_a_fixed_debtor() -> None:
    table = {"FBR/BE": 1, "FBR": 2, "NL": 3, "": 4}
    own = rules(default=table)
    belgian = order(JAN, replace(JAN, country="be"))

    def number(kind: str, of: BolOrder) -> int:
        found = relation_of(of, kind, own)
        assert isinstance(found, FixedDebtor)
        return found.relation_number

    assert number("FBR", belgian) == 1, "the country it is delivered in"
    assert number("FBR", order()) == 2
    assert number("FBB", order()) == 3
    assert number("FBB", belgian) == 4
    told = relation_of(order(), "FBR", own)
    assert isinstance(told, FixedDebtor)
    assert "orders.customer.default" in told.why


def test_who_has_nothing_to_be_known_by() -> None:
    only_relay = Address(first_name="Jan", email="a@verkopen.bol.com", country="NL")
    found = asked(order(only_relay))
    assert isinstance(found, UnknownCustomer)
    assert "orders.customer.fallback" in found.why
    assert "email, name-address" in found.why
    with_fallback = asked(order(only_relay), fallback=9)
    assert isinstance(with_fallback, FixedDebtor)
    assert with_fallback.relation_number == 9
    assert isinstance(asked(order(), match=("email",)), UnknownCustomer)
    assert isinstance(asked(order(), match=()), UnknownCustomer)


def test_whoever_gives_only_a_pickup_point_is_not_known_by_it() -> None:
    """Half of the town collects its parcels there, and some of them are called Jan de Vries."""
    assert isinstance(asked(order(Address(), KIOSK)), UnknownCustomer)
    nameless_point = replace(KIOSK, pickup_point="")
    assert isinstance(asked(order(nameless_point, pickup=True)), UnknownCustomer)
    assert sought(order(JAN, KIOSK, pickup=True)).by == ("name-address",)
    assert sought(order(replace(JAN, email="jan@example.nl"), KIOSK)).by == ("email", "name-address")


# -- what may be overwritten


def test_only_what_the_shop_names_is_overwritten() -> None:
    own = rules(update=("address", "phone", "city", "city", "relationCode", "identity"))
    assert wants_update(sought(order()), own) == ("address", "phone", "city")
    assert wants_update(sought(order()), rules(update=())) == ()
    assert set(CustomerRules().update) <= OVERWRITABLE


def test_a_relay_address_does_not_take_the_place_of_a_real_one() -> None:
    own = rules(update=("email", "city"))
    assert wants_update(sought(order()), own) == ("city",)
    assert wants_update(sought(order(replace(JAN, email="jan@example.nl"))), own) == ("email", "city")
