"""The console: what came in, what went out, what is stuck and why, live, for people and for programs."""

from app.console.application import TellFlow, create_console
from app.console.live import Live, TooManyBrowsers

__all__ = ["Live", "TellFlow", "TooManyBrowsers", "create_console"]
