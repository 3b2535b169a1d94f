"""The command `kassabrug`."""

from __future__ import annotations


def main() -> None:
    """Entry point of the distribution. Imports late, so that `--help` is quick."""
    from app.cli.commands import cli

    cli()
