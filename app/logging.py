"""Logging of a process: one line an event, secrets and credentials in addresses taken out, libraries kept quiet."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import orjson

_IN_ADDRESS = re.compile(
    r"\b(ident|secret|token|client_secret|access_token|webhook_secret|password)(=[\"']?)[^&\s\"']+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
QUIET = (
    *("httpx", "httpcore", "faust", "mode", "asyncio", "uvicorn", "hpack"),
    *(
        "streams.log.host",
        "streams.log.embedded.transport",
        "streams.log.kafka.transport",
    ),  # where Faust's services tell of each start and stop
)
SILENT = ("aiokafka",)
"""Each try of each connection is an error there; what it comes to is told by streams.log.kafka."""
SHORTEST = 6
"""A shorter secret would blot out half of every line; it is still taken out of addresses."""
LONGEST = 20_000
"""Characters of a message, and of a traceback's end."""


class Scrub(logging.Filter):
    """Takes secrets out of every line, its arguments and its traceback."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        forms = {form for one in secrets if len(one) >= SHORTEST for form in _forms(one)}
        self._secrets = sorted(forms, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _BEARER.sub(r"\1 ***", _IN_ADDRESS.sub(r"\1\2***", text))

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the line through, cleaned. Never raises: a line that cannot be put together says so."""
        record.msg = self.clean(_message(record))[:LONGEST]
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _traceback(record)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)[-LONGEST:]
        if record.stack_info:
            record.stack_info = self.clean(record.stack_info)[-LONGEST:]
        return True


def _forms(secret: str) -> set[str]:
    """The spellings a secret turns up in: as it is, in an address, in JSON, in repr."""
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        orjson.dumps(_whole(secret)).decode()[1:-1],
        repr(secret)[1:-1],
    }


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # whatever an argument's own __str__ does, the caller must not fall over it
        return f"{record.msg} (a log line that could not be put together: {type(error).__name__})"


def _traceback(record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    try:
        return logging.Formatter().formatException(record.exc_info)
    except Exception as error:  # an exception whose own __str__ fails
        return f"(a traceback that could not be put together: {type(error).__name__})"


class Plain(logging.Formatter):
    """One line for people: nothing that a message holds can begin another. A traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and what belongs below it."""
        line = f"{self.formatTime(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        line = _CONTROL.sub(lambda sign: repr(sign[0])[1:-1], line)
        below = [*(record.exc_text or "").splitlines(), *(record.stack_info or "").splitlines()]
        return line + "".join(f"\n  | {one}" for one in below)


class Json(logging.Formatter):
    """One JSON object a line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _whole(record.getMessage()),
        }
        if record.exc_text:
            told["trace"] = _whole(record.exc_text)
        return orjson.dumps(told).decode()


def _whole(text: str) -> str:
    """Text that JSON can carry: half a surrogate pair, as file names have them, is replaced."""
    return text.encode("utf-8", "replace").decode()


def set_up(secrets: Iterable[str], as_json: bool = False, level: int = logging.INFO) -> None:
    """For an entry point, once."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if as_json else Plain())
    handler.addFilter(Scrub(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
