"""A stateful double of a MplusKASSA installation: the till, its books and its SOAP service.

It is written from the contract (`mplusqapi-67.1.3.wsdl`) and `facts/mplus.md` alone and imports nothing of the
client beside it, so that a misreading of the contract is not made twice the same way.
"""

from connectors.mplus.simulator.app import MplusSimulator, create_app
from connectors.mplus.simulator.articles import GeneratedArticle, generate_articles
from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.config import MplusSimulatorConfig, WebhookTarget
from connectors.mplus.simulator.connecting import how_to_connect

__all__ = [
    "GeneratedArticle",
    "MplusBooks",
    "MplusSimulator",
    "MplusSimulatorConfig",
    "WebhookTarget",
    "create_app",
    "generate_articles",
    "how_to_connect",
]
