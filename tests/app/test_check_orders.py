"""Every code of the settings, looked up at the simulator of Mplus."""

from __future__ import annotations

import tomllib
from typing import Any

import httpx
import orjson
import pytest

from app.check_orders import MOST_RELATIONS, uses
from app.finding import Finding, Known, closest, listed
from app.sections import Orders
from connectors.mplus.simulator.faults import FaultRule
from tests.app.test_check import Shop, worst
from tests.app.test_check import shop as shop
from tests.connectors.mplus.till import envelope, tree


def write(shop: Shop, text: str) -> None:
    """These settings of orders besides those that work."""
    given = tomllib.loads(text)
    orders = shop.mine["orders"]
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(orders.get(key), dict):
            orders[key] = {**orders[key], **value}
        else:
            orders[key] = value


class Till:
    """Answers some operations of Mplus by itself; the simulator answers the others."""

    def __init__(self, shop: Shop, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        inner = shop.mplus_http

        async def answer(request: httpx.Request) -> httpx.Response:
            operation = request.headers["SOAPAction"]
            self.asked.append(operation)
            if operation in answers:
                return httpx.Response(200, content=envelope(answers[operation]))
            own = {name: value for name, value in request.headers.items() if name != "host"}
            return await inner.post(request.url, content=request.content, headers=own)

        shop.mplus_http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        self.inner = inner


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (
            "branch = 8",
            "orders.branch",
            "there is no branch 8; there are: 1 (Winkel). Set orders.branch otherwise",
        ),
        (
            "workplace = 9",
            "orders.workplace",
            "branch 1 has no workplace 9; it has: 1, 2. Set orders.workplace",
        ),
        (
            'payment_method = "IDEAL"',
            "orders.payment_method",
            "there is no payment method IDEAL; in use are: PIN (Pin), CONTANT (Contant), BOL (Bol.com). "
            "Write one of these instead",
        ),
        (
            'payment_method = "contant"',
            "orders.payment_method",
            "Write CONTANT instead",
        ),
        (
            'shipping.delivery_methods = {"PICKUP" = "UPS"}',
            "orders.shipping.delivery_methods.PICKUP",
            "there is no delivery method UPS; in use are: POST (Post). ",
        ),
        (
            'shipping.delivery_methods = {"PICKUP" = "DHL"}',
            "orders.shipping.delivery_methods.PICKUP",
            "DHL is switched off there; in use are: POST (Post). ",
        ),
        (
            'shipping.transporters = {"PAST" = "TNT"}',
            "orders.shipping.transporters.PAST",
            "there is no delivery method PAST; in use are: POST (Post). Write POST instead",
        ),
        (
            "order_category = 9",
            "orders.order_category",
            "there is no order category 9; in use are: 1 (Nieuw), 2 (In behandeling), 3 (Verzonden). ",
        ),
        ("shipping.done_category = 8", "orders.shipping.done_category", "there is no order category 8"),
        ("shipping.cancelled_category = 7", "orders.shipping.cancelled_category", "no order category 7"),
        (
            'vat.by_country.BE = {"2" = 5}',
            "orders.vat.by_country.BE.2",
            "there is no VAT code 5; in use are: 0 (0 % NLD), 1 (9 % NLD), 2 (21 % NLD). ",
        ),
        ('vat.by_country.BE = {"7" = 2}', "orders.vat.by_country.BE.7", "there is no VAT code 7"),
        ('vat.by_country.BE = {"*" = 6}', "orders.vat.by_country.BE.*", "there is no VAT code 6"),
        (
            "fallback_article = 4711",
            "orders.fallback_article",
            "names article 4711, and there is no such article",
        ),
        ("discount_article = 4712", "orders.discount_article", "not the PLU, not the barcode"),
        ("customer.fallback = 4713", "orders.customer.fallback", "there is no such relation in use"),
        ('customer.default = {"FBR/BE" = 4714}', "orders.customer.default.FBR/BE", "names relation 4714"),
    ],
)
async def test_what_mplus_does_not_have_is_named_with_what_it_has(
    shop: Shop, text: str, key: str, words: str
) -> None:
    write(shop, text)
    # A branch that is not there is not one of those on sale either, which is told without asking anybody.
    (only,) = [one for one in await shop.found() if one.grade != "ok" and "stock.branches" not in one.text]
    assert (only.grade, only.key, only.part) == ("fail", key, "winkel")
    assert only.text.startswith("Mplus: ")
    assert only.text.endswith(".")
    assert words in only.text


