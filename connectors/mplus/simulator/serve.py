"""The entry point of `kassabrug simulate mplus`: the only file here that names the real clock."""

from __future__ import annotations

import asyncio
from random import Random

import uvicorn

from connectors.mplus.simulator.app import create_app
from connectors.mplus.simulator.config import MplusSimulatorConfig
from streams.vocabulary.time import system_clock


def make_server(
    config: MplusSimulatorConfig, host: str = "127.0.0.1", port: int = 0, rng: Random | None = None
) -> uvicorn.Server:
    """A server that is not running yet: `await server.serve()`, stopped by `server.should_exit = True`.

    Its access log is off: the secret is part of every URL (facts/mplus.md 8, quirk 11). Without `rng` the ids of
    orders and sessions differ at every start, as those of a till do: a bridge that remembers the last run must
    not take a new sale for an old one.
    """
    app = create_app(config, clock=system_clock, sleep=asyncio.sleep, rng=rng or Random())
    return uvicorn.Server(
        uvicorn.Config(
            app, host=host, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=2
        )
    )


def serve(config: MplusSimulatorConfig, host: str = "127.0.0.1", port: int = 8600) -> None:
    """Serve until interrupted."""
    make_server(config, host, port).run()
