"""The command line in a process of its own, without the seconds that its imports take each time.

One process imports them, once for each that runs tests; every call is a fork of that one, with its own arguments,
environment, folder, output and exit code. What a start does from its first line on, roles show (test_commands.py).
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
"""Seconds that a command may take."""


@cache
def _forks() -> ForkServerContext:
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["app.cli.commands", __name__])
    return forks


def _become(arguments: tuple[str, ...], environ: Mapping[str, str], out: str, said: str) -> None:
    for stream, path in ((1, out), (2, said)):
        opened = os.open(path, os.O_WRONLY)
        os.dup2(opened, stream)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(ROOT)
    sys.argv = ["kassabrug", *arguments]
    from app.cli import main

    main()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Its exit code, and what it wrote. Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory(prefix="kassabrug-command-") as folder:
        out, said = Path(folder, "out"), Path(folder, "said")
        out.touch()
        said.touch()
        one = _forks().Process(target=_become, args=(arguments, dict(os.environ), str(out), str(said)))
        one.start()
        try:
            one.join(PATIENCE)
            if one.exitcode is None:
                raise subprocess.TimeoutExpired(arguments, PATIENCE, out.read_text(), said.read_text())
        finally:
            one.kill()
            one.join()
            code = one.exitcode
            one.close()
        assert code is not None
        return subprocess.CompletedProcess(arguments, code, out.read_text(), said.read_text())
