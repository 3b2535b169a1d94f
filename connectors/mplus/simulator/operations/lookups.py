"""What a client asks first: the version, the markers, branches, VAT, methods, categories, webhooks."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.soap import Node, element, wrapped

VERSION = (67, 1, 3)
"""Of the contract that this is written from."""


def get_api_version(books: MplusBooks, call: Node) -> Iterable[str]:
    """The protocol is 1.0.0 since long; the service number is what tells features (facts/mplus.md 1.3)."""
    major, minor, revision = VERSION
    return [
        wrapped(
            "getApiVersionResponse",
            element("majorNumber", 1)
            + element("minorNumber", 0)
            + element("revisionNumber", 0)
            + element("serviceMajorNumber", major)
            + element("serviceMinorNumber", minor)
            + element("serviceRevisionNumber", revision)
            + element("serviceHostname", "simulator")
            + element("serviceMinWorkerThreads", 2)
            + element("serviceMaxWorkerThreads", 8)
            + element("inDebugMode", False)
            + element("isSlaveApi", False)
            + element("slaveApiType", "NO-SLAVE-API")
            + element("serviceVersionDisplayString", f"{major}.{minor}.{revision} (simulator)"),
        )
    ]


def _markers(books: MplusBooks) -> dict[str, int]:
    """In the contract's sequence. What this installation has none of stands at 0."""
    slips = {"packingSlipSyncMarker": books.orders.current_slip} if books.config.packing_slip_marker else {}
    return {
        "articleSyncMarker": books.catalogue.current,
        "articleGroupSyncMarker": 0,
        "relationSyncMarker": books.relations.current,
        "employeeSyncMarker": 0,
        "invoiceSyncMarker": books.desk.invoices,
        "receiptSyncMarker": books.till.receipts,
        "orderSyncMarker": books.orders.current,
        "proposalSyncMarker": 0,
        "stockId": books.stock.current,
        **slips,
    }


def get_current_sync_markers(books: MplusBooks, call: Node) -> Iterable[str]:
    """One cheap call that tells which feeds moved (facts/mplus.md 2.6)."""
    markers = "".join(element(name, value) for name, value in _markers(books).items())
    return [wrapped("getCurrentSyncMarkersResponse", markers)]


def get_current_sync_markers_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """Only the markers that are asked for."""
    request = call.inside("request")
    markers = "".join(
        element(name, value)
        for name, value in _markers(books).items()
        if request.flag(f"include{name[0].upper()}{name[1:]}")
    )
    return [wrapped("GetCurrentSyncMarkersV2Response", markers)]


def get_branches(books: MplusBooks, call: Node) -> Iterable[str]:
    """Branches with their workplaces."""
    branches = "".join(
        wrapped(
            "branch",
            element("branchNumber", branch.number)
            + element("branchName", branch.name)
            + element("abbreviation", branch.name[:3].upper())
            + wrapped(
                "workplaces",
                "".join(
                    wrapped(
                        "workplace",
                        element("workplaceNumber", place.number)
                        + element("workplaceName", place.name)
                        + element("isMobile", False)
                        + element("workplaceType", "STANDARD"),
                    )
                    for place in branch.workplaces
                ),
            )
            + element("countryCode", 528)
            + element("countryIso3", "NLD")
            + element("countryName", "Nederland"),
        )
        for branch in books.config.branches
    )
    return [wrapped("getBranchesResponse", wrapped("branches", branches))]


