"""The figures of a result as Markdown, for docs/bench/README.md: nobody copies numbers by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BEGIN = "<!-- figures: written by scripts/bench kafka --readme, not by hand -->"
END = "<!-- end of figures -->"


def put_in(readme: str, result: Mapping[str, Any]) -> str:
    """The text with its figures made new. Raises ValueError where the marks are missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the marks {BEGIN!r} and {END!r} are not in the text")
    return f"{before}{BEGIN}\n{tables(result)}\n{END}{after}"


def tables(result: Mapping[str, Any]) -> str:
    """All parts that were measured."""
    parts: list[str] = []
    for told in result.get("jobs", {}).values():
        parts.append(_section(told["workload"], told, [_jobs(told["summary"]), _ratios(told["ratios"])]))
    if told := result.get("scale"):
        parts.append(
            _section(f"Workers: {told['workload']}, the real decide", told, [_scale(told["summary"])])
        )
    if told := result.get("freshness"):
        parts.append(_section("Freshness", told, [_freshness(told["summary"])]))
    if told := result.get("recovery"):
        parts.append(_section(f"Recovery of {told['rows']:,} rows", told, [_recovery(told["summary"])]))
    if told := result.get("ingress"):
        parts.append(_section("Ingress on three brokers", told, [_ingress(told)]))
    return "\n\n".join(parts)


def _section(title: str, told: Mapping[str, Any], bodies: Sequence[str]) -> str:
    measured = f"Measured {told['measured'][:16].replace('T', ' ')} UTC, revision {told['revision']}."
    refused = [f"Refused: {one.splitlines()[0]}" for one in told.get("refused", [])]
    return "\n\n".join([f"### {title}", " ".join([measured, *refused]), *bodies])


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _jobs(rows: Iterable[Mapping[str, Any]]) -> str:
    return _table(
        [
            "contestant",
            "job",
            "events/s",
            "slowest to fastest",
            "worker µs an event",
            "broker µs",
            "start s",
            "others",
        ],
        [
            [
                row["contestant"],
                row["job"],
                f"**{row['per_second']:,}**",
                f"{row['slowest']:,} to {row['fastest']:,} ({row['runs']})",
                f"{row['worker_micros']:.0f}",
                f"{row['broker_micros']:.0f}",
                f"{row['start_seconds']:.1f}",
                f"{row['others']:.0%}",
            ]
            for row in rows
        ],
    )


def _ratios(rows: Iterable[Mapping[str, Any]]) -> str:
    return _table(
        ["what is divided", "ours", "theirs", "ratio", "least to most", "by processor time"],
        [
            [
                row["what"],
                row["ours"],
                row["theirs"],
                f"**{row['ratio']:.2f}**",
                f"{row['least']:.2f} to {row['most']:.2f} ({row['rounds']})",
                f"{row['processor_ratio']:.2f}",
            ]
            for row in rows
        ],
    )


def _scale(rows: Iterable[Mapping[str, Any]]) -> str:
    return _table(
        [
            "contestant",
            "workers",
            "events/s",
            "slowest to fastest",
            "worker µs an event",
            "start s",
            "others",
        ],
        [
            [
                row["contestant"],
                row["workers"],
                f"**{row['per_second']:,}**",
                f"{row['slowest']:,} to {row['fastest']:,} ({row['runs']})",
                f"{row['worker_micros']:.0f}",
                f"{row['start_seconds']:.1f}",
                f"{row['others']:.0%}",
            ]
            for row in rows
        ],
    )


def _freshness(rows: Iterable[Mapping[str, Any]]) -> str:
    return _table(
        ["contestant", "events/s", "p50 ms", "p99 ms", "worst ms", "events"],
        [
            [
                row["contestant"],
                f"{row['per_second']:,}",
                f"**{row['p50_ms']:.1f}**",
                f"**{row['p99_ms']:.1f}**",
                f"{row['worst_ms']:.0f}",
                f"{row['events']:,} ({row['runs']})",
            ]
            for row in rows
        ],
    )


def _recovery(rows: Iterable[Mapping[str, Any]]) -> str:
    return _table(
        ["contestant", "seconds until it has read on", "least to most", "until it has its partitions"],
        [
            [
                row["contestant"] + (", state on disk kept" if row["state_kept"] else ""),
                f"**{row['seconds']:.2f}**",
                f"{row['least']:.2f} to {row['most']:.2f} ({row['runs']})",
                f"{row['assigned_seconds']:.2f}",
            ]
            for row in rows
        ],
    )


def _ingress(told: Mapping[str, Any]) -> str:
    rows = [
        [
            words,
            f"{told[f'{kind}_per_second']:,.0f}",
            f"{told[f'{kind}_p50_ms']:.1f}",
            f"{told[f'{kind}_p99_ms']:.1f}",
        ]
        for kind, words in (("bare", "bare Starlette endpoint"), ("kafka", "the ingress, acks=all"))
    ]
    return (
        _table(["server", "posts/s", "p50 ms", "p99 ms"], rows)
        + f"\n\nRatio **{told['ratio']:.2f}** with {told.get('callers', 32)} connections. "
        f"Others had {told['others']:.0%} of the processors."
    )
