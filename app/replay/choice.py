"""What a replay is asked about: a span of time, a topic, a connection, an entity, a flow."""

from __future__ import annotations

from typing import NamedTuple


class Choice(NamedTuple):
    """Moments in milliseconds; nothing chosen in a field means all."""

    since: int | None = None
    until: int | None = None
    topic: str = ""
    connection: str = ""
    key: str = ""
    """An entity, with or without its connection; or the beginning of some, up to a slash."""
    flow: str = ""

    @property
    def empty(self) -> bool:
        """Whether it is everything there is."""
        return self == Choice()

    def spans(self, timestamp: int) -> bool:
        """Whether this moment is chosen."""
        return (self.since is None or timestamp >= self.since) and (
            self.until is None or timestamp < self.until
        )

    def concerns(self, key: bytes | None) -> bool:
        """Whether this key is of a chosen connection. Pushes, and what sweeps are answered, have no more in theirs:
        which entities they are about shows when they are read."""
        own = _text(key).partition("/")[0]
        return not self.connection or own == self.connection

    def fits(self, key: bytes | None) -> bool:
        """Whether this is the key of a chosen entity."""
        own = _text(key)
        return self.concerns(key) and (
            not self.key
            or own == self.key
            or own.partition("/")[2] == self.key
            or own.startswith(f"{self.key}/")
        )


def _text(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
