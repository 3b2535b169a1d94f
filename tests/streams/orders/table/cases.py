"""The cases: an order as a customer places it, the shop's rules, what people do with it, and how it must end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from msgspec.structs import replace

from connectors.mplus.simulator import GeneratedArticle
from connectors.mplus.simulator.articles import ean13
from streams.orders.rules import (
    CancelRules,
    CustomerRules,
    KindRules,
    OrderRules,
    ShippingRules,
    VatRules,
)
from streams.returns.rules import ReturnRules
from streams.vocabulary.events import Message, OperatorCancelled, OperatorHandled, OperatorShipped
from tests.streams.orders.shop import Shop

MUG, BOOK, STAMP, PACK, SET, LAMP, ANYTHING, LESS = 1001, 1002, 1003, 1004, 1005, 1006, 1090, 1099
SIX = ean13("871100000099")
"""The barcode of six LAMPs."""
NOBODYS = ean13("871100000077")


def ean(article: int) -> str:
    """An article's barcode."""
    return ean13(f"87110000{article}")


def article(
    number: int, what: str, cents: int, vat: int, parts: tuple[tuple[int, int], ...] = ()
) -> GeneratedArticle:
    """An article of the shop."""
    return GeneratedArticle(
        article_number=number,
        product_number=number - 500,
        plu=f"P{number}",
        description=what,
        product_description=what,
        ean=ean(number),
        price_cents=cents,
        purchase_cents=cents // 2,
        vat_code=vat,
        opening_stock=0 if parts else 500,
        components=parts,
        stock_article=not parts,
    )


RANGE = (
    article(MUG, "Mok Kade", 1995, 2),
    article(BOOK, "Prentenboek Das", 1495, 1),
    article(STAMP, "Postzegels", 1150, 0),
    article(PACK, "Theelichtjes", 500, 2),
    article(SET, "Geschenkset", 4995, 2, ((MUG, 2), (BOOK, 1))),
    article(LAMP, "Lampje", 350, 2),
    article(ANYTHING, "Bol.com artikel", 0, 2),
    article(LESS, "Korting Bol.com", 0, 2),
)

JAN: Mapping[str, Any] = {
    "firstName": "Jan",
    "surname": "de Vries",
    "street": "Oudegracht",
    "houseNumber": "12",
    "extension": "bis",
    "extra": "",
    "zipCode": "3511AB",
    "city": "Utrecht",
    "country": "NL",
    "phone": "",
    "company": "",
    "vatNumber": "",
    "kvkNumber": "",
    "orderReference": "",
    "pickupPoint": "",
    "billToBox": "",
    "language": "nl",
    "email": "a1b2c3@verkopen.bol.com",
}
AN: Mapping[str, Any] = {
    **JAN,
    "firstName": "An",
    "surname": "Peeters",
    "street": "Nieuwstraat",
    "houseNumber": "16",
    "extension": "bus 3",
    "zipCode": "1000",
    "city": "Brussel",
    "country": "BE",
    "language": "nl-BE",
    "email": "d4e5f6@verkopen.bol.com",
}
FIRM: Mapping[str, Any] = {
    **JAN,
    "company": "Bloem & Blad BV",
    "vatNumber": "NL004495445B01",
    "kvkNumber": "12345678",
}
BELGIAN_FIRM: Mapping[str, Any] = {**AN, "company": "Peeters BVBA", "vatNumber": "BE0428759497"}

FBR = KindRules(branch_number=1, payment_method="BOL")
FBB = KindRules(
    branch_number=2,
    workplace_number=1,
    payment_method="BOL",
    deliver="at-once",
    ship_on="never",
    reserves=False,
)
PLAIN = OrderRules(
    kinds={"FBR": FBR}, shipping=ShippingRules(track="none", transporters={"": "TNT", "DHL": "DHLFORYOU"})
)
BOTH = replace(PLAIN, kinds={"FBR": FBR, "FBB": FBB})
Act = Callable[[Shop, str], Awaitable[None]]


