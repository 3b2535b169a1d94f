"""`kassabrug simulate`: a vendor's double on its own."""

from __future__ import annotations

from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import how_to_connect as to_bol
from connectors.bol.simulator.serve import serve as serve_bol
from connectors.mplus.simulator import MplusSimulatorConfig, WebhookTarget
from connectors.mplus.simulator import how_to_connect as to_mplus
from connectors.mplus.simulator.serve import serve as serve_mplus


def run(vendor: str, host: str, port: int | None, seed: int, articles: int, webhook: str) -> None:
    """Prints how to connect, then serves until Ctrl-C."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    if vendor == "bol":
        bol, bol_port = BolSimulatorConfig(), port or 8500
        print(to_bol(bol, f"http://{shown}:{bol_port}"), flush=True)
        serve_bol(bol, host, bol_port)
        return
    target = WebhookTarget(url=webhook) if webhook else None
    mplus, mplus_port = MplusSimulatorConfig(seed=seed, article_count=articles, webhook=target), port or 8600
    print(to_mplus(mplus, f"http://{shown}:{mplus_port}"), flush=True)
    serve_mplus(mplus, host, mplus_port)
