"""The sweep of what lies at Bol: all pages or nothing. And what lies there of one EAN."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import stocktaking
from streams.vocabulary.codes import normal
from streams.vocabulary.effects import Execution, ReadBolInventory, SweepBolInventory
from streams.vocabulary.events import BolInventoryRead, InventorySeen, Message, Swept
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.connectors.bol.market import INVENTORY, START, Market, Reply, limited, problem, told

EAN = "8712345678906"


def line(ean: str = EAN, bsku: str = "b1", regular: int = 1, graded: int = 0) -> dict[str, Any]:
    return {"ean": ean, "bsku": bsku, "regularStock": regular, "gradedStock": graded, "title": "Vaas"}


def page(*lines: dict[str, Any], **headers: str) -> httpx.Response:
    return told({"inventory": list(lines)}, **headers)


def pages(*some: Reply) -> Reply:
    """By page number; the page after the last is empty."""

    async def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        found = some[number - 1] if number <= len(some) else page()
        assert isinstance(found, httpx.Response)
        return found

    return answer


async def sweep(market: Market) -> Execution:
    return await market.executor().execute("shop", SweepBolInventory(), False)


async def test_all_pages_are_added_up_to_the_rows_of_their_codes(market: Market) -> None:
    market.will(
        INVENTORY, pages(page(line(regular=2), line("012345678905", "b2")), page(line("0" + EAN, "b3", 4, 1)))
    )
    done = await sweep(market)
    assert done.outcome == Swept(cursor="", found=2)
    assert done.messages == (
        Message(
            flow="catalogue",
            entity=f"code/ean/{EAN}",
            event=InventorySeen(ean=EAN, regular=6, graded=1, title="Vaas", read_at=START),
        ),
        Message(
            flow="catalogue",
            entity="code/ean/0012345678905",
            event=InventorySeen(ean="0012345678905", regular=1, title="Vaas", read_at=START),
        ),
    )
    assert [dict(one.url.params) for one in market.requests] == [{"page": number} for number in "123"]
    assert [one.operation for one in done.raw] == ["list-inventory"] * 3


async def test_nothing_lies_there(market: Market) -> None:
    market.will(INVENTORY, page())
    done = await sweep(market)
    assert (done.outcome, done.messages) == (Swept(cursor="", found=0), ())


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [(problem(503), AnswerLost), (problem(403), Refused), (page(line("x", "b", 10**12)), AnswerLost)],
)
async def test_a_failure_half_way_sends_nothing(
    market: Market, trouble: httpx.Response, outcome: type[Any]
) -> None:
    market.will(INVENTORY, pages(page(line()), page(line("12345678", "b2")), trouble))
    done = await sweep(market)
    assert isinstance(done.outcome, outcome)
    assert done.messages == ()
    assert len(market.requests) == 3


async def test_a_used_up_minute_is_waited_for(market: Market) -> None:
    market.will(INVENTORY, page(line(), **limited(20, 0, 42)), page())
    done = await sweep(market)
    assert done.outcome == Swept(cursor="", found=1)
    assert market.time.slept == [42.0]


async def test_a_list_without_end_is_refused_in_words(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stocktaking, "MOST_PAGES", 3)
    market.will(INVENTORY, page(line()))
    done = await sweep(market)
    assert done.outcome == Refused(said="Bol's inventory has more than 3 pages: it cannot be read in one go")
    assert done.messages == ()


# -- one EAN

UPC = "0012345678905"
"""In normal form; Bol may list it with 12 digits."""


async def look(market: Market, ean: str = EAN) -> Execution:
    return await market.executor().execute("shop", ReadBolInventory(ean=ean), False)


async def test_one_ean_is_one_page_of_the_list_with_that_filter(market: Market) -> None:
    market.will(INVENTORY, page(line(regular=4, graded=1)))
    done = await look(market)
    assert done.outcome == BolInventoryRead(
        seen=InventorySeen(ean=EAN, regular=4, graded=1, title="Vaas", read_at=START)
    )
    assert done.messages == ()
    [request] = market.requests
    assert (request.method, request.url.path) == ("GET", "/retailer/inventory")
    assert dict(request.url.params) == {"page": "1", "query": EAN}
    assert [one.operation for one in done.raw] == ["list-inventory"], "it counts among the sweep's calls"


async def test_several_bskus_of_it_are_added_up_and_what_only_has_it_in_its_title_is_not(
    market: Market,
) -> None:
    other = line("8712345678913", "b3", 50) | {"title": f"As {EAN}, but blue"}
    market.will(INVENTORY, page(other, line(bsku="b1", regular=2), line("0" + EAN, "b2", 3, 1)))
    done = await look(market)
    assert done.outcome == BolInventoryRead(
        seen=InventorySeen(ean=EAN, regular=5, graded=1, title="Vaas", read_at=START)
    )


@pytest.mark.parametrize("lines", [(), (line("8712345678913", "b3", 50),), (line("", "b4", 2),)])
async def test_it_is_not_listed(market: Market, lines: tuple[dict[str, Any], ...]) -> None:
    market.will(INVENTORY, page(*lines))
    assert (await look(market)).outcome == BolInventoryRead(seen=None)
    assert len(market.requests) == 1


async def test_it_is_listed_with_nothing_left(market: Market) -> None:
    market.will(INVENTORY, page(line(regular=0, graded=2)))
    done = await look(market)
    assert done.outcome == BolInventoryRead(
        seen=InventorySeen(ean=EAN, regular=0, graded=2, title="Vaas", read_at=START)
    )


@pytest.mark.parametrize(("listed", "units"), [((UPC,), 2), ((UPC[1:],), 2), ((UPC, UPC[1:]), 4), ((), None)])
async def test_a_upc_is_asked_for_in_both_spellings(
    market: Market, listed: tuple[str, ...], units: int | None
) -> None:
    """Whatever Bol's filter compares with what: nothing of it is there only if neither finds it."""

    async def filtered(request: httpx.Request) -> httpx.Response:
        wanted = request.url.params["query"]
        return page(*(line(one, f"b{one}", 2) for one in listed if one == wanted))

    market.will(INVENTORY, filtered)
    outcome = (await look(market, UPC)).outcome
    assert isinstance(outcome, BolInventoryRead)
    assert (outcome.seen and outcome.seen.regular) == units
    assert [one.url.params["query"] for one in market.requests] == [UPC, UPC[1:]]


