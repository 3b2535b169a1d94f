"""The orders part of the settings: every rule, what contradicts itself, and that nothing rots beside it."""

from __future__ import annotations

import copy
import json
import re
import tomllib
import typing
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from app.mapping_check import mapping_problems
from app.order_advice import order_advice
from app.order_rules import contradictions, order_rules
from app.sections import Cancel, Customer, KindOrders, Orders, Shipping, Vat
from app.sections.orders import Reason, RelationField
from app.settings import Settings, SettingsError, settings_of
from connectors.bol.transporters import TRANSPORTERS
from streams.orders.rules import (
    CancelRules,
    CustomerRules,
    KindRules,
    OrderRules,
    ShippingRules,
    VatRules,
)
from streams.vocabulary.mplus_order import Customer as Relation

ROOT = Path(__file__).parents[2]
EXAMPLE = tomllib.loads((ROOT / "kassabrug.example.toml").read_text())
ENVIRON = {"BOL_CLIENT_SECRET": "a", "MPLUS_SECRET": "b", "MPLUS_WEBHOOK_SECRET": "aGFhaw=="}
TODAY = date(2026, 11, 26)


def rules(text: str = "") -> OrderRules:
    """Of a connection whose orders part is `branch = 1` and this, as it stands in a file."""
    found = loaded(text).order_rules("winkel")
    assert found is not None
    return found


def loaded(text: str) -> Settings:
    given = copy.deepcopy(EXAMPLE)
    given["connections"]["winkel"]["orders"] = tomllib.loads("branch = 1\n" + text)
    return settings_of(given, ENVIRON, "kassabrug.toml", lambda mapping, tables: [])


