"""The verdict must be able to fail: every kind of wrong book is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from app.demo.freshness import Cause, oversold
from app.demo.parts import Agreed
from app.demo.verdict import Verdict, verdict

BEGAN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLOSED = 60.0
EANS = {1001: "8712345678906", 1002: "8712345678913", 1003: "8712345678920"}
AGREED = Agreed(
    branches={"FBR": 1, "FBB": 2},
    vat={"BE": {2: 3}},
    transporters={"POST": "TNT", "DHL": "DHLFORYOU"},
    track_wait=6.0,
    code_within=3.0,
    done=3,
    cancelled=4,
    prepaid=True,
)


class Books(NamedTuple):
    """Both vendors'."""

    bol: dict[str, Any]
    mplus: dict[str, Any]

    def order(self, name: str) -> dict[str, Any]:
        """In Mplus."""
        found: dict[str, Any] = next(one for one in self.mplus["orders"] if one["ext_order_id"] == name)
        return found

    def item(self, item_id: str) -> dict[str, Any]:
        """Of a Bol order."""
        found: dict[str, Any] = next(
            one for order in self.bol["orders"] for one in order["items"] if one["itemId"] == item_id
        )
        return found


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def customer(person: int, **more: Any) -> dict[str, Any]:
    return {
        "first_name": "Jan", "surname": f"de Vries-{person}", "street": "Oudegracht", "house_number": "12",
        "extension": "bis", "extra": "c/o Bakker", "zip_code": "3511AB", "city": "Utrecht", "country": "NL",
        "email": f"{person}@verkopen.bol.com", "phone": "", "language": "nl", "pickup_point": "", "bill_to_box": "",
        "company": "", "vat_number": "", "kvk_number": "", "order_reference": "", "person": person, **more,
    }  # fmt: skip


def bol_item(item_id: str, article: int, quantity: int, cents: int, **more: Any) -> dict[str, Any]:
    return {
        "itemId": item_id, "offerId": f"o{article}", "ean": EANS[article], "fulfilment": "FBR",
        "distribution": "RETAILER", "quantity": quantity, "cancelled": 0, "shipped": 0, "totalCents": cents,
        "cancellationAsked": False, **more,
    }  # fmt: skip


def line(article: int, quantity: int, cents: int, vat: int = 2, delivered: int = 0) -> dict[str, Any]:
    return {
        "article": article, "quantity": quantity, "delivered": delivered, "cancelled": 0, "price_cents": cents,
        "vat_code": vat,
    }  # fmt: skip


def address(who: dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "name": f"{who['first_name']} {who['surname']}",
        "address": f"{who['street']} {who['house_number']} {who['extension']}, {who['extra']}",
        "zipcode": who["zip_code"],
        "city": who["city"],
        "country": who["country"],
        "companyName": who["company"],
        **more,
    }


def booked(
    name: str, who: dict[str, Any], lines: list[dict[str, Any]], relation: int, **more: Any
) -> dict[str, Any]:
    paid = sum(one["quantity"] * one["price_cents"] for one in lines)
    return {
        "ext_order_id": name, "entered_at": at(2.4), "branch": 1, "relation": relation, "category": 1,
        "reference": f"Bol.com {name} / {who['order_reference']}", "delivery_method": "POST",
        "delivery_address": address(who), "invoice_address": address(who), "payments": [{"cents": paid}],
        "lines": lines, **more,
    }  # fmt: skip


def relation(number: int, who: dict[str, Any]) -> dict[str, Any]:
    return {
        "relation": number, "extRelationId": f"bol-{number}", "name": who["company"] or address(who)["name"],
        "zipcode": who["zip_code"], "city": who["city"], "country": who["country"], "vatNumber": who["vat_number"],
        "commerceNumber": who["kvk_number"],
    }  # fmt: skip


