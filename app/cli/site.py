"""A console that runs, as commands reach it: its API, with one set of checks and one way to say what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import httpx
import msgspec
import orjson

from app.cli.process import FAILED, WRONG_USE
from app.settings import Settings

T = TypeVar("T")

PATIENCE = 15.0
"""Seconds that the console may take: it reads its database and writes the log."""


class NotDone(Exception):
    """It was not done; the text says why and what to do. `code`: the exit code."""

    def __init__(self, words: str, code: int = FAILED) -> None:
        super().__init__(words)
        self.code = code


class Site(NamedTuple):
    """A console that runs somewhere."""

    http: httpx.Client
    address: str

    def ask(self, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """What it answers; None: it does not know such a thing. `given`: what is to be done. Raises NotDone."""
        try:
            answer = self.http.get(path) if given is None else self.http.post(path, json=given)
        except httpx.TimeoutException:
            done = (
                "" if given is None else " Whether it was done is not known: look at it before you repeat it."
            )
            raise NotDone(
                f"kassabrug at {self.address} takes longer than {PATIENCE:g} s to answer.{done}"
            ) from None
        except httpx.HTTPError as error:
            raise NotDone(
                f"kassabrug does not answer at {self.address} ({error}). These commands go through the bridge that "
                "runs: start it with `kassabrug up` (or `kassabrug console`), or say where it is with --address."
            ) from None
        return self._read(answer)

    def told(self, raw: Any, kind: type[T]) -> T:
        """What it answered, in our words. Raises NotDone."""
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            raise NotDone(
                f"The console at {self.address} is another version of kassabrug than this command ({error})."
            ) from None

    def _read(self, answer: httpx.Response) -> Any:
        if answer.status_code == 401:
            raise NotDone(
                f"The console at {self.address} refuses name and password: web.username and web.password must be "
                "the ones that it was started with.",
                WRONG_USE,
            )
        kind = answer.headers.get("content-type", "").partition(";")[0]
        try:
            told = orjson.loads(answer.content) if kind.endswith("json") else None
        except ValueError:
            told = None
        if told is None:
            raise NotDone(
                f"What answers at {self.address} ({answer.status_code}) is no console of kassabrug: say with --address "
                "where `kassabrug up` or `kassabrug console` runs."
            )
        if answer.status_code == 404 and answer.request.method == "GET":
            return None
        if answer.is_success:
            return told
        detail = told.get("detail") if isinstance(told, dict) else None
        raise NotDone(
            str(detail or f"The console at {self.address} answers {answer.status_code}."),
            WRONG_USE if answer.status_code == 422 else FAILED,
        )


@contextmanager
def site_of(settings: Settings, address: str) -> Iterator[Site]:
    """The console there; `address` empty: where the settings say that it listens. Raises NotDone."""
    with _client(settings, address) as http:
        yield Site(http, str(http.base_url).rstrip("/"))


def check_connection(settings: Settings, name: str) -> None:
    """Raises NotDone for a connection that is not set up."""
    if name not in settings.connections:
        raise NotDone(
            f"There is no connection {name!r}. There is {', '.join(settings.connections)}.", WRONG_USE
        )


def _client(settings: Settings, given: str) -> httpx.Client:
    """Of the console: where the settings say that it listens. Raises NotDone when they do not say it."""
    web = settings.web
    address = given
    if not address:
        if not web.port:
            raise NotDone("web.port is 0, any free one: say with --address where kassabrug runs.", WRONG_USE)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)
        address = f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"
    auth = (web.username, web.password.get_secret_value()) if web.password is not None else None
    try:
        url = httpx.URL(address)
        usable = url.scheme in ("http", "https") and bool(url.host) and not url.userinfo
    except (httpx.InvalidURL, ValueError):
        usable = False
    if not usable:
        raise NotDone(
            "--address is no address: write http://host:port (user and password are in the settings)",
            WRONG_USE,
        )
    # A proxy that the environment names is for the world outside.
    return httpx.Client(base_url=address, auth=auth, timeout=PATIENCE, trust_env=False)
