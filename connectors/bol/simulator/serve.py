"""The entry point of `kassabrug simulate bol`: the only file here that names the real clock."""

from __future__ import annotations

import asyncio
from random import Random

import uvicorn

from connectors.bol.simulator.app import create_app
from connectors.bol.simulator.config import BolSimulatorConfig
from streams.vocabulary.time import system_clock


def make_server(
    config: BolSimulatorConfig, host: str = "127.0.0.1", port: int = 0, rng: Random | None = None
) -> uvicorn.Server:
    """A server that is not running yet: `await server.serve()`, stopped by `server.should_exit = True`.

    Without `rng` and without a seed in the settings, the ids of orders differ at every start, as Bol's do.
    """
    app = create_app(config, clock=system_clock, sleep=asyncio.sleep, rng=rng or Random(config.seed))
    return uvicorn.Server(
        uvicorn.Config(
            app, host=host, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=2
        )
    )


def serve(config: BolSimulatorConfig, host: str = "127.0.0.1", port: int = 8500) -> None:
    """Serve until interrupted."""
    make_server(config, host, port).run()
