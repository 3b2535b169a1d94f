"""Versions, markers, branches, methods of payment and delivery on the wire (facts/mplus.md 1.3, 2.6, 7.8). Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from connectors.mplus import soap
from connectors.mplus.operation import Operation, operation
from connectors.mplus.reply import Node
from streams.vocabulary.events import MarkersRead


class Version(NamedTuple):
    """Which software answers: `service` is the build that tells features, as `67.1.3`."""

    service: str
    protocol: str
    built_at: datetime | None = None

    def __str__(self) -> str:
        return self.service


class Branch(NamedTuple):
    """A shop, and the numbers of its workplaces."""

    number: int
    name: str
    workplaces: tuple[int, ...]


class Method(NamedTuple):
    """A way to pay or to deliver: `code` is what an order carries."""

    code: str
    description: str
    usable: bool


class Numbered(NamedTuple):
    """An employee, an order category, a turnover group or a category of relations: what an order carries is its
    number."""

    number: int
    description: str
    usable: bool = True


class VatGroup(NamedTuple):
    """A VAT code at a branch; `percentage` as people say it: 21, 9, 5.5."""

    code: int
    percentage: Decimal
    branch: int
    country: str
    """ISO 3166 alpha-3, or empty."""


def sync_markers() -> Operation[MarkersRead]:
    """getCurrentSyncMarkers: the last markers given, one per feed."""

    def read(answer: Node) -> MarkersRead:
        return MarkersRead(
            article=answer.whole("articleSyncMarker"),
            order=answer.whole("orderSyncMarker"),
            relation=answer.whole("relationSyncMarker", 0),
            stock=answer.maybe("stockId"),
            slip=answer.maybe("packingSlipSyncMarker"),
        )

    return operation("getCurrentSyncMarkers", read)


def api_version() -> Operation[Version]:
    """getApiVersion."""

    def read(answer: Node) -> Version:
        service = [answer.whole(f"service{part}Number", 0) for part in ("Major", "Minor", "Revision")]
        protocol = [answer.whole(f"{part}Number", 0) for part in ("major", "minor", "revision")]
        return Version(
            ".".join(map(str, service)), ".".join(map(str, protocol)), answer.moment("serviceDateTime")
        )

    return operation("getApiVersion", read)


def branches() -> Operation[list[Branch]]:
    """getBranches."""

    def read(answer: Node) -> list[Branch]:
        return [
            Branch(
                branch.whole("branchNumber"),
                branch.text("branchName"),
                tuple(place.whole("workplaceNumber") for place in branch.each("workplaces", "workplace")),
            )
            for branch in answer.each("branches", "branch")
        ]

    return operation("getBranches", read)


def payment_methods() -> Operation[list[Method]]:
    """getPaymentMethods."""

    def read(answer: Node) -> list[Method]:
        return [
            Method(one.text("method"), one.text("description"), one.flag("active", True))
            for one in answer.each("paymentMethodList", "paymentMethod")
        ]

    return operation("getPaymentMethods", read)


def delivery_methods() -> Operation[list[Method]]:
    """getDeliveryMethods."""

    def read(answer: Node) -> list[Method]:
        return [
            Method(one.text("deliveryMethod"), one.text("description"), one.flag("enabled", True))
            for one in answer.each("deliveryMethodList", "deliveryMethod")
        ]

    return operation("getDeliveryMethods", read)


def employees() -> Operation[list[Numbered]]:
    """getEmployees: of what it tells only number, name and whether he still works here."""

    def read(answer: Node) -> list[Numbered]:
        return [
            Numbered(one.whole("employeeNumber", 0), one.text("name"), one.flag("active", True))
            for one in answer.each("employeeList", "employee")
        ]

    return operation("getEmployees", read, soap.tag("request"))


def order_categories() -> Operation[list[Numbered]]:
    """getOrderCategories: the order statuses that the shop has made up (facts/mplus.md 7.7)."""

    def read(answer: Node) -> list[Numbered]:
        return [
            Numbered(one.whole("orderCategoryNumber"), one.text("orderCategoryDescription"))
            for one in answer.each("orderCategory")
        ]

    return operation("getOrderCategories", read)


def turnover_groups() -> Operation[list[Numbered]]:
    """getTurnoverGroups: all of them; only those of the type TURNOVER are for goods."""

    def read(answer: Node) -> list[Numbered]:
        return [
            Numbered(
                one.whole("turnoverGroup"),
                one.text("turnoverGroupName"),
                one.text("turnoverGroupType") in ("", "TURNOVER-GROUP-TYPE-TURNOVER"),
            )
            for one in answer.each("turnoverGroupList", "turnoverGroup")
        ]

    return operation("getTurnoverGroups", read, soap.tag("request", soap.flag("onlyActive", True)))


def vat_groups() -> Operation[list[VatGroup]]:
    """getVatGroupList. Whether 21 % is 21 or 2100 is not documented (facts/mplus.md 2.1): a list with a number above a
    hundred has hundredths."""

    def read(answer: Node) -> list[VatGroup]:
        rows = list(answer.each("vatGroup"))
        hundredths = any(row.whole("vatPercentage", 0) > 100 for row in rows)
        return [
            VatGroup(
                row.whole("vatCode"),
                Decimal(row.whole("vatPercentage", 0)) / (100 if hundredths else 1),
                row.whole("branchNumber", 0),
                row.text("countryIso3"),
            )
            for row in rows
        ]

    return operation("getVatGroupList", read)


def card_categories() -> Operation[list[Numbered]]:
    """getCardCategories: those of relations."""

    def read(answer: Node) -> list[Numbered]:
        return [
            Numbered(one.whole("categoryId"), one.text("name"))
            for one in answer.each("relationCardCategoryList", "cardCategory")
        ]

    return operation("getCardCategories", read)
