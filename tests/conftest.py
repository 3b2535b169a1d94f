"""What holds for every test: whatever is left out is said at the end, with the reason, however quiet pytest is.

Hypothesis times nothing (machines are shared, and a slow one proves nothing about the code). It draws new examples on
each run by hand, and the same ones in CI (`--hypothesis-profile=ci`): there a failure belongs to the change.

`scripts/test` runs two tests at once. What starts brokers and several processes, and looks at how long they take, runs
one after the other in one of the two (ALONE). That is the longest row, and begins first; what only wants a broker is
another one (ON_A_BROKER): both together would outlast all the rest. It comes when the first one is about to end, and
before what takes a moment only (SHORT), so that neither of the two waits for the other at the end. A file's tests stay
together.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

settings.register_profile("kassabrug", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("kassabrug"), derandomize=True, print_blob=True)
settings.load_profile("kassabrug")

ALONE = (
    "tests/app/test_shops.py",
    "tests/chaos/",
    "tests/deploy/",
    "tests/streams/log/kafka/",
)
ON_A_BROKER = (
    "tests/apache_kafka/",
    "tests/app/cli/test_on_kafka.py",
    "tests/app/replay/test_replay.py",
    "tests/app/test_guards_on_kafka.py",
    "tests/app/test_logs.py",
)
SHORT = ("tests/connectors/", "tests/streams/", "tests/test_")


def _row(nodeid: str) -> str:
    """What runs one after the other with it."""
    file = nodeid.partition("::")[0]
    if file.startswith(ALONE):
        return "alone"
    return "on a broker" if file.startswith(ON_A_BROKER) else file


def _turn(item: pytest.Item) -> int:
    row = _row(item.nodeid)
    return {"alone": 0, "on a broker": 2}.get(row, 3 if row.startswith(SHORT) else 1)


class _Rows(LoadScopeScheduling):  # type: ignore[misc]  # xdist is not typed
    """xdist's own groups are a mark that it writes into the ids of tests, and pytest 9.2 lets nobody change those:
    nothing was kept together, and nothing said so (test_conftest.py does now)."""

    def _split_scope(self, nodeid: str) -> str:
        return _row(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Rows:
    """Which tests stay together where two run at once."""
    return _Rows(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rows in their turn; all else as it was."""
    items.sort(key=_turn)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a reason: pytest's own -rs prints one a test, where a fixture is what skips."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple):
            reasons[" ".join(report.longrepr[2].removeprefix("Skipped: ").split())] += 1
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} {'test' if count == 1 else 'tests'} {reason}", yellow=True)
