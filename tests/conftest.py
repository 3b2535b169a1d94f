"""What holds for every test: whatever is left out is said at the end, with the reason, however quiet pytest is.

Hypothesis times nothing (machines are shared, and a slow one proves nothing about the code). It draws new examples on
each run by hand, and the same ones in CI (`--hypothesis-profile=ci`): there a failure belongs to the change.

`scripts/test` runs two tests at once. What starts brokers and several processes, and looks at how long they take, runs
one after the other in one of the two (ALONE); a file's tests stay together.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("kassabrug", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("kassabrug"), derandomize=True, print_blob=True)
settings.load_profile("kassabrug")

HERE = Path(__file__).parent
ALONE = (
    "apache_kafka",
    "app/cli/test_on_kafka.py",
    "app/replay/test_replay.py",
    "app/test_shops.py",
    "chaos",
    "deploy",
    "streams/log/kafka",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay together where two run at once; the longest row of them first."""

    def alone(item: pytest.Item) -> bool:
        return item.path.relative_to(HERE).as_posix().startswith(ALONE)

    for item in items:
        item.add_marker(pytest.mark.xdist_group("alone" if alone(item) else str(item.path)))
    items.sort(key=lambda item: not alone(item))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a reason: pytest's own -rs prints one a test, where a fixture is what skips."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple):
            reasons[" ".join(report.longrepr[2].removeprefix("Skipped: ").split())] += 1
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} {'test' if count == 1 else 'tests'} {reason}", yellow=True)
