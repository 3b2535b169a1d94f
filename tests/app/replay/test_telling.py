"""What is told of a dry run: everything, and nothing of a person."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from typing import Any

import orjson
import pytest
from rich.console import Console

from app.replay.looking import Outcomes
from app.replay.telling import about_outcomes, masked, masked_call, show, told
from tests.app.replay.stage import Stage, broken


def personal(node: Any, name: str = "") -> set[str]:
    """The names and addresses in a Bol order."""
    if isinstance(node, dict):
        return {word for key, value in node.items() for word in personal(value, key)}
    if isinstance(node, list):
        return {word for value in node for word in personal(value, name)}
    wanted = name in ("firstName", "surname", "streetName", "email", "zipCode", "deliveryPhoneNumber")
    return {str(node)} if wanted and node else set()


async def test_people_and_programs_are_told_everything_but_persons(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.orders._item", broken)
        [order_id] = await stage.sold(0)
    found = await stage.look()
    said = StringIO()
    show(found, Console(file=said, width=200))
    text, data = said.getvalue(), orjson.dumps(told(found)).decode()
    for words in (f"orders shop/{order_id}", "code-asked", "1 of them came out otherwise", "read-stock"):
        assert words in text, words
    assert orjson.loads(data)["unsent"][0]["topic"] == "catalogue.inbox"
    answers = stage.log.records("bol.raw", f"shop/{order_id}".encode())
    names = {word for one in answers for word in personal(orjson.loads(one.value or b""))}
    assert len(names) > 3, "there is somebody in the answers"
    assert not [name for name in names if name in text or name in data]


async def test_nothing_differs_is_said(stage: Stage) -> None:
    said = StringIO()
    show(await stage.look(), Console(file=said, width=200))
    assert said.getvalue().endswith("Nothing differs.\n")


def test_what_is_personal_is_masked_by_its_name() -> None:
    assert masked("order.ship_to.surname", "de Vries") == "*** V****"
    assert masked("lines[item_id=i1].wanted", "3") == "3"
    call = masked_call('find-relation {"email": "jan@example.nl"}')
    assert call.startswith("find-relation ")
    assert "jan@" not in call
    assert masked_call("sweep-markers") == "sweep-markers"


def test_what_was_taken_as_recorded_is_told_with_the_reasons() -> None:
    recorded = Counter(
        {("push-stock", "its answers are not kept"): 2, ("commit-order", "more is asked for now"): 9}
    )
    assert about_outcomes(Outcomes(5, 1, recorded, 0)) == (
        "5 outcomes were worked out anew from the vendors' answers, 1 of them came out otherwise; taken as recorded: "
        "11 (commit-order 9, more is asked for now; push-stock 2, its answers are not kept)."
    )
    assert about_outcomes(Outcomes(0, 0, {}, 0)).endswith("taken as recorded: 0.")
