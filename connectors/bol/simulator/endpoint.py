"""What an operation of the API is: where it listens, what it reads, what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.datastructures import QueryParams

from connectors.bol.simulator import told
from connectors.bol.simulator.books import BolBooks
from connectors.bol.simulator.records import Fate, Process

if TYPE_CHECKING:
    from connectors.bol.simulator.app import BolSimulator

V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"
"""Offers are on v11, everything else here on v10 (facts/bol.md)."""


class Told(NamedTuple):
    """Status and body; None: no body."""

    status: int
    body: Any = None


class Call(NamedTuple):
    """One call that is allowed and readable. `body`: of the type that the endpoint asks for; None: it asks none."""

    simulator: BolSimulator
    endpoint: Endpoint
    path: str
    names: Mapping[str, str]
    """The variables of the path."""
    query: QueryParams
    body: Any

    @property
    def books(self) -> BolBooks:
        """Bol's books."""
        return self.simulator.books

    @property
    def now(self) -> datetime:
        """Bol's clock."""
        return self.simulator.books.clock()

    def fate(self) -> Fate:
        """How an asynchronous write will end."""
        return self.simulator.faults.for_write(self.endpoint.operation, self.endpoint.method, self.path)

    def accepted(self, process: Process) -> Told:
        """202, and whoever has subscribed hears how it ended."""
        self.simulator.pushes.watch(process)
        return Told(202, told.process(process, self.now))


class Endpoint:
    """One operation: the name of its limit, its media type, what it reads and what it does."""

    def __init__(
        self,
        method: str,
        path: str,
        operation: str,
        media: str,
        handler: Callable[[Call], Told],
        asks: type[msgspec.Struct] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.operation = operation
        self.media = media
        self.handler = handler
        self.body = None if asks is None else msgspec.json.Decoder(asks)
