"""The database beneath the read model."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from app.readmodel import database as module
from app.readmodel.database import Database, ReadModelUnavailable


async def test_a_new_file_that_another_console_is_at_is_waited_for(tmp_path: Path) -> None:
    """SQLite refuses at once to turn a file to WAL that another connection writes to: of consoles that began together
    on a new file some ended."""
    other = sqlite3.connect(tmp_path / "model.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(tmp_path / "model.db")
    writing = asyncio.create_task(database.write(lambda db: db.execute(text("CREATE TABLE x (y int)"))))
    done, _ = await asyncio.wait([writing], timeout=0.2)
    assert not done, "it waits"
    other.execute("COMMIT")
    await writing
    await database.close()
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


async def test_patience_with_another_console_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_MS", 50)
    other = sqlite3.connect(tmp_path / "model.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(tmp_path / "model.db")
    with pytest.raises(ReadModelUnavailable, match="locked"):
        await database.write(lambda db: db.execute(text("CREATE TABLE x (y int)")))
    await database.close()
    other.close()
