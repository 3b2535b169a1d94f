"""What vendors that take every call and never answer cost: the bridge's memory while the till goes on selling.

python -m tests.chaos.unplugged --on embedded|kafka [--minutes 3] [--rate 200]

One process (`kassabrug up`) with rows of articles on sale, and a signed push a sale; the article that sells best takes
every tenth. Prints the resident memory every ten seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

import httpx
import orjson

from app.demo.child import Child
from app.demo.run import free_port
from app.logs import running_log
from app.settings import load_settings
from connectors.mplus.signature import key_of, sign
from streams.vocabulary.time import system_clock
from tests.apache_kafka.cluster import Cluster
from tests.apache_kafka.fixtures import QUICK
from tests.chaos.shop import SECRET, SHOP, fill, settings_text
from tests.chaos.silence import Silence, silence

ARTICLES = 5_000
EVERY = 10.0


class Told(NamedTuple):
    """How it went."""

    sold: int
    refused: int
    megabytes: list[float]
    """Every EVERY seconds, from the first push on."""
    calls: int
    """Calls that the vendors held at once, at most."""


def megabytes(pid: int) -> float:
    """A process's resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def sale(number: int, article: int) -> bytes:
    """A till event with one line."""
    return orjson.dumps(
        {
            "event": {"eventCounter": number, "eventTimestamp": system_clock().isoformat()},
            "sender": {"branchNumber": 1, "workplaceNumber": 1},
            "session": {
                "sessionId": f"session-{number}",
                "lines": [{"lineId": "1", "articleNumber": article, "quantity": 1}],
            },
            "completeSession": {"payments": []},
        }
    )


async def unplugged(folder: Path, on: str, seconds: float, rate: int) -> Told:
    """Starts everything, and ends it. Raises BridgeFailed where the bridge ends by itself."""
    async with AsyncExitStack() as stack:
        vendor, where = await stack.enter_async_context(silence())
        log = 'path = "log.db"'
        if on == "kafka":
            cluster = stack.enter_context(Cluster(folder / "kafka", 1, properties=QUICK))
            log = f'address = "kafka://{cluster.servers}"'
        port = free_port()
        config = folder / "kassabrug.toml"
        config.write_text(settings_text(log, where, web=f"port = {port}"))
        async with running_log(load_settings(config, os.environ)) as opened:
            await fill(opened, range(1, ARTICLES + 1))
        bridge = Child(config, folder / "words", f"http://127.0.0.1:{port}")
        stack.push_async_callback(bridge.kill)
        await bridge.start()
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))
        return await _sell(bridge, http, vendor, seconds, rate)


async def _sell(bridge: Child, http: httpx.AsyncClient, vendor: Silence, seconds: float, rate: int) -> Told:
    chance, numbers, key = Random(1), count(1), key_of(SECRET)
    refused = sold = 0
    told: list[float] = []
    began = time.monotonic()
    until = began + seconds

    async def push() -> None:
        nonlocal refused, sold
        number = next(numbers)
        body = sale(number, 1 if number % 10 == 0 else chance.randint(1, ARTICLES))
        headers = {"X-Mplus-Signature": sign(key, body), "X-Mplus-Subscription-Id": "unplugged"}
        answer = await http.post(
            f"/webhooks/{SHOP}/mplus/completeSession", content=body, headers=headers, timeout=30
        )
        sold += answer.status_code == 200
        refused += answer.status_code != 200

    while (now := time.monotonic()) < until:
        if now - began >= EVERY * len(told):
            pid = bridge.pid
            assert pid is not None, bridge.last_words()
            told.append(megabytes(pid))
            print(f"{now - began:5.0f} s: {sold} sold, {told[-1]:.0f} MB", flush=True)
        await asyncio.gather(*(push() for _ in range(rate // 10)))
        await asyncio.sleep(max(0.0, now + 0.1 - time.monotonic()))
    return Told(sold, refused, told, vendor.most)


async def main() -> int:
    """As said on the command line; exit code 1 where a push was refused."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.unplugged",
        description="The memory of a bridge whose vendors take every call and never answer.",
    )
    parser.add_argument("--on", choices=["embedded", "kafka"], default="embedded")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--rate", type=int, default=200, help="sales a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kassabrug-unplugged-") as folder:
        told = await unplugged(Path(folder), asked.on, asked.minutes * 60, asked.rate)
    half = told.megabytes[len(told.megabytes) // 2]
    print(
        f"{told.sold} sales, {told.refused} refused; {told.megabytes[0]:.0f} MB at the start, {half:.0f} halfway, "
        f"{told.megabytes[-1]:.0f} at the end; {told.calls} calls under way at most"
    )
    return 0 if not told.refused else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
