"""Which log it is: the cluster at `log.address`, or the embedded log in the file at `log.path`.

async with running_log(settings) as log:      # to run on: agents, ingress, console
async with onlooker(settings) as log:         # to look into: also while others run on it
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.sections import Kafka, Log
from app.settings import Settings
from streams.log.base import LogReader, LogUnavailable
from streams.log.embedded import EmbeddedLog, Onlooker
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.vocabulary.time import Clock, system_clock

OpenLog = EmbeddedLog | KafkaLog
"""Reads, writes, and carries a host."""


@asynccontextmanager
async def running_log(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[OpenLog]:
    """The log to run on; its topics are made where they are missing. Raises LogUnavailable: cannot be reached or
    opened, in use, or another one than the settings say."""
    opened = await _open(settings, clock)
    try:
        yield opened
    finally:
        await opened.close()


async def _open(settings: Settings, clock: Clock) -> OpenLog:
    log = settings.log
    if not log.address:
        return await EmbeddedLog.open(
            log.path, settings.topics(), partitions=log.parts, clock=clock, sleep=asyncio.sleep
        )
    return await KafkaLog.open(
        access(log),
        settings.topics(),
        partitions=log.parts,
        replication=log.kafka.replication,
        session_timeout=log.kafka.session_timeout,
        instance=log.kafka.instance,
        clock=clock,
        sleep=asyncio.sleep,
    )


@asynccontextmanager
async def onlooker(settings: Settings) -> AsyncIterator[LogReader]:
    """The log to read only: nothing is made, and who runs on it notices nothing. Raises LogUnavailable."""
    log = settings.log
    found: Onlooker | KafkaLog
    if log.address:
        found = await KafkaLog.open(access(log), settings.topics(), make=False, clock=system_clock)
    else:
        found = await Onlooker.open(log.path)
    try:
        yield found
    finally:
        await found.close()


def access(log: Log) -> KafkaAccess:
    """How to reach the cluster. Raises LogUnavailable for certificates that cannot be used."""
    kafka = log.kafka
    return KafkaAccess(
        log.servers,
        _tls(kafka) if kafka.tls else None,
        kafka.mechanism,
        kafka.username,
        kafka.password.get_secret_value() if kafka.password is not None else "",
    )


def _tls(kafka: Kafka) -> ssl.SSLContext:
    for name in ("ca_file", "cert_file", "key_file"):
        _readable(name, getattr(kafka, name))
    try:
        context = ssl.create_default_context(cafile=kafka.ca_file)
    except (ssl.SSLError, ValueError):
        raise LogUnavailable(f"log.kafka.ca_file: {kafka.ca_file} holds no certificate (PEM)") from None
    if kafka.cert_file is not None and kafka.key_file is not None:
        try:
            # A key with a passphrase would be asked for in the terminal.
            context.load_cert_chain(kafka.cert_file, kafka.key_file, password=_no_passphrase)
        except (ssl.SSLError, ValueError) as error:
            raise LogUnavailable(
                f"log.kafka: cert_file {kafka.cert_file} and key_file {kafka.key_file} are not a certificate and its "
                f"key (PEM, without a passphrase): {getattr(error, 'reason', None) or error}"
            ) from None
    return context


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")


def _readable(name: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise LogUnavailable(f"log.kafka.{name}: {path} cannot be read: {error.strerror}") from None