async def test_a_line_that_both_spellings_find_counts_once(market: Market) -> None:
    market.will(INVENTORY, page(line(UPC, "b1", 3)))
    outcome = (await look(market, UPC)).outcome
    assert isinstance(outcome, BolInventoryRead)
    assert outcome.seen is not None
    assert outcome.seen.regular == 3


@given(st.text("0123456789", min_size=8, max_size=14))
def test_every_spelling_is_one_of_this_ean(digits: str) -> None:
    ean = normal("ean", digits)
    assert {normal("ean", one) for one in stocktaking.spellings(ean)} == {ean}
    assert ean in stocktaking.spellings(ean)


@pytest.mark.parametrize("has_it", [True, False])
async def test_a_full_page_says_nothing(market: Market, has_it: bool) -> None:
    """Of a filter that Bol did not mind, say: what is not on it may be on the next one."""
    lines = [line(f"{number:013d}", f"b{number}") for number in range(1, stocktaking.PAGE)]
    market.will(INVENTORY, page(line() if has_it else line("12345678"), *lines))
    done = await look(market)
    assert done.outcome == Refused(said=f"Bol's inventory has 50 lines or more for EAN {EAN} alone")


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [(problem(503), AnswerLost), (problem(403), Refused), (page(line("x", "b", 10**12)), AnswerLost)],
)
async def test_a_failure_is_no_answer(market: Market, trouble: httpx.Response, outcome: type[Any]) -> None:
    market.will(INVENTORY, trouble)
    assert isinstance((await look(market)).outcome, outcome)


async def test_a_failure_at_the_second_spelling_is_no_answer_either(market: Market) -> None:
    market.will(INVENTORY, page(), problem(503))
    assert isinstance((await look(market, UPC)).outcome, AnswerLost)


async def test_one_ean_waits_for_the_same_minute_as_the_sweep(market: Market) -> None:
    market.will(INVENTORY, page(line(), **limited(20, 0, 42)), page())
    executor = market.executor()
    await executor.execute("shop", ReadBolInventory(ean=EAN), False)
    done = await executor.execute("shop", SweepBolInventory(), False)
    assert done.outcome == Swept(cursor="", found=0)
    assert market.time.slept == [42.0]
