"""Versions, branches and sync markers on the wire (facts/mplus.md 1.3, 2.6, 7.8). Pure."""

from __future__ import annotations

from typing import NamedTuple

from connectors.mplus import soap
from streams.vocabulary.events import MarkersRead


class Branch(NamedTuple):
    """A shop, and the numbers of its workplaces."""

    number: int
    name: str
    workplaces: tuple[int, ...]


def question(operation: str) -> bytes:
    """An operation without arguments."""
    return soap.envelope(operation)


def markers(reply: soap.Element) -> MarkersRead:
    """getCurrentSyncMarkers. Raises Unreadable."""
    stock = soap.child(reply, "stockId")
    return MarkersRead(
        article=soap.integer(reply, "articleSyncMarker"),
        order=soap.integer(reply, "orderSyncMarker"),
        relation=soap.integer(reply, "relationSyncMarker", 0),
        stock=soap.integer(reply, "stockId") if stock is not None else None,
    )


def version(reply: soap.Element) -> str:
    """getApiVersion: the build, as `67.1.3`."""
    parts = [soap.integer(reply, f"service{part}Number", 0) for part in ("Major", "Minor", "Revision")]
    return ".".join(str(part) for part in parts)


def branches(reply: soap.Element) -> list[Branch]:
    """getBranches. Raises Unreadable."""
    listed = soap.child(reply, "branches")
    return [
        Branch(
            soap.integer(branch, "branchNumber"),
            soap.string(branch, "branchName"),
            tuple(
                soap.integer(place, "workplaceNumber", 0)
                for places in soap.children(branch, "workplaces")
                for place in soap.children(places, "workplace")
            ),
        )
        for branch in (soap.children(listed, "branch") if listed is not None else ())
    ]
