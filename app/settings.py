"""The one settings model: a TOML file, secrets by reference, any number of connections.

    settings = load_settings(Path("kassabrug.toml"), os.environ)

Secrets stand in the file as `env:NAME` or `file:/path`; they are `SecretStr` here and are never printed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.mapping_check import MappingProblems, mapping_problems
from app.mistakes import NO_SUCH, words
from app.order_rules import contradictions, order_rules
from app.readmodel.pruning import Keep
from app.references import follow
from app.sections import Connection, Log, ReadModel, Vendors, Web
from app.shared_stock import crossings
from app.stock_rules import contradictions as of_stock
from app.stock_rules import stock_rules
from connectors.retry import RetryPolicy
from streams.catalogue.rules import CatalogueRules
from streams.guards.rules import GuardRules
from streams.orders.rules import OrderRules
from streams.returns.rules import HandlingRule, ReturnRules
from streams.stock.rules import StockRules
from streams.sweeps.rules import SweepRules
from streams.topics import DAY, TOPICS, Topic

__all__ = ["Connection", "Said", "Settings", "SettingsError", "load_settings", "settings_of"]

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LONGEST_FILE = 1024 * 1024
LONGEST_ROUND = 3600.0
"""Seconds that a round over all offers may take."""
Said = Mapping[str, Mapping[str, Any]]
"""Settings by part and key: `{"log": {"address": "kafka://..."}}`."""


class SettingsError(Exception):
    """The settings cannot be used; the text names file and key and says what to write instead."""


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
        return stock_rules(found.stock)

    def catalogue_rules(self, connection: str) -> CatalogueRules | None:
        """The catalogue flow's rules."""
        found = self.connections.get(connection)
        if found is None:
            return None
        sweeps = found.sweeps
        between = min(sweeps.bol_offers, DAY) if sweeps.compare_at else sweeps.bol_offers
        inventories = self._bol_inventory(connection)
        return CatalogueRules(
            match=found.stock.match,
            unseen=2 * between + LONGEST_ROUND,
            spread=max(LONGEST_ROUND, between),
            lying_unseen=None if inventories is None else 2 * inventories + LONGEST_ROUND,
            lying_spread=max(LONGEST_ROUND, sweeps.bol_inventory),
        )

    def order_rules(self, connection: str) -> OrderRules | None:
        """The orders flow's rules."""
        found = self.connections.get(connection)
        if found is None:
            return None
        rules = order_rules(found.orders)
        counted = found.stock.branches
        kinds = {
            kind: msgspec.structs.replace(how, reserves=how.branch_number in counted)
            for kind, how in rules.kinds.items()
        }
        return msgspec.structs.replace(rules, kinds=kinds)

    def sweep_rules(self, connection: str) -> SweepRules | None:
        """The sweeps flow's rules."""
        found = self.connections.get(connection)
        if found is None:
            return None
        sweeps = found.sweeps
        url = f"{self.web.public_url}/webhooks/{connection}/bol" if self.web.public_url else ""
        stock = self.stock_rules(connection)
        return SweepRules(
            branches=found.stock.branches,
            ext_prefix=found.orders.ext_order_prefix,
            subscription_url=url,
            markers=sweeps.markers,
            stock=sweeps.stock,
            stock_mark=_mark(stock, found.stock.match),
            stock_history=sweeps.stock_history,
            slips=found.orders.shipping.track == "slip-reference",
            bol_orders=sweeps.bol_orders,
            bol_offers=sweeps.bol_offers,
            compare_at=sweeps.compare_at,
            bol_inventory=self._bol_inventory(connection),
            processes=sweeps.processes,
            subscription=sweeps.subscription,
            returns=sweeps.bol_returns if found.returns.kinds else None,
        )

    def _bol_inventory(self, connection: str) -> float | None:
        """Seconds between two readings of what lies at Bol; None: nobody wants to know. Who takes FBB orders, or keeps
        count of that stock in Mplus, does."""
        found = self.connections[connection]
        fbb = "FBB" in found.orders.kinds or found.stock.fbb_branch is not None
        return found.sweeps.bol_inventory if fbb else None

    def return_rules(self, connection: str) -> ReturnRules | None:
        """The returns flow's rules."""
        found = self.connections.get(connection)
        if found is None:
            return None
        returns = found.returns
        return ReturnRules(
            kinds=returns.kinds,
            handle=tuple(
                HandlingRule(result=rule.result, after_days=rule.after_days, reason=rule.reason)
                for rule in returns.handle
            ),
            credit=returns.credit,
            restock=returns.restock,
            refund=returns.refund,
            credit_branch=returns.credit_branch,
            credit_workplace=returns.credit_workplace,
            unseen=max(3600.0, 4 * found.sweeps.bol_returns),
            keep_days=returns.keep_days,
        )

    def guard_rules(self, connection: str) -> GuardRules | None:
        """The guards flow's rules."""
        found = self.connections.get(connection)
        return None if found is None else GuardRules(**found.guards.model_dump())

    def topics(self) -> tuple[Topic, ...]:
        """The topics, kept as long as the settings say."""
        return topics_of(self.log)

    def keep(self) -> Keep:
        """How much the read model keeps."""
        return Keep(history_days=self.readmodel.history_days, orders_days=self.readmodel.orders_days)

    def retry_policy(self) -> RetryPolicy:
        """Of every call to a vendor."""
        return RetryPolicy(tries=self.vendors.tries)

    def secrets(self) -> list[str]:
        """Every secret, for the log's filter and nothing else."""
        given = [self.web.password, self.log.kafka.password, self.readmodel.password]
        for connection in self.connections.values():
            given += [connection.bol.client_secret, connection.mplus.secret, connection.mplus.webhook_secret]
        return [one.get_secret_value() for one in given if one is not None]

    def redacted(self) -> dict[str, Any]:
        """What is in force, as JSON has it, for a person: stars for secrets and for the ident that goes with one."""
        told = self.model_dump(mode="json")
        for connection in told["connections"].values():
            connection["mplus"]["ident"] = "***"
        return told


