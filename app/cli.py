"""The command line. The commands come with the parts they start."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `kassabrug` command."""
    raise SystemExit("kassabrug: nothing to run yet")