class Case(NamedTuple):
    """One order (or two), and what becomes of it."""

    name: str
    items: tuple[Mapping[str, Any], ...] = ({"ean": ean(MUG), "quantity": 1},)
    buyer: Mapping[str, Any] = JAN
    rules: OrderRules = PLAIN
    step: str = "committed"
    acts: tuple[Act, ...] = ()
    says: str = ""
    """In what stands in its way, or in what was told of it."""
    more: Mapping[str, Any] = {}
    """Of the order itself."""
    part: str = ""
    """The entity's tail whose step is looked at."""
    returns: ReturnRules | None = None


def of(number: int, quantity: int = 1, **more: Any) -> Mapping[str, Any]:
    """An item of an article, without a discount unless it is said."""
    return {"ean": ean(number), "quantity": quantity, "discounts": [], **more}


def rules(base: OrderRules = PLAIN, **more: Any) -> OrderRules:
    """Rules, changed."""
    return replace(base, **more)


def kind(**more: Any) -> OrderRules:
    """PLAIN with another FBR."""
    return replace(PLAIN, kinds={"FBR": replace(FBR, **more)})


def shipping(**more: Any) -> OrderRules:
    """PLAIN, shipped otherwise."""
    return replace(PLAIN, shipping=replace(PLAIN.shipping, **more))


# -- what people do


def delivered(*quantities: int, reference: str = "") -> Act:
    """Staff make a packing slip: of everything, or of so many of each line."""

    async def act(shop: Shop, order_id: str) -> None:
        ext = f"BOL-{order_id}"
        body: dict[str, Any] = {"ext_order_id": ext, "reference": reference}
        if quantities:
            lines = await lines_of(shop, ext)
            body["quantities"] = {one: count for one, count in zip(lines, quantities, strict=False) if count}
        await shop.at_mplus("orders/deliver", **body)
        await shop.sweep()

    return act


async def lines_of(shop: Shop, ext: str) -> list[str]:
    """The ids of an order's own lines in Mplus."""
    orders = (await shop.books("mplus"))["orders"]
    order = next(one for one in orders if one["ext_order_id"] == ext)
    return [line["line_id"] for line in order["lines"] if not line.get("component_of")]


def marked(**what: Any) -> Act:
    """Staff write on the order."""

    async def act(shop: Shop, order_id: str) -> None:
        await shop.at_mplus("orders/mark", ext_order_id=f"BOL-{order_id}", **what)
        await shop.sweep()

    return act


def slip_marked(reference: str) -> Act:
    """Staff write on the last packing slip, and the row looks again."""

    async def act(shop: Shop, order_id: str) -> None:
        await shop.at_mplus("slips/mark", ext_order_id=f"BOL-{order_id}", reference=reference)
        await shop.rest(120)

    return act


def cancelled_in_mplus(*quantities: int) -> Act:
    """Staff cancel, everything or so many of each line."""

    async def act(shop: Shop, order_id: str) -> None:
        ext = f"BOL-{order_id}"
        body: dict[str, Any] = {"ext_order_id": ext}
        if quantities:
            lines = await lines_of(shop, ext)
            body["quantities"] = {one: count for one, count in zip(lines, quantities, strict=False) if count}
        await shop.at_mplus("orders/cancel", **body)
        await shop.sweep()

    return act


def at_bol(path: str, place: int | None = None, **body: Any) -> Act:
    """Somebody does something at Bol, with the order or with one of its items."""

    async def act(shop: Shop, order_id: str) -> None:
        named = dict(body)
        if place is not None:
            order = next(one for one in (await shop.books("bol"))["orders"] if one["orderId"] == order_id)
            named["itemId"] = order["items"][place]["itemId"]
        else:
            named["orderId"] = order_id
        await shop.at_bol(path, **named)
        await shop.sweep()

    return act


def waits(seconds: float) -> Act:
    """Time goes on."""

    async def act(shop: Shop, order_id: str) -> None:
        await shop.later(seconds)
        await shop.sweep()

    return act


