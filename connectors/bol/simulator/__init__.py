"""A Bol.com of one's own: the retailer API as the contracts have it, with books, signed pushes and trouble."""

from connectors.bol.simulator.app import create_app
from connectors.bol.simulator.books import BolBooks
from connectors.bol.simulator.config import BolSimulatorConfig
from connectors.bol.simulator.connecting import how_to_connect

__all__ = ["BolBooks", "BolSimulatorConfig", "create_app", "how_to_connect"]
