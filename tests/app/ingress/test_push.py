"""Pushes at the door: who gets in, and that nothing is answered 2xx before it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from app.ingress import push
from app.ingress.door import Door
from app.ingress.routes import routes
from app.metrics import Metrics
from app.server import Server, listen
from connectors.bol.intake import translate as translate_bol
from connectors.bol.signature import BadSignature
from connectors.mplus.intake import translate as translate_mplus
from connectors.mplus.signature import fits, key_of, sign
from streams.log.base import Draft, LogUnavailable, LogWriter, Record, TopicPartition, header

KEY = key_of("eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0=")
BODY = b'{"event": {"resource": "ORDER", "resourceId": "b1"}}'


class Log(LogWriter):
    """Takes drafts, slowly or not at all if told so."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.refuse = False
        self.mistake = False
        self.gate: asyncio.Event | None = None

    async def append(self, drafts: Any) -> list[tuple[TopicPartition, int]]:
        if self.refuse:
            raise LogUnavailable("disk full")
        if self.mistake:
            raise ValueError("a record too large")
        if self.gate is not None:
            await self.gate.wait()
        self.drafts.extend(drafts)
        return []


class Verifier:
    """Believes one header."""

    def __init__(self) -> None:
        self.gate: asyncio.Event | None = None

    async def verify(self, header: str, body: bytes) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if header != "good":
            raise BadSignature("the signature does not fit the body")


class Site:
    """The ingress with everything around it in hand."""

    def __init__(self) -> None:
        self.log = Log()
        self.metrics = Metrics()
        self.why = ""
        self.verifier = Verifier()
        doors = {"shop": Door(self.verifier, KEY), "silent": Door(self.verifier, None)}
        made = routes(self.log, doors, self.metrics, lambda: "t1", lambda: self.why, 1000)
        self.desks = [one.endpoint for one in made if isinstance(one.endpoint, push.Desk)]
        self.app = Starlette(routes=list[BaseRoute](made))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://door")

    async def bol(self, body: Any = BODY, signature: str = "good", path: str = "shop") -> httpx.Response:
        return await self.http.post(f"/webhooks/{path}/bol", content=body, headers={"Signature": signature})

    async def mplus(
        self, body: bytes = BODY, signature: str | None = None, event: str = "completeSession"
    ) -> httpx.Response:
        headers = {"X-Mplus-Signature": signature or sign(KEY, body), "X-Mplus-Subscription-Id": "sub"}
        return await self.http.post(f"/webhooks/shop/mplus/{event}", content=body, headers=headers)


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
        (lambda site: site.bol(signature="good" * 300), 401, "bad-signature"),
        (lambda site: site.bol(path="other"), 404, "unknown-connection"),
        (lambda site: site.mplus(event="complete%20Session"), 404, "unknown-event"),
        (lambda site: site.mplus(event="e" * 61), 404, "unknown-event"),
        (lambda site: site.http.get("/webhooks/shop/bol"), 405, "wrong-method"),
        (lambda site: site.http.put("/webhooks/shop/mplus/completeSession"), 405, "wrong-method"),
    ],
    ids=[
        "forged", "unsigned", "till-forged", "too-large", "not-json", "no-object", "long-signature",
        "unknown-connection", "odd-event", "long-event", "get", "put",
    ],
)  # fmt: skip
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


async def test_a_wrong_method_is_told_the_right_one(site: Site) -> None:
    assert (await site.http.get("/webhooks/shop/bol")).headers["allow"] == "POST"


async def test_the_published_signature_is_believed_and_ours_is_judged_by_it(site: Site) -> None:
    """facts/mplus.md 3.3: the vector's body is no JSON, so it gets past the signature and no further."""
    answer = await site.mplus(body=b"test", signature="EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8=")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not-json")
    assert fits(KEY, answer.content, answer.headers["x-mplus-signature"])


async def test_what_is_stored_is_what_the_translations_read(site: Site) -> None:
    sale = orjson.dumps({"session": {"sessionId": "s1", "lines": [{"articleNumber": 1001, "quantity": 1}]}})
    await site.bol()
    await site.mplus(sale)
    records = [
        Record(0, 1_700_000_000_000, draft.key, draft.value, draft.headers) for draft in site.log.drafts
    ]
    assert [draft.topic for draft in site.log.drafts] == ["bol.webhooks", "mplus.webhooks"]
    (order,), _ = translate_bol("shop", records[0])
    (sold,), _ = translate_mplus("shop", records[1])
    assert (order.flow, order.entity, sold.flow, sold.entity) == ("orders", "b1", "stock", "1001")


async def test_a_log_that_cannot_be_written_is_503_and_try_again(site: Site) -> None:
    site.log.refuse = True
    answer = await site.bol()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert counted(site) == {"bol push log-unavailable": 1}