async def test_a_branch_of_the_stock(shop: Shop) -> None:
    shop.mine["stock"]["branches"] = [1, 7]
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert only.key == "stock.branches"
    assert "there is no branch 7; there are: 1 (Winkel). Set stock.branches otherwise" in only.text


async def test_the_default_payment_method_is_one_that_has_to_be_made(shop: Shop) -> None:
    """A shop that fills in nothing but ids."""
    del shop.mine["orders"]["payment_method"]
    (only,) = worst(await shop.found())
    assert only == (
        "fail: Mplus: orders.payment_method names payment method Bol.com, and there is no payment method Bol.com; in "
        "use are: PIN (Pin), CONTANT (Contant), BOL (Bol.com). Write BOL instead, or make a payment method "
        "with the code Bol.com in the Mplus back office, so that what Bol pays out can be told from other money; "
        'orders.payment_method = "" books orders without one.'
    )


async def test_what_is_there_is_said_to_be(shop: Shop) -> None:
    write(shop, 'order_category = 1\nvat.by_country.BE = {"2" = 1}')
    told = [one.text for one in await shop.found() if one.grade == "ok"]
    for words in (
        "order category 1 is there", "payment method BOL is there", "delivery method POST is there",
        "VAT code 2, 1 is there", "branch 1 is there",
    ):  # fmt: skip
        assert f"Mplus: {words}." in told


async def test_lists_that_the_settings_do_not_name_are_not_asked_for(shop: Shop) -> None:
    shop.mine["orders"] = {"branch": 1, "payment_method": "", "shipping": {"transporters": {"*": "TNT"}}}
    assert worst(await shop.found()) == []
    assert set(shop.mplus.calls) == {"getApiVersion", "getCurrentSyncMarkers", "getBranches"}


async def test_a_kind_that_is_not_taken_over_is_not_looked_up(shop: Shop) -> None:
    write(shop, "fbb.branch = 9")
    (only,) = worst(await shop.found())
    assert only.startswith("warn: orders.fbb has settings")


async def test_what_differs_for_a_kind_is_looked_up_under_its_own_key(shop: Shop) -> None:
    write(shop, 'kinds = ["FBR", "FBB"]\nfbb = {branch = 9, payment_method = "X", order_category = 8}')
    failed = {one.key for one in await shop.found() if one.grade == "fail"}
    assert failed == {"orders.fbb.branch", "orders.fbb.payment_method", "orders.fbb.order_category"}


async def test_employees_and_turnover_groups_with_their_names(shop: Shop) -> None:
    employee = tree("employee", tree("employeeNumber", 5), tree("name", "Sam"), tree("active", "true"))
    gone = tree("employee", tree("employeeNumber", 6), tree("name", "Kim"), tree("active", "false"))
    group = tree(
        "turnoverGroup", tree("turnoverGroupType", "TURNOVER-GROUP-TYPE-TURNOVER"), tree("turnoverGroup", 10),
        tree("turnoverGroupName", "Omzet hoog"),
    )  # fmt: skip
    till = Till(
        shop,
        {
            "getEmployees": tree("GetEmployeesResponse", tree("employeeList", employee, gone)),
            "getTurnoverGroups": tree("GetTurnoverGroupsResponse", tree("turnoverGroupList", group)),
        },
    )
    write(shop, 'employee = 5\nturnover_groups = {"*" = 10}')
    assert worst(await shop.found()) == []
    write(shop, 'employee = 6\nturnover_groups = {"BE" = 20}')
    one, other = worst(await shop.found())
    assert "orders.employee names employee 6, and 6 is switched off there; in use are: 5 (Sam)." in one
    assert "orders.turnover_groups.BE names turnover group 20" in other
    assert "in use are: 10 (Omzet hoog)." in other
    write(shop, "employee = 999999")
    shop.mine["orders"]["turnover_groups"] = {}
    till.asked.clear()
    assert worst(await shop.found()) == []
    assert not {"getEmployees", "getTurnoverGroups"} & set(till.asked)
    await till.inner.aclose()