@pytest.fixture
def books() -> Books:
    """A person's order that has left; a mixed one of a Belgian business; one that its customer cancels afterwards."""
    jan = customer(1)
    firm = customer(
        2,
        country="BE",
        zip_code="2000",
        company="Maes bvba",
        vat_number="BE0428759497",
        order_reference="PO-7",
    )
    joke = customer(3)
    bol = {
        "offers": [
            {"offerId": "o1001", "ean": EANS[1001], "amount": 7},
            {"offerId": "o1002", "ean": EANS[1002], "amount": 4},
            {"offerId": "o1003", "ean": EANS[1003], "amount": 5},
        ],
        "orders": [
            {
                "orderId": "b1",
                "placed": at(2),
                "customer": jan,
                "items": [bol_item("i1", 1001, 2, 3989, shipped=2)],
            },
            {
                "orderId": "b2",
                "placed": at(2.1),
                "customer": firm,
                "items": [
                    bol_item("i2", 1002, 1, 1000),
                    bol_item("i3", 1003, 1, 500, fulfilment="FBB", distribution="BOL", shipped=1),
                ],
            },
            {
                "orderId": "b3",
                "placed": at(2.2),
                "customer": joke,
                "items": [bol_item("i4", 1003, 1, 700, cancelled=1, cancellationAsked=True)],
            },
        ],
        "changes": [
            {"at": at(1.04), "offerId": "o1001", "cause": "patch", "amount": 9},
            {"at": at(2.06), "offerId": "o1001", "cause": "patch", "amount": 7},
            {"at": at(2.16), "offerId": "o1002", "cause": "patch", "amount": 4},
            {"at": at(2.26), "offerId": "o1003", "cause": "patch", "amount": 4},
            {"at": at(70), "offerId": "o1003", "cause": "patch", "amount": 5},
        ],
        "shipments": [
            {
                "orderId": "b1",
                "at": at(5),
                "by": "retailer",
                "items": [{"itemId": "i1", "quantity": 2}],
                "transport": {"transporterCode": "TNT", "trackAndTrace": "3S00000000001"},
            },
            {
                "orderId": "b2",
                "at": at(4),
                "by": "bol",
                "items": [{"itemId": "i3", "quantity": 1}],
                "transport": {"transporterCode": "TNT"},
            },
        ],
        "cancellations": [
            {"at": at(65), "orderId": "b3", "itemId": "i4", "quantity": 1, "by": "retailer", "reason": ""}
        ],
        "returns": [],
    }
    gone = line(1003, 1, 700)
    gone["cancelled"] = 1
    mplus = {
        "articles": [{"ean": ean, "article": number, "vat_code": 2} for number, ean in EANS.items()],
        "stock": [
            *({"article": number, "branch": 1, "free": free} for number, free in ((1001, 7), (1002, 4), (1003, 5))),
            *({"article": number, "branch": 2, "free": -1} for number in EANS),
        ],
        "changes": [
            {"at": at(1), "article": 1001, "branch": 1, "before": 10, "after": 9, "cause": "till-sale"}
        ],
        "orders": [
            booked(
                "BOL-b1", jan, [line(1001, 1, 1994, delivered=1), line(1001, 1, 1995, delivered=1)], 681, category=3
            ),
            booked("BOL-b2", firm, [line(1002, 1, 1000, vat=3)], 682, delivery_method="DHL"),
            booked(
                "BOL-b2-FBB", firm, [line(1003, 1, 500, vat=3, delivered=1)], 682, branch=2, category=3,
                delivery_method="DHL",
            ),
            booked("BOL-b3", joke, [gone], 683, category=4),
        ],
        "packing_slips": [
            {
                "ext_order_id": "BOL-b1",
                "at": at(4.5),
                "reference": "PostNL 3S00000000001",
                "lines": [{"article": 1001, "quantity": 1}, {"article": 1001, "quantity": 1}],
            }
        ],
        "relations": [relation(681, jan), relation(682, firm), relation(683, joke)],
    }  # fmt: skip
    return Books(bol, mplus)


def judge(books: Books) -> Verdict:
    opening = {1001: 10, 1002: 5, 1003: 5}
    closed = BEGAN + timedelta(seconds=CLOSED)
    return verdict(books.bol, books.mplus, opening, BEGAN, 0.5, "BOL-", 999, AGREED, closed)


def test_right_books_are_right_and_timed(books: Books) -> None:
    found = judge(books)
    assert found.differences == ()
    assert found.right
    assert (found.till_sales, found.bol_orders, found.pushes) == (1, 3, 4)
    assert (found.fbb_orders, found.mixed_orders, found.vvb_orders) == (0, 1, 0)
    assert (found.shipments, found.cancellations, found.relations, found.returns) == (1, 1, 3, 0)
    assert found.sale_freshness.p50 == pytest.approx(40)
    assert found.order_freshness.p50 == pytest.approx(60)
    assert found.order_freshness.causes == 3, "what Bol sends itself takes nothing from the offer"
    assert found.order_freshness.unchanged == 0, "what comes back afterwards does not count"
    assert found.entry.worst == pytest.approx(400)
    assert found.prompt


def test_what_is_not_told_is_not_judged(books: Books) -> None:
    for part in ("packing_slips", "relations"):
        del books.mplus[part]
    found = verdict(books.bol, books.mplus, {1001: 10}, BEGAN, 0.5, "BOL-", 999)
    assert not any("code" in one or "relation" in one for one in found.differences)


Spoil = Callable[[Books], object]