def _mark(*rules: object) -> str:
    """Equal for equal rules. The order in which they are written down counts: of several groups the first wins."""
    return blake2b(msgspec.json.encode(rules), digest_size=8).hexdigest()


def topics_of(log: Log) -> tuple[Topic, ...]:
    """The topics, kept as long as this part of the settings says."""
    kept = ("webhooks", "raw", "inbox", "activity")
    return tuple(
        topic._replace(retention=log.keep_days * DAY) if topic.role in kept else topic for topic in TOPICS
    )


def log_at(address: str) -> Log:
    """The part about the log without a file of settings. Raises SettingsError."""
    try:
        return Log(address=address)
    except ValidationError as error:
        raise SettingsError(
            f"--log: {words(error.errors(include_input=False, include_url=False)[0])}"
        ) from None


def load_settings(
    path: Path,
    environ: Mapping[str, str],
    said: Said | None = None,
    check_mapping: MappingProblems = mapping_problems,
) -> Settings:
    """Reads and checks the file. Paths in it are relative to it. `said`: what the command line says, which counts
    more than the file. Raises SettingsError."""
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
    settings = settings_of(_with(given, said or {}), environ, str(path), check_mapping)
    base = path.resolve().parent
    log, model = _beside(base, settings.log.path, path), _beside(base, settings.readmodel.path, path)
    if log == model and not settings.log.address and not settings.readmodel.url:
        raise SettingsError(
            f"{path} cannot be used:\n  readmodel.path: is the log's file too; give it one of its own"
        )
    kafka = settings.log.kafka
    files = {name: getattr(kafka, name) for name in ("ca_file", "cert_file", "key_file")}
    found = {name: _beside(base, one, path) for name, one in files.items() if one is not None}
    return settings.model_copy(
        update={
            "log": settings.log.model_copy(update={"path": log, "kafka": kafka.model_copy(update=found)}),
            "readmodel": settings.readmodel.model_copy(update={"path": model}),
        }
    )


def _with(given: Mapping[str, Any], said: Said) -> dict[str, Any]:
    """The file's parts with what the command line says. A part that is none is left for the check to name."""
    parts = dict(given)
    for name, more in said.items():
        part = parts.get(name, {})
        if isinstance(part, Mapping):
            parts[name] = {**part, **more}
    return parts


def _beside(base: Path, given: Path, source: Path) -> Path:
    try:
        found = base / given.expanduser()
        return found.parent.resolve() / found.name
    except (OSError, ValueError, RuntimeError):
        raise SettingsError(
            f"{source} cannot be used:\n  {str(given)!r} is not the name of a file; write a path"
        ) from None


def settings_of(
    given: Mapping[str, Any],
    environ: Mapping[str, str],
    source: str,
    check_mapping: MappingProblems = mapping_problems,
) -> Settings:
    """Settings from what a file holds. Raises SettingsError naming `source`, every mistake on a line of its own; what
    contradicts itself is told once everything can be read."""
    problems: list[str] = []
    followed = follow(given, environ, problems)
    # Keys that begin with _ would reach pydantic-settings itself: _cli_parse_args and such.
    problems += [f"  {key}: {NO_SUCH}" for key in followed if key not in Settings.model_fields]
    try:
        settings = Settings(**{key: followed[key] for key in followed if key in Settings.model_fields})
    except ValidationError as error:
        named = {problem.split(":")[0].strip() for problem in problems}
        for problem in error.errors(include_input=False, include_url=False):
            # A table's key that is wrong has "[key]" behind it.
            place = ".".join(str(part) for part in problem["loc"] if part != "[key]") or "the file"
            if place not in named:  # a secret that was not found is missing too
                problems.append(f"  {place}: {words(problem)}")
    else:
        for name, connection in settings.connections.items():
            problems += _of_orders(name, connection, check_mapping)
            at = f"  connections.{name}.stock"
            problems += [f"{at}.{mistake.key}: {mistake.text}" for mistake in of_stock(connection.stock)]
        for name, mistakes in crossings(settings.connections).items():
            problems += [f"  connections.{name}.stock.{one.key}: {one.text}" for one in mistakes]
    if problems:
        raise SettingsError(f"{source} cannot be used:\n" + "\n".join(problems))
    return settings


def _of_orders(name: str, connection: Connection, check_mapping: MappingProblems) -> list[str]:
    orders, at = connection.orders, f"  connections.{name}.orders"
    told = [f"{at}.{mistake.key}: {mistake.text}" for mistake in contradictions(orders)]
    return told + [f"{at}.mapping.{problem}" for problem in check_mapping(orders.mapping, orders.tables)]
