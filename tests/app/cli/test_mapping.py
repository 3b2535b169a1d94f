"""`kassabrug map` as an integrator has it at his terminal."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from app.cli.mapping import read_order, show
from streams.mapping.fields import FIELDS
from streams.mapping.functions import NAMES
from tests.app.cli import command
from tests.streams.mapping.orders import ORDER, rules

BOLS = {
    "orderId": "A2K8290LP8",
    "orderPlacedDateTime": "2026-11-25T14:03:11+01:00",
    "shipmentDetails": {
        "firstName": "Jan",
        "surname": "Testpersoon",
        "streetName": "Kerkstraat",
        "houseNumber": "12",
        "zipCode": "1017GA",
        "city": "Amsterdam",
        "countryCode": "NL",
    },
    "orderItems": [
        {
            "orderItemId": "2012345678",
            "quantity": 2,
            "unitPrice": 19.95,
            "totalPrice": 39.90,
            "commission": 3.1,
            "fulfilment": {"method": "FBR", "latestDeliveryDate": "2026-11-27"},
            "product": {"ean": "8712345678906", "title": "Een mok"},
        }
    ],
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return command.run("map", *arguments)


def test_the_lists() -> None:
    listed = json.loads(run("fields", "--json").stdout)
    assert [one["name"] for one in listed] == list(FIELDS)
    assert {one["name"] for one in json.loads(run("functions", "--json").stdout)} == NAMES
    told = run("functions").stdout
    assert "$phone(" in told
    assert "order.reference" in run("fields").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--file order.json"),
        (("A1", "--set", "order.reference"), "--set 'order.reference=expression'"),
        (("A1", "--config", "nowhere.toml"), "kassabrug.example.toml"),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...], words: str) -> None:
    told = run("try", *arguments)
    assert told.returncode == 2
    assert words in told.stderr


def test_an_order_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(BOLS))
    order = read_order(path)
    assert (order.order_id, order.items[0].total_cents) == ("A2K8290LP8", 3990)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{}", "no order in Bol's shape"),
        (b"<x/>", "no order in Bol's shape"),
        (b"x" * 2**21, "longer than"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_order_is_told(body: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(Exception, match=words):
        read_order(path)


def test_what_is_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    shop = rules({"order.reference": "'Bol [' & orderId & ']'", "relation.name": "shipmentDetails.surname"})
    assert show(ORDER, shop, {}) == 0
    told = capsys.readouterr().out
    assert "Bol [A2K8290LP8]" in told
    assert "--show-personal" in told
    assert "VRIES" not in told
    assert show(ORDER, shop, {"relation.points": "'veel'"}) == 1
    told = capsys.readouterr().out
    assert "relation.points: the field takes a whole number" in told
    assert "2 changed, 1 failed" in told


def test_nothing_is_mapped(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(ORDER, rules({}), {}) == 0
    assert "No field is mapped" in capsys.readouterr().out


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(ORDER, rules({"order.reference": "orderId"}), {"relation.city": "a b"}, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["order"] == "A2K8290LP8"
    assert [(one["field"], one["changed"], bool(one["why"])) for one in told["fields"]] == [
        ("order.reference", True, False),
        ("relation.city", False, True),
    ]