async def test_articles_and_relations_that_are_there_or_switched_off(shop: Shop) -> None:
    def article(number: int, active: str) -> str:
        return tree("article", tree("articleNumber", number), tree("active", active))

    till = Till(
        shop,
        {
            "getProducts": tree(
                "GetProductsResponse",
                tree(
                    "productList",
                    tree("product", tree("articleList", article(9001, "true"), article(9002, "false"))),
                ),
            ),
            "getRelation": tree(
                "GetRelationResponse", tree("result", "GET-RELATION-RESULT-OK"),
                tree("relation", tree("relationNumber", 14), tree("name", "Jan Jansen")),
            ),
        },
    )  # fmt: skip
    write(shop, 'fallback_article = 9001\ncustomer = {fallback = 14, default = {"BE" = 14}}')
    found = await shop.found()
    assert worst(found) == []
    assert till.asked.count("getRelation") == 1
    assert "Jan" not in " ".join(one.text for one in found)
    write(shop, "discount_article = 9002\ncustomer = {fallback = 15}")
    article_told, relation_told = worst(await shop.found())
    assert "orders.discount_article names article 9002, and it is switched off there." in article_told
    assert "orders.customer.fallback names relation 15" in relation_told
    await till.inner.aclose()


@pytest.mark.parametrize(
    ("text", "operation"),
    [("employee = 5", "getEmployees"), ('turnover_groups = {"*" = 10}', "getTurnoverGroups")],
)
async def test_an_older_mplus_is_no_fault_of_the_settings(shop: Shop, text: str, operation: str) -> None:
    fault = tree(
        "Fault",
        tree("faultcode", "SOAP-ENV:Client"),
        tree(
            "faultstring", f"Method 'ns:{operation}' not implemented: method name or namespace not recognized"
        ),
    )
    till = Till(shop, {operation: fault})
    write(shop, text)
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert only.grade == "warn"
    assert f"could not be checked, since this Mplus is older and does not know {operation}." in only.text
    assert "See in the Mplus back office that" in only.text
    await till.inner.aclose()


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("getOrderCategories", "order_category = 1"),
        ("getPaymentMethods", ""),
        ("getDeliveryMethods", ""),
        ("getVatGroupList", "vat.reverse_charge_code = 0\nvat.reverse_charge = ['BE']"),
        ("getProducts", "fallback_article = 1"),
        ("getRelation", "customer.fallback = 1"),
    ],
)
async def test_what_may_not_be_read_could_not_be_checked(shop: Shop, operation: str, text: str) -> None:
    shop.mplus.faults.add(FaultRule(kind="http", operation=operation, status=503))
    write(shop, text)
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert only.grade == "warn"
    assert only.key.startswith("orders.")
    assert "could not be checked, since Mplus does not answer" in only.text


async def test_a_branch_that_is_not_the_first_wants_a_workplace(shop: Shop) -> None:
    def branch(number: int, name: str) -> str:
        places = tree("workplaces", tree("workplace", tree("workplaceNumber", number * 10)))
        return tree("branch", tree("branchNumber", number), tree("branchName", name), places)

    rows = tree("getBranchesResponse", tree("branches", branch(1, "Winkel"), branch(2, "Magazijn")))
    till = Till(shop, {"getBranches": rows})
    write(shop, 'workplace = 10\nkinds = ["FBR", "FBB"]\nfbb.branch = 2')
    (only,) = [one for one in await shop.found() if one.grade != "ok"]
    assert (only.grade, only.key) == ("warn", "orders.fbb.workplace")
    assert "branch 2 has: 20. Set orders.fbb.workplace to one of these" in only.text
    write(shop, "fbb.workplace = 20")
    assert worst(await shop.found()) == []
    await till.inner.aclose()


