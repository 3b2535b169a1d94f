"""The file of results: the newest of each seed and log, a table of it, and the revision that it is of."""

from __future__ import annotations

import subprocess
from pathlib import Path

from app.demo.freshness import Freshness
from app.demo.verdict import Verdict
from tests.chaos.__main__ import as_json, failure, report
from tests.chaos.results import keep, read, result, revised, table
from tests.chaos.run import Told

FRESH = Freshness(10, 5.0, 50.0, 60.0, 0)
BOOKS = Verdict(40, 10, 300, 50, (), 0, 0, FRESH, FRESH)
NO_MOUNT = "fill-disk: no volume of its own could be mounted here"


def told(seed: int, on: str = "kafka", kills: int = 3, missed: tuple[str, ...] = (), wrong: str = "") -> Told:
    books = BOOKS._replace(differences=(wrong,) if wrong else ())
    return Told(seed, on, {"kill-worker": kills, "cut-log": 2}, list(missed), kills, 0, books, [])


def test_a_newer_run_of_a_seed_takes_the_place_of_the_older_on_the_same_log(tmp_path: Path) -> None:
    path = tmp_path / "chaos.json"
    for one in (told(2), told(1), told(1, "embedded"), told(2, kills=7)):
        keep(path, result(one, 4, (), "abc1234"))
    assert [(one.on, one.seed, one.kills) for one in read(path)] == [
        ("embedded", 1, 3),
        ("kafka", 1, 3),
        ("kafka", 2, 7),
    ]


def test_the_table_has_the_command_that_repeats_it(tmp_path: Path) -> None:
    path = tmp_path / "chaos.json"
    keep(path, result(told(21), 4, (), "abc1234"))
    keep(path, result(told(22, missed=(NO_MOUNT,)), 1.5, ("kill-worker", "cut-log"), "abc1234"))
    keep(path, result(told(23, wrong="article 1: Bol has 5, the books say 4"), 4, (), "abc1234"))
    assert table(path).splitlines()[2:] == [
        "| `scripts/chaos --on kafka --seed 21 --minutes 4` | abc1234 | 5 of 2 kinds | 3 | 40, 10 | right |",
        "| `scripts/chaos --on kafka --seed 22 --minutes 1.5 --attacks kill-worker,cut-log` | abc1234 | 5 of 2 kinds "
        "| 3 | 40, 10 | right; 1 attacks could not be made |",
        "| `scripts/chaos --on kafka --seed 23 --minutes 4` | abc1234 | 5 of 2 kinds | 3 | 40, 10 "
        "| WRONG: 1 differences |",
    ]


def test_a_run_whose_attacks_could_not_be_made_fails_unless_that_is_allowed() -> None:
    """It passed, and only its timeline told that nothing had been filled and no clock stepped."""
    one = told(1, missed=(NO_MOUNT, NO_MOUNT))
    assert (
        f"2 attacks could not be made, so this run proves less than it says: 2 times {NO_MOUNT}"
        in failure(one, False)
    )
    assert failure(one, True) == ""
    assert failure(told(1), False) == ""
    assert failure(told(1, wrong="article 1: Bol has 5, the books say 4"), True) == "the books are wrong"


def test_people_and_programs_are_told_of_every_kind_and_of_what_is_missing() -> None:
    one = told(1, missed=(NO_MOUNT,))
    assert "seed 1 on kafka: 5 attacks (2 cut-log, 3 kill-worker), 3 kills" in report(one)
    assert f"could NOT be made: {NO_MOUNT}" in report(one)
    assert as_json(one)["missed"] == [NO_MOUNT]


def test_the_revision_is_dirty_for_what_is_run_and_not_for_the_results(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.nl")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert revised(None, tmp_path) == "unknown"
    into, code = tmp_path / "docs" / "chaos.json", tmp_path / "code.py"
    into.parent.mkdir()
    into.write_text("[]")
    code.write_text("1")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "x")
    name = git("describe", "--always")
    assert revised(into, tmp_path) == name
    into.write_text("[1]")
    assert revised(into, tmp_path) == name
    assert revised(None, tmp_path) == f"{name}-dirty"
    code.write_text("2")
    assert revised(into, tmp_path) == f"{name}-dirty"
