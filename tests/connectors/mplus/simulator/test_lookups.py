from __future__ import annotations

import pytest

from connectors.mplus.simulator import WebhookTarget
from tests.connectors.mplus.simulator.wire import Opened, Shop

PLACE = "<request><workplace><branchNumber>1</branchNumber><workplaceNumber>{}</workplaceNumber></workplace></request>"


async def test_the_version_is_the_contracts(shop: Shop) -> None:
    version = await shop.call("getApiVersion")
    names = ("majorNumber", "serviceMajorNumber", "serviceMinorNumber", "serviceRevisionNumber")
    assert [version[name] for name in names] == ["1", "67", "1", "3"]


async def test_branches_methods_and_categories(shop: Shop) -> None:
    branches = await shop.call("getBranches")
    assert branches.all("branches.branch.workplaces.workplace.workplaceNumber") == ["1", "2"]
    methods = await shop.call("getPaymentMethods")
    assert "BOL" in methods.all("paymentMethodList.paymentMethod.method")
    suspense = "<request><paymentMethodTypes>PAYMENT-METHOD-TYPE-SUSPENSE</paymentMethodTypes></request>"
    methods = await shop.call("getPaymentMethodsV2", suspense)
    assert methods.all("paymentMethodList.paymentMethod.method") == ["BOL"]
    assert (await shop.call("getDeliveryMethods")).name == "GetDeliveryMethodsResponse"
    assert (await shop.call("getDeliveryMethodsV2", "<request/>")).name == "GetDeliveryMethodsV2Response"
    assert (await shop.call("getOrderCategories")).all("orderCategory.allowCancel") == [
        "true",
        "true",
        "false",
    ]


async def test_markers_can_be_asked_one_by_one(shop: Shop) -> None:
    asked = "<request><includeStockId>true</includeStockId><includeOrderSyncMarker>0</includeOrderSyncMarker></request>"
    answer = await shop.call("getCurrentSyncMarkersV2", asked)
    assert answer["stockId"] == "20"
    assert answer.get("orderSyncMarker") is None


async def test_the_marker_of_packing_slips_is_optional(opened: Opened) -> None:
    assert (await (await opened()).call("getCurrentSyncMarkers"))["packingSlipSyncMarker"] == "0"
    without = await opened(packing_slip_marker=False)
    assert (await without.call("getCurrentSyncMarkers")).get("packingSlipSyncMarker") is None


@pytest.mark.parametrize(("workplace", "count"), [(1, 1), (2, 1), (9, 0)])
async def test_a_subscription_is_shown_without_its_secret(opened: Opened, workplace: int, count: int) -> None:
    target = WebhookTarget(url="http://127.0.0.1:1/hooks")
    shop = await opened(webhook=target)
    answer = await shop.call("getWebhookConsumers", PLACE.format(workplace))
    consumers = answer.each("webhookConsumerList.webhookConsumer")
    assert len(consumers) == count
    for consumer in consumers:
        assert consumer["endpointUrl"] == target.url
        assert consumer.all("webhookConsumerEventList.webhookConsumerEvent.eventName") == list(target.events)
    assert target.secret not in repr(answer.element) + repr(target) + repr(shop.config)


async def test_without_a_subscription_the_list_is_empty(shop: Shop) -> None:
    answer = await shop.call("getWebhookConsumers", PLACE.format(1))
    assert answer.each("webhookConsumerList.webhookConsumer") == []
