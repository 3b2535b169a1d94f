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

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from streams.orders.rules import OrderRules
from streams.stock.rules import StockRules
from streams.sweeps.rules import SweepRules

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LONGEST_SECRET = 4096
SECRETS = ("client_secret", "secret", "webhook_secret", "password")
"""Keys whose values are references."""


class SettingsError(Exception):
    """The settings cannot be used; the text names file and key and says what to write instead."""


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError("must be a web address that begins with https:// (or http:// on your own network)")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_web_address)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SecretProblem(ValueError):
    pass


def _secret(reference: str, environ: Mapping[str, str]) -> str:
    """Follows `env:NAME` and `file:/path`. Anything else would be a secret in the file itself."""
    kind, _, where = reference.partition(":")
    if kind == "env":
        if not environ.get(where):
            raise _SecretProblem(f"the environment has no {where}: set it to the secret")
        return environ[where].strip()
    if kind == "file":
        try:
            return Path(where).expanduser().read_text("utf-8")[:LONGEST_SECRET].strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise _SecretProblem(f"the secret's file cannot be read: {reason}") from None
    if kind == "plain" and where:
        return where
    raise _SecretProblem(
        "write env:NAME or file:/path here, not the secret itself (plain:... is for trying things out)"
    )


def _follow(given: Any, environ: Mapping[str, str], at: tuple[str, ...], problems: list[str]) -> Any:
    """The same structure with every secret's reference followed."""
    if not isinstance(given, Mapping):
        return given
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key in SECRETS and isinstance(value, str):
            try:
                found[key] = _secret(value, environ)
            except _SecretProblem as problem:
                problems.append(f"  {'.'.join((*at, key))}: {problem}")
        else:
            found[key] = _follow(value, environ, (*at, str(key)), problems)
    return found


class Bol(_Part):
    """The Bol account: partner site, Settings, API settings."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    api_url: Address = "https://api.bol.com"
    login_url: Address = "https://login.bol.com"


class Mplus(_Part):
    """The Mplus administration; the address with its port, ident and secret come from the Mplus dealer."""

    api_url: Address
    ident: str = Field(min_length=1)
    secret: SecretStr
    webhook_secret: SecretStr | None = None
    """The Secret Key of the webhook in the back office (base64)."""


class Stock(_Part):
    """See streams/stock/rules.py."""

    branches: tuple[int, ...] = Field(min_length=1)
    buffer: int = Field(default=0, ge=0)
    cap: int = Field(default=999, ge=1)
    till_sale_hold_seconds: float = Field(default=5.0, ge=0, le=3600)


class Orders(_Part):
    """See streams/orders/rules.py."""

    branch: int
    workplace: int | None = None
    employee: int = 999999
    ext_order_prefix: str = Field(default="BOL-", min_length=1, max_length=20)
    order_type: str = "ORDER-TYPE-EXTERNAL-SALES-ORDER"
    order_category: int | None = None
    delivery_method: str = ""
    payment_method: str = ""
    fulfilments: tuple[str, ...] = ("FBR",)
    default_relation: int | None = None
    keep_days: int = Field(default=100, ge=95, le=3650)

    @field_validator("fulfilments")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - {"FBR", "FBB"}:
            raise ValueError('write ["FBR"], ["FBB"] or ["FBR", "FBB"]')
        return value


class Sweeps(_Part):
    """How often what is read, in seconds; see streams/sweeps/rules.py."""

    markers: float = Field(default=20.0, ge=1)
    stock: float = Field(default=300.0, ge=5)
    bol_orders: float = Field(default=60.0, ge=5, le=3000)
    bol_offers: float = Field(default=21600.0, ge=60)
    processes: float = Field(default=60.0, ge=5)
    subscription: float = Field(default=900.0, ge=10)


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
    partitions: int = Field(default=4, ge=1, le=64)
    """Fixed when the file is made."""


class ReadModel(_Part):
    """What the page shows; it can be thrown away and is made again from the log."""

    path: Path = Path("kassabrug.readmodel.db")


class Web(_Part):
    """Where we listen, and how the vendors reach us."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: Address | None = None
    """As seen from outside, with TLS in front: webhooks go to <public_url>/webhooks/<connection>/bol."""
    username: str = ""
    password: SecretStr | None = None
    max_body: int = Field(default=1024 * 1024, ge=1024)
    """Bytes of a push; more is answered with 413."""

    @model_validator(mode="after")
    def _both(self) -> Web:
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password belong together: give both or neither")
        return self


class Vendors(_Part):
    """Patience with the vendors, in seconds."""

    bol_timeout: float = Field(default=15.0, gt=0)
    mplus_timeout: float = Field(default=20.0, gt=0)
    mplus_bulk_timeout: float = Field(default=600.0, gt=0)


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

    def secrets(self) -> list[str]:
        """Every secret, for the log's filter and nothing else."""
        given = [self.web.password]
        for connection in self.connections.values():
            given += [connection.bol.client_secret, connection.mplus.secret, connection.mplus.webhook_secret]
        return [one.get_secret_value() for one in given if one is not None]


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Reads and checks the file. Paths in it are relative to it. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            given = tomllib.load(file)
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: there is no such file. Copy kassabrug.example.toml to it and fill it in"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None
    settings = settings_of(given, environ, str(path))
    base = path.resolve().parent
    return settings.model_copy(
        update={
            "log": settings.log.model_copy(update={"path": base / settings.log.path.expanduser()}),
            "readmodel": settings.readmodel.model_copy(
                update={"path": base / settings.readmodel.path.expanduser()}
            ),
        }
    )


def settings_of(given: Mapping[str, Any], environ: Mapping[str, str], source: str) -> Settings:
    """Settings from what a file holds. Raises SettingsError naming `source`."""
    problems: list[str] = []
    followed = _follow(given, environ, (), problems)
    if problems:
        raise SettingsError(f"{source} cannot be used:\n" + "\n".join(problems))
    try:
        return Settings(**followed)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(str(part) for part in problem['loc']) or 'the file'}: {_words(problem)}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError(f"{source} cannot be used:\n" + "\n".join(lines)) from None


def _words(problem: Any) -> str:
    kind, message = problem["type"], str(problem["msg"])
    if kind == "extra_forbidden":
        return "there is no such setting; see kassabrug.example.toml for those there are"
    if kind == "missing":
        return "is missing; see kassabrug.example.toml for what belongs here"
    return message.removeprefix("Value error, ")
