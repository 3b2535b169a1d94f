"""The servers that are compared, each a process of its own: `python -m tests.bench.servers KIND WHERE`.

`bare FOLDER`: Starlette and uvicorn alone; `ingress FOLDER`: the real ingress on the embedded log; `kafka SERVERS`: the
real ingress on Kafka. Prints its port, serves until its input ends.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.ingress.door import Door
from app.ingress.routes import routes
from app.metrics import Metrics
from app.server import Server, listen
from connectors.bol.signature import BadSignature
from connectors.mplus.signature import key_of
from streams import collection
from streams.log.embedded import EmbeddedLog
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.topics import TOPICS
from streams.vocabulary.time import system_clock

SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="


class NoBol:
    """Believes nothing: the bench sends till events."""

    async def verify(self, header: str, body: bytes) -> None:
        """See BolVerifier."""
        raise BadSignature("not here")


async def bare(request: Request) -> Response:
    """What Starlette alone costs: read the body, parse it, answer."""
    orjson.loads(await request.body())
    return JSONResponse({})


async def main(kind: str, where: str) -> None:
    """Serves until stdin ends."""
    collection.seldom()  # as every process of the bridge; the bare one too
    log: EmbeddedLog | KafkaLog | None = None
    if kind == "bare":
        app = Starlette(routes=[Route("/webhooks/{connection}/mplus/{event}", bare, methods=["POST"])])
    else:
        if kind == "kafka":
            log = await KafkaLog.open(KafkaAccess(tuple(where.split(","))), TOPICS, clock=system_clock)
        else:
            path = Path(where) / "log.db"
            log = await EmbeddedLog.open(path, TOPICS, clock=system_clock, sleep=asyncio.sleep)
        doors = {"shop": Door(NoBol(), key_of(SECRET))}
        numbers = iter(range(10**12))
        app = Starlette(
            routes=routes(log, doors, Metrics(), lambda: f"{next(numbers):x}", lambda: "", 1_000_000)
        )
    sock = listen("127.0.0.1", 0)
    print(sock.getsockname()[1], flush=True)
    ending = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    if kind == "bare":
        config = uvicorn.Config(app, access_log=False, log_config=None, lifespan="off", server_header=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        await ending
        server.should_exit = True
        await serving
    else:
        async with Server(app, sock):
            await ending
    if log is not None:
        await log.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
