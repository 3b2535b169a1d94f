"""The embedded log: one SQLite file, one process. docs/decisions/0004-embedded-log.md."""

from streams.log.embedded.onlooker import Onlooker
from streams.log.embedded.store import EmbeddedLog

__all__ = ["EmbeddedLog", "Onlooker"]