def says(event: OperatorShipped | OperatorCancelled) -> Act:
    """A person at the page."""

    async def act(shop: Shop, order_id: str) -> None:
        shop.send(Message(flow="orders", entity=order_id, event=event))
        await shop.rest()

    return act


def barcode_added(number: int, code: str, units: int = 1) -> Act:
    """Staff give an article another barcode."""

    async def act(shop: Shop, order_id: str) -> None:
        await shop.at_mplus("articles/change", article=number, extra_barcodes=[[code, units]])
        await shop.sweep()

    return act


def ordered_again(**changes: Any) -> Act:
    """The same person orders again, with another relay address."""

    async def act(shop: Shop, order_id: str) -> None:
        body: dict[str, Any] = {"items": [of(BOOK)], "sameAs": order_id, "pickupPoint": False}
        if changes:
            body["customer"] = changes
        await shop.at_bol("orders", **body)
        await shop.sweep()

    return act


def returned(credit: bool, quantity: int = 1, result: str = "RETURN_RECEIVED") -> Act:
    """The customer sends it back, and a person says that it has come."""

    async def act(shop: Shop, order_id: str) -> None:
        await shop.at_bol("returns", orderId=order_id, mainReason="Niet naar verwachting")
        await shop.sweep()
        (made,) = (await shop.books("bol"))["returns"]
        rma = made["items"][0]["rmaId"]
        event = OperatorHandled(who="the shop", rma_id=rma, result=result, quantity=quantity, credit=credit)
        shop.send(Message(flow="returns", entity=made["returnId"], event=event))
        await shop.rest()

    return act