def mistakes(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(text)
    first, *lines = str(caught.value).splitlines()
    assert first == "kassabrug.toml cannot be used:"
    return [line.strip().removeprefix("connections.winkel.orders.") for line in lines]


# -- what holds


def test_a_branch_is_enough_and_the_rest_is_the_rules_own() -> None:
    assert rules() == OrderRules(kinds={"FBR": KindRules(branch_number=1)})


def test_everything_that_can_be_set_arrives_in_the_rules() -> None:
    made = rules(
        """
        workplace = 2
        employee = 7
        order_type = "ORDER-TYPE-SALES-ORDER"
        order_category = 1
        financial_date = "booked"
        commit = "invoice"
        deliver = "at-once"
        payment_method = "BOL"
        prepaid = true
        ship_on = "category"
        kinds = ["FBR", "FBB"]
        start = 2026-12-01
        ext_order_prefix = "B-"
        codes = ["sku"]
        fallback_article = 9001
        discount_article = 9002
        warn_hours = 12
        days_on_the_way = 2
        keep_days = 365
        turnover_groups = {"BE" = 20, "*" = 10}
        mapping = {"order.reference" = "orderId"}
        tables.regions = {"NL" = "Nederland"}
        [fbb]
        branch = 3
        order_category = 6
        [customer]
        match = ["vat", "kvk", "email"]
        relay_domains = ["Verkopen.Bol.com", "@other.example"]
        create = false
        update = []
        company_contact = "field"
        keep_relay_email = false
        default = {"FBB" = 11, "FBR/BE" = 12, "*" = 13}
        fallback = 14
        [vat]
        by_country.BE = {"2" = 5, "*" = 6}
        by_article = {"1001" = 3}
        reverse_charge = ["BE", "DE"]
        reverse_charge_code = 0
        [shipping]
        delivery_methods = {"*" = "POST", "PICKUP" = "AFHALEN", "EVENING/BE" = "DHL", "DE" = "DPD"}
        transporters = {"*" = "TNT", "DHL" = "DHLFORYOU"}
        track = "order-reference"
        track_pattern = '3S\\w+'
        track_wait = 0
        follow_bol = false
        shipped_category = 3
        done_category = 4
        cancelled_category = 5
        [cancel]
        asked_by_customer = "by-hand"
        at_bol = "show"
        in_mplus = "show"
        reason = "OTHER"
        """
    )
    own = KindRules(
        branch_number=1, workplace_number=2, employee_number=7, order_type="ORDER-TYPE-SALES-ORDER",
        order_category=1, financial_date="booked", commit="invoice", deliver="at-once", payment_method="BOL",
        prepaid=True, ship_on="category",
    )  # fmt: skip
    bols = msgspec.structs.replace(
        own, branch_number=3, workplace_number=None, order_category=6, ship_on="never", reserves=False
    )
    assert made == OrderRules(
        kinds={"FBR": own, "FBB": bols},
        start=date(2026, 12, 1),
        ext_order_prefix="B-",
        customer=CustomerRules(
            match=("vat", "kvk", "email"), relay_domains=("verkopen.bol.com", "other.example"), create=False,
            update=(), company_contact="field", keep_relay_email=False,
            default={"FBB": 11, "FBR/BE": 12, "": 13}, fallback=14,
        ),
        codes=("sku",),
        fallback_article=9001,
        vat=VatRules(
            by_country={"BE": {2: 5, 0: 6}}, by_article={1001: 3}, reverse_charge=("BE", "DE"),
            reverse_charge_code=0,
        ),
        turnover_groups={"BE": 20, "": 10},
        discount_article=9002,
        shipping=ShippingRules(
            delivery_methods={"": "POST", "PICKUP": "AFHALEN", "EVENING/BE": "DHL", "DE": "DPD"},
            transporters={"": "TNT", "DHL": "DHLFORYOU"}, track="order-reference", track_pattern=r"3S\w+",
            track_wait=0.0, follow_bol=False, shipped_category=3, done_category=4, cancelled_category=5,
        ),
        cancel=CancelRules(asked_by_customer="by-hand", at_bol="show", in_mplus="show", reason="OTHER"),
        mapping={"order.reference": "orderId"},
        tables={"regions": {"NL": "Nederland"}},
        warn_hours=12.0,
        days_on_the_way=2,
        keep_days=365,
    )  # fmt: skip


def test_every_rule_has_a_setting() -> None:
    """A rule that is added without one would keep its default for every shop. `reserves` follows from
    stock.branches."""
    names = {"branch_number": "branch", "workplace_number": "workplace", "employee_number": "employee"}
    pairs: tuple[tuple[type[BaseModel], type[msgspec.Struct]], ...] = (
        (Orders, OrderRules), (KindOrders, KindRules), (Customer, CustomerRules), (Vat, VatRules),
        (Shipping, ShippingRules), (Cancel, CancelRules),
    )  # fmt: skip
    for model, of in pairs:
        wanted = {names.get(name, name) for name in of.__struct_fields__} - {"reserves"}
        assert wanted <= set(model.model_fields), model
    assert set(KindOrders.model_fields) < set(Orders.model_fields)


def test_what_bol_sends_itself_is_delivered_at_once_and_never_told() -> None:
    made = rules('kinds = ["FBB"]')
    assert made.kinds == {"FBB": KindRules(branch_number=1, deliver="at-once", ship_on="never")}
    both = rules('kinds = ["FBB", "FBR"]\ndeliver = "by-staff"\nship_on = "delivery"')
    assert [(one.deliver, one.ship_on) for one in both.kinds.values()] == [
        ("by-staff", "delivery"),
        ("at-once", "never"),
    ]
    said = rules('kinds = ["FBB"]\n[fbb]\ndeliver = "by-staff"')
    assert said.kinds["FBB"].deliver == "by-staff"


def test_a_workplace_is_one_of_its_branch() -> None:
    made = rules('kinds = ["FBR", "FBB"]\nworkplace = 2\n[fbb]\nbranch = 3')
    assert (made.kinds["FBR"].workplace_number, made.kinds["FBB"].workplace_number) == (2, None)
    same = rules('kinds = ["FBR", "FBB"]\nworkplace = 2\n[fbb]\nbranch = 1')
    assert same.kinds["FBB"].workplace_number == 2


def test_the_part_of_one_kind_is_not_that_of_the_other() -> None:
    made = rules('kinds = ["FBR", "FBB"]\npayment_method = "BOL"\n[fbr]\npayment_method = "PIN"')
    assert (made.kinds["FBR"].payment_method, made.kinds["FBB"].payment_method) == ("PIN", "BOL")


def test_old_names_mean_what_they_meant() -> None:
    made = rules('fulfilments = ["FBR", "FBB"]\ndefault_relation = 3\ndelivery_method = "POST"')
    assert set(made.kinds) == {"FBR", "FBB"}
    assert made.customer.fallback == 3
    assert made.shipping.delivery_methods == {"": "POST"}
    assert rules('delivery_method = ""').shipping.delivery_methods == {}
    kept = rules("default_relation = 3\n[customer]\ncreate = false")
    assert (kept.customer.fallback, kept.customer.create) == (3, False)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ('kinds = ["FBR"]\nfulfilments = ["FBB"]', "fulfilments", "kinds"),
        ("default_relation = 3\ncustomer = {fallback = 4}", "default_relation", "customer.fallback"),
        (
            'delivery_method = "A"\nshipping = {delivery_methods = {"*" = "B"}}',
            "delivery_method",
            "shipping.delivery_methods",
        ),
    ],
)
def test_an_old_name_beside_the_new_one_is_refused(text: str, old: str, new: str) -> None:
    (only,) = mistakes(text)
    assert f"{old} is the old name of {new}: keep {new}, and take {old} out" in only


