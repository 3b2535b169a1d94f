"""Opening: files of others, torn files, newer files, and files that are in use."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from streams.log.base import Draft, LogForeign, LogInUse, LogUnavailable, TopicPartition, UnknownTopic
from streams.log.embedded import EmbeddedLog, Onlooker
from tests.streams.log.contract import EVENTS, PARTITIONS, events, everything
from tests.streams.log.embedded.conftest import Opener

ROOT = Path(__file__).parents[4]


async def made(opener: Opener, count: int = 2_000) -> None:
    log = await opener()
    await log.append(events(count))
    await log.close()


def written(path: Path, content: bytes | bytearray) -> None:
    path.write_bytes(content)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


async def test_a_second_process_is_refused(log: EmbeddedLog, path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from streams.log.base import LogInUse\n"
        "from streams.log.embedded import EmbeddedLog\n"
        "from streams.vocabulary.time import system_clock\n"
        "try:\n"
        "    asyncio.run(EmbeddedLog.open(sys.argv[1], [], clock=system_clock))\n"
        "except LogInUse as error:\n"
        "    print(error)\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    assert b"is in use by another process (pid" in said
    await log.append(events(1))


async def test_the_same_process_is_refused_too(log: EmbeddedLog, opener: Opener) -> None:
    with pytest.raises(LogInUse, match="Stop that one first"):
        await opener()


async def test_a_refused_log_is_free_again_after_closing(opener: Opener) -> None:
    log = await opener()
    await log.close()
    assert await (await opener()).bounds(TopicPartition(EVENTS, 0)) == (0, 0)


async def test_a_text_is_no_log(opener: Opener, path: Path) -> None:
    written(path, b"artikel;voorraad\n" * 1000)
    with pytest.raises(LogForeign, match="no log of kassabrug"):
        await opener()
    assert content_of(path) == b"artikel;voorraad\n" * 1000
    written(path, b"")
    await opener()


async def test_the_database_of_another_program_is_left_alone(opener: Opener, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE customers(name TEXT)")
    other.commit()
    other.close()
    before = content_of(path)
    with pytest.raises(LogForeign, match="another program"):
        await opener()
    assert content_of(path) == before


async def test_a_newer_log_is_left_alone(opener: Opener, path: Path) -> None:
    await made(opener)
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version=99")
    later.close()
    with pytest.raises(LogForeign, match="newer kassabrug"):
        await opener()
    with pytest.raises(LogForeign, match="newer kassabrug"):
        await Onlooker.open(path)


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.7, 0.99])
async def test_a_file_that_was_cut_off_is_torn(opener: Opener, path: Path, kept: float) -> None:
    await made(opener)
    whole = content_of(path)
    written(path, whole[: 20 + int(len(whole) * kept)])
    with pytest.raises(LogForeign, match="Put a copy of it back"):
        await opener()


@pytest.mark.parametrize("page", [0, 1, 5, 20])
async def test_a_file_with_a_spoilt_page_is_torn(opener: Opener, path: Path, page: int) -> None:
    await made(opener)
    whole = bytearray(content_of(path))
    begin = page * 4096 + (100 if page == 0 else 0)
    whole[begin : (page + 1) * 4096] = b"\xa5" * (4096 - begin % 4096)
    written(path, whole)
    with pytest.raises(LogForeign):
        await opener()


async def test_an_empty_file_is_a_new_log(opener: Opener, path: Path) -> None:
    written(path, b"")
    log = await opener()
    await log.append(events(3))
    assert len(await everything(log, EVENTS)) == 3


def spoil_the_middle(path: Path) -> None:
    third = path.stat().st_size // 3 // 4096 * 4096
    with path.open("r+b") as file:
        file.seek(third)
        file.write(b"\xa5" * third)


async def test_a_page_that_is_spoilt_while_in_use_ends_the_log(opener: Opener, path: Path) -> None:
    log = await opener()
    await log.append([Draft(EVENTS, b"k", b"x" * 2_000, partition=0) for _ in range(3_000)])
    await log.close()
    log = await opener()
    spoil_the_middle(path)
    with pytest.raises(LogForeign, match="damaged"):
        await everything(log, EVENTS)
    assert isinstance(await log.failed(), LogForeign)
    with pytest.raises(LogForeign):
        await log.append(events(1))


# -- looking in from outside


async def test_an_onlooker_reads_while_the_log_is_in_use(log: EmbeddedLog, path: Path) -> None:
    await log.append(events(700))
    onlooker = await Onlooker.open(path)
    assert await everything(onlooker, EVENTS) == await everything(log, EVENTS)
    at = TopicPartition(EVENTS, 0)
    first, end = await onlooker.bounds(at)
    assert (first, end) == await log.bounds(at)
    assert await onlooker.offset_at(at, 0) == 0
    assert await onlooker.partitions(EVENTS) == PARTITIONS
    await log.write([], [("group", at, 5)])
    assert await onlooker.committed("group") == {at: 5}
    await onlooker.close()


async def test_an_onlooker_sees_what_comes(log: EmbeddedLog, path: Path) -> None:
    at = TopicPartition(EVENTS, 0)
    looks: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(seconds: float) -> None:
        looks.put_nowait(seconds)
        await asyncio.sleep(0)

    onlooker = await Onlooker.open(path, sleep=sleep)
    assert await onlooker.changed({at: 0}, 0.01) is False
    waiting = asyncio.ensure_future(onlooker.changed({at: 0}, 10))
    await looks.get()
    await log.append([Draft(EVENTS, b"k", b"v", partition=0)])
    assert await waiting is True
    await onlooker.close()


async def test_an_onlooker_reads_a_log_that_nobody_uses(opener: Opener, path: Path) -> None:
    await made(opener, 10)
    onlooker = await Onlooker.open(path)
    assert len(await everything(onlooker, EVENTS)) == 10
    await onlooker.close()
    log = await opener()
    assert len(await everything(log, EVENTS)) == 10


async def test_an_onlooker_says_what_is_not_there(log: EmbeddedLog, path: Path, tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="there is no log"):
        await Onlooker.open(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("no database, but a text that is long enough")
    with pytest.raises(LogForeign):
        await Onlooker.open(tmp_path / "text.db")
    onlooker = await Onlooker.open(path)
    with pytest.raises(UnknownTopic):
        await onlooker.partitions("no.such")
    with pytest.raises(UnknownTopic):
        await onlooker.read(TopicPartition(EVENTS, PARTITIONS), 0)
    await onlooker.close()
    with pytest.raises(LogUnavailable, match="closed"):
        await onlooker.topics()