CASES: tuple[Case, ...] = (
    # -- persons, prices, VAT
    Case("person, one item", (of(MUG),)),
    Case("person, two items", (of(MUG), of(BOOK, 2))),
    Case(
        "cents that do not divide: two lines a cent apart",
        (of(MUG, 3, priceCents=1000, discounts=[{"title": "Afronding", "cents": 1}]),),
    ),
    Case("low VAT", (of(BOOK),)),
    Case("no VAT", (of(STAMP),)),
    Case("three VAT rates", (of(MUG), of(BOOK), of(STAMP))),
    Case("Belgium without a table: the article's own VAT", (of(MUG),), AN),
    Case(
        "Belgium, OSS: VAT codes of the country",
        (of(MUG), of(BOOK)),
        AN,
        rules(vat=VatRules(by_country={"BE": {2: 1, 1: 0}})),
    ),
    Case(
        "VAT code of one article, whatever the country",
        (of(MUG), of(BOOK)),
        AN,
        rules(vat=VatRules(by_country={"BE": {0: 1}}, by_article={BOOK: 2})),
    ),
    Case(
        "reverse charge: a Belgian business with a valid number",
        (of(MUG),),
        BELGIAN_FIRM,
        rules(vat=VatRules(reverse_charge=("BE",), reverse_charge_code=0)),
    ),
    Case(
        "no reverse charge: the number is not valid",
        (of(MUG),),
        {**BELGIAN_FIRM, "vatNumber": "BE0428759498"},
        rules(vat=VatRules(reverse_charge=("BE",), reverse_charge_code=0)),
        says="VAT number",
    ),
    Case("revenue account by country", (of(MUG),), AN, rules(turnover_groups={"BE": 2, "": 1})),
    Case("revenue account: every other country", (of(MUG),), JAN, rules(turnover_groups={"BE": 2, "": 1})),
    # -- discounts, gifts
    Case("discount within the price", (of(MUG, 2, discounts=[{"title": "Black Friday", "cents": 399}]),)),
    Case(
        "discount as a line",
        (of(MUG, 2, discounts=[{"title": "Black Friday", "cents": 399}]),),
        rules=rules(discount_article=LESS),
    ),
    Case(
        "two discounts as lines",
        (of(MUG, 2, discounts=[{"title": "Actie", "cents": 100}, {"title": "Bonus", "cents": 50}]), of(BOOK)),
        rules=rules(discount_article=LESS),
    ),
    Case("free item", (of(MUG), of(BOOK, priceCents=0))),
    # -- customers
    Case("business with its contact", (of(MUG),), FIRM),
    Case(
        "business, the contact in the field alone",
        (of(MUG),),
        FIRM,
        rules(customer=CustomerRules(company_contact="field")),
    ),
    Case("business with its own order reference", (of(MUG),), {**FIRM, "orderReference": "PO-2026-77"}),
    Case("business found by its VAT number", (of(MUG),), FIRM, rules(customer=CustomerRules(match=("vat",)))),
    Case("business found by its KvK number", (of(MUG),), FIRM, rules(customer=CustomerRules(match=("kvk",)))),
    Case("billed to a post-office box", (of(MUG),), {**FIRM, "billToBox": "Postbus 100"}),
    Case("one debtor for all", (of(MUG),), JAN, rules(customer=CustomerRules(default={"": 700}))),
    Case(
        "one debtor for a country, everybody else by name",
        (of(MUG),),
        AN,
        rules(customer=CustomerRules(default={"FBR/BE": 700})),
    ),
    Case("the same person again: one relation", (of(MUG),), acts=(ordered_again(),)),
    Case(
        "a known person moves: the relation is renewed",
        (of(MUG),),
        {**JAN, "email": "jan@example.nl"},
        acts=(ordered_again(street="Kade", houseNumber="1", extension="", email="jan@example.nl"),),
    ),
    Case(
        "a known person moves: the relation is left as it is",
        (of(MUG),),
        {**JAN, "email": "jan@example.nl"},
        rules(customer=CustomerRules(update=())),
        acts=(ordered_again(street="Kade", houseNumber="1", extension="", email="jan@example.nl"),),
    ),
    Case(
        "no relation may be made",
        (of(MUG),),
        JAN,
        rules(customer=CustomerRules(create=False)),
        "customer",
        says="relation",
    ),
    Case("without the relay address", (of(MUG),), JAN, rules(customer=CustomerRules(keep_relay_email=False))),
    # -- addresses
    Case("address without a number", (of(MUG),), {**JAN, "houseNumber": "", "extension": ""}),
    Case("address: Belgian bus", (of(MUG),), AN),
    Case("address: c/o and a floor", (of(MUG),), {**JAN, "extra": "c/o Bakker, 3e verdieping"}),
    Case(
        "address: Greek",
        (of(MUG),),
        {**JAN, "surname": "Παπαδόπουλος", "street": "Οδός Ερμού", "extension": "Α"},
    ),
    Case(
        "address: accents and signs",
        (of(MUG),),
        {**JAN, "surname": "Ünal & Søn <b>", "street": "'s-Gravenstraat"},
    ),
    Case(
        "pickup point",
        (of(MUG),),
        {**JAN, "pickupPoint": "Albert Heijn Binnenstad"},
        rules(shipping=replace(PLAIN.shipping, delivery_methods={"PICKUP": "AFHALEN", "": "POST"})),
        more={"pickupPoint": True},
    ),
    # -- products
    Case("multipack: six in one", ({"ean": SIX, "quantity": 2, "priceCents": 1800, "discounts": []},)),
    Case("composed article", (of(SET, 2),)),
    Case("found by the reference", ({"ean": NOBODYS, "quantity": 1, "priceCents": 1995, "discounts": []},)),
    Case("by the reference alone", (of(MUG),), JAN, rules(codes=("sku",))),
    Case(
        "missing article: the order waits",
        ({"ean": NOBODYS, "quantity": 1, "priceCents": 1995, "discounts": []}, of(BOOK)),
        JAN,
        rules(codes=("ean",)),
        "products",
        says=f"EAN {NOBODYS}",
    ),
    Case(
        "missing article: it appears, and the order goes on",
        ({"ean": NOBODYS, "quantity": 1, "priceCents": 1995, "discounts": []},),
        JAN,
        rules(codes=("ean",)),
        acts=(barcode_added(MUG, NOBODYS),),
    ),
    Case(
        "missing article: the fallback",
        ({"ean": NOBODYS, "quantity": 1, "priceCents": 1995, "discounts": []},),
        JAN,
        rules(codes=("ean",), fallback_article=ANYTHING),
    ),
    # -- how it is booked
    Case(
        "order status, type, employee and financial date",
        (of(MUG),),
        rules=kind(
            order_category=1, order_type="ORDER-TYPE-SALES-ORDER", employee_number=7, financial_date="booked"
        ),
    ),
    Case("at another branch and workplace", (of(MUG),), rules=kind(branch_number=2, workplace_number=1)),
    Case(
        "evening delivery",
        (of(MUG, timeFrame="EVENING"),),
        rules=shipping(delivery_methods={"EVENING": "DHL"}),
    ),
    Case("paid in advance", (of(MUG, 2),), rules=kind(prepaid=True)),
    Case("as an invoice", (of(MUG, 2),), rules=kind(commit="invoice"), step="done"),
    Case(
        "payment method that Mplus does not know",
        (of(MUG),),
        rules=kind(payment_method="BESTAAT-NIET"),
        step="committing",
        says="BESTAAT-NIET",
    ),
    # -- kinds
    Case(
        "FBB: booked and delivered, Bol is told nothing",
        (of(MUG, fulfilment="FBB"),),
        rules=BOTH,
        step="done",
    ),
    Case(
        "FBB as an invoice",
        (of(MUG, fulfilment="FBB"),),
        rules=replace(BOTH, kinds={"FBB": replace(FBB, commit="invoice")}),
        step="done",
    ),
    Case("FBB is not switched on", (of(MUG, fulfilment="FBB"),), step="kept-out"),
    Case("mixed: two orders at two branches", (of(MUG), of(BOOK, fulfilment="FBB")), rules=BOTH),
    Case(
        "mixed: the part of Bol's",
        (of(MUG), of(BOOK, fulfilment="FBB")),
        rules=BOTH,
        step="done",
        part="-FBB",
    ),
    Case(
        "with a label of Bol's: its shipment is the label's",
        (of(MUG, distribution="BOL"),),
        acts=(delivered(), at_bol("orders/ship")),
        step="done",
    ),
    # -- before it is seen
    Case("placed before the start", (of(MUG),), rules=rules(start=date(2026, 11, 25)), step="kept-out"),
    Case("cancelled before it is seen", (of(MUG, cancelled=1),), step="cancelled"),
    Case("cancelled in part before it is seen", (of(MUG, 3, cancelled=2), of(BOOK))),
    Case("shipped before it is seen", (of(MUG, 2, shipped=2),), step="done"),
    Case("shipped in part before it is seen", (of(MUG, 2, shipped=1),)),
    # -- shipments
    Case("delivered and told", (of(MUG), of(BOOK)), acts=(delivered(),), step="done"),
    Case(
        "delivered with a code on the packing slip",
        (of(MUG),),
        rules=shipping(track="slip-reference"),
        acts=(delivered(reference="3SABCD123456789"),),
        step="done",
    ),
    Case(
        "the code is written later",
        (of(MUG),),
        rules=shipping(track="slip-reference"),
        acts=(delivered(), slip_marked("JVGL0612345678")),
        step="done",
    ),
    Case(
        "no code comes: told without one",
        (of(MUG),),
        rules=shipping(track="slip-reference", track_wait=600.0),
        acts=(delivered(), waits(700)),
        step="done",
    ),
    Case(
        "the code in the order's reference",
        (of(MUG),),
        rules=shipping(track="order-reference"),
        acts=(marked(reference="zending 05212345678901"), delivered()),
        step="done",
    ),
    Case(
        "the transporter of the delivery method",
        (of(MUG),),
        rules=shipping(delivery_methods={"": "DHL"}),
        acts=(delivered(),),
        step="done",
    ),
    Case("delivered in two parts", (of(MUG, 2), of(BOOK)), acts=(delivered(1, 1), delivered()), step="done"),
    Case(
        "multipack delivered by halves",
        ({"ean": SIX, "quantity": 2, "priceCents": 1800, "discounts": []},),
        acts=(delivered(9), delivered()),
        step="done",
    ),
    Case("composed article delivered", (of(SET),), acts=(delivered(),), step="done"),
    Case(
        "an order status means that it has left",
        (of(MUG),),
        rules=replace(kind(ship_on="category"), shipping=replace(PLAIN.shipping, shipped_category=2)),
        acts=(marked(category=2),),
        step="done",
    ),
    Case(
        "the order status follows Bol",
        (of(MUG),),
        rules=shipping(done_category=3),
        acts=(delivered(),),
        step="done",
    ),
    Case(
        "entered by hand",
        (of(MUG),),
        rules=shipping(track="slip-reference"),
        acts=(
            delivered(),
            says(OperatorShipped(who="the shop", transporter="DPD-NL", track="05219999999999")),
        ),
        step="done",
    ),
    Case(
        "a transporter that Bol does not know",
        (of(MUG),),
        rules=shipping(transporters={"": "POSTDUIF"}),
        acts=(delivered(),),
        step="delivered",
        says="POSTDUIF is unknown",
    ),
    # -- less than was ordered
    Case("the customer regrets it before it is booked", (of(MUG, cancellationAsked=True),), step="cancelled"),
    Case(
        "the customer regrets it", (of(MUG),), acts=(at_bol("orders/ask-cancellation", 0),), step="cancelled"
    ),
    Case(
        "the customer regrets one of two", (of(MUG), of(BOOK)), acts=(at_bol("orders/ask-cancellation", 1),)
    ),
    Case(
        "the customer regrets what has left",
        (of(MUG),),
        rules=shipping(track="slip-reference"),
        acts=(delivered(), at_bol("orders/ask-cancellation", 0)),
        step="delivered",
        says="asked Bol to cancel",
    ),
    Case("cancelled in Mplus", (of(MUG), of(BOOK)), acts=(cancelled_in_mplus(),), step="cancelled"),
    Case("one of two cancelled in Mplus", (of(MUG), of(BOOK)), acts=(cancelled_in_mplus(1),)),
    Case(
        "one of three pieces cancelled in Mplus",
        (of(MUG, 3),),
        acts=(cancelled_in_mplus(1),),
        says="2 instead of 3",
    ),
    Case(
        "cancelled by Bol after it was booked", (of(MUG),), acts=(at_bol("orders/cancel"),), step="cancelled"
    ),
    Case("one of two cancelled by Bol", (of(MUG), of(BOOK, 2)), acts=(at_bol("orders/cancel", 1),)),
    Case(
        "cancelled by Bol after it has left",
        (of(MUG),),
        rules=shipping(track="slip-reference"),
        acts=(delivered(), at_bol("orders/cancel")),
        says="has left already",
    ),
    Case(
        "only shown what Bol cancels",
        (of(MUG), of(BOOK)),
        rules=rules(cancel=CancelRules(at_bol="show")),
        acts=(at_bol("orders/cancel", 1),),
        says="accordingly",
    ),
    Case(
        "cancelled by a person at the page",
        (of(MUG), of(BOOK)),
        acts=(says(OperatorCancelled(who="the shop", reason="BAD_CONDITION")),),
        step="cancelled",
    ),
    # -- what comes back
    Case("a return is handled", (of(MUG),), acts=(delivered(), returned(credit=False)), step="done"),
    Case(
        "a return is handled and credited, the stock comes back",
        (of(MUG, 2),),
        acts=(delivered(), returned(credit=True)),
        step="done",
        returns=ReturnRules(restock=True),
    ),
    # -- fields of the shop's own
    Case(
        "fields mapped",
        (of(MUG),),
        FIRM,
        rules(
            mapping={
                "order.reference": '"Bol " & orderId & " " & $uppercase(billingDetails.company)',
                "relation.telephone": '"0301234567"',
                "line.text": '"BOL " & item.product.title',
            }
        ),
    ),
    Case(
        "a mapping that fails on it stops this order only",
        (of(MUG),),
        JAN,
        rules(mapping={"order.reference": "$number(shipmentDetails.surname)"}),
        "committing",
        says="order.reference",
    ),
)