# -- mistakes


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("kinds = []", "kinds", 'write ["FBR"]'),
        ('kinds = ["FBR", "FBR"]', "kinds", "write everything once"),
        ('fulfilments = ["FBX"]', "kinds", 'write ["FBR"]'),
        ('start = "2026-12-01"', "start", "write a day, without quotes and without a time"),
        ("start = 2026-12-01T08:00:00", "start", "write a day, without quotes and without a time"),
        ("employee = true", "employee", "write a whole number"),
        ('workplace = "2"', "workplace", "write a whole number"),
        ("prepaid = 1", "prepaid", "write true or false"),
        ('prepaid = "no"', "prepaid", "write true or false"),
        ('commit = "Invoice"', "commit", "write one of 'order' or 'invoice'"),
        ('order_type = "SALES"', "order_type", "write one of 'ORDER-TYPE-EXTERNAL-SALES-ORDER'"),
        ("warn_hours = -1", "warn_hours", "write a number of at least 0"),
        ("warn_hours = 1000", "warn_hours", "write a number of at most 240"),
        ("days_on_the_way = 1.5", "days_on_the_way", "write a whole number"),
        ("days_on_the_way = 15", "days_on_the_way", "write a number of at most 14"),
        ("keep_days = 90", "keep_days", "write a number of at least 95"),
        ("codes = []", "codes", "is empty; write at least one"),
        ('codes = ["isbn"]', "codes.0", "write one of 'ean' or 'sku'"),
        ("fallback_article = 0", "fallback_article", "write a number of at least 1"),
        ('turnover_groups = {"nl" = 1}', "turnover_groups.nl", 'do you mean "NL"?'),
        ('turnover_groups = {"NL" = 1000}', "turnover_groups.NL", "write a number of at most 999"),
        ('turnover_groups = {"" = 1}', "turnover_groups.", "is no country code"),
        ('vat = {by_country = {"UK" = {"*" = 1}}}', "vat.by_country.UK", 'do you mean "GB"?'),
        ('vat = {by_country = {"XX" = {"*" = 1}}}', "vat.by_country.XX", 'write two capitals, as in "NL"'),
        ('vat = {by_country = {"BE" = {"hoog" = 1}}}', "vat.by_country.BE.hoog", "write a VAT code"),
        ('vat = {by_country = {"BE" = {"0" = 1}}}', "vat.by_country.BE.0", '"*" is every other code'),
        ('vat = {by_country = {"BE" = {"2" = "5"}}}', "vat.by_country.BE.2", "write a whole number"),
        ('vat = {by_country = {"BE" = 5}}', "vat.by_country.BE", "write a table"),
        ('vat = {by_article = {"x" = 5}}', "vat.by_article.x", "write an article number in quotes"),
        ('vat = {reverse_charge = ["EL"]}', "vat.reverse_charge.0", 'do you mean "GR"?'),
        ('customer = {match = ["phone"]}', "customer.match.0", "write one of 'email'"),
        ('customer = {match = ["vat", "vat"]}', "customer.match", "write everything once"),
        ('customer = {match = "vat"}', "customer.match", "write a list"),
        ('customer = {update = ["points"]}', "customer.update.0", "write one of 'name'"),
        ('customer = {relay_domains = ["a@bol.com"]}', "customer.relay_domains.0", "behind the @"),
        ('customer = {default = {"BE/FBR" = 1}}', "customer.default.BE/FBR", 'both: "FBB", "BE", "FBR/NL"'),
        ('customer = {default = {"FBR/XX" = 1}}', "customer.default.FBR/XX", "write a kind, a country"),
        ('customer = {default = {"FBR" = 0}}', "customer.default.FBR", "write a number of at least 1"),
        ('shipping = {delivery_methods = {"NIGHT" = "A"}}', "shipping.delivery_methods.NIGHT", "PICKUP"),
        ('shipping = {delivery_methods = {"VVB/XX" = "A"}}', "shipping.delivery_methods.VVB/XX", "PICKUP"),
        ('shipping = {transporters = {"*" = " "}}', "shipping.transporters.*", "is empty"),
        ('shipping = {track = "line"}', "shipping.track", "write one of 'none'"),
        ("shipping = {track_pattern = '('}", "shipping.track_pattern", "is no pattern that can be used"),
        ("shipping = {track_pattern = '[0-9]*'}", "shipping.track_pattern", "matches an empty text"),
        ("shipping = {track_pattern = '[[a]'}", "shipping.transporters", ""),
        ("shipping = {track_pattern = 'a{99999999999}'}", "shipping.track_pattern", "is no pattern"),
        ("shipping = {track_wait = 604801}", "shipping.track_wait", "write a number of at most 604800"),
        ('cancel = {reason = "BROKEN"}', "cancel.reason", "write one of 'OUT_OF_STOCK'"),
        ('cancel = {at_bol = "ask"}', "cancel.at_bol", "write one of 'cancel' or 'show'"),
        ("fbb = {kinds = 1}", "fbb.kinds", "there is no such setting"),
        ("fbb = 3", "fbb", "write a part with settings in it"),
        ("colour = 3", "colour", "there is no such setting"),
        ("customer = {colour = 3}", "customer.colour", "there is no such setting"),
        ('tables = {"a b" = {}}', "tables.a b", "name a table with letters"),
        ("tables = {a = {b = 1}}", "tables.a.b", "write a text, in quotes"),
        ("mapping = {a = 1}", "mapping.a", "write a text, in quotes"),
        ('mapping = {a = " "}', "mapping.a", "is empty"),
        # what does not go together
        ('ship_on = "category"', "shipping.shipped_category", 'is missing, and ship_on is "category"'),
        (
            'ship_on = "category"\nshipping = {shipped_category = 3, cancelled_category = 3}',
            "shipping.cancelled_category",
            "a cancelled order would be told to Bol as sent",
        ),
        (
            'ship_on = "category"\norder_category = 3\nshipping = {shipped_category = 3}',
            "order_category",
            "every order would be told to Bol as sent",
        ),
        ('commit = "invoice"\npayment_method = ""', "payment_method", 'is empty, and commit is "invoice"'),
        ('prepaid = true\npayment_method = ""', "payment_method", "is empty, and prepaid is true"),
        (
            'kinds = ["FBB"]\npayment_method = ""\n[fbb]\ncommit = "invoice"',
            "payment_method",
            'is empty, and fbb.commit is "invoice"',
        ),
        ('commit = "invoice"\ndeliver = "by-staff"', "deliver", 'is "by-staff", and commit is "invoice"'),
        ('kinds = ["FBB"]\n[fbb]\nship_on = "delivery"', "fbb.ship_on", "Bol sends these orders itself"),
        ('vat = {reverse_charge = ["BE"]}', "vat.reverse_charge_code", "businesses in BE"),
        ("customer = {match = []}", "customer.match", "every order would make a relation of its own"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_key(text: str, key: str, words: str) -> None:
    if not words:  # odd, and yet a pattern
        assert loaded(text)
        return
    (only,) = mistakes(text)
    assert only.startswith(f"{key}: ")
    assert words in only


def test_every_contradiction_is_told_at_once_and_once() -> None:
    told = mistakes(
        'kinds = ["FBR", "FBB"]\nprepaid = true\npayment_method = ""\nship_on = "category"\n'
        'vat = {reverse_charge = ["BE"]}'
    )
    assert [one.partition(":")[0] for one in told] == [
        "payment_method",
        "shipping.shipped_category",
        "vat.reverse_charge_code",
    ]


def test_an_invoice_needs_nothing_said_about_delivering() -> None:
    assert rules('commit = "invoice"').kinds["FBR"].commit == "invoice"
    assert (
        rules('deliver = "by-staff"\nkinds = ["FBB"]\ncommit = "invoice"').kinds["FBB"].deliver == "at-once"
    )


def test_one_debtor_for_all_needs_nobody_to_be_known() -> None:
    assert rules('customer = {match = [], default = {"*" = 1}}').customer.match == ()


# -- the mapper


def test_the_mapper_says_what_is_wrong_with_an_expression() -> None:
    asked: list[Any] = []

    def fake(mapping: Any, tables: Any) -> list[str]:
        asked.append((dict(mapping), dict(tables)))
        return [f"{target}: this is no expression" for target in mapping if mapping[target] == "(("]

    given = copy.deepcopy(EXAMPLE)
    orders = given["connections"]["winkel"]["orders"]
    orders["mapping"] = {"order.reference": "((", "line.text": "title"}
    orders["tables"] = {"regions": {"secret": "not one", "instance": "env:NOBODY"}}
    with pytest.raises(SettingsError) as caught:
        settings_of(given, ENVIRON, "kassabrug.toml", fake)
    assert str(caught.value).splitlines()[1:] == [
        "  connections.winkel.orders.mapping.order.reference: this is no expression"
    ]
    assert asked == [
        (
            {"order.reference": "((", "line.text": "title"},
            {"regions": {"secret": "not one", "instance": "env:NOBODY"}},
        )
    ]
    orders["mapping"]["order.reference"] = "orderId"
    assert settings_of(given, ENVIRON, "kassabrug.toml", fake)


def test_without_a_mapping_there_is_nothing_to_say() -> None:
    assert mapping_problems({}, {"regions": {"NL": "Nederland"}}) == []


# -- advice


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("start = 2026-11-27", "orders.start", "orders.start is 2026-11-27"),
        ("[fbb]\nbranch = 2", "orders.fbb", 'Write orders.kinds = ["FBR", "FBB"]'),
        ('kinds = ["FBB"]\n[fbr]\nbranch = 2', "orders.fbr", "does not name FBR"),
        ('customer = {match = ["email"]}', "orders.customer.match", "every order makes a relation"),
        ("vat = {reverse_charge_code = 0}", "orders.vat.reverse_charge_code", "is of no effect"),
    ],
)
def test_what_can_be_used_and_is_hardly_meant_is_said(text: str, key: str, words: str) -> None:
    quiet = 'shipping.transporters = {"*" = "TNT"}\n'
    assert order_advice(loaded(quiet).connections["winkel"].orders, TODAY) == []
    (only,) = order_advice(loaded(quiet + text).connections["winkel"].orders, TODAY)
    assert only.key == key
    assert words in only.text