def _cancelled_unseen(books: Books) -> None:
    books.bol["cancellations"].append(
        {"at": at(2.1), "orderId": "b2", "itemId": "i2", "quantity": 1, "by": "bol", "reason": ""}
    )


def _twice(books: Books) -> None:
    books.mplus["orders"].append(copy.deepcopy(books.mplus["orders"][0]))


def _handled(books: Books) -> None:
    books.bol["returns"].append(
        {"returnId": "r1", "items": [{"orderId": "b1", "handlings": [{"by": "retailer"}]}]}
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        # orders
        (lambda b: b.mplus["orders"].pop(0), "Bol order b1 is 0 times in Mplus"),
        (_twice, "Bol order b1 is 2 times in Mplus"),
        (lambda b: b.mplus["orders"].pop(2), "Bol order b2 (the part that Bol sends) is 0 times in Mplus"),
        (lambda b: b.order("BOL-b1")["lines"].pop(), "Bol order b1 wants {1001: 2}"),
        (lambda b: b.order("BOL-b1")["lines"][0].update(price_cents=1995), "Bol order b1 costs"),
        (lambda b: b.order("BOL-b1").update(payments=[]), "Bol order b1 costs 3989 cents, paid in Mplus are 0"),
        (lambda b: b.order("BOL-b1")["payments"].append({"cents": 3989}), "is paid 2 times"),
        (lambda b: b.order("BOL-b2-FBB").update(branch=1), "FBB belongs to branch 2"),
        (lambda b: b.order("BOL-b2")["lines"][0].update(vat_code=2), "has VAT code 2, 3 is agreed"),
        (_cancelled_unseen, "Bol order b2 was cancelled before anybody saw it"),
        (lambda b: b.order("BOL-b2").update(ext_order_id="BOL-b9"), "BOL-b9 is in Mplus, but not at Bol"),
        # addresses and customers
        (lambda b: b.order("BOL-b1")["delivery_address"].update(address="Oudegracht 12 bis"), "'c/o Bakker'"),
        (lambda b: b.order("BOL-b1")["delivery_address"].update(name="Jan"), "is missing in the name"),
        (lambda b: b.order("BOL-b2")["invoice_address"].update(companyName=""), "'Maes bvba' is missing"),
        (lambda b: b.order("BOL-b2").update(reference="Bol.com b2"), "PO-7 is not in"),
        (lambda b: b.order("BOL-b2-FBB").update(relation=681), "is relations 681, 682 in Mplus"),
        (lambda b: b.order("BOL-b3").update(relation=681), "relation 681 in Mplus is 2 customers"),
        (lambda b: b.order("BOL-b3").update(relation=9), "is on relation 9, which is not there"),
        (lambda b: b.mplus["relations"][2].update(extRelationId="bol-681"), "was made 2 times"),
        (lambda b: b.mplus["relations"][1].update(vatNumber=""), "has vatNumber ''"),
        # what has left
        (lambda b: b.item("i1").update(shipped=1), "2 have left in Mplus, Bol shows 1 as shipped"),
        (lambda b: b.item("i2").update(shipped=1), "0 have left in Mplus, Bol shows 1 as shipped"),
        (lambda b: b.order("BOL-b2-FBB")["lines"][0].update(delivered=0), "0 of 1 are delivered in Mplus"),
        (lambda b: b.bol["shipments"][0]["transport"].update(transporterCode="UPS"), "the transporter agreed is TNT"),
        (
            lambda b: b.bol["shipments"][0]["transport"].update(trackAndTrace="3S00000000002"),
            "with the code 3S00000000002, which nobody wrote",
        ),
        (lambda b: b.bol["shipments"][0]["transport"].pop("trackAndTrace"), "without a code before the 6 seconds"),
        (lambda b: b.mplus["packing_slips"][0]["lines"].pop(), "its packing slip has {1001: 1}"),
        (lambda b: b.bol["shipments"][1].update(by="retailer"), "(the part that Bol sends) was shipped by retailer"),
        (lambda b: b.item("i1").update(distribution="BOL"), "belongs under a label of Bol's"),
        # what is cancelled
        (lambda b: b.order("BOL-b3")["lines"][0].update(cancelled=0), "0 are wanted at Bol, and 1 are on the order"),
        (lambda b: b.item("i2").update(cancellationAsked=True), "which is neither done nor sent"),
        (lambda b: b.order("BOL-b3").update(category=1), "has order category 1 in Mplus, 4 is agreed"),
        (lambda b: b.order("BOL-b1").update(category=1), "has order category 1 in Mplus, 3 is agreed"),
        # the rest
        (lambda b: b.bol["offers"][0].update(amount=8), "article 1001: Bol has 8, the books say 7"),
        (_handled, "return r1 of Bol order b1 was handled by itself"),
    ],
)  # fmt: skip
def test_wrong_books_are_found(books: Books, spoil: Spoil, words: str) -> None:
    spoil(books)
    found = judge(books)
    assert not found.right
    assert any(words in one for one in found.differences), found.differences


