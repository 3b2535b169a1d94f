"""Around every operation: login, media types, problems, limits."""

from __future__ import annotations

import asyncio

import pytest

from connectors.bol.simulator import BolSimulatorConfig
from tests.connectors.bol.simulator.wire import NOWHERE, V10, V11, Opened, Shop, config, is_problem

# -- login


async def test_a_token_lives_as_long_as_it_says(opened: Opened) -> None:
    shop = await opened(token_seconds=299)
    answer = await shop.sign_in()
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 299)
    shop.time.go(298)
    assert (await shop.raw("GET", "/retailer/orders")).status_code == 200
    shop.time.go(1)
    answer = await shop.raw("GET", "/retailer/orders")
    assert answer.status_code == 401
    is_problem(answer)


@pytest.mark.parametrize(
    "given",
    ["", "Basic", "Basic ???", "Basic ZGVtbzp3cm9uZw==", "Bearer ZGVtbzpkZW1vLXNlY3JldA==", "Basic \xff"],
)
async def test_a_wrong_login_is_401(shop: Shop, given: str) -> None:
    headers = [(b"authorization", given.encode("latin-1"))]
    answer = await shop.http.post("/token?grant_type=client_credentials", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "demo" not in answer.text


@pytest.mark.parametrize("query", ["", "?grant_type=password"])
async def test_another_grant_is_400(shop: Shop, query: str) -> None:
    answer = await shop.http.post(f"/token{query}", auth=("demo", "demo-secret"))
    assert answer.status_code == 400
    assert answer.json() == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer nonsense", "Basic {}", "{}"])
async def test_a_call_without_a_token_is_401(shop: Shop, given: str) -> None:
    answer = await shop.raw("GET", "/retailer/orders", headers={"authorization": given.format(shop.token)})
    assert answer.status_code == 401
    is_problem(answer)


async def test_tokens_can_be_forgotten(shop: Shop) -> None:
    await shop.control("tokens/forget")
    assert (await shop.raw("GET", "/retailer/orders")).status_code == 401
    await shop.sign_in()
    assert (await shop.raw("GET", "/retailer/orders")).status_code == 200


async def test_too_many_logins_are_refused(opened: Opened) -> None:
    shop = await opened(token_seconds=299)
    answers = {(await shop.sign_in()).status_code for _ in range(1000)}
    assert answers == {200, 429}
    shop.time.go(300)
    assert (await shop.sign_in()).status_code == 200


def test_the_secret_is_in_no_repr() -> None:
    assert "top-secret" not in repr(config(client_secret="top-secret"))


# -- media types


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/retailer/orders", V10, 200),
        ("/retailer/orders", V11, 406),
        ("/retailer/orders", "application/json", 406),
        ("/retailer/orders", f"application/problem+json;q=0.5, {V10}; charset=utf-8", 200),
        ("/retailer/orders", "application/*", 200),
        ("/retailer/orders", "*/*", 200),
        ("/retailer/offers", V11, 200),
        ("/retailer/offers", V10, 406),
        ("/shared/process-status/1", V11, 406),
        ("/retailer/subscriptions", V11, 406),
    ],
)
async def test_accept_goes_by_the_version_of_the_path(
    shop: Shop, path: str, accept: str, status: int
) -> None:
    answer = await shop.raw("GET", path, headers={"accept": accept})
    assert answer.status_code == status
    if status == 406:
        is_problem(answer)


@pytest.mark.parametrize("given", ["", "application/json", V10, "text/plain"])
async def test_a_body_of_another_type_is_415(shop: Shop, given: str) -> None:
    offer_id = shop.offer(5)
    answer = await shop.raw(
        "PATCH", f"/retailer/offers/{offer_id}", b'{"stock":{"amount":1}}', {"content-type": given}
    )
    assert answer.status_code == 415
    is_problem(answer)
    assert shop.books.offers[offer_id].amount == 5
    answer = await shop.raw(
        "PATCH",
        f"/retailer/offers/{offer_id}",
        b'{"stock":{"amount":1}}',
        {"content-type": f"{V11}; charset=UTF-8"},
    )
    assert answer.status_code == 204


