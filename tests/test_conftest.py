"""Which tests run one after the other where two run at once: pytest as a process, as scripts/test starts it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
ONE_ROW = ("tests/chaos/test_plan.py", "tests/chaos/test_results.py")
ANOTHER = "tests/streams/test_backoff.py"


def test_what_runs_alone_runs_in_one_of_the_two() -> None:
    [options] = re.findall(r'-n "\$at_once" (.+) "\$@"', (ROOT / "scripts/test").read_text())
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-vv", "-n", "2", *options.split()]
    done = subprocess.run(
        [*pytest, *ONE_ROW, ANOTHER],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran: defaultdict[str, set[str]] = defaultdict(set)
    for worker, file in re.findall(r"^\[(gw\d)\].* PASSED (\S+?)::", done.stdout, re.MULTILINE):
        ran[file].add(worker)
    assert ran.keys() == {*ONE_ROW, ANOTHER}, done.stdout
    [one], [other] = ran[ONE_ROW[0]] | ran[ONE_ROW[1]], ran[ANOTHER]
    assert one != other
