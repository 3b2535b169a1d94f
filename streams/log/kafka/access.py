"""How a cluster is reached, and what its errors mean to a person."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple

from aiokafka import errors
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn

from streams.log.base import LogUnavailable

ANSWERS = "answers now"
METADATA_AGE_MS = 30_000
"""How old the picture of leaders may get; errors refresh it at once."""


class KafkaAccess(NamedTuple):
    """How to reach a cluster. The password is shown nowhere."""

    servers: tuple[str, ...]
    """`host:port` of some brokers; the rest is learnt from them."""
    tls: ssl.SSLContext | None = None
    mechanism: str = ""
    """Empty, `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`."""
    username: str = ""
    password: str = ""

    @property
    def name(self) -> str:
        """For people: `kafka://host:port,...`."""
        return f"kafka://{','.join(self.servers)}"

    def __repr__(self) -> str:
        return f"KafkaAccess({self.name})"

    def options(self) -> dict[str, Any]:
        """As aiokafka's clients take it."""
        protocol = ("SASL_" if self.mechanism else "") + ("SSL" if self.tls is not None else "PLAINTEXT")
        told: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "security_protocol": protocol,
            "ssl_context": self.tls,
        }
        if self.mechanism:
            told |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return told

    async def why_not(self) -> dict[str, str]:
        """Why no server can be reached, server by server, in their own words: the client only says that it is so.
        Of one that answers now: ANSWERS."""
        told: dict[str, str] = {}
        options = self.options()
        del options["bootstrap_servers"]
        for server in self.servers[:3]:
            host, _, port = server.rpartition(":")
            try:
                connection = await create_conn(host, int(port), request_timeout_ms=5_000, **options)
            except (errors.KafkaError, OSError, TimeoutError, ValueError) as error:
                told[server] = words(error)
            else:
                connection.close()
                told[server] = ANSWERS
        return told

    def unreachable(self, why: Mapping[str, str]) -> LogUnavailable:
        """The error for a person; `why` as of `why_not`."""
        told = "; ".join(f"{server}: {said}" for server, said in why.items())
        return LogUnavailable(
            f"{self.name} cannot be reached ({told}). Is Kafka running, and are the addresses "
            "(and TLS, user and password, where it asks for them) right?"
        )

    def client(self, name: str, timeout: float) -> AIOKafkaClient:
        """A client that is not connected yet. `timeout`: seconds for one answer."""
        return AIOKafkaClient(
            client_id=f"kassabrug-{name}",
            request_timeout_ms=int(timeout * 1000),
            metadata_max_age_ms=METADATA_AGE_MS,
            retry_backoff_ms=50,
            **self.options(),
        )


def words(error: BaseException) -> str:
    """What went wrong, for a person: the broker's own name of it."""
    if isinstance(error, errors.BrokerResponseError):
        told = getattr(type(error), "message", "") or type(error).__name__
        return str(told)
    if isinstance(error, errors.RequestTimedOutError | TimeoutError):
        return "no answer in time"
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def passing(error: BaseException) -> bool:
    """Whether trying again may help: a leader that moves, a broker that starts, a connection that broke."""
    if isinstance(error, errors.KafkaError):
        return bool(error.retriable) or isinstance(
            error, errors.KafkaStorageError | errors.UnknownError | errors.StaleLeaderEpochCodeError
        )
    return isinstance(error, OSError | TimeoutError)
