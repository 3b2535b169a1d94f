"""What a user needs to point a bridge at the simulator."""

from __future__ import annotations

from connectors.bol.simulator.config import BolSimulatorConfig


def how_to_connect(config: BolSimulatorConfig, base_url: str) -> str:
    """A text for the terminal. It shows the simulator's own secret: it guards nothing."""
    base = base_url.rstrip("/")
    return "\n".join(
        (
            "Bol.com simulator",
            f"  login          POST {base}/token?grant_type=client_credentials",
            f"  client id      {config.client_id}",
            f"  client secret  {config.client_secret}",
            f"  api            {base}/retailer/...  and  {base}/shared/...",
            f"  control        {base}/_control/books",
            "",
            "In the settings of the bridge, under your connection's name:",
            "  [connections.winkel.bol]",
            f'  client_id = "{config.client_id}"',
            f'  client_secret = "plain:{config.client_secret}"',
            f'  api_url = "{base}"',
            f'  login_url = "{base}"',
            "",
            "Put something on sale, then order it:",
            f"  curl -X POST {base}/_control/offers -H 'Content-Type: application/json' "
            '-d \'{"offers": [{"ean": "8712345678906", "amount": 5}]}\'',
            f"  curl -X POST {base}/_control/orders -H 'Content-Type: application/json' -d '{{}}'",
        )
    )
