"""What a page of offers shows that no number says: counted for the report of the night's comparison. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from streams.vocabulary.events import OfferSeen, OffersTally


def tally(seen: Iterable[OfferSeen]) -> OffersTally:
    """How many are not shown though they have stock, why, and how many have no economic operator. An offer with several
    reasons counts once with each."""
    offers = list(seen)
    reasons = Counter(reason for offer in offers for reason in offer.offline)
    return OffersTally(
        offline=sum(1 for offer in offers if offer.offline),
        reasons=dict(reasons),
        without_operator=sum(1 for offer in offers if not offer.economic_operator),
    )