def test_a_code_that_came_too_late_is_not_asked_for(books: Books) -> None:
    books.bol["shipments"][0] |= {"at": at(10.5), "transport": {"transporterCode": "TNT"}}
    assert judge(books).differences == ()


def _later(books: Books, written: float, shipped: float, code: str = "3S00000000001") -> None:
    """The code is written and the shipment told at these seconds; the slip is of 4.5."""
    books.mplus["packing_slips"][0]["marked_at"] = at(written)
    transport = {"transporterCode": "TNT"} | ({"trackAndTrace": code} if code else {})
    books.bol["shipments"][0] |= {"at": at(shipped), "transport": transport}


def test_a_code_that_was_written_later_is_timed(books: Books) -> None:
    _later(books, 6, 8.5)
    found = judge(books)
    assert found.differences == ()
    assert (found.late_codes.causes, found.late_codes.unchanged) == (1, 0)
    assert found.late_codes.worst == pytest.approx(2500)


def test_a_code_that_was_there_from_the_beginning_is_no_late_one(books: Books) -> None:
    assert judge(books).late_codes.causes == 0


def test_a_code_that_was_written_later_is_told_in_time(books: Books) -> None:
    _later(books, 6, 9.5)
    assert judge(books).differences == (
        "Bol order b1: Bol was told the code 3S00000000001 3.5 seconds after it was written",
    )


def test_a_parcel_is_not_told_without_the_code_that_was_written_later(books: Books) -> None:
    """Else the end of the wait would hide that nobody looked at the slip again."""
    _later(books, 6, 10.5, code="")
    found = judge(books)
    assert found.differences == (
        "Bol order b1 was shipped without the code 3S00000000001, 4.5 seconds after that was written",
    )
    assert (found.late_codes.causes, found.late_codes.unchanged) == (0, 1)


def test_unless_it_was_written_when_the_wait_was_all_but_over_or_after_it(books: Books) -> None:
    _later(books, 10, 10.5, code="")
    assert judge(books).differences == ()
    _later(books, 11, 10.5, code="")
    found = judge(books)
    assert found.differences == ()
    assert found.late_codes.unchanged == 0


def test_a_letter_without_a_code_beside_a_parcel_with_a_late_one_is_no_difference(books: Books) -> None:
    slip = books.mplus["packing_slips"][0]
    slip["lines"] = [{"article": 1001, "quantity": 1}]
    books.mplus["packing_slips"].append(slip | {"reference": "brief", "marked_at": None})
    _later(books, 6, 7)
    books.bol["shipments"][0]["items"] = [{"itemId": "i1", "quantity": 1}]
    letter = books.bol["shipments"][0] | {"at": at(11), "transport": {"transporterCode": "TNT"}}
    books.bol["shipments"].append(letter)
    found = judge(books)
    assert found.differences == ()
    assert found.late_codes.causes == 1


def test_what_has_left_need_not_be_cancelled(books: Books) -> None:
    books.order("BOL-b3")["lines"][0].update(cancelled=0, delivered=1)
    assert judge(books).differences == ()


def test_a_part_that_was_taken_off_the_order_later_is_no_difference(books: Books) -> None:
    books.order("BOL-b3")["lines"].clear()
    assert judge(books).differences == ()


def test_a_push_that_comes_too_early_does_not_count_as_fresh(books: Books) -> None:
    books.bol["changes"] = [{"at": at(1.01), "offerId": "o1001", "cause": "patch", "amount": 10}]
    assert judge(books).sale_freshness.unchanged == 1


def cause(seconds: float, quantity: int, kind: str) -> Cause:
    return Cause(BEGAN + timedelta(seconds=seconds), 1001, quantity, kind)


@pytest.mark.parametrize(
    ("causes", "knowable", "unknowable"),
    [
        ([cause(1, 1, "till-sale"), cause(1.1, 1, "bol-order")], 0, 1),
        ([cause(1, 1, "till-sale"), cause(9, 1, "bol-order")], 1, 0),
        ([cause(1, 1, "bol-order")], 0, 0),
        ([cause(1, 3, "bol-order")], 2, 0),
        ([cause(1, 1, "bol-order"), cause(1.2, 2, "bol-order")], 1, 1),
    ],
)
def test_oversold_units_are_split_by_what_could_be_known(
    causes: list[Cause], knowable: int, unknowable: int
) -> None:
    assert oversold(causes, {1001: 1}, 0.5) == (knowable, unknowable)