# -- what is not there, and what is no body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/retailer/nothing", 404),
        ("GET", "/", 404),
        ("PATCH", "/retailer/orders", 405),
        ("PUT", f"/retailer/offers/{NOWHERE}", 405),
    ],
)
async def test_unknown_calls_are_problems_too(shop: Shop, method: str, path: str, status: int) -> None:
    answer = await shop.raw(method, path)
    assert answer.status_code == status
    is_problem(answer)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"\xff", 400), (b"[]", 400), (b"null", 400), (b'{"a":"' + b"x" * 2000 + b'"}', 413)],
)
async def test_a_body_that_is_none(opened: Opened, body: bytes, status: int) -> None:
    shop = await opened(max_body=1000)
    answer = await shop.raw("PATCH", f"/retailer/offers/{shop.offer()}", body)
    assert answer.status_code == status
    is_problem(answer)


async def test_nesting_without_end_is_refused(shop: Shop) -> None:
    body = b'{"stock":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = await shop.raw("PATCH", f"/retailer/offers/{shop.offer()}", body)
    assert answer.status_code == 400
    deep = b'{"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert (await shop.raw("PATCH", f"/retailer/offers/{shop.offer(1, 1)}", deep)).status_code == 400


# -- limits


async def test_a_limit_is_told_counted_down_and_kept(opened: Opened) -> None:
    shop = await opened(limits={"list-orders": (3, 60.0)})
    left = []
    for _ in range(3):
        answer = await shop.raw("GET", "/retailer/orders")
        assert answer.status_code == 200
        left.append(answer.headers["x-ratelimit-remaining"])
    assert left == ["2", "1", "0"]
    shop.time.go(20)
    answer = await shop.raw("GET", "/retailer/orders")
    assert answer.status_code == 429
    is_problem(answer)
    assert answer.headers["retry-after"] == answer.headers["x-ratelimit-reset"] == "40"
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("3", "0")
    # Another endpoint has its own, and a refused call does not lengthen the wait.
    assert (await shop.raw("GET", "/retailer/offers")).status_code == 200
    shop.time.go(40)
    answer = await shop.raw("GET", "/retailer/orders")
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, "2")
    assert shop.simulator.calls["list-orders:429"] == 1


async def test_a_limited_write_has_no_effect(opened: Opened) -> None:
    shop = await opened(limits={"write-offer": (1, 1.0)})
    path = f"/retailer/offers/{shop.offer(5)}"
    answers = [await shop.raw("PATCH", path, b'{"stock":{"amount":%d}}' % n) for n in (1, 2)]
    assert [one.status_code for one in answers] == [204, 429]
    assert [offer.amount for offer in shop.books.offers.values()] == [1]


def test_known_figures_are_the_default() -> None:
    limits = BolSimulatorConfig().limits
    assert limits["list-orders"] == (25, 60.0)
    assert limits["write-offer"] == (50, 1.0)
    assert limits["process-status"] == (100, 1.0)


# -- speed


async def test_it_takes_more_than_1500_patches_a_second(shop: Shop) -> None:
    """In process and without limits; on an idle machine it is twenty times as many."""
    paths = [f"/retailer/offers/{shop.offer(5, number)}" for number in range(100)]
    app = shop.http._transport.app  # type: ignore[attr-defined]  # the app as mounted, past httpx
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"stock":{"amount":7}}', "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))

    headers = [
        (b"authorization", f"Bearer {shop.token}".encode()),
        (b"accept", V11.encode()),
        (b"content-type", V11.encode()),
    ]
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1500):
        path = paths[number % 100]
        scope = {
            "type": "http", "method": "PATCH", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
            "server": ("bol.test", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await app(scope, receive, send)
    took = loop.time() - began
    assert statuses == [204] * 1500
    assert took < 1.0
