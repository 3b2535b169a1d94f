"""What a shop can set about its returns."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.sections import Returns
from app.settings import Settings
from streams.returns.rules import HandlingRule, ReturnRules

CONNECTION: dict[str, Any] = {
    "bol": {"client_id": "a", "client_secret": "b"},
    "mplus": {"api_url": "https://till.example:1", "ident": "i", "secret": "s"},
    "stock": {"branches": [1]},
    "orders": {"branch": 1},
}


def settings(**parts: Any) -> Settings:
    return Settings.model_validate({"connections": {"shop": CONNECTION | parts}})


def test_without_a_word_all_is_by_hand_and_nothing_is_credited() -> None:
    assert settings().return_rules("shop") == ReturnRules()
    assert settings().return_rules("nobody") is None


def test_all_of_it() -> None:
    said = {
        "kinds": ["FBR"],
        "handle": [{"result": "CUSTOMER_KEEPS_PRODUCT_PAID", "reason": "beschadigd"}],
        "credit": "when-handled",
        "restock": True,
        "refund": True,
        "credit_branch": 3,
        "credit_workplace": 5,
        "keep_days": 90,
    }
    found = settings(returns=said, sweeps={"bol_returns": 1800.0}).return_rules("shop")
    assert found == ReturnRules(
        kinds=("FBR",),
        handle=(HandlingRule(result="CUSTOMER_KEEPS_PRODUCT_PAID", after_days=0, reason="beschadigd"),),
        credit="when-handled",
        restock=True,
        refund=True,
        credit_branch=3,
        credit_workplace=5,
        unseen=7200.0,
        keep_days=90,
    )


def test_how_often_returns_are_read() -> None:
    rules = settings().sweep_rules("shop")
    assert rules is not None
    assert rules.returns == 900.0
    rules = settings(sweeps={"bol_returns": 60.0}).sweep_rules("shop")
    assert rules is not None
    assert rules.returns == 60.0
    rules = settings(returns={"kinds": []}).sweep_rules("shop")
    assert rules is not None
    assert rules.returns is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            {"handle": [{"result": "RETURN_RECEIVED", "after_days": 2}]},
            "nothing tells that the parcel is here",
        ),
        ({"handle": [{"result": "EXCHANGE_PRODUCT", "after_days": 20}]}, "RETURN_RECEIVED"),
        ({"credit_workplace": 4}, "credit_branch"),
        ({"credit": "yes"}, "when-handled"),
        ({"kinds": ["BOL"]}, "FBR"),
        ({"restock": "yes"}, "boolean"),
    ],
)
def test_what_makes_no_sense_is_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Returns(**said)
