"""Orders and returns on the pages and over the API: what is shown, what is written, and what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.vocabulary.activity import ReturnShown
from streams.vocabulary.events import (
    Message,
    OperatorAsked,
    OperatorCancelled,
    OperatorHandled,
    OperatorShipped,
)
from tests.app.console.site import (
    ASKS,
    BY_BOL,
    DONE,
    FIRST,
    LATE,
    OPEN,
    RETURN,
    RMA,
    SECOND,
    SENT,
    TRACK,
    ReturnRow,
    Site,
    a_return,
    open_site,
    orders,
)
from tests.app.readmodel.fakes import NOON

NOBODY = "Someone at the console"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


@pytest.mark.parametrize("order_id", [order.order_id for order in orders()])
async def test_every_order_has_its_page(site: Site, order_id: str) -> None:
    async with site.client() as http:
        page = (await http.get(f"/orders/demo/{order_id}")).text
    assert order_id in page
    assert "<b>Linen" not in page, "what a vendor says is text"


async def test_the_list_has_late_orders_first_and_says_how_long_is_left(site: Site) -> None:
    async with site.client() as http:
        page = (await http.get("/orders")).text
        late = (await http.get("/orders?late=1")).text
        asks = (await http.get("/orders?asks_cancellation=1")).text
        by_bol = (await http.get("/orders?fulfilment=FBB")).text
        waits = (await http.get("/api/orders?waits_for_track=1")).json()
    assert page.index(ASKS) < page.index(LATE) < page.index(OPEN) < page.index(DONE)
    assert "2 days late" in page
    assert "today, 12 h left" in page
    assert LATE in late
    assert OPEN not in late
    assert ASKS in asks
    assert LATE not in asks
    assert BY_BOL in by_bol
    assert SENT not in by_bol
    assert [row["shown"]["order_id"] for row in waits["rows"]] == [LATE]


async def test_an_order_shows_its_shipments_its_counts_and_the_commission(site: Site) -> None:
    async with site.client() as http:
        page = (await http.get(f"/orders/demo/{SENT}")).text
    for words in (
        TRACK,
        "PostNL parcel (TNT)",
        "Bol knows",
        "refused by Bol",
        "Transporter code FIEGE cannot be used",
        "shown, not booked",
        "€ 5,98",
        "after discounts",
    ):
        assert words in page, words


async def test_the_overview_says_what_needs_somebody(site: Site) -> None:
    async with site.client() as http:
        page = (await http.get("/")).text
    assert "<b>2</b> orders are late, or nearly" in page
    assert "<b>1</b> customer asks to cancel" in page
    assert "<b>1</b> order waits for a track and trace code" in page
    assert "<b>2</b> open returns" in page
    assert f'href="/orders/demo/{LATE}"' in page


async def test_sent_with(site: Site) -> None:
    async with site.client() as http:
        answer = await http.post(
            f"/orders/demo/{LATE}/ship", data={"transporter": "TNT", "track": "3S KABC 1", "all": ""}
        )
        assert answer.status_code == 303
        page = await http.get(answer.headers["location"])
    assert "Bol is told how it was sent" in page.text
    event = OperatorShipped(who=NOBODY, transporter="TNT", track="3SKABC1")
    assert site.written == [("demo", Message(flow="orders", entity=LATE, event=event))]


async def test_sent_with_a_code_that_is_written_out(site: Site) -> None:
    form = {"transporter": "*", "other": "fiege", "track": "", "all": "1"}
    async with site.client() as http:
        assert (await http.post(f"/orders/demo/{LATE}/ship", data=form)).status_code == 303
    assert site.written[0][1].event == OperatorShipped(who=NOBODY, transporter="FIEGE", all=True)


async def test_a_mistake_keeps_what_was_filled_in_and_writes_nothing(site: Site) -> None:
    async with site.client() as http:
        answer = await http.post(
            f"/orders/demo/{LATE}/ship", data={"transporter": "DPD-NL", "track": '"><i>no code'}
        )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "This is no track and trace code" in answer.text
    assert 'value="DPD-NL" selected' in answer.text
    assert "&#34;&gt;&lt;i&gt;no code" in answer.text
    assert site.written == []


async def test_cancelling_asks_a_second_question(site: Site) -> None:
    async with site.client() as http:
        way = f"/orders/demo/{LATE}/cancel"
        question = await http.get(way, params={"reason": "OUT_OF_STOCK", "item": [FIRST]})
        assert question.status_code == 200
        assert "Yes, cancel it" in question.text
        assert "2 × Espresso cups" in question.text
        assert "Out of stock" in question.text
        assert SECOND not in question.text
        assert site.written == [], "asking cancels nothing"
        nothing = await http.get(way, params={"reason": "OUT_OF_STOCK"})
        assert nothing.status_code == 422
        assert "Tick what is to be cancelled" in nothing.text
        answer = await http.post(way, data={"reason": "OUT_OF_STOCK", "item": [FIRST, SECOND]})
        assert answer.status_code == 303
    event = OperatorCancelled(who=NOBODY, reason="OUT_OF_STOCK", item_ids=(FIRST, SECOND))
    assert site.written == [("demo", Message(flow="orders", entity=LATE, event=event))]


async def test_tried_again(site: Site) -> None:
    async with site.client() as http:
        answer = await http.post(f"/orders/demo/{OPEN}/retry")
        assert answer.status_code == 303
        assert "The order is tried again now" in (await http.get(answer.headers["location"])).text
    assert site.written == [("demo", Message(flow="orders", entity=OPEN, event=OperatorAsked(who=NOBODY)))]


@pytest.mark.parametrize("deed", ["retry", "ship", "cancel"])
async def test_an_order_that_is_not_there(site: Site, deed: str) -> None:
    form = {"transporter": "TNT", "all": "1", "reason": "OTHER"}
    async with site.client() as http:
        assert (await http.post(f"/orders/demo/none/{deed}", data=form)).status_code == 404
        answer = await http.post(f"/api/orders/demo/none/{deed}", json={})
    assert answer.status_code == 404
    assert "none" in answer.json()["detail"]
    assert site.written == []


async def test_a_log_that_does_not_take_it_is_told_and_nothing_is_done(site: Site) -> None:
    async with site.client() as http:
        site.refuse.append("the disk is full")
        page = await http.post(f"/orders/demo/{OPEN}/retry")
        site.refuse.append("the disk is full")
        answer = await http.post(f"/api/orders/demo/{OPEN}/retry", json={})
    assert page.status_code == answer.status_code == 503
    assert "the disk is full" in page.text
    assert "the disk is full" in answer.json()["detail"]


async def test_a_finished_order_has_no_forms(site: Site) -> None:
    async with site.client() as http:
        done = (await http.get(f"/orders/demo/{DONE}")).text
        by_bol = (await http.get(f"/orders/demo/{BY_BOL}")).text
    assert "<form" not in done
    assert "This order is done" in done
    assert "/ship" not in by_bol
    assert "Bol sends this order itself" in by_bol


async def test_a_console_that_only_shows(tmp_path: Path) -> None:
    async with open_site(tmp_path, by_hand=False) as site, site.client() as http:
        page = (await http.get(f"/orders/demo/{LATE}")).text
        assert "By hand" not in page
        assert 'method="post"' not in (await http.get(f"/returns/demo/{RETURN}")).text
        assert (await http.post(f"/orders/demo/{LATE}/ship", data={"transporter": "TNT"})).status_code == 404
        assert (await http.post(f"/api/orders/demo/{LATE}/ship", json={})).status_code == 404


async def test_who_did_it_is_the_name_that_the_password_goes_with(tmp_path: Path) -> None:
    more: dict[str, Any] = {"username": "winkel", "password": "geheim-woord"}
    async with open_site(tmp_path, **more) as site, site.client(auth=("winkel", "geheim-woord")) as http:
        await http.post(f"/orders/demo/{OPEN}/retry")
        await http.post(f"/api/orders/demo/{OPEN}/retry", json={})
    assert [message.event for _, message in site.written] == [OperatorAsked(who="winkel")] * 2


@pytest.mark.parametrize(
    ("deed", "given", "event"),
    [
        ("retry", {}, OperatorAsked(who=NOBODY)),
        (
            "ship",
            {"transporter": "tnt", "track": "3SKABC1", "all": True},
            OperatorShipped(who=NOBODY, transporter="TNT", track="3SKABC1", all=True),
        ),
        (
            "cancel",
            {"reason": "OUT_OF_STOCK", "items": [FIRST]},
            OperatorCancelled(who=NOBODY, reason="OUT_OF_STOCK", item_ids=(FIRST,)),
        ),
        ("cancel", {"reason": "OTHER"}, OperatorCancelled(who=NOBODY, reason="OTHER")),
    ],
)
async def test_the_same_over_the_api(site: Site, deed: str, given: dict[str, Any], event: Any) -> None:
    async with site.client(headers={}) as http:
        answer = await http.post(f"/api/orders/demo/{LATE}/{deed}", json=given)
    assert answer.status_code == 202
    assert answer.json() == {
        "connection": "demo",
        "entity": LATE,
        "written": json.loads(msgspec.json.encode(event)),
    }
    assert site.written == [("demo", Message(flow="orders", entity=LATE, event=event))]


@pytest.mark.parametrize(
    ("deed", "body", "words"),
    [
        ("ship", b'{"transporter": "TNT", "tack": "3S"}', "There is no field 'tack'"),
        ("ship", b'{"transporter": 3}', "transporter must be a text"),
        ("ship", b'{"transporter": "TNT", "all": 1}', "all must be true or false"),
        ("ship", b"[]", "no JSON object"),
        ("ship", b"{", "no JSON object"),
        ("ship", b"{}", "Choose the transporter"),
        ("cancel", b'{"reason": "OTHER", "items": [1]}', "items must be a list of texts"),
        ("cancel", b'{"reason": "BECAUSE"}', "Bol knows no such reason"),
        ("retry", b'{"who": "me"}', "There is no field 'who'"),
    ],
)
async def test_the_api_says_what_is_wrong(site: Site, deed: str, body: bytes, words: str) -> None:
    async with site.client(headers={}) as http:
        answer = await http.post(f"/api/orders/demo/{LATE}/{deed}", content=body, headers=JSON)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert site.written == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_the_api_takes_nothing_that_another_sites_form_can_send(site: Site, kind: str) -> None:
    async with site.client(headers={}) as http:
        answer = await http.post(
            f"/api/orders/demo/{LATE}/retry", content=b"{}", headers={"Content-Type": kind}
        )
    assert answer.status_code == 403
    assert site.written == []


async def test_more_than_a_form_holds_is_not_taken(site: Site) -> None:
    async with site.client() as http:
        page = await http.post(f"/orders/demo/{LATE}/ship", data={"track": "3" * 100_000})
        answer = await http.post(f"/api/orders/demo/{LATE}/ship", json={"track": "3" * 100_000})
    assert page.status_code == answer.status_code == 413
    assert site.written == []


async def test_returns(site: Site) -> None:
    async with site.client() as http:
        every = (await http.get("/returns")).text
        failed = (await http.get("/returns?state=failed")).text
        page = (await http.get(f"/returns/demo/{RETURN}")).text
    assert RETURN in every
    assert "Received, refund the customer" in every
    assert "55550003" in failed
    assert RETURN not in failed
    assert "Too small" in page
    assert f'href="/orders/demo/{DONE}"' in page


async def test_the_list_of_returns_goes_on_where_it_ended(site: Site) -> None:
    site.returns.rows[:] = [ReturnRow("demo", NOON, a_return(f"r{number:03}")) for number in range(120)]
    seen: list[str] = []
    async with site.client() as http:
        path = "/api/returns?limit=50"
        while path:
            told = (await http.get(path)).json()
            seen += [row["shown"]["return_id"] for row in told["rows"]]
            path = f"/api/returns?limit=50&after={told['after']}" if told["after"] else ""
        first = (await http.get("/returns")).text
        rest = (await http.get("/returns?after=demo/r049")).text
    assert seen == [f"r{number:03}" for number in range(120)]
    assert "r049" in first
    assert "r050" not in first
    assert "after=demo%2Fr049" in first
    assert "r050" in rest
    assert "To the newest" in rest


async def test_handled_as(site: Site) -> None:
    form = {"rma": RMA, "result": "RETURN_RECEIVED", "quantity": "2", "credit": "1"}
    async with site.client() as http:
        answer = await http.post(f"/returns/demo/{RETURN}/handle", data=form)
        assert answer.status_code == 303
        assert (await http.get(answer.headers["location"])).status_code == 200
        given = {"rma": RMA, "result": "EXCHANGE_PRODUCT"}
        told = await http.post(f"/api/returns/demo/{RETURN}/handle", json=given)
        assert told.status_code == 202
    asked = [
        OperatorHandled(who=NOBODY, rma_id=RMA, result="RETURN_RECEIVED", quantity=2, credit=True),
        OperatorHandled(who=NOBODY, rma_id=RMA, result="EXCHANGE_PRODUCT", quantity=2),
    ]
    assert site.written == [("demo", Message(flow="returns", entity=RETURN, event=event)) for event in asked]


async def test_the_credit_of_what_bol_has_handled_already(site: Site) -> None:
    shown: ReturnShown = a_return(RETURN, state="handled", handled_as="RETURN_RECEIVED")
    site.returns.rows[0] = ReturnRow("demo", NOON, shown)
    async with site.client() as http:
        page = (await http.get(f"/returns/demo/{RETURN}")).text
        assert "Credit it in Mplus" in page
        form = {"rma": RMA, "quantity": "1", "credit": "1"}
        assert (await http.post(f"/returns/demo/{RETURN}/handle", data=form)).status_code == 303
    event = OperatorHandled(who=NOBODY, rma_id=RMA, result="RETURN_RECEIVED", quantity=1, credit=True)
    assert [message.event for _, message in site.written] == [event]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"rma": RMA, "result": "", "quantity": "1"}, "Choose what became of it"),
        ({"rma": RMA, "result": "RETURN_RECEIVED", "quantity": "3"}, "from 1 to 2"),
        ({"rma": RMA, "result": "RETURN_RECEIVED", "quantity": "two"}, "a whole number"),
        ({"rma": RMA, "result": "REPAIR_PRODUCT", "quantity": "1", "credit": "1"}, "nothing to credit"),
    ],
)
async def test_a_mistake_about_a_return_is_told_beside_it(
    site: Site, form: dict[str, str], words: str
) -> None:
    async with site.client() as http:
        answer = await http.post(f"/returns/demo/{RETURN}/handle", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert site.written == []