def test_a_start_that_has_come_is_no_advice() -> None:
    orders = loaded('start = 2026-11-26\nshipping.transporters = {"*" = "TNT"}').connections["winkel"].orders
    assert order_advice(orders, TODAY) == []


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("POSTNL", 'Write "TNT" (PostNL)'),
        ("dhlforyou", 'Write "DHLFORYOU" (DHL For You)'),
        ("DPD_NL", 'Write "DPD-NL" (DPD Netherlands)'),
        ("Zeppelin", "Look it up at Bol"),
    ],
)
def test_a_transporter_that_bol_hardly_knows(code: str, meant: str) -> None:
    orders = loaded(f'shipping.transporters = {{"*" = "TNT", "A" = "{code}"}}').connections["winkel"].orders
    (only,) = order_advice(orders, TODAY)
    assert only.key == "orders.shipping.transporters.A"
    assert meant in only.text
    assert all(known in only.text for known in TRANSPORTERS)


def test_without_transporters_bol_gets_no_track_and_trace() -> None:
    def keys(text: str) -> list[str]:
        return [one.key for one in order_advice(loaded(text).connections["winkel"].orders, TODAY)]

    assert keys("") == ["orders.shipping.transporters"]
    assert keys('ship_on = "never"') == keys('kinds = ["FBB"]') == []


