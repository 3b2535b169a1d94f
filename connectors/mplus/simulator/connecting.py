"""What a user needs to point a bridge at the simulator."""

from __future__ import annotations

from urllib.parse import urlencode

from connectors.mplus.simulator.config import MplusSimulatorConfig


def how_to_connect(config: MplusSimulatorConfig, base_url: str) -> str:
    """A text for the terminal. It shows the simulator's own secret: it guards nothing."""
    base = base_url.rstrip("/")
    query = urlencode({"ident": config.ident, "secret": config.secret})
    branch = config.default_branch
    webhook = (
        f"{config.webhook.url} (subscription {config.webhook.subscription_id})"
        if config.webhook
        else f"none yet; set one with POST {base}/_control/webhook"
    )
    count = config.article_count if config.articles is None else len(config.articles)
    return "\n".join(
        (
            "MplusKASSA simulator",
            f"  SOAP        POST {base}/?{query}",
            f"  ident       {config.ident}",
            f"  secret      {config.secret}",
            f"  branch      {branch.number} ({branch.name}), workplaces "
            + ", ".join(str(place.number) for place in branch.workplaces),
            f"  articles    {count}",
            f"  payments    {', '.join(method.method for method in config.payment_methods)}",
            f"  webhooks    {webhook}",
            f"  control     {base}/_control/books",
            "",
            f"Sell something:  curl -X POST {base}/_control/sell -H 'Content-Type: application/json' "
            '-d \'{"article": 1001, "quantity": 1}\'',
        )
    )
