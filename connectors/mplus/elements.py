"""What an order, a line, an address and a relation are made of: each child element in the schema's order
(contracts/mplusqapi-67.1.3.xsd) and what it takes. Pure.

So whatever Mplus has a field for can be set by its name, and stands where the schema wants it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from connectors.mplus import soap
from streams.vocabulary.mplus_order import Extra

Kind = Literal["text", "short", "int", "long", "flag", "day", "moment", "own", "read", "built"]
"""`own`: we set it ourselves, nobody else does. `read`: Mplus sets it. `built`: it has children of its own."""
CUSTOM_FIELD = "customFieldList."
"""Before the name of a custom field of a relation."""
_BOUNDS = {"short": 2**15, "int": 2**31, "long": 2**63}
_WORDS = {"true": True, "1": True, "false": False, "0": False}


class Unfit(ValueError):
    """A field that Mplus has no such element for, or whose value does not fit it; the text is for people."""


class Table:
    """One type of the contract."""

    def __init__(self, what: str, kinds: Mapping[str, Kind]) -> None:
        """`what`: for people, as `an order`. `kinds`: in the schema's order."""
        self.what = what
        self.kinds = dict(kinds)
        self._rank = {name: place for place, name in enumerate(kinds)}

    @property
    def settable(self) -> tuple[str, ...]:
        """The names that `extra` may have."""
        return tuple(name for name, kind in self.kinds.items() if kind not in ("own", "read", "built"))

    def before(self, name: str, other: str) -> bool:
        """Whether `name` stands before `other` in the schema; one that is not known stands last."""
        return self._rank.get(name, len(self._rank)) < self._rank.get(other, len(self._rank))

    def written(self, own: Mapping[str, str], extra: Mapping[str, Extra]) -> str:
        """The elements in the schema's order. `own`: ready-made ones by name; `extra` wins over them. Raises
        Unfit."""
        parts = {**own, **{name: self.element(name, value) for name, value in extra.items()}}
        return "".join(parts[name] for name in sorted(parts, key=self._rank.__getitem__))

    def element(self, name: str, value: Extra) -> str:
        """One element that is set by its name. Raises Unfit."""
        kind = self.kinds.get(name)
        if kind is None:
            raise Unfit(f"{self.what} in Mplus has no field {name[:80]!r}")
        if kind in ("own", "read", "built"):
            who = "Mplus itself" if kind == "read" else "kassabrug itself"
            raise Unfit(f"the field {name!r} of {self.what} in Mplus is set by {who}")
        try:
            return _element(kind, name, value)
        except ValueError:
            raise Unfit(
                f"the field {name!r} of {self.what} in Mplus takes {_TAKES[kind]}, not {str(value)[:40]!r}"
            ) from None


_TAKES = {
    "text": "text",
    "short": "a whole number",
    "int": "a whole number",
    "long": "a whole number",
    "flag": "true or false",
    "day": "a day as 2026-11-20",
    "moment": "a moment as 2026-11-20T09:30+01:00",
}


def _element(kind: Kind, name: str, value: Extra) -> str:
    match kind:
        case "short" | "int" | "long":
            whole = int(value.strip()) if isinstance(value, str) else int(value)
            if not -_BOUNDS[kind] <= whole < _BOUNDS[kind]:
                raise ValueError
            return soap.number(name, whole)
        case "flag":
            flag = _WORDS.get(str(value).strip().casefold())
            if flag is None:
                raise ValueError
            return soap.flag(name, flag)
        case "day":
            return soap.day(name, date.fromisoformat(str(value).strip()[:10]))
        case "moment":
            return soap.moment(name, datetime.fromisoformat(str(value).strip()))
        case _:
            return soap.text(name, str(value).lower() if isinstance(value, bool) else str(value))


def custom_fields(extra: Mapping[str, Extra]) -> str:
    """`customFieldList` of the fields named `customFieldList.<name>`; nothing where there is none."""
    fields = [
        soap.tag("customField", soap.text("fieldName", name.removeprefix(CUSTOM_FIELD)), *_custom(value))
        for name, value in extra.items()
        if name.startswith(CUSTOM_FIELD)
    ]
    return soap.tag("customFieldList", *fields) if fields else ""


def _custom(value: Extra) -> tuple[str, str]:
    if isinstance(value, bool):
        return soap.text("dataType", "DATA-TYPE-BOOL"), soap.flag("boolValue", value)
    if isinstance(value, int):
        return soap.text("dataType", "DATA-TYPE-INT"), soap.number("intValue", value)
    return soap.text("dataType", "DATA-TYPE-STRING"), soap.text("strValue", value)


ADDRESS = Table(
    "an address",
    {
        "addressId": "text", "name": "text", "contact": "text", "address": "text", "zipcode": "text", "city": "text",
        "country": "text", "label": "text", "companyName": "text", "supplierInformation": "text",
    },
)  # fmt: skip

