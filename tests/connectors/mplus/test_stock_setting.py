from __future__ import annotations

from dataclasses import replace as changed
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.mplus.administration import MplusAdministration
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.recorded import RecordedMplus
from connectors.recorded import Recorded
from streams.vocabulary.effects import Execution, SetMplusStock
from streams.vocabulary.events import MplusStockSet
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.connectors.mplus import till as tills
from tests.connectors.mplus.till import Till, envelope, fault, sample, stock_reply, tree

SET = SetMplusStock(article_number=1001, branch=2, amount=Decimal(7), reference="Bol.com")


def shows(free: int, reserved: int = 0, places: int = 0) -> bytes:
    row = tills.stock_row(1001, free=free, branch=2, places=places)
    return stock_reply(row.replace(tree("amountReserved", 3), tree("amountReserved", reserved)))


def said(word: str, marker: object = "") -> bytes:
    return envelope(
        tree("SetStockResponse", tree("result", f"SET-STOCK-RESULT-{word}"), tree("stockId", marker))
    )


OK = said("OK", 9851)


@pytest.fixture
def till() -> Till:
    return Till()


async def run(till: Till, effect: SetMplusStock = SET, shop: MplusAdministration = tills.SHOP) -> Execution:
    client = till.client(shop=shop)
    return await MplusExecutor({"shop": client}.__getitem__, till.time.clock).execute("shop", effect, False)


def written(till: Till) -> list[Decimal]:
    """What setStock was asked for, call by call."""
    found = []
    for request in till.requests:
        if request.headers["SOAPAction"] == "setStock":
            sent = tills.operation_of(request.content)
            places = int(sent.findtext(".//{*}decimalPlaces"))
            found.append(Decimal(sent.findtext(".//{*}amount")).scaleb(-places))
    return found


def result(done: Execution) -> MplusStockSet:
    assert isinstance(done.outcome, MplusStockSet)
    return done.outcome


async def test_nothing_is_written_where_it_is_so_already(till: Till) -> None:
    till.will("getStock", shows(70, reserved=3, places=1))
    done = await run(till)
    assert done.outcome == MplusStockSet(article_number=1001, branch=2, amount=Decimal(7), done=True)
    assert till.asked == ["getStock"]
    assert tills.articles_asked(till.sent()) == [1001]
    assert till.sent().findtext(".//{*}branchNumber") == "2"


async def test_what_is_not_reserved_is_set_as_it_is(till: Till) -> None:
    till.will("getStock", shows(4))
    till.will("setStock", sample("resp_setStock"))
    done = await run(till)
    assert done.outcome == MplusStockSet(article_number=1001, branch=2, amount=Decimal(7), marker=9851)
    assert till.asked == ["getStock", "setStock"]
    assert written(till) == [7]
    assert (till.sent().findtext(".//{*}reference"), till.sent().find(".//{*}employeeNumber")) == (
        "Bol.com",
        None,
    )
    assert [one.operation for one in done.raw] == ["getStock", "setStock"]


async def test_what_lies_there_is_what_is_free_and_what_is_reserved(till: Till) -> None:
    till.will("getStock", shows(4, reserved=3), shows(7, reserved=3))
    till.will("setStock", OK)
    assert result(await run(till)).marker == 9851
    assert till.asked == ["getStock", "setStock", "getStock"]
    assert written(till) == [10]


async def test_an_installation_that_takes_it_for_what_is_free_is_put_right(till: Till) -> None:
    till.will("getStock", shows(4, reserved=3), shows(10, reserved=3))
    till.will("setStock", OK, said("OK", 9852))
    assert result(await run(till)).marker == 9852
    assert till.asked == ["getStock", "setStock", "getStock", "setStock"]
    assert written(till) == [10, 7]


