"""The ingress beside a bare Starlette endpoint: the same posts to both, in turns, in one run."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping

import orjson

from connectors.mplus.signature import key_of, sign
from tests.bench.load import Load, load, post
from tests.bench.servers import SECRET

CALLERS = 32
BODY = orjson.dumps(
    {
        "event": {
            "eventBlocking": False,
            "eventCounter": 12,
            "eventTimestamp": "2026-11-23T12:00:00.000+01:00",
        },
        "sender": {"branchNumber": 1, "workplaceNumber": 1},
        "session": {
            "sessionId": "5b1c9a10-0000-4000-8000-000000000001",
            "lines": [
                {
                    "lineId": f"line-{number}",
                    "articleNumber": 1000 + number,
                    "quantity": 1,
                    "priceIncl": 19.95,
                }
                for number in range(3)
            ],
        },
        "completeSession": {"payments": []},
    }
)


def request() -> bytes:
    """A signed till event, as a till sends it."""
    headers = {
        "Content-Type": "application/json",
        "X-Mplus-Signature": sign(key_of(SECRET), BODY),
        "X-Mplus-Subscription-Id": "bench",
    }
    return post("/webhooks/shop/mplus/completeSession", BODY, headers)


async def compare(
    servers: Mapping[str, str],
    rounds: int,
    seconds: float,
    answered: Callable[[str, int], Awaitable[None]] | None = None,
    warm_up: float = 0.0,
    callers: int = CALLERS,
) -> dict[str, float]:
    """Kind of server (servers.py; the first is the bare one) to where its log is. Medians of the rounds, and the ratio
    of the second to the first. `answered(kind, posts)` is asked after each round whether all of it was stored.
    `warm_up`: seconds of load that are not counted (Java compiles what it runs often)."""
    found: dict[str, list[Load]] = {kind: [] for kind in servers}
    running = {}
    for kind, where in servers.items():
        running[kind] = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.servers",
            kind,
            where,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    sent = request()
    try:
        ports = {}
        for kind, server in running.items():
            assert server.stdout is not None
            ports[kind] = int(await server.stdout.readline())
        for number in range(rounds + (warm_up > 0)):
            counted = number >= (warm_up > 0)
            for kind, port in ports.items():
                told = await load(port, sent, callers, seconds if counted else warm_up)
                if counted:
                    found[kind].append(told)
                if answered is not None:
                    await answered(kind, told.answered)
    finally:
        for server in running.values():
            assert server.stdin is not None
            server.stdin.close()
            await server.wait()
    told_all: dict[str, float] = {}
    for kind, runs in found.items():
        for name in ("per_second", "p50_ms", "p99_ms"):
            told_all[f"{kind}_{name}"] = statistics.median(getattr(run, name) for run in runs)
    bare, ours = found.values()
    told_all["ratio"] = statistics.median(
        one.per_second / other.per_second for one, other in zip(ours, bare, strict=True)
    )
    return told_all