def get_vat_group_list(books: MplusBooks, call: Node) -> Iterable[str]:
    """Every rate of every branch."""
    groups = "".join(
        wrapped(
            "vatGroup",
            element("branchNumber", branch.number)
            + element("countryCode", 528)
            + element("countryIso3", "NLD")
            + element("vatCode", rate.code)
            + element("vatPercentage", rate.percentage // books.config.vat_percentage_divisor),
        )
        for branch in books.config.branches
        for rate in books.config.vat_rates
    )
    return [wrapped("getVatGroupListResponse", groups)]


def get_payment_methods(books: MplusBooks, call: Node) -> Iterable[str]:
    """All methods; V2 can ask for some types."""
    request = call.child("request")
    types = set(request.texts("paymentMethodTypes")) if request else set()
    methods = "".join(
        wrapped(
            "paymentMethod",
            element("method", method.method)
            + element("description", method.description)
            + element("buttonText", method.description)
            + element("allowNegativeAmount", True)
            + element("active", True)
            + element("type", method.type),
        )
        for method in books.config.payment_methods
        if not types or method.type in types
    )
    return [wrapped("GetPaymentMethodsResponse", wrapped("paymentMethodList", methods))]


def get_delivery_methods(books: MplusBooks, call: Node) -> Iterable[str]:
    """All ways to ship; V2 can ask for the enabled ones and has a name of its own."""
    request = call.child("request")
    only_enabled = bool(request and request.flag("onlyEnabled"))
    methods = "".join(
        wrapped(
            "deliveryMethod",
            element("deliveryMethod", method.code)
            + element("description", method.description)
            + element("buttonText", method.description)
            + element("enabled", method.enabled),
        )
        for method in books.config.delivery_methods
        if method.enabled or not only_enabled
    )
    answer = "GetDeliveryMethodsV2Response" if call.name.endswith("V2") else "GetDeliveryMethodsResponse"
    return [wrapped(answer, wrapped("deliveryMethodList", methods))]


def get_order_categories(books: MplusBooks, call: Node) -> Iterable[str]:
    """The merchant's own workflow statuses."""
    categories = "".join(
        wrapped(
            "orderCategory",
            element("orderCategoryNumber", category.number)
            + element("orderCategoryDescription", category.description)
            + element("allowCancel", category.allow_cancel)
            + element("allowProcess", category.allow_process),
        )
        for category in books.config.order_categories
    )
    return [wrapped("GetOrderCategoriesResponse", categories)]


def get_employees(books: MplusBooks, call: Node) -> Iterable[str]:
    """All of them, or those of these numbers."""
    wanted = set(call.inside("request").wholes("employeeNumbers"))
    employees = "".join(
        wrapped(
            "employee",
            element("employeeNumber", one.number) + element("name", one.name) + element("active", one.active),
        )
        for one in books.config.employees
        if not wanted or one.number in wanted
    )
    return [wrapped("GetEmployeesResponse", wrapped("employeeList", employees))]


def get_turnover_groups(books: MplusBooks, call: Node) -> Iterable[str]:
    """All of them, or those in use."""
    only = bool(call.inside("request").flag("onlyActive"))
    groups = "".join(
        wrapped(
            "turnoverGroup",
            element("turnoverGroupType", "TURNOVER-GROUP-TYPE-TURNOVER")
            + element("turnoverGroup", one.number)
            + element("turnoverGroupName", one.name),
        )
        for one in books.config.turnover_groups
        if one.active or not only
    )
    return [wrapped("GetTurnoverGroupsResponse", wrapped("turnoverGroupList", groups))]


def get_card_categories(books: MplusBooks, call: Node) -> Iterable[str]:
    """Those of relations."""
    categories = "".join(
        wrapped(
            "cardCategory",
            element("categoryId", one.number)
            + element("name", one.name)
            + element("isVipGroup", False)
            + element("isSupplierGroup", False),
        )
        for one in books.config.relation_categories
    )
    return [wrapped("GetCardCategoriesResponse", wrapped("relationCardCategoryList", categories))]


def get_webhook_consumers(books: MplusBooks, call: Node) -> Iterable[str]:
    """The subscription as it holds for a workplace; the secret is never told (facts/mplus.md 3.2)."""
    request = call.inside("request")
    place = request.child("workplace")
    branch = (place.small("branchNumber") if place else None) or 0
    workplace = (place.small("workplaceNumber") if place else None) or 0
    known = any(
        one.number == branch and any(till.number == workplace for till in one.workplaces)
        for one in books.config.branches
    )
    target = books.webhook
    if target is None or not known:
        return [wrapped("GetWebhookConsumersResponse", "<ns:webhookConsumerList/>")]
    events = "".join(
        wrapped(
            "webhookConsumerEvent",
            element("eventName", name) + element("blocking", False) + element("enabled", True),
        )
        for name in target.events
    )
    consumer = (
        element("webhookConsumerId", target.subscription_id)
        + element("applicationName", target.subscription_id)
        + element("subscriptionId", target.subscription_id)
        + element("endpointUrl", target.url)
        + element("authenticationType", "WEBHOOK-AUTHENTICATION-TYPE-TOKEN")
        + element("authenticationScope", "")
        + wrapped("webhookConsumerEventList", events)
        + "<ns:webhookConsumerTriggerPatternList/><ns:webhookConsumerWorkplaceList/>"
        + "<ns:webhookConsumerPaymentMethodList/>"
        + element("enabled", True)
        + wrapped("workplaceKey", element("branchNumber", branch) + element("workplaceNumber", workplace))
    )
    answer = wrapped("webhookConsumerList", wrapped("webhookConsumer", consumer))
    return [wrapped("GetWebhookConsumersResponse", answer)]


LOOKUPS = {
    "getApiVersion": get_api_version,
    "getCurrentSyncMarkers": get_current_sync_markers,
    "getCurrentSyncMarkersV2": get_current_sync_markers_v2,
    "getBranches": get_branches,
    "getVatGroupList": get_vat_group_list,
    "getPaymentMethods": get_payment_methods,
    "getPaymentMethodsV2": get_payment_methods,
    "getDeliveryMethods": get_delivery_methods,
    "getDeliveryMethodsV2": get_delivery_methods,
    "getOrderCategories": get_order_categories,
    "getEmployees": get_employees,
    "getTurnoverGroups": get_turnover_groups,
    "getCardCategories": get_card_categories,
    "getWebhookConsumers": get_webhook_consumers,
}