@pytest.mark.parametrize(
    "after", [shows(9, reserved=3), shows(10, reserved=2), shows(6, reserved=4), stock_reply()]
)
async def test_what_others_do_in_between_is_left_as_it_is(till: Till, after: bytes) -> None:
    till.will("getStock", shows(4, reserved=3), after)
    till.will("setStock", OK)
    assert result(await run(till)).amount == 7
    assert written(till) == [10]


async def test_a_part_of_a_piece(till: Till) -> None:
    till.will("getStock", shows(4))
    till.will("setStock", OK)
    await run(till, SetMplusStock(article_number=1001, branch=2, amount=Decimal("0.530")))
    assert written(till) == [Decimal("0.53")]
    assert till.sent().find(".//{*}reference") is None


async def test_an_article_that_was_never_counted_is_set_all_the_same(till: Till) -> None:
    till.will("getStock", stock_reply())
    till.will("setStock", said("OK"))
    assert result(await run(till)).marker is None
    assert written(till) == [7]


async def test_in_whose_name(till: Till) -> None:
    till.will("getStock", shows(4))
    till.will("setStock", OK)
    await run(till, shop=changed(tills.SHOP, employee_number=999_999))
    assert till.sent().findtext(".//{*}employeeNumber") == "999999"


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("BRANCH-NOT-FOUND", "choose a branch that Mplus has"),
        ("ARTICLE-NOT-FOUND", "still in Mplus"),
        ("NO-STOCK-ARTICLE", "let Mplus keep stock"),
        ("FAILED", "by hand"),
        ("OF-A-NEWER-VERSION", "look at the article in Mplus"),
    ],
)
async def test_a_no_is_told_with_mplus_word_and_what_to_do(till: Till, word: str, advice: str) -> None:
    till.will("getStock", shows(4))
    till.will("setStock", said(word))
    refused = (await run(till)).outcome
    assert isinstance(refused, Refused)
    assert refused.code == f"SET-STOCK-RESULT-{word}"
    assert refused.said.startswith(
        f"SET-STOCK-RESULT-{word} to setting the stock of article 1001 at branch 2: "
    )
    assert advice in refused.said


LOST: list[Any] = [httpx.ReadTimeout(""), fault("SOAP-ENV:Server"), b"<html/>"]


@pytest.mark.parametrize("reply", LOST)
async def test_a_lost_answer_is_not_sent_again_without_a_look(till: Till, reply: Any) -> None:
    till.will("getStock", shows(4))
    till.will("setStock", reply)
    client = till.client(policy=tills.RetryPolicy(tries=3))
    executor = MplusExecutor({"shop": client}.__getitem__, till.time.clock)
    assert isinstance((await executor.execute("shop", SET, False)).outcome, AnswerLost)
    assert till.asked == ["getStock", "setStock"]
    till.replies["getStock"].clear()
    till.will("getStock", shows(7))
    assert result(await executor.execute("shop", SET, True)).done
    assert till.asked == ["getStock", "setStock", "getStock"]


@pytest.mark.parametrize("reply", LOST)
async def test_a_second_look_that_fails_is_told(till: Till, reply: Any) -> None:
    till.will("getStock", shows(4, reserved=3), reply)
    till.will("setStock", OK)
    assert isinstance((await run(till)).outcome, AnswerLost)


async def test_putting_it_right_can_be_refused_too(till: Till) -> None:
    till.will("getStock", shows(4, reserved=3), shows(10, reserved=3))
    till.will("setStock", OK, said("FAILED"))
    assert isinstance((await run(till)).outcome, Refused)


async def test_its_answers_are_enough_to_do_it_anew(till: Till) -> None:
    """A replay runs the effect against what was kept (app/replay)."""
    till.will("getStock", shows(4, reserved=3), shows(10, reserved=3))
    till.will("setStock", OK, said("OK", 9852))
    done = await run(till)
    again = RecordedMplus(Recorded(done.raw))
    replayed = await MplusExecutor({"shop": again}.__getitem__, till.time.clock).execute("shop", SET, False)
    assert replayed.outcome == done.outcome
