"""Customers from a seed."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from connectors.bol.simulator.generator import again, customer


def test_the_same_seed_gives_the_same_customer() -> None:
    assert customer(Random(3), "A1") == customer(Random(3), "A1") != customer(Random(4), "A1")


def test_the_relay_address_cannot_be_guessed_from_the_order() -> None:
    assert len({customer(Random(seed), "A1").email for seed in range(50)}) == 50


def test_customers_are_as_odd_as_at_a_marketplace() -> None:
    rng = Random(1)
    people = [customer(rng, f"A{number}") for number in range(2000)]
    assert len({one.email for one in people}) == 2000
    for one in people:
        assert re.fullmatch(r"a\d+[0-9a-f]{10}@verkopen\.bol\.com", one.email)
        assert re.fullmatch(r"\d{4}[A-Z]{2}" if one.country == "NL" else r"\d{4}", one.zip_code)
        assert one.language in (("nl",) if one.country == "NL" else ("nl-BE", "fr-BE"))
        if one.company:
            assert re.fullmatch(r"NL\d{9}B01" if one.country == "NL" else r"BE0\d{9}", one.vat_number)
            assert re.fullmatch(r"\d{8}" if one.country == "NL" else r"0\d{9}", one.kvk_number)
        else:
            assert (one.vat_number, one.kvk_number, one.order_reference) == ("", "", "")
    assert {one.country for one in people} == {"NL", "BE"}
    assert any("<" in one.extra for one in people)
    assert any("'" in one.surname for one in people)
    assert any(len(one.surname) > 40 for one in people)
    assert any(any(letter.isdigit() for letter in one.street) for one in people)
    assert any(not one.surname.isascii() for one in people)
    for field in ("extension", "extra", "phone", "pickup_point", "bill_to_box", "company"):
        share = sum(bool(getattr(one, field)) for one in people) / len(people)
        assert 0.05 < share < 0.95, field


def test_an_order_reference_comes_with_some_companies() -> None:
    rng = Random(2)
    business = [one for one in (customer(rng, "A") for _ in range(2000)) if one.company]
    assert {bool(one.order_reference) for one in business} == {True, False}


def test_registered_numbers_have_right_check_digits() -> None:
    """11-proof in the Netherlands, 97-proof in Belgium, where the enterprise number is both."""
    rng = Random(3)
    for land in ("NL", "BE") * 100:
        one = customer(rng, "A", country=land, business=True)
        if land == "BE":
            number = one.vat_number.removeprefix("BE")
            assert number == one.kvk_number
            assert 97 - int(number[:8]) % 97 == int(number[8:])
        else:
            digits = [int(digit) for digit in one.vat_number[2:11]]
            weighed = sum(digit * (9 - place) for place, digit in enumerate(digits[:8]))
            assert weighed % 11 == digits[8]


def test_who_comes_again_is_the_same_but_for_the_relay_address() -> None:
    rng = Random(4)
    one = customer(rng, "A1")
    other = again(rng, one, "B2")
    assert other.email.startswith("b2")
    assert replace(other, email=one.email) == one
