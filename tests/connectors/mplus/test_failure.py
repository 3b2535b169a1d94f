from __future__ import annotations

import pytest

from connectors.mplus.failure import login, of_fault, of_status, unknown_operation
from connectors.mplus.reply import Fault
from streams.vocabulary.outcomes import AnswerLost, Failure, NotSent, Refused
from tests.connectors.mplus.till import fault, stock_reply


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, NotSent(why="Mplus asks for patience (HTTP 429)", retry_after=7.0)),
        (301, Refused(said="HTTP 301 to getStock: the api_url points elsewhere", code="301")),
        (400, Refused(said="HTTP 400 to getStock", code="400")),
        (401, Refused(said="HTTP 401 to getStock: ident and secret are not accepted", code="401")),
        (404, Refused(said="HTTP 404 to getStock: there is no Mplus API at this api_url", code="404")),
        (408, AnswerLost(why="HTTP 408 to getStock")),
        (500, AnswerLost(why="HTTP 500 to getStock")),
        (503, AnswerLost(why="HTTP 503 to getStock")),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html/>", stock_reply()])
def test_what_a_status_stands_for(status: int, outcome: Failure, body: bytes) -> None:
    assert of_status("getStock", status, body, "7") == outcome


@pytest.mark.parametrize("status", [400, 401, 413, 500, 503])
def test_a_fault_in_the_body_says_more_than_the_status(status: int) -> None:
    ours = fault("SOAP-ENV:Client", "branchNumber  is\n missing").content
    theirs = fault("SOAP-ENV:Server.Busy", "no thread").content
    assert of_status("getStock", status, ours, None) == Refused(
        said="branchNumber is missing", code="SOAP-ENV:Client"
    )
    assert of_status("getStock", status, theirs, None) == AnswerLost(
        why="Mplus has trouble with getStock (SOAP-ENV:Server.Busy: no thread)"
    )


def test_a_wrong_secret_is_told_as_such() -> None:
    refused = of_fault("getStock", Fault("SOAP-ENV:Client.Authentication", "denied"))
    assert refused == Refused(said="denied (ident or secret is wrong)", code="SOAP-ENV:Client.Authentication")
    assert isinstance(refused, Refused)
    assert login(refused)
    assert login(Refused(said="", code="401"))
    assert not login(Refused(said="", code="SOAP-ENV:Client"))


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        ("Method 'createOrderV3' not implemented: method name or namespace not recognized", True),
        ("Unknown operation", True),
        ("relation is unknown", False),
    ],
)
def test_an_installation_that_is_too_old(said: str, unknown: bool) -> None:
    refused = of_fault("createOrderV3", Fault("SOAP-ENV:Client", said))
    assert isinstance(refused, Refused)
    assert unknown_operation(refused) is unknown


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("x", None), ("-1", None), ("nan", None), ("1e9", 3600.0), ("2.5", 2.5)],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    assert of_status("x", 429, b"", header) == NotSent(
        why="Mplus asks for patience (HTTP 429)", retry_after=seconds
    )
