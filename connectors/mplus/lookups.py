"""Versions, markers, branches, methods of payment and delivery on the wire (facts/mplus.md 1.3, 2.6, 7.8). Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

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


def sync_markers() -> Operation[MarkersRead]:
    """getCurrentSyncMarkers: the last markers given, one per feed."""

    def read(answer: Node) -> MarkersRead:
        return MarkersRead(
            article=answer.whole("articleSyncMarker"),
            order=answer.whole("orderSyncMarker"),
            relation=answer.whole("relationSyncMarker", 0),
            stock=answer.maybe("stockId"),
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
