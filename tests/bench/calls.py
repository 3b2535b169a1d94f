"""A call to a vendor: with httpx alone and with ours, in turns. `python -m tests.bench.calls [--json]`.

A server in a process of its own answers two bytes; what is told is the processor time of the caller, in milliseconds a
call, with one connection open and with as many as a busy shop has.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import orjson
import uvloop

from connectors.transport import VendorHttp

CALLS = 300
ROUNDS = 5
OPEN = (1, 32)
"""Connections that are open, and free but for one."""
WAYS: dict[str, Callable[[], httpx.AsyncClient]] = {
    "httpx": lambda: httpx.AsyncClient(
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=60)
    ),
    "ours": lambda: VendorHttp(httpx.Timeout(30.0)),
}
SERVER = """
import asyncio, sys
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
async def talk(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\\r")[0]))
            await asyncio.sleep(0.01)
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


async def price(made: httpx.AsyncClient, url: str, connections: int) -> float:
    """Milliseconds of processor time a call."""
    async with made as http:

        async def call() -> None:
            request = http.build_request("POST", url, content=b"x" * 500, headers={"SOAPAction": "getStock"})
            answer = await http.send(request, stream=True)
            assert b"".join([part async for part in answer.aiter_bytes()]) == b"ok"
            await answer.aclose()

        await asyncio.gather(*(call() for _ in range(connections)))
        began = time.process_time()
        for _ in range(CALLS):
            await call()
        return (time.process_time() - began) / CALLS * 1000


async def compare(url: str) -> dict[str, float]:
    """The medians, by way and open connections."""
    took: dict[str, list[float]] = {f"{name}, {open_}": [] for open_ in OPEN for name in WAYS}
    for _ in range(ROUNDS):
        for open_ in OPEN:
            for name, way in WAYS.items():
                took[f"{name}, {open_}"].append(await price(way(), url, open_))
    return {name: statistics.median(times) for name, times in took.items()}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(compare(f"http://127.0.0.1:{port}/"))
        server.communicate()
    if asked.json:
        print(orjson.dumps(found).decode())
        return
    for name, milliseconds in found.items():
        print(f"{name:>12} open: {milliseconds:.2f} ms of processor time a call")


if __name__ == "__main__":
    main()
