"""What is counted, for Prometheus. Labels are words of our own, never a key or a person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from streams.observer import Observer

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
FRESHNESS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
MOST_KINDS = 40
"""Kinds of freshness with a histogram of their own; more share one."""


class Metrics(Observer):
    """One set of counters with a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._applied = self._counter("records_applied", "Records applied, by flow", "flow")
        self._skipped = self._counter("records_skipped", "Records known already, by flow", "flow")
        self._parked = self._counter("records_parked", "Records sent to the dead letters, by flow", "flow")
        self._rewinds = self._counter("rewinds", "Gaps before a run, sent back for, by flow", "flow")
        self._pushes = self._counter("pushes", "Webhook requests, by vendor and answer", "vendor", "answer")
        self._calls = Histogram(
            "kassabrug_call_seconds",
            "Calls to a vendor, by effect and outcome",
            ("vendor", "effect", "outcome"),
            buckets=LATENCY,
            registry=self.registry,
        )
        self._ingress = Histogram(
            "kassabrug_push_seconds",
            "From a push's first byte to our answer",
            ("vendor",),
            buckets=LATENCY,
            registry=self.registry,
        )
        self._stalled = Gauge(
            "kassabrug_stalled", "1 while the log cannot be written", ("who",), registry=self.registry
        )
        self._freshness = Histogram(
            "kassabrug_freshness_seconds",
            "From a cause (a sale, an order) to its effect at the other vendor, by kind",
            ("kind",),
            buckets=FRESHNESS,
            registry=self.registry,
        )
        self._kinds: set[str] = set()
        self._answers: dict[tuple[str, str], tuple[Counter, Histogram, str]] = {}
        self.stalls: dict[str, str] = {}
        """Who stands still, and why: for readiness."""
        self.counts: dict[str, int] = {}
        """Applied, parked and called, for the live view in the terminal."""

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"kassabrug_{name}", words, labels, registry=self.registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)

    # -- the ingress

    def pushed(self, vendor: str, answer: str, seconds: float) -> None:
        """A push was answered: `stored`, or why not."""
        known = self._answers.get((vendor, answer))
        if known is None:  # looking the children up costs more than counting
            known = self._answers[vendor, answer] = (
                self._pushes.labels(vendor, answer),
                self._ingress.labels(vendor),
                f"{vendor} push {answer}",
            )
        counter, histogram, name = known
        counter.inc()
        histogram.observe(seconds)
        self._count(name)

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

    def settled(self, vendor: str, effect: str, outcome: str, seconds: float) -> None:
        """See Observer."""
        self._calls.labels(vendor, effect, outcome).observe(seconds)
        self._count(f"{effect} {outcome}")

    def _count(self, what: str, by: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + by
