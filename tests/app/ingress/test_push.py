"""Pushes at the door: who gets in, and that nothing is answered 2xx before it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from app.ingress import push
from app.ingress.door import Door
from app.ingress.routes import routes
from app.metrics import Metrics
from connectors.bol.signature import BadSignature
from connectors.mplus.signature import fits, key_of, sign
from streams.log.base import Draft, LogUnavailable, LogWriter, TopicPartition, header

KEY = key_of("eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0=")
BODY = b'{"event": {"resource": "ORDER", "resourceId": "b1"}}'


class Log(LogWriter):
    """Takes drafts, slowly or not at all if told so."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.refuse = False
        self.gate: asyncio.Event | None = None

    async def append(self, drafts: Any) -> list[tuple[TopicPartition, int]]:
        if self.refuse:
            raise LogUnavailable("disk full")
        if self.gate is not None:
            await self.gate.wait()
        self.drafts.extend(drafts)
        return []


class Verifier:
    """Believes one header."""

    async def verify(self, header: str, body: bytes) -> None:
        if header != "good":
            raise BadSignature("the signature does not fit the body")


class Site:
    """The ingress with everything around it in hand."""

    def __init__(self) -> None:
        self.log = Log()
        self.metrics = Metrics()
        self.why = ""
        doors = {"shop": Door(Verifier(), KEY), "silent": Door(Verifier(), None)}
        self.app = Starlette(
            routes=routes(self.log, doors, self.metrics, lambda: "t1", lambda: self.why, 1000)
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://door")

    async def bol(self, body: Any = BODY, signature: str = "good", path: str = "shop") -> httpx.Response:
        return await self.http.post(f"/webhooks/{path}/bol", content=body, headers={"Signature": signature})

    async def mplus(self, body: bytes = BODY, signature: str | None = None) -> httpx.Response:
        headers = {"X-Mplus-Signature": signature or sign(KEY, body), "X-Mplus-Subscription-Id": "sub"}
        return await self.http.post("/webhooks/shop/mplus/completeSession", content=body, headers=headers)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.http.aclose()


def counted(site: Site) -> dict[str, int]:
    return site.metrics.counts


async def test_a_push_of_bol_is_stored_as_it_came(site: Site) -> None:
    answer = await site.bol()
    assert answer.status_code == 200
    draft = site.log.drafts[0]
    assert (draft.topic, draft.key, draft.value) == ("bol.webhooks", b"shop", BODY)
    assert header(draft.headers, "trace") == "t1"
    assert counted(site) == {"bol push stored": 1}


async def test_a_till_event_is_stored_and_the_reply_is_signed(site: Site) -> None:
    answer = await site.mplus()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert fits(KEY, answer.content, answer.headers["x-mplus-signature"])
    assert header(site.log.drafts[0].headers, "event") == "completeSession"
    assert header(site.log.drafts[0].headers, "subscription") == "sub"


async def test_no_answer_before_it_is_durable(site: Site) -> None:
    site.log.gate = asyncio.Event()
    waiting = asyncio.ensure_future(site.bol())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()
    site.log.gate.set()
    assert (await waiting).status_code == 200


@pytest.mark.parametrize(
    ("send", "status", "why"),
    [
        (lambda site: site.bol(signature="forged"), 401, "bad-signature"),
        (lambda site: site.bol(signature=""), 401, "bad-signature"),
        (lambda site: site.mplus(signature="Zm9yZ2Vk"), 401, "bad-signature"),
        (lambda site: site.bol(body=b"x" * 1001), 413, "too-large"),
        (lambda site: site.bol(body=b"not json"), 400, "not-json"),
        (lambda site: site.bol(body=b"[]"), 400, "not-json"),
        (lambda site: site.bol(path="other"), 404, "unknown-connection"),
    ],
    ids=["forged", "unsigned", "till-forged", "too-large", "not-json", "no-object", "unknown-connection"],
)
async def test_what_is_not_a_push_is_refused_counted_and_not_stored(
    site: Site, send: Any, status: int, why: str
) -> None:
    answer = await send(site)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == why
    assert site.log.drafts == []
    assert [name for name in counted(site) if name.endswith(why)]


async def test_a_chunked_body_has_a_bound_too(site: Site) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert (await site.bol(body=chunks())).status_code == 413


async def test_without_a_key_no_till_is_believed(site: Site) -> None:
    answer = await site.http.post(
        "/webhooks/silent/mplus/completeSession", content=BODY, headers={"X-Mplus-Signature": sign(b"", BODY)}
    )
    assert answer.status_code == 401


async def test_another_method_is_refused(site: Site) -> None:
    assert (await site.http.get("/webhooks/shop/bol")).status_code == 405


async def test_a_log_that_cannot_be_written_is_503_and_try_again(site: Site) -> None:
    site.log.refuse = True
    answer = await site.bol()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert counted(site) == {"bol push log-unavailable": 1}


async def test_a_slow_log_is_503_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "STORING", 0.01)
    site.log.gate = asyncio.Event()
    assert (await site.bol()).status_code == 503


async def test_a_slow_body_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "READING", 0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    assert (await site.bol(body=never())).status_code == 408


async def test_too_many_at_once_are_told_to_come_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "AT_ONCE", 2)
    site.log.gate = asyncio.Event()
    waiting = [asyncio.ensure_future(site.bol()) for _ in range(3)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [one.result().status_code for one in done] == [503]
    site.log.gate.set()
    answers = sorted(answer.status_code for answer in await asyncio.gather(*waiting))
    assert answers == [200, 200, 503]


@given(body=st.binary(max_size=1500), signature=st.text(max_size=60), connection=st.text(max_size=30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_requests_store_nothing_and_break_nothing(
    body: bytes, signature: str, connection: str
) -> None:
    async def knock() -> None:
        site = Site()
        quoted = f"/webhooks/{quote(connection, safe='')}/bol"
        answer = await site.http.post(
            quoted, content=body, headers={"Signature": signature.encode("utf-8", "replace").hex()}
        )
        assert 400 <= answer.status_code < 500
        assert site.log.drafts == []
        await site.http.aclose()

    asyncio.run(knock())


async def test_health_readiness_and_metrics(site: Site) -> None:
    assert (await site.http.get("/healthz")).text == "ok\n"
    assert (await site.http.get("/readyz")).status_code == 200
    site.why = "starting"
    assert (await site.http.get("/readyz")).json() == {"ready": False, "why": "starting"}
    site.why = ""
    site.metrics.stalled("stock", "disk full")
    assert (await site.http.get("/readyz")).json()["why"] == "stock: disk full"
    site.metrics.stalled("stock", None)
    await site.bol()
    text = (await site.http.get("/metrics")).text
    assert 'kassabrug_pushes_total{answer="stored",vendor="bol"} 1.0' in text
