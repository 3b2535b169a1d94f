"""The one settings model: a TOML file, secrets by reference, any number of connections.

    settings = load_settings(Path("kassabrug.toml"), os.environ)

Secrets stand in the file as `env:NAME` or `file:/path`; they are `SecretStr` here and are never printed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.mistakes import NO_SUCH, words
from app.readmodel.pruning import Keep
from app.references import follow
from connectors.mplus.signature import key_of
from connectors.retry import RetryPolicy
from streams.orders.rules import OrderRules
from streams.stock.rules import StockRules
from streams.sweeps.rules import SweepRules
from streams.topics import DAY, TOPICS, Topic

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LONGEST_FILE = 1024 * 1024
MONTH = 31 * 24 * 3600.0
MOST_BODY = 8 * 1024 * 1024
"""A push must fit into one record of the log."""


class SettingsError(Exception):
    """The settings cannot be used; the text names file and key and says what to write instead."""


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
    processes: Span = Field(default=60.0, ge=5, le=MONTH)
    subscription: Span = Field(default=900.0, ge=10, le=MONTH)


class Connection(_Part):
    """One Bol account and one Mplus administration."""

    bol: Bol
    mplus: Mplus
    stock: Stock
    orders: Orders
    sweeps: Sweeps = Sweeps()


class Log(_Part):
    """The embedded log."""

    path: Path = Path("kassabrug.log.db")
    partitions: Whole = Field(default=4, ge=1, le=64)
    """Fixed when the file is made."""
    keep_days: Whole = Field(default=30, ge=1, le=3650)
    """How long pushes, answers of the vendors and the history are kept: what a replay reaches back to."""


class ReadModel(_Part):
    """What the page shows; it can be thrown away and is made again from the log."""

    path: Path = Path("kassabrug.readmodel.db")
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


class Settings(BaseSettings):
    """Everything. Made by `load_settings`."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    log: Log = Log()
    readmodel: ReadModel = ReadModel()
    web: Web = Web()
    vendors: Vendors = Vendors()
    connections: dict[str, Connection] = Field(min_length=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the file says: an environment variable by chance is no setting."""
        return (init_settings,)

    @field_validator("connections")
    @classmethod
    def _names(cls, value: dict[str, Connection]) -> dict[str, Connection]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"the connection's name {name!r} must be small letters, digits and dashes, at most 40"
                )
        accounts: dict[tuple[str, str], str] = {}
        for name, one in value.items():
            other = accounts.setdefault((one.bol.login_url, one.bol.client_id), name)
            if other != name:
                raise ValueError(
                    f"{other} and {name} have the same Bol client_id: they would overwrite each other's stock. "
                    "Keep one of them"
                )
        return value

    def stock_rules(self, connection: str) -> StockRules | None:
        """The stock flow's rules; None for a connection that is not there."""
        found = self.connections.get(connection)
        if found is None:
            return None
        stock = found.stock
        return StockRules(
            branches=stock.branches,
            buffer=stock.buffer,
            cap=stock.cap,
            till_sale_hold_seconds=stock.till_sale_hold_seconds,
        )

    def order_rules(self, connection: str) -> OrderRules | None:
        """The orders flow's rules."""
        found = self.connections.get(connection)
        if found is None:
            return None
        orders = found.orders
        return OrderRules(
            branch_number=orders.branch,
            workplace_number=orders.workplace,
            employee_number=orders.employee,
            ext_order_prefix=orders.ext_order_prefix,
            order_type=orders.order_type,
            order_category=orders.order_category,
            delivery_method=orders.delivery_method,
            payment_method=orders.payment_method,
            fulfilments=orders.fulfilments,
            default_relation=orders.default_relation,
            keep_days=orders.keep_days,
        )

    def sweep_rules(self, connection: str) -> SweepRules | None:
        """The sweeps flow's rules."""
        found = self.connections.get(connection)
        if found is None:
            return None
        sweeps = found.sweeps
        url = f"{self.web.public_url}/webhooks/{connection}/bol" if self.web.public_url else ""
        return SweepRules(
            branches=found.stock.branches,
            ext_prefix=found.orders.ext_order_prefix,
            subscription_url=url,
            markers=sweeps.markers,
            stock=sweeps.stock,
            bol_orders=sweeps.bol_orders,
            bol_offers=sweeps.bol_offers,
            processes=sweeps.processes,
            subscription=sweeps.subscription,
        )

    def topics(self) -> tuple[Topic, ...]:
        """The topics, kept as long as the settings say."""
        kept = ("webhooks", "raw", "activity")
        days = self.log.keep_days
        return tuple(
            topic._replace(retention=days * DAY) if topic.role in kept else topic for topic in TOPICS
        )

    def keep(self) -> Keep:
        """How much the read model keeps."""
        return Keep(history_days=self.readmodel.history_days, orders_days=self.readmodel.orders_days)

    def retry_policy(self) -> RetryPolicy:
        """Of every call to a vendor."""
        return RetryPolicy(tries=self.vendors.tries)

    def secrets(self) -> list[str]:
        """Every secret, for the log's filter and nothing else."""
        given = [self.web.password]
        for connection in self.connections.values():
            given += [connection.bol.client_secret, connection.mplus.secret, connection.mplus.webhook_secret]
        return [one.get_secret_value() for one in given if one is not None]

    def redacted(self) -> dict[str, Any]:
        """What is in force, as JSON has it, for a person: stars for secrets and for the ident that goes with one."""
        told = self.model_dump(mode="json")
        for connection in told["connections"].values():
            connection["mplus"]["ident"] = "***"
        return told


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Reads and checks the file. Paths in it are relative to it. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            held = file.read(LONGEST_FILE + 1)
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: there is no such file. Copy kassabrug.example.toml to it and fill it in"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise SettingsError(f"{str(path)!r} is not the name of a file") from None
    if len(held) > LONGEST_FILE:
        raise SettingsError(f"{path} is longer than {LONGEST_FILE} bytes: these are no settings")
    try:
        given = tomllib.loads(held.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path} is not TOML that can be read: it is nested too deep") from None
    settings = settings_of(given, environ, str(path))
    base = path.resolve().parent
    log, model = _beside(base, settings.log.path, path), _beside(base, settings.readmodel.path, path)
    if log == model:
        raise SettingsError(
            f"{path} cannot be used:\n  readmodel.path: is the log's file too; give it one of its own"
        )
    return settings.model_copy(
        update={
            "log": settings.log.model_copy(update={"path": log}),
            "readmodel": settings.readmodel.model_copy(update={"path": model}),
        }
    )


def _beside(base: Path, given: Path, source: Path) -> Path:
    try:
        found = base / given.expanduser()
        return found.parent.resolve() / found.name
    except (OSError, ValueError, RuntimeError):
        raise SettingsError(
            f"{source} cannot be used:\n  {str(given)!r} is not the name of a file; write a path"
        ) from None


def settings_of(given: Mapping[str, Any], environ: Mapping[str, str], source: str) -> Settings:
    """Settings from what a file holds. Raises SettingsError naming `source`, every mistake on a line of its own."""
    problems: list[str] = []
    followed = follow(given, environ, problems)
    # Keys that begin with _ would reach pydantic-settings itself: _cli_parse_args and such.
    problems += [f"  {key}: {NO_SUCH}" for key in followed if key not in Settings.model_fields]
    try:
        settings = Settings(**{key: followed[key] for key in followed if key in Settings.model_fields})
    except ValidationError as error:
        named = {problem.split(":")[0].strip() for problem in problems}
        for problem in error.errors(include_input=False, include_url=False):
            place = ".".join(str(part) for part in problem["loc"]) or "the file"
            if place not in named:  # a secret that was not found is missing too
                problems.append(f"  {place}: {words(problem)}")
    if problems:
        raise SettingsError(f"{source} cannot be used:\n" + "\n".join(problems))
    return settings
