"""The judge of these tests can say no."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError

from tests.connectors.bol.simulator.judge import check, judge

OFFER = "6ff736b5-cdd0-4150-8c67-78269ee986f5"
STOCK = {"category": "STOCK", "code": "STOCK", "description": "none"}


def reasons(reason: dict[str, Any], offer_id: str = OFFER) -> dict[str, Any]:
    return {"offerId": offer_id, "countries": [{"countryCode": "NL", "reasons": [reason]}]}


def test_it_says_yes() -> None:
    judge("GET", f"/retailer/offers/{OFFER}/not-for-sale-reasons", 200, reasons(STOCK))
    judge("PATCH", f"/retailer/offers/{OFFER}", 204, None)


@pytest.mark.parametrize(
    "body",
    [
        reasons(STOCK, "nonsense"),
        reasons(STOCK | {"category": "WEATHER"}),
        reasons({"code": "STOCK", "description": "none"}),
        {"offerId": OFFER, "countries": [{"countryCode": "DE"}]},
        {},
    ],
)
def test_it_refuses_another_shape(body: Any) -> None:
    with pytest.raises(ValidationError):
        judge("GET", f"/retailer/offers/{OFFER}/not-for-sale-reasons", 200, body)


def test_it_refuses_a_moment_without_a_zone() -> None:
    status = {
        "eventType": "CANCEL_ORDER",
        "description": "",
        "status": "PENDING",
        "createTimestamp": "2026-11-20T10:30:00+01:00",
        "links": [],
    }
    check("bol-shared-v10", "ProcessStatus", status)
    for wrong in ("2026-11-20T10:30:00", "yesterday"):
        with pytest.raises(ValidationError):
            check("bol-shared-v10", "ProcessStatus", status | {"createTimestamp": wrong})


def test_it_refuses_a_status_or_a_body_that_the_contract_does_not_have() -> None:
    with pytest.raises(AssertionError):
        judge("GET", f"/retailer/offers/{OFFER}/not-for-sale-reasons", 204, None)
    with pytest.raises(AssertionError):
        judge("PATCH", f"/retailer/offers/{OFFER}", 204, {})
    with pytest.raises(AssertionError):
        judge("GET", "/retailer/nothing", 200, {})