def test_a_status_that_nothing_looks_at() -> None:
    orders = (
        loaded('shipping = {shipped_category = 3, transporters = {"*" = "TNT"}}').connections["winkel"].orders
    )
    (only,) = order_advice(orders, TODAY)
    assert only.key == "orders.shipping.shipped_category"


# -- what must not rot


def test_reasons_are_those_of_bols_contract() -> None:
    contract = ROOT.parent / "shared" / "contracts" / "bol-retailer-v10.openapi.json"
    if not contract.exists():
        pytest.skip("the contracts are not beside this tree")
    schemas = json.loads(contract.read_text())["components"]["schemas"]
    assert tuple(schemas["OrderItemCancellation"]["properties"]["reasonCode"]["enum"]) == get_args(Reason)


def test_what_an_order_may_overwrite_are_fields_of_a_relation() -> None:
    own = {"identity", "contact_below", "house_number", "extra"}
    assert set(get_args(RelationField)) == set(Relation.__struct_fields__) - own


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "must be given"
    if default is None:
        return "none"
    if isinstance(default, BaseModel) or default == {}:
        return "nothing"
    return f"`{json.dumps(default)}`"


def test_the_page_of_settings_has_every_key_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    tables = dict(re.findall(r"^## (orders[.\w]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    parts: dict[str, type[BaseModel]] = {
        "orders": Orders, "orders.customer": Customer, "orders.vat": Vat, "orders.shipping": Shipping,
        "orders.cancel": Cancel,
    }  # fmt: skip
    assert set(tables) == set(parts)
    for name, model in parts.items():
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.+) \|$", tables[name], re.MULTILINE)
        shown = {key: default for key, default, _ in rows}
        assert len(shown) == len(rows)
        assert all(len(sentence) > 10 for _, _, sentence in rows)
        wanted = {
            key: _shown(one.default if one.default_factory is None else {})
            for key, one in model.model_fields.items()
            if not (isinstance(one.default, BaseModel) and not isinstance(one.default, KindOrders))
        }
        if name == "orders":
            wanted["fbb"] = '`deliver = "at-once"`, `ship_on = "never"`'
        assert shown == wanted


