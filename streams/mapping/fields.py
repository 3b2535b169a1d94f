"""The fields of an order in Mplus that a mapping can set, by the element names of the contract.

Source: the types Order, Address, Relation, Line and LineData of contracts/mplusqapi-67.1.3.xsd. Each element of them is
here either as a field or in LEFT_OUT with the reason; a test holds both against the contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal, get_args

from streams.vocabulary.fact import Value

Kind = Literal["text", "whole", "flag", "date", "moment", "money", "any"]
"""`money`: euros in the expression's result, cents at Mplus. `moment`: with its zone. `any`: text, whole or flag."""
Scope = Literal["relation", "order", "line"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
CUSTOM = "relation.customFieldList."
"""Before the name of a custom field that the shop has given its relations."""
LONGEST = 2000
"""Characters of a text whose bound nobody knows: a mistake must not send a book."""

VAT_METHODS = ("VAT-METHOD-INCLUSIVE", "VAT-METHOD-EXCLUSIVE", "VAT-METHOD-SHIFTED", "VAT-METHOD-NONE")
ORDER_TYPES = tuple(
    f"ORDER-TYPE-{kind}-ORDER" for kind in ("SALES", "REPEAT-SALES", "EXTERNAL-SALES", "TABLE", "CAFETERIA")
)
DISCOUNT_TYPES = tuple(
    f"DISCOUNT-TYPE-{kind}"
    for kind in (
        "NONE", "PRICE-GROUP", "SALES-PRICE", "CUSTOMER-DISCOUNT", "BRANCH-PRICE", "EXTERNAL-DISCOUNT",
        "SALE-PROMOTION", "SALE-PROMOTION-RETOUR", "SALE-PROMOTION-FREE-ARTICLE",
    )
)  # fmt: skip


class Field(Value, frozen=True):
    """Something that a mapping can set."""

    name: str
    """As the settings have it: `order.deliveryAddress.city`."""
    kind: Kind
    what: str
    """For people, in a few words."""
    longest: int | None = None
    """Characters; None: not known (LONGEST holds)."""
    words: tuple[str, ...] = ()
    """The contract's words, where it takes no others."""
    part: str = ""
    """Which value of ours has it: `` (the relation, order or line itself), `deliver_to` or `invoice_to`."""
    slot: str = ""
    """The attribute of ours that it sets; empty: it goes into `extra`."""
    key: str = ""
    """Its name in `extra`."""
    personal: bool = False
    """Holds who somebody is or where he lives: shown masked."""

    @property
    def scope(self) -> Scope:
        """The first part of its name."""
        return next(scope for scope in SCOPES if self.name.startswith(f"{scope}."))


class NoSuchField(ValueError):
    """Nothing in Mplus, or nothing that a mapping may set; the text is for people."""


def field_named(name: str) -> Field:
    """The field of this name. Raises NoSuchField with the reason, or the nearest name there is."""
    found = FIELDS.get(name)
    if found is not None:
        return found
    own = name.removeprefix(CUSTOM)
    if own != name and own and len(own) <= 100 and own == own.strip():
        return Field(
            name=name, kind="any", what="a custom field of the shop's own", key=name[len("relation.") :]
        )
    reason = LEFT_OUT.get(name)
    if reason is not None:
        raise NoSuchField(f"a mapping cannot set it: {reason}")
    near = get_close_matches(name, FIELDS, 1, 0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise NoSuchField(f"Mplus has no such field{hint} `kassabrug map fields` lists those there are")


_RELATION: Mapping[str, tuple[Kind, str, str]] = {
    # element: kind, what, attribute of Customer
    "name": ("text", "name; a company's name where it is one", "name"),
    "address": ("text", "street, number and extension in one", "address"),
    "zipcode": ("text", "postal code", "zip_code"),
    "city": ("text", "city", "city"),
    "country": ("text", "country, as the till writes it", "country"),
    "deliveryAddress": ("text", "street and number of delivery, if elsewhere", "delivery_address"),
    "deliveryZipcode": ("text", "postal code of delivery", "delivery_zip_code"),
    "deliveryCity": ("text", "city of delivery", "delivery_city"),
    "deliveryCountry": ("text", "country of delivery", "delivery_country"),
    "contact": ("text", "the person at a company", "contact"),
    "telephone": ("text", "telephone", "phone"),
    "mobile": ("text", "mobile telephone", ""),
    "email": ("text", "e-mail address; Bol gives a relay address", "email"),
    "website": ("text", "website", ""),
    "birthDate": ("date", "birthday", ""),
    "relationCode": ("text", "the shop's own code, letters and digits", ""),
    "points": ("whole", "loyalty points", ""),
    "priceGroupNumber": ("whole", "price group", ""),
    "discountPercentage": ("whole", "discount, in the till's own unit", ""),
    "categoryId": ("whole", "relation category", ""),
    "cardNumber": ("text", "customer card", ""),
    "bankAccountNumber": ("text", "bank account", ""),
    "creditLimit": ("money", "credit limit", ""),
    "paymentWithinDays": ("whole", "term of payment in days", ""),
    "vatNumber": ("text", "VAT number", "vat_number"),
    "commerceNumber": ("text", "number at the chamber of commerce", "chamber_of_commerce"),
    "extraText": ("text", "remark", ""),
    "defaultVatMethod": ("text", "how VAT is reckoned for this relation", ""),
    "neverPrintOrEmailReceipt": ("flag", "no receipt at all", ""),
    "alwaysPrintReceipt": ("flag", "always a printed receipt", ""),
    "alwaysPrintLargeFormatReceipt": ("flag", "always a receipt on A4", ""),
    "alwaysEmailReceipt": ("flag", "always a receipt by e-mail", ""),
    "condenseCombinedInvoice": ("flag", "combined invoices in short", ""),
    "companyName": ("text", "company", "company"),
    "active": ("flag", "in use", ""),
    "directDebit": ("flag", "pays by direct debit", ""),
    "reminderEmail": ("text", "e-mail address for reminders", ""),
    "canEarnPoints": ("flag", "earns loyalty points", ""),
    "canRedeemPoints": ("flag", "may spend loyalty points", ""),
}
_ORDER: Mapping[str, tuple[Kind, str, str]] = {
    # element: kind, what, attribute of OrderDraft
    "orderType": ("text", "type of order", "order_type"),
    "employeeNumber": ("whole", "employee", "employee_number"),
    "employeeName": ("text", "employee's name", ""),
    "entryTimestamp": ("moment", "when it was entered", ""),
    "relationName": ("text", "name of the relation on the order", ""),
    "relationCategoryId": ("whole", "category of the relation on the order", ""),
    "relationBankAccountNumber": ("text", "bank account of the relation on the order", ""),
    "relationVatNumber": ("text", "VAT number of the relation on the order", ""),
    "financialDate": ("date", "the day it is booked on", "financial_date"),
    "financialBranchNumber": ("whole", "the branch; it is entered there too", "branch_number"),
    "workplaceNumber": ("whole", "workplace", "workplace_number"),
    "reference": ("text", "reference, shown on the order and its papers", "reference"),
    "activityId": ("text", "activity", ""),
    "vatMethod": ("text", "how VAT is reckoned", "vat_method"),
    "deliveryMethod": ("text", "code of the delivery method", "delivery_method"),
    "deliveryDate": ("date", "the day it is to be delivered", "delivery_day"),
    "deliveryPeriodBegin": ("moment", "delivery not before", ""),
    "deliveryPeriodEnd": ("moment", "delivery not after", ""),
    "paymentMethod": ("text", "code of the payment method", "payment_method"),
    "tableNumber": ("whole", "table", ""),
    "tableSubNumber": ("whole", "part of the table", ""),
    "tableDescription": ("text", "name of the table", ""),
    "numberOfGuests": ("whole", "guests", ""),
    "orderBarcode": ("text", "bar code of the order", ""),
    "orderCategoryNumber": ("whole", "order category: the shop's own status", "order_category"),
    "onDeliveryUrl": ("text", "web address that is called on delivery", ""),
    "onInvoiceUrl": ("text", "web address that is called on invoicing", ""),
    "vatChange": ("text", "change of VAT", ""),
    "vatCountryCode": ("whole", "country of VAT, by number", ""),
    "vatCountryIso3": ("text", "country of VAT, by three letters", ""),
    "proposalId": ("text", "the offer it came from", ""),
    "extProposalId": ("text", "the offer it came from, by our id", ""),
    "branchGroupNumber": ("whole", "group of branches", ""),
    "ownerId": ("text", "owner", ""),
}
_ADDRESS: Mapping[str, tuple[Kind, str, str]] = {
    # element: kind, what, attribute of PostalAddress
    "name": ("text", "name", "name"),
    "contact": ("text", "person", "contact"),
    "address": ("text", "street, number and extension in one", "address"),
    "zipcode": ("text", "postal code", "zip_code"),
    "city": ("text", "city", "city"),
    "country": ("text", "country, as the till writes it", "country"),
    "label": ("text", "what the address is called", "label"),
    "companyName": ("text", "company", "company"),
}
_LINE: Mapping[str, tuple[Kind, str, str]] = {
    # element: kind, what, attribute of OrderLine
    "employeeNumber": ("whole", "employee", ""),
    "pluNumber": ("text", "PLU number", ""),
    "text": ("text", "what the line says", "text"),
    "supplierRelationNumber": ("whole", "supplier", ""),
    "supplierRelationName": ("text", "supplier's name", ""),
    "supplierArticleNumber": ("text", "the supplier's article number", ""),
    "courseNumber": ("whole", "course", ""),
    "menuHash": ("text", "menu", ""),
    "menuDescription": ("text", "menu's name", ""),
    "menuAmount": ("money", "menu's price", ""),
    "lineType": ("text", "type of line", ""),
    "suppressDisposableComponent": ("flag", "no disposables added", ""),
    "tempId": ("text", "an id for one call", ""),
    "retourReason": ("text", "reason of a return", ""),
    "sequenceNumber": ("whole", "place in the order", ""),
    "tempLineId": ("text", "a line's id for one call", ""),
    "subLineType": ("text", "type of a line below another", ""),
    "articleAlterationId": ("whole", "way of preparing", ""),
    "lineKind": ("text", "purpose of the line", ""),
    "salesOrderLineId": ("text", "the line of the sales order it is based on", ""),
}
_DATA: Mapping[str, tuple[Kind, str, str]] = {
    # element: kind, what, attribute of OrderLine
    "price": ("money", "price of one, including VAT", "price_cents"),
    "priceExcl": ("money", "price of one, without VAT", ""),
    "originalPrice": ("money", "price before discount, including VAT", ""),
    "originalPriceExcl": ("money", "price before discount, without VAT", ""),
    "purchasePrice": ("money", "purchase price", ""),
    "exchangeRateBuyPrice": ("whole", "exchange rate of the purchase price", ""),
    "exchangeRateBuyPriceDecimalPlaces": ("whole", "its decimal places", ""),
    "exchangeRateSellPrice": ("whole", "exchange rate of the price", ""),
    "exchangeRateSellPriceDecimalPlaces": ("whole", "its decimal places", ""),
    "exchangeRateMultiplier": ("whole", "multiplier of the exchange rate", ""),
    "turnoverGroup": ("whole", "turnover group (revenue account)", "turnover_group"),
    "turnoverGroupName": ("text", "turnover group's name", ""),
    "turnoverGroupType": ("text", "turnover group's type", ""),
    "turnoverGroupAccountNumber": ("whole", "account of the turnover group", ""),
    "turnoverGroupCostCenter": ("text", "cost centre", ""),
    "vatCode": ("whole", "VAT code", "vat_code"),
    "vatPercentage": ("whole", "VAT percentage, in the till's own unit", ""),
    "siUnit": ("text", "unit", ""),
    "discountType": ("text", "type of discount", ""),
    "discountPercentage": ("whole", "discount, in the till's own unit", ""),
    "discountAmount": ("money", "discount, including VAT", ""),
    "discountAmountExcl": ("money", "discount, without VAT", ""),
    "bpeId": ("text", "gift card or voucher", ""),
    "bpeDescription": ("text", "its name", ""),
    "bpeAmount": ("money", "its amount, including VAT", ""),
    "bpeAmountExcl": ("money", "its amount, without VAT", ""),
    "menuId": ("text", "menu", ""),
    "menuLinesId": ("text", "lines of the menu", ""),
    "priceType": ("text", "type of price", ""),
    "purchaseAccountNumber": ("whole", "account of purchases", ""),
    "stockAccountNumber": ("whole", "account of stock", ""),
    "bpeAccordationEmployeeNumber": ("whole", "employee who approved it", ""),
    "redeemedVoucherIssuanceId": ("text", "voucher that is spent on the line", ""),
    "pendingVoucherIssuanceStartTs": ("text", "from when a voucher of the line is valid", ""),
}
_LONGEST = {"relation.relationCode": 128}
"""facts/mplus.md 6. Of no other text is the bound known."""
_WORDS: Mapping[str, tuple[str, ...]] = {
    "relation.defaultVatMethod": VAT_METHODS,
    "order.vatMethod": VAT_METHODS,
    "order.orderType": ORDER_TYPES,
    "line.lineType": ("LINE-TYPE-NONE", "LINE-TYPE-PREPARATION", "LINE-TYPE-COMPONENT"),
    "line.lineKind": (
        "LINE-KIND-DEFAULT",
        "LINE-KIND-SUBTOTAL",
        "LINE-KIND-HEADER",
        "LINE-KIND-SECONDARY-HEADER",
    ),
    "line.discountType": DISCOUNT_TYPES,
}
_PERSONAL = frozenset(
    f"relation.{name}"
    for name in (
        "name", "address", "zipcode", "city", "deliveryAddress", "deliveryZipcode", "deliveryCity", "contact",
        "telephone", "mobile", "email", "website", "birthDate", "relationCode", "cardNumber", "bankAccountNumber",
        "vatNumber", "commerceNumber", "extraText", "companyName", "reminderEmail",
    )
) | {"order.relationName", "order.relationBankAccountNumber", "order.relationVatNumber"}  # fmt: skip
_MPLUS = "Mplus sets it by itself"
_OURS = "kassabrug must know it for sure: orders are found again by it"
_BUILT = "it has fields of its own"
_COUNTED = "quantities follow from the Bol order"
_BRANCH = "the branch is set by order.financialBranchNumber"
LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        **{f"relation.{name}": _OURS for name in ("relationNumber", "extRelationId")},
        **{
            f"relation.{name}": _MPLUS
            for name in (
                "syncMarker", "createTimestamp", "changeTimestamp", "balance", "invoiceCredit", "accountBalance",
                "cantRedeemPointsReason", "salePromotionIds",
            )
        },
        "relation.categoryIds": "it is a list; relation.categoryId sets one",
        "relation.cardNumbers": "it is a list; relation.cardNumber sets one",
        "relation.branchesNonPurchasable": "it is a list, and about suppliers",
        "relation.imageList": "pictures do not come with an order",
        "relation.customFieldList": f"name the custom field: {CUSTOM}NAME",
        "relation.contactList": "the setting orders.customer.company_contact makes it",
        "relation.relationArticleDiscountList": "it is a list that belongs to the shop's own price agreements",
        **{f"order.{name}": _OURS for name in ("orderId", "extOrderId", "relationNumber")},
        **{
            f"order.{name}": _MPLUS
            for name in (
                "invoiceIds", "extInvoiceIds", "transactionString", "syncMarker", "totalInclAmount",
                "totalExclAmount", "vatGroupList", "changeCounter", "versionNumber", "prepaidAmount", "fullyPaid",
                "deliveryState", "cancelState", "completeState", "orderNumber", "branchOrderNumber",
                "orderCategoryDescription", "webhookSessionData", "cateringOrderNumber", "invoiceNumbers",
                "packingSlipIds", "packingSlipNumbers", "proposalNumber", "branchInvoiceNumbers", "timelineEvents",
                "contractPeriod",
            )
        },
        **{f"order.{name}": _BRANCH for name in ("entryBranchNumber", "entryExtBranchId", "financialExtBranchId")},
        "order.deliveryAddress": f"{_BUILT}: order.deliveryAddress.city and so on",
        "order.invoiceAddress": f"{_BUILT}: order.invoiceAddress.city and so on",
        "order.lineList": f"{_BUILT}: line.text and so on",
        "order.paymentList": "the settings commit, prepaid and payment_method make it",
        **{
            f"order.{where}.{name}": why
            for where in ("deliveryAddress", "invoiceAddress")
            for name, why in (("addressId", _MPLUS), ("supplierInformation", "it is about suppliers"))
        },
        **{f"line.{name}": _OURS for name in ("lineId", "articleNumber")},
        **{f"line.{name}": _COUNTED for name in ("quantity", "decimalPlaces")},
        **{
            f"line.{name}": _MPLUS
            for name in (
                "deliveredQuantity", "deliveredDecimalPlaces", "cancelledQuantity", "cancelledDecimalPlaces",
                "averagePurchasePrice", "totalInclAmount", "totalExclAmount", "salePromotionData", "webhookData",
                "preparationList", "contractLines", "uncondensedLines",
            )
        },
        "line.data": f"{_BUILT}: line.price and so on",
        "line.pricePerQuantity": "the contract says that it is not to be used any more",
    }
)  # fmt: skip
"""Elements of the contract that a mapping does not set, and why."""


def _fields() -> Iterator[Field]:
    for name, row in _RELATION.items():
        yield _field(f"relation.{name}", row, key=name)
    for name, row in _ORDER.items():
        yield _field(f"order.{name}", row, key=name)
    for where, part in (("deliveryAddress", "deliver_to"), ("invoiceAddress", "invoice_to")):
        for name, row in _ADDRESS.items():
            yield _field(f"order.{where}.{name}", row, part=part, personal=name not in ("country", "label"))
    for name, row in _LINE.items():
        yield _field(f"line.{name}", row, key=name)
    for name, row in _DATA.items():
        yield _field(f"line.{name}", row, key=f"data.{name}")


def _field(
    name: str, row: tuple[Kind, str, str], key: str = "", part: str = "", personal: bool = False
) -> Field:
    kind, what, slot = row
    return Field(
        name=name,
        kind=kind,
        what=what,
        longest=_LONGEST.get(name),
        words=_WORDS.get(name, ()),
        part=part,
        slot=slot,
        key="" if slot else key,
        personal=personal or name in _PERSONAL,
    )


FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _fields()})
"""By name, in the contract's order."""
