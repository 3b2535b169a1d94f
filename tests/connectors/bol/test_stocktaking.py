"""The sweep of what lies at Bol: all pages or nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.bol import stocktaking
from streams.vocabulary.effects import Execution, SweepBolInventory
from streams.vocabulary.events import InventorySeen, Message, Swept
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