def test_defaults_that_the_example_shows_are_the_defaults() -> None:
    """Of the keys that have one: a table or a number of the shop's own is an example."""
    text = (ROOT / "kassabrug.example.toml").read_text()
    compared = 0
    shown: tuple[tuple[str, type[BaseModel]], ...] = (
        ("orders", Orders),
        ("orders.customer", Customer),
        ("orders.shipping", Shipping),
        ("orders.cancel", Cancel),
    )
    for part, model in shown:
        body = text.split(f"[connections.winkel.{part}]", 1)[1].split("\n[", 1)[0]
        for key, one in model.model_fields.items():
            if isinstance(one.default, (str, bool, int, float, tuple)):
                (line,) = re.findall(rf"^# ({key} = .+)$", body, re.MULTILINE)
                held = tomllib.loads(line)[key]
                assert (tuple(held) if isinstance(held, list) else held) == one.default, key
                compared += 1
    assert compared == 28


# -- properties


CODES = st.integers(0, 99)
COUNTRIES = st.sampled_from(["NL", "BE", "DE", "*"])
PARTS = st.fixed_dictionaries(
    {"branch": CODES},
    optional={
        "workplace": CODES,
        "kinds": st.sampled_from([["FBR"], ["FBB"], ["FBR", "FBB"], ["FBB", "FBR"]]),
        "commit": st.sampled_from(["order", "invoice"]),
        "deliver": st.sampled_from(["by-staff", "at-once"]),
        "payment_method": st.sampled_from(["", "BOL"]),
        "prepaid": st.booleans(),
        "ship_on": st.sampled_from(["delivery", "category", "never"]),
        "order_category": CODES,
        "turnover_groups": st.dictionaries(COUNTRIES, CODES, max_size=3),
        "shipping": st.fixed_dictionaries(
            {}, optional={"shipped_category": CODES, "cancelled_category": CODES}
        ),
        "fbb": st.fixed_dictionaries(
            {},
            optional={
                "branch": CODES,
                "commit": st.sampled_from(["order", "invoice"]),
                "ship_on": st.sampled_from(["delivery", "never"]),
                "payment_method": st.sampled_from(["", "PIN"]),
            },
        ),
    },
)


