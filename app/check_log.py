"""`kassabrug check`, the part about the log and the read model. Nothing is made or changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from app.finding import Finding
from app.logs import access
from app.readmodel import ReadModelUnavailable
from app.readmodel.database import Database, server
from app.settings import Settings
from streams.log.base import LogUnavailable
from streams.log.embedded import Onlooker
from streams.log.kafka.making import COPIES, Topics, differences

LITTLE = 1_000_000_000
"""Bytes of room under which the disk is named."""


async def check_log(settings: Settings) -> list[Finding]:
    """Whether the log and the read model can be written and read, and have room."""
    log, model = settings.log, settings.readmodel
    found = [] if log.address else _folder("log.path", log.path)
    found += await _postgresql(settings) if model.url else _folder("readmodel.path", model.path)
    if log.address:
        return [*found, *await _kafka(settings)]
    if any(one.grade == "fail" for one in found):
        return found
    if _fresh(log.path):
        return [*found, Finding("log", "ok", f"{log.path} is not there yet; it is made at the first start.")]
    return [*found, await _embedded(log.path)]


def _fresh(path: Path) -> bool:
    return not path.exists()


async def _embedded(path: Path) -> Finding:
    try:
        onlooker = await Onlooker.open(path)
        try:
            topics = await onlooker.topics()
        finally:
            await onlooker.close()
    except LogUnavailable as error:
        return Finding("log", "fail", str(error))
    holder = _holder(path)
    used = f", and process {holder} runs on it" if holder else ""
    return Finding("log", "ok", f"{path} can be read; it has {len(topics)} topics{used}.")


# -- Kafka


async def _kafka(settings: Settings) -> list[Finding]:
    log, kafka = settings.log, settings.log.kafka
    topics = settings.topics()
    try:
        async with Topics(access(log)) as cluster:
            brokers = await cluster.brokers()
            standing = await cluster.standing([one.name for one in topics])
    except LogUnavailable as error:
        return [Finding("log", "fail", str(error))]
    found: list[Finding] = []
    if kafka.mechanism == "PLAIN" and not kafka.tls:
        text = "log.kafka.mechanism is PLAIN without TLS: the password can be read on the way. Set log.kafka.tls."
        found.append(Finding("log", "warn", text))
    if kafka.replication is not None and kafka.replication > brokers:
        text = f"log.kafka.replication is {kafka.replication}, and {log.address} has {brokers} brokers. Set it lower."
        return [*found, Finding("log", "fail", text)]
    copies = kafka.replication or min(COPIES, brokers)
    if copies == 1:
        text = f"{log.address} keeps one copy: what is lost with its disk is lost. Three brokers keep three copies."
        found.append(Finding("log", "warn", text))
    there = [one for one in topics if one.name in standing]
    wrong = differences(there, standing, log.parts, copies)
    found += [Finding("log", "fail", str(one)) for one in wrong]
    missing = len(topics) - len(there)
    if not wrong:
        made = f", {missing} more are made at the next start" if missing else ""
        found.append(
            Finding("log", "ok", f"{log.address}: {brokers} brokers; {len(there)} topics are there{made}.")
        )
    return found


# -- the read model


async def _postgresql(settings: Settings) -> list[Finding]:
    model = settings.readmodel
    password = model.password.get_secret_value() if model.password is not None else ""
    try:
        database = Database(model.url, password)
        try:
            version, may_make = await database.read(server)
        finally:
            await database.close()
    except ReadModelUnavailable as error:
        return [Finding("log", "fail", str(error))]
    if not may_make:
        text = f"{model.url}: this user may not make tables there. Make it the owner of the database."
        return [Finding("log", "fail", text)]
    return [Finding("log", "ok", f"{model.url}: PostgreSQL {version} can be used.")]


# -- files


def _folder(key: str, path: Path) -> list[Finding]:
    folder = path.parent
    if not folder.is_dir():
        text = f"The folder {folder} is not there. Make it, or set {key} otherwise."
        return [Finding("log", "fail", text)]
    # SQLite makes files beside its own, so the folder must be writable too.
    for place in (folder, path):
        if place.exists() and not os.access(place, os.W_OK):
            text = f"{place} cannot be written by this user. Give it the right, or set {key} otherwise."
            return [Finding("log", "fail", text)]
    if path.is_dir():
        return [Finding("log", "fail", f"{path} is a folder; set {key} to a file in it.")]
    free = shutil.disk_usage(folder).free
    if free < LITTLE:
        text = f"Only {free // 1_000_000} MB are free on the disk of {path}. Make room."
        return [Finding("log", "warn", text)]
    return []


def _holder(path: Path) -> int | None:
    """The process that runs on the log, as its lock file tells; taking the lock to see could stop one that starts."""
    try:
        pid = int(path.with_name(path.name + ".lock").read_text("ascii")[:20])
        if pid <= 0 or pid == os.getpid():
            return None
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError, OverflowError):
        return None
    return pid
