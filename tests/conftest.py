"""What holds for every test: whatever is left out is said at the end, with the reason, however quiet pytest is."""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a reason: pytest's own -rs prints one a test, where a fixture is what skips."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple):
            reasons[" ".join(report.longrepr[2].removeprefix("Skipped: ").split())] += 1
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} {'test' if count == 1 else 'tests'} {reason}", yellow=True)
