"""Logging of a process: one line an event, secrets and credentials in addresses taken out, libraries kept quiet."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

import orjson

_IN_ADDRESS = re.compile(r"\b(ident|secret|token|client_secret|access_token)=[^&\s\"']+", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}")
QUIET = ("httpx", "httpcore", "faust", "mode", "aiokafka", "asyncio", "uvicorn", "hpack")
SHORTEST = 6
"""A shorter secret would blot out half of every line; it is still taken out of addresses."""


class Scrub(logging.Filter):
    """Takes secrets out of every line, its arguments and its traceback."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _BEARER.sub(r"\1 ***", _IN_ADDRESS.sub(r"\1=***", text))

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the line through, cleaned."""
        record.msg = self.clean(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True


class Json(logging.Formatter):
    """One JSON object a line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            told["trace"] = record.exc_text
        return orjson.dumps(told).decode()


def set_up(secrets: Iterable[str], as_json: bool = False, level: int = logging.INFO) -> None:
    """For an entry point, once."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(Json() if as_json else plain)
    handler.addFilter(Scrub(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