async def test_a_slow_log_is_503_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "STORING", 0.01)
    site.log.gate = asyncio.Event()
    async with asyncio.timeout(push.READING / 2):
        answer = await site.bol()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "log-slow")


async def test_slow_keys_are_503_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "STORING", 0.01)
    site.verifier.gate = asyncio.Event()
    answer = await site.bol()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "signature-slow")
    assert site.log.drafts == []


async def test_a_mistake_of_ours_is_counted_too(site: Site) -> None:
    site.log.mistake = True
    with pytest.raises(ValueError, match="a record too large"):
        await site.bol()
    assert counted(site) == {"bol push broken": 1}


async def test_bodies_together_have_a_bound_and_are_let_go(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "MOST_BYTES", 2 * len(BODY))
    site.log.gate = asyncio.Event()
    waiting = [asyncio.ensure_future(site.bol()) for _ in range(3)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [one.result().json()["error"]["code"] for one in done] == ["busy"]
    site.log.gate.set()
    await asyncio.gather(*waiting)
    for body in (b"x" * 1001, b"not json", BODY):
        await site.bol(body=body)
    await asyncio.gather(site.bol(), site.bol())  # both fit: nothing of the earlier ones is held
    assert counted(site)["bol push stored"] == 5


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


HEADER = st.tuples(
    st.sampled_from(
        [b"signature", b"x-mplus-signature", b"content-length", b"x-mplus-subscription-id", b"content-type"]
    ),
    st.binary(max_size=60) | st.sampled_from([b"9" * 5000, b"\xb2", b"-1", b"good", b"a" * 4096]),
)
PATH = st.sampled_from(
    ["/webhooks/shop/bol", "/webhooks/shop/mplus/e", "/webhooks/silent/mplus/e"]
) | st.builds(
    lambda name, event: f"/webhooks/{name}/mplus/{event}", st.text(max_size=20), st.text(max_size=80)
)


@given(
    path=PATH,
    parts=st.lists(st.binary(max_size=400) | st.sampled_from([BODY, b"{}", b""]), max_size=5),
    headers=st.lists(HEADER, max_size=6),
    method=st.sampled_from(["POST"] * 8 + ["GET", "OPTIONS", "", "\u20ac"]),
    cut=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_hostile_requests_store_nothing_and_break_nothing(
    path: str, parts: list[bytes], headers: list[tuple[bytes, bytes]], method: str, cut: bool
) -> None:
    """Straight on the application: a server in front would refuse much of it."""
    site = Site()
    status = asyncio.run(knock(site, path, parts, headers, method, cut))
    body = b"".join(parts)
    believed = [name for name, value in headers if name == b"signature"] and path == "/webhooks/shop/bol"
    if site.log.drafts:
        assert believed
        assert isinstance(orjson.loads(body), dict)
        assert status == 200
    else:
        assert 300 <= status < 500
    assert [(desk._held, desk._in_hand) for desk in site.desks] == [(0, 0), (0, 0)]


async def knock(
    site: Site, path: str, parts: list[bytes], headers: list[tuple[bytes, bytes]], method: str, cut: bool
) -> int:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"} if cut else {"type": "http.request"})
    said: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": b"", "root_path": "", "query_string": b"",
        "headers": headers, "scheme": "http", "server": ("door", 80), "http_version": "1.1",
    }  # fmt: skip
    await site.app(scope, receive, send)
    status: int = said[0]["status"]
    return status


@pytest.mark.parametrize(
    ("length", "status"),
    [(b"9" * 5000, 413), (b"1001", 413), (b"\xb2", 200), (b"-1", 200), (b"", 200), (b"1000", 200)],
)
async def test_a_length_is_believed_only_as_a_bound(site: Site, length: bytes, status: int) -> None:
    """What is no number is a server's to refuse; here it breaks nothing."""
    headers = [(b"signature", b"good"), (b"content-length", length)]
    assert await knock(site, "/webhooks/shop/bol", [BODY], headers, "POST", False) == status


async def test_a_body_that_is_cut_short_is_let_go(site: Site) -> None:
    headers = [(b"signature", b"good")]
    assert await knock(site, "/webhooks/shop/bol", [BODY], headers, "POST", True) == 400
    assert counted(site) == {"bol push cut-short": 1}
    assert [desk._held for desk in site.desks] == [0, 0]


async def test_over_a_real_connection(site: Site) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1000

    server = Server(site.app, listen("127.0.0.1", 0))
    async with server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        url, headers = "/webhooks/shop/bol", {"Signature": "good"}
        stored = await http.post(url, content=BODY, headers=headers)
        declared = await http.post(url, content=b"x" * 5000, headers=headers)
        chunked = await http.post(url, content=chunks(), headers=headers)
        wrong = await http.get(url)
    assert [one.status_code for one in (stored, declared, chunked, wrong)] == [200, 413, 413, 405]
    assert len(site.log.drafts) == 1


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
