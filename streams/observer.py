"""What the shell counts while it works. The application turns this into metrics and readiness."""

from __future__ import annotations


class Observer:
    """Takes no notice; the application's own overrides what it wants to know."""

    def applied(self, flow: str, records: int) -> None:
        """So many records were applied and are durable."""

    def skipped(self, flow: str, records: int) -> None:
        """So many records were known already."""

    def parked(self, flow: str, records: int) -> None:
        """So many records went to the dead letters."""

    def rewound(self, flow: str) -> None:
        """A run came with a gap before it; the consumer was sent back."""

    def stalled(self, flow: str, why: str | None) -> None:
        """The log cannot be written and the flow stands still; None: it goes on."""

    def settled(self, vendor: str, effect: str, outcome: str, seconds: float) -> None:
        """A call to a vendor ended: delivered, refused, not-sent or answer-lost."""

    def stopped(self, connections: int) -> None:
        """The numbers of so many connections wait until a person has looked (streams/gates.py)."""

    def fresh(self, kind: str, millis: int) -> None:
        """So long it took from a cause to what was done about it (`push`, `committed`)."""