async def test_many_relations_are_bounded(shop: Shop) -> None:
    countries = "NL BE DE FR LU AT IT ES PT PL CZ SK HU SI HR RO BG GR DK SE FI EE LV LT IE MT CY".split()  # noqa: SIM905
    keys = [*countries, *(f"FBR/{one}" for one in countries), *(f"FBB/{one}" for one in countries)]
    shop.mine["orders"]["customer"] = {"default": {key: 100 + at for at, key in enumerate(keys)}}
    found = [one for one in await shop.found() if one.grade == "fail"]
    assert len(found) == MOST_RELATIONS < len(keys)
    assert shop.mplus.calls["getRelation"] == MOST_RELATIONS


async def test_advice_stands_before_what_the_vendors_say(shop: Shop) -> None:
    write(shop, 'start = 2026-11-21\nshipping.transporters = {"*" = "POSTNL"}')
    found = await shop.found()
    assert [(one.grade, one.key) for one in found[:2]] == [
        ("warn", "orders.start"),
        ("warn", "orders.shipping.transporters.*"),
    ]
    told = orjson.loads(orjson.dumps([one._asdict() for one in found]))
    assert [Finding(**one) for one in told] == found


# -- what the settings name


def test_every_number_and_code_is_looked_up_once_a_key() -> None:
    orders = Orders.model_validate(
        tomllib.loads(
            """
            branch = 1
            employee = 5
            order_category = 1
            kinds = ["FBR", "FBB"]
            fallback_article = 9001
            discount_article = 9002
            turnover_groups = {"*" = 10}
            fbb = {order_category = 2, employee = 5}
            customer = {fallback = 3, default = {"*" = 4}}
            vat = {by_country = {BE = {"2" = 5, "*" = 6}}, by_article = {"1001" = 3}, reverse_charge_code = 0}
            [shipping]
            delivery_methods = {"*" = "POST"}
            transporters = {"*" = "TNT", "DHL" = "DHLFORYOU"}
            shipped_category = 3
            done_category = 4
            cancelled_category = 5
            """
        )
    )
    named = {sort: {(use.code, use.key) for use in found} for sort, found in uses(orders).items()}
    assert named == {
        "order category": {
            ("1", "orders.order_category"), ("2", "orders.fbb.order_category"),
            ("3", "orders.shipping.shipped_category"), ("4", "orders.shipping.done_category"),
            ("5", "orders.shipping.cancelled_category"),
        },
        "employee": {("5", "orders.employee"), ("5", "orders.fbb.employee")},
        "payment method": {("Bol.com", "orders.payment_method")},
        "delivery method": {
            ("POST", "orders.shipping.delivery_methods.*"), ("DHL", "orders.shipping.transporters.DHL"),
        },
        "VAT code": {
            ("2", "orders.vat.by_country.BE.2"), ("5", "orders.vat.by_country.BE.2"),
            ("6", "orders.vat.by_country.BE.*"), ("3", "orders.vat.by_article.1001"),
            ("0", "orders.vat.reverse_charge_code"),
        },
        "turnover group": {("10", "orders.turnover_groups.*")},
        "article": {
            ("9001", "orders.fallback_article"), ("9002", "orders.discount_article"),
            ("1001", "orders.vat.by_article.1001"),
        },
        "relation": {("3", "orders.customer.fallback"), ("4", "orders.customer.default.*")},
    }  # fmt: skip


# -- words


METHODS = [Known("PIN", "Pin"), Known("BOL", "Bol.com"), Known("CONTANT", "Contant")]


@pytest.mark.parametrize(
    ("code", "meant"),
    [("bol", "BOL"), ("Bol.com", "BOL"), ("CONTNAT", "CONTANT"), ("IDEAL", None), ("1", None), ("", None)],
)
def test_what_was_probably_meant(code: str, meant: str | None) -> None:
    found = closest(code, METHODS)
    assert (found.code if found else None) == meant


def test_a_long_list_is_shortened() -> None:
    assert listed([]) == "none"
    assert listed(METHODS) == "PIN (Pin), BOL (Bol.com), CONTANT (Contant)"
    many: list[Any] = list(range(25))
    assert listed(many).endswith("18, 19 and 5 more")
    assert len(listed(Known("1", "x" * 500) for _ in range(500))) < 1500
