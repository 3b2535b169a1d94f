"""What is counted, for Prometheus. Labels are words of our own, never a key or a person."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.observer import Observer

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
FRESHNESS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
MOST_KINDS = 40
"""Kinds of freshness with a histogram of their own; more share one."""


class Pushes(Collector):
    """The ingress's counts, in plain numbers until somebody asks: the library's take as long as a push's signature."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def count(self, vendor: str, answer: str, seconds: float) -> None:
        """One push."""
        known = (vendor, answer)
        self.answers[known] = self.answers.get(known, 0) + 1
        buckets = self._buckets.get(vendor)
        if buckets is None:
            buckets = self._buckets[vendor] = [0] * (len(LATENCY) + 1)
            self._seconds[vendor] = 0.0
        buckets[bisect_left(LATENCY, seconds)] += 1
        self._seconds[vendor] += seconds

    def collect(self) -> Iterator[Metric]:
        """For Prometheus."""
        answers = CounterMetricFamily(
            "kassabrug_pushes", "Webhook requests, by vendor and answer", labels=("vendor", "answer")
        )
        for (vendor, answer), count in self.answers.items():
            answers.add_metric((vendor, answer), count)
        took = HistogramMetricFamily(
            "kassabrug_push_seconds", "From a push's first byte to our answer", labels=("vendor",)
        )
        for vendor, buckets in self._buckets.items():
            below, told = 0, []
            for most, count in zip((*map(str, LATENCY), "+Inf"), buckets, strict=True):
                below += count
                told.append((most, float(below)))
            took.add_metric((vendor,), told, self._seconds[vendor])
        yield answers
        yield took


class Metrics(Observer):
    """One set of counters with a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._applied = self._counter("records_applied", "Records applied, by flow", "flow")
        self._skipped = self._counter("records_skipped", "Records known already, by flow", "flow")
        self._parked = self._counter("records_parked", "Records sent to the dead letters, by flow", "flow")
        self._rewinds = self._counter("rewinds", "Gaps before a run, sent back for, by flow", "flow")
        self._calls = Histogram(
            "kassabrug_call_seconds",
            "Calls to a vendor, by effect and outcome",
            ("vendor", "effect", "outcome"),
            buckets=LATENCY,
            registry=self.registry,
        )
        self._pushes = Pushes()
        self.registry.register(self._pushes)
        self._stalled = Gauge(
            "kassabrug_stalled", "1 while the log cannot be written", ("who",), registry=self.registry
        )
        self._waiting = Gauge(
            "kassabrug_stopped_connections",
            "Connections whose numbers wait until a person has looked, as this worker knows it",
            registry=self.registry,
        )
        self._freshness = Histogram(
            "kassabrug_freshness_seconds",
            "From a cause (a sale, an order) to its effect at the other vendor, by kind",
            ("kind",),
            buckets=FRESHNESS,
            registry=self.registry,
        )
        self._kinds: set[str] = set()
        self.stalls: dict[str, str] = {}
        """Who stands still, and why: for readiness."""
        self._counts: dict[str, int] = {}

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"kassabrug_{name}", words, labels, registry=self.registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)

    # -- the ingress

    def pushed(self, vendor: str, answer: str, seconds: float) -> None:
        """A push was answered: `stored`, or why not."""
        self._pushes.count(vendor, answer, seconds)

    @property
    def counts(self) -> dict[str, int]:
        """Pushes, what was applied and parked, and calls: for people."""
        return self._counts | {
            f"{vendor} push {answer}": count for (vendor, answer), count in self._pushes.answers.items()
        }

    # -- the history (streams/vocabulary/activity.py, Noted.millis)

    def fresh(self, kind: str, millis: int) -> None:
        """So long it took from a cause to its effect."""
        if kind not in self._kinds:
            if len(self._kinds) >= MOST_KINDS:
                kind = "other"
            self._kinds.add(kind)
        self._freshness.labels(kind).observe(max(0, millis) / 1000)

    # -- Observer

    def applied(self, flow: str, records: int) -> None:
        """See Observer."""
        self._applied.labels(flow).inc(records)
        self._count(f"{flow} applied", records)

    def skipped(self, flow: str, records: int) -> None:
        """See Observer."""
        self._skipped.labels(flow).inc(records)

    def parked(self, flow: str, records: int) -> None:
        """See Observer."""
        self._parked.labels(flow).inc(records)
        self._count(f"{flow} parked", records)

    def rewound(self, flow: str) -> None:
        """See Observer."""
        self._rewinds.labels(flow).inc()

    def stalled(self, flow: str, why: str | None) -> None:
        """See Observer."""
        if why is None:
            if self.stalls.pop(flow, None) is not None:
                self._stalled.labels(flow).set(0)
            return
        self.stalls[flow] = why
        self._stalled.labels(flow).set(1)

    def stopped(self, connections: int) -> None:
        """See Observer."""
        self._waiting.set(connections)

    def settled(self, vendor: str, effect: str, outcome: str, seconds: float) -> None:
        """See Observer."""
        self._calls.labels(vendor, effect, outcome).observe(seconds)
        self._count(f"{effect} {outcome}")

    def _count(self, what: str, by: int = 1) -> None:
        self._counts[what] = self._counts.get(what, 0) + by
