"""One process a log: a lock file beside it, held with flock, so that it goes with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from streams.log.base import LogInUse, LogUnavailable


class Lock:
    """Held from construction to `release`, or to the end of the process, however that comes."""

    def __init__(self, log: Path) -> None:
        """Raises LogInUse when another holds it."""
        path = log.with_name(log.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LogUnavailable(
                f"the log {log} cannot be opened: {error.strerror}. Check that the folder exists and that "
                "this user may write there"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise LogInUse(
                f"the log {log} is in use by another process{f' (pid {holder})' if holder else ''}. "
                "Stop that one first, or give this one a log of its own"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets the next one in. The file stays: removing it would let two in at once."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