ORDER = Table(
    "an order",
    {
        "orderId": "own", "extOrderId": "own", "invoiceIds": "read", "extInvoiceIds": "read",
        "transactionString": "read", "syncMarker": "read", "orderType": "text", "entryBranchNumber": "int",
        "entryExtBranchId": "text", "employeeNumber": "long", "employeeName": "text", "entryTimestamp": "moment",
        "relationNumber": "own", "relationName": "text", "relationCategoryId": "int",
        "relationBankAccountNumber": "text", "relationVatNumber": "text", "deliveryAddress": "built",
        "invoiceAddress": "built", "financialDate": "day", "financialBranchNumber": "int",
        "financialExtBranchId": "text", "workplaceNumber": "int", "reference": "text", "activityId": "text",
        "totalInclAmount": "read", "totalExclAmount": "read", "vatMethod": "text", "vatGroupList": "read",
        "deliveryMethod": "text", "deliveryDate": "day", "deliveryPeriodBegin": "moment",
        "deliveryPeriodEnd": "moment", "paymentMethod": "text", "changeCounter": "read", "versionNumber": "read",
        "prepaidAmount": "read", "fullyPaid": "read", "deliveryState": "read", "cancelState": "read",
        "completeState": "read", "tableNumber": "int", "tableSubNumber": "int", "tableDescription": "text",
        "numberOfGuests": "int", "orderNumber": "read", "branchOrderNumber": "read", "orderBarcode": "text",
        "orderCategoryNumber": "int", "orderCategoryDescription": "read", "onDeliveryUrl": "text",
        "onInvoiceUrl": "text", "lineList": "own", "paymentList": "own", "vatChange": "text",
        "vatCountryCode": "short", "vatCountryIso3": "text", "webhookSessionData": "read",
        "cateringOrderNumber": "read", "invoiceNumbers": "read", "packingSlipIds": "read",
        "packingSlipNumbers": "read", "proposalId": "text", "extProposalId": "text", "proposalNumber": "read",
        "branchGroupNumber": "int", "ownerId": "text", "branchInvoiceNumbers": "read", "timelineEvents": "read",
        "contractPeriod": "read",
    },
)  # fmt: skip

LINE = Table(
    "an order line",
    {
        "lineId": "own", "employeeNumber": "long", "articleNumber": "own", "pluNumber": "text", "text": "text",
        "supplierRelationNumber": "long", "supplierRelationName": "text", "supplierArticleNumber": "text",
        "data": "own", "courseNumber": "int", "menuHash": "text", "menuDescription": "text", "menuAmount": "long",
        "salePromotionData": "read", "webhookData": "read", "lineType": "text", "preparationList": "read",
        "suppressDisposableComponent": "flag", "tempId": "text", "retourReason": "text", "sequenceNumber": "int",
        "contractLines": "read", "uncondensedLines": "read", "tempLineId": "text", "subLineType": "text",
        "articleAlterationId": "int", "lineKind": "text", "salesOrderLineId": "text",
    },
)  # fmt: skip

DATA = Table(
    "an order line",
    {
        "quantity": "own", "decimalPlaces": "own", "deliveredQuantity": "read", "deliveredDecimalPlaces": "read",
        "cancelledQuantity": "read", "cancelledDecimalPlaces": "read", "price": "own", "priceExcl": "long",
        "originalPrice": "long", "originalPriceExcl": "long", "purchasePrice": "long",
        "averagePurchasePrice": "read", "exchangeRateBuyPrice": "long", "exchangeRateBuyPriceDecimalPlaces": "int",
        "exchangeRateSellPrice": "long", "exchangeRateSellPriceDecimalPlaces": "int",
        "exchangeRateMultiplier": "int", "turnoverGroup": "int", "turnoverGroupName": "text",
        "turnoverGroupType": "text", "turnoverGroupAccountNumber": "int", "turnoverGroupCostCenter": "text",
        "vatCode": "int", "vatPercentage": "int", "pricePerQuantity": "read", "siUnit": "text",
        "discountType": "text", "discountPercentage": "int", "discountAmount": "long", "discountAmountExcl": "long",
        "bpeId": "text", "bpeDescription": "text", "bpeAmount": "long", "bpeAmountExcl": "long", "menuId": "text",
        "menuLinesId": "text", "totalInclAmount": "read", "totalExclAmount": "read", "priceType": "text",
        "purchaseAccountNumber": "int", "stockAccountNumber": "int", "bpeAccordationEmployeeNumber": "long",
        "redeemedVoucherIssuanceId": "text", "pendingVoucherIssuanceStartTs": "text",
    },
)  # fmt: skip
"""`data` of a line. `pricePerQuantity` is not to be used any more, says the contract."""

RELATION = Table(
    "a relation",
    {
        "relationNumber": "own", "extRelationId": "own", "syncMarker": "read", "createTimestamp": "read",
        "changeTimestamp": "read", "active": "flag", "name": "text", "address": "text", "zipcode": "text",
        "city": "text", "country": "text", "deliveryAddress": "text", "deliveryZipcode": "text",
        "deliveryCity": "text", "deliveryCountry": "text", "contact": "text", "telephone": "text",
        "mobile": "text", "email": "text", "website": "text", "birthDate": "day", "relationCode": "text",
        "points": "int", "balance": "read", "priceGroupNumber": "int", "discountPercentage": "int",
        "categoryId": "int", "categoryIds": "built", "cardNumber": "text", "bankAccountNumber": "text",
        "creditLimit": "long", "paymentWithinDays": "int", "vatNumber": "text", "commerceNumber": "text",
        "extraText": "text", "defaultVatMethod": "text", "neverPrintOrEmailReceipt": "flag",
        "alwaysPrintReceipt": "flag", "alwaysPrintLargeFormatReceipt": "flag", "alwaysEmailReceipt": "flag",
        "condenseCombinedInvoice": "flag", "imageList": "read", "customFieldList": "built", "contactList": "own",
        "relationArticleDiscountList": "read", "companyName": "text", "branchesNonPurchasable": "int",
        "cardNumbers": "text", "invoiceCredit": "read", "accountBalance": "read", "salePromotionIds": "read",
        "directDebit": "flag", "reminderEmail": "text", "canEarnPoints": "flag", "canRedeemPoints": "flag",
        "cantRedeemPointsReason": "read",
    },
)  # fmt: skip
