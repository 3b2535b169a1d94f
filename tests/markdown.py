"""What stands in a page of docs/."""

from __future__ import annotations

import re


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading; cells without their backticks."""
    below = page.partition(f"## {heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines is not None
    return [
        [cell.strip().strip("`") for cell in line.strip("|").split(" |")]
        for line in lines.group().splitlines()[2:]
    ]
