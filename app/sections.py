"""The parts of the settings, one class each: what may stand there, its bounds and what holds without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    field_validator,
    model_validator,
)

from connectors.mplus.signature import key_of
from streams.returns.rules import ByRule

MONTH = 31 * 24 * 3600.0
RECEIVED_AFTER = 7
"""Days before which no rule takes a return for received: the parcel is hardly back by then."""
MOST_BODY = 8 * 1024 * 1024
"""A push must fit into one record of the log."""
SCHEME = "kafka://"
KAFKA_PORT = 9092
KAFKA_PARTITIONS = 8
EMBEDDED_PARTITIONS = 4
MOST_EMBEDDED = 64
"""Partitions that one file and one process take."""


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[!-~]+", value):
        raise ValueError("write a web address like https://example.nl (http:// only on your own network)")
    if parts.query or parts.fragment or parts.username is not None or "?" in value:
        raise ValueError("write the bare address: no login, no ?..., no #... (they may hold a secret)")
    return value.rstrip("/")


def _kafka_address(value: str) -> str:
    if not value:
        return value
    scheme, _, servers = value.partition("://")
    if scheme != "kafka" or not servers:
        raise ValueError(
            "write kafka://host:port, or kafka://host:port,host:port for several brokers; "
            "leave it out for the embedded log in the file at log.path"
        )
    return SCHEME + ",".join(_server(one) for one in servers.rstrip("/").split(","))


def _server(value: str) -> str:
    """`host:port`; the port is 9092 where none is given."""
    try:
        parts = urlsplit(f"//{value}")
        port = KAFKA_PORT if parts.port is None else parts.port
        usable = bool(parts.hostname) and parts.username is None and parts.netloc == value and port > 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[!-~]+", value):
        raise ValueError("one of its brokers is not host:port; a user and password belong under [log.kafka]")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{port}"


def _database_url(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("postgresql", "postgres") and bool(parts.hostname) and parts.port != 0
        query = parse_qs(parts.query)
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[!-~]+", value) or not parts.path.strip("/"):
        raise ValueError(
            "write postgresql://user@host:5432/database; leave it out for the file at readmodel.path"
        )
    if parts.password is not None or query.keys() & {"password", "passfile", "sslpassword"}:
        raise ValueError(
            'the password does not belong in it: write it as readmodel.password = "env:NAME" or "file:/path"'
        )
    return f"postgresql{value[len(parts.scheme) :]}"


def _base64_key(value: SecretStr) -> SecretStr:
    key_of(value.get_secret_value())
    return value


def _different(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value:
        raise ValueError("is empty; write at least one branch: [1]")
    if len(set(value)) != len(value):
        raise ValueError("write every branch once: its stock would count twice")
    return value


Address = Annotated[str, AfterValidator(_web_address)]
Whole = Annotated[int, Strict()]
"""A number is a number: neither `true` nor `"8"` is taken for one."""
Span = Annotated[float, Strict()]
"""Seconds."""
Password = Annotated[SecretStr, Field(min_length=1)]
Branch = Annotated[int, Strict(), Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bol(_Part):
    """The Bol account: partner site, Settings, API settings."""

    client_id: str = Field(min_length=1)
    client_secret: Password
    api_url: Address = "https://api.bol.com"
    login_url: Address = "https://login.bol.com"


class Mplus(_Part):
    """The Mplus administration; the address with its port, ident and secret come from the Mplus dealer."""

    api_url: Address
    ident: str = Field(min_length=1)
    secret: Password
    webhook_secret: Annotated[SecretStr, AfterValidator(_base64_key)] | None = None
    """The Secret Key of the webhook in the back office (base64)."""


class Stock(_Part):
    """See streams/stock/rules.py."""

    branches: Annotated[tuple[Branch, ...], AfterValidator(_different)]
    buffer: Whole = Field(default=0, ge=0, le=1_000_000)
    cap: Whole = Field(default=999, ge=1, le=1_000_000)
    till_sale_hold_seconds: Span = Field(default=5.0, ge=0, le=3600)


class Orders(_Part):
    """See streams/orders/rules.py."""

    branch: Branch
    workplace: Whole | None = None
    employee: Whole = 999999
    ext_order_prefix: str = Field(default="BOL-", pattern=r"^[A-Za-z0-9_-]{1,20}$")
    order_type: str = "ORDER-TYPE-EXTERNAL-SALES-ORDER"
    order_category: Whole | None = None
    delivery_method: str = ""
    payment_method: str = ""
    fulfilments: tuple[str, ...] = ("FBR",)
    default_relation: Whole | None = None
    keep_days: Whole = Field(default=100, ge=95, le=3650)

    @field_validator("fulfilments")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - {"FBR", "FBB"}:
            raise ValueError('write ["FBR"], ["FBB"] or ["FBR", "FBB"]')
        return value


class Sweeps(_Part):
    """How often what is read, in seconds; see streams/sweeps/rules.py."""

    markers: Span = Field(default=20.0, ge=1, le=MONTH)
    stock: Span = Field(default=300.0, ge=5, le=MONTH)
    bol_orders: Span = Field(default=60.0, ge=5, le=3000)
    bol_offers: Span = Field(default=21600.0, ge=60, le=MONTH)
    bol_returns: Span = Field(default=900.0, ge=60, le=MONTH)
    processes: Span = Field(default=60.0, ge=5, le=MONTH)
    subscription: Span = Field(default=900.0, ge=10, le=MONTH)


class HandlingRule(_Part):
    """See streams/returns/rules.py."""

    result: ByRule
    after_days: Span = Field(default=0.0, ge=0, le=365)
    reason: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _late(self) -> HandlingRule:
        if self.result == "RETURN_RECEIVED" and self.after_days < RECEIVED_AFTER:
            raise ValueError(
                "RETURN_RECEIVED gives the customer the money back, and nothing tells that the parcel is here: "
                f"write after_days = {RECEIVED_AFTER} or more, or handle these returns by hand"
            )
        return self


class Returns(_Part):
    """See streams/returns/rules.py."""

    kinds: tuple[Literal["FBR", "FBB"], ...] = ("FBR", "FBB")
    """None: returns are not read at all."""
    handle: tuple[HandlingRule, ...] = Field(default=(), max_length=50)
    credit: Literal["no", "when-handled"] = "no"
    restock: Annotated[bool, Strict()] = False
    refund: Annotated[bool, Strict()] = False
    credit_branch: Branch | None = None
    credit_workplace: Whole | None = None
    keep_days: Whole = Field(default=60, ge=1, le=3650)

    @model_validator(mode="after")
    def _together(self) -> Returns:
        if self.credit_workplace is not None and self.credit_branch is None:
            raise ValueError(
                "credit_workplace is a workplace of credit_branch: give that too, or leave it out"
            )
        return self


class Connection(_Part):
    """One Bol account and one Mplus administration."""

    bol: Bol
    mplus: Mplus
    stock: Stock
    orders: Orders
    sweeps: Sweeps = Sweeps()
    returns: Returns = Returns()


class Kafka(_Part):
    """How the cluster at `log.address` wants to be spoken to, and how its topics are made."""

    replication: Whole | None = Field(default=None, ge=1, le=9)
    """Copies of every partition; None: 3 where there are three brokers or more, else as many as there are."""
    session_timeout: Span = Field(default=6.0, ge=6, le=300)
    """Seconds after which a worker that is not heard of counts as dead. Brokers take no less than 6 by default."""
    instance: str | None = Field(default=None, min_length=1, max_length=200)
    """A lasting name of this worker (static membership); no two workers may have the same."""
    tls: Annotated[bool, Strict()] = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = ""
    username: str = ""
    password: Password | None = None

    @model_validator(mode="after")
    def _whole(self) -> Kafka:
        login = (bool(self.mechanism), bool(self.username), self.password is not None)
        if any(login) and not all(login):
            raise ValueError("mechanism, username and password belong together: give all three or none")
        files = [name for name in ("ca_file", "cert_file", "key_file") if getattr(self, name) is not None]
        if files and not self.tls:
            raise ValueError(f"{files[0]} is of use with TLS only: write tls = true, or leave it out")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        return self


class Log(_Part):
    """The log: a Kafka cluster at `address`, or without one the embedded log in the file at `path`."""

    address: Annotated[str, AfterValidator(_kafka_address)] = ""
    """`kafka://host:port,host:port`."""
    path: Path = Path("kassabrug.log.db")
    partitions: Whole | None = Field(default=None, ge=1, le=1000)
    """Of every topic; fixed when the topics are made. None: see `parts`."""
    keep_days: Whole = Field(default=30, ge=1, le=3650)
    """How long events, pushes, answers of the vendors and the history are kept: what a replay reaches back to."""
    kafka: Kafka = Kafka()

    @property
    def servers(self) -> tuple[str, ...]:
        """`host:port` of the brokers; none for the embedded log."""
        return tuple(self.address.removeprefix(SCHEME).split(",")) if self.address else ()

    @property
    def parts(self) -> int:
        """How many partitions a topic is made with."""
        return self.partitions or (KAFKA_PARTITIONS if self.address else EMBEDDED_PARTITIONS)

    @model_validator(mode="after")
    def _few(self) -> Log:
        if not self.address and self.parts > MOST_EMBEDDED:
            raise ValueError(f"the embedded log takes at most {MOST_EMBEDDED} partitions")
        return self


class ReadModel(_Part):
    """What the page shows; it can be thrown away and is made again from the log. PostgreSQL at `url`, or without one
    the file at `path` (SQLite)."""

    path: Path = Path("kassabrug.readmodel.db")
    url: Annotated[str, AfterValidator(_database_url)] = ""
    """`postgresql://user@host:port/database`, without the password."""
    password: Password | None = None
    """Of the user in `url`; without one PostgreSQL's own ways hold (PGPASSWORD, ~/.pgpass)."""
    history_days: Whole = Field(default=30, ge=1, le=3650)
    orders_days: Whole = Field(default=180, ge=1, le=3650)


class Web(_Part):
    """Where we listen, and how the vendors reach us."""

    host: str = "127.0.0.1"
    port: Whole = Field(default=8080, ge=0, le=65535)
    public_url: Address | None = None
    """As seen from outside, with TLS in front: webhooks go to <public_url>/webhooks/<connection>/bol."""
    username: str = ""
    password: Password | None = None
    max_body: Whole = Field(default=1024 * 1024, ge=1024, le=MOST_BODY)
    """Bytes of a push; more is answered with 413."""

    @model_validator(mode="after")
    def _both(self) -> Web:
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password belong together: give both or neither")
        return self


class Vendors(_Part):
    """Patience with the vendors, in seconds."""

    bol_timeout: Span = Field(default=15.0, gt=0, le=600)
    mplus_timeout: Span = Field(default=20.0, gt=0, le=600)
    mplus_bulk_timeout: Span = Field(default=600.0, gt=0, le=3600)
    tries: Whole = Field(default=3, ge=1, le=10)
    """Of one call, for hiccups of seconds; what lasts longer waits in the flows (streams/backoff.py)."""