@given_any(PARTS)
@settings(max_examples=300, deadline=None)
def test_whatever_is_not_contradicted_can_be_carried_out(given: dict[str, Any]) -> None:
    orders = Orders.model_validate(given)
    told = contradictions(orders)
    assert len(set(told)) == len(told)
    made = order_rules(orders)
    assert set(made.kinds) == set(given.get("kinds", ["FBR"]))
    broken = any(
        (kind == "FBB" and one.ship_on != "never")
        or (one.ship_on == "category" and made.shipping.shipped_category is None)
        or (not one.payment_method and (one.prepaid or one.commit == "invoice"))
        for kind, one in made.kinds.items()
    )
    if not told:
        assert not broken
        assert typing.cast(Any, msgspec.json.decode(msgspec.json.encode(made), type=OrderRules)) == made
    for mistake in told:
        assert not mistake.text.endswith(".")
        part = mistake.key.split(".")[0]
        assert part in Orders.model_fields


@given_any(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.datetimes()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
), st.sampled_from(sorted(Orders.model_fields)))  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_whatever_stands_there_is_taken_or_told(held: Any, key: str) -> None:
    given = copy.deepcopy(EXAMPLE)
    given["connections"]["winkel"]["orders"][key] = held
    told = "kassabrug.toml cannot be used:\n  "
    try:
        settings_of(given, ENVIRON, "kassabrug.toml", lambda mapping, tables: [])
    except SettingsError as error:
        told = str(error)
    assert told.startswith("kassabrug.toml cannot be used:\n  ")


def test_a_moment_is_no_day() -> None:
    given = copy.deepcopy(EXAMPLE)
    given["connections"]["winkel"]["orders"]["start"] = datetime(2026, 12, 1)  # noqa: DTZ001
    with pytest.raises(SettingsError, match="write a day"):
        settings_of(given, ENVIRON, "x")
