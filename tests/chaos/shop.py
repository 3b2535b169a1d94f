"""A shop whose vendors say nothing: its settings, and the articles it has on sale."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from streams.codec import fact_headers, message_draft
from streams.log.base import Draft, LogWriter
from streams.vocabulary.events import Message, OfferObserved, StockEvent, StockRead
from streams.vocabulary.stock_reading import Reading
from streams.vocabulary.time import system_clock

SHOP = "shop"
FREE = 900
AT_ONCE = 1_000
SECRET = "dW5wbHVnZ2Vk"
"""Of the till's pushes."""


def settings_text(log: str, vendors: str, web: str = "") -> str:
    """`log`, `web`: the lines of these sections; `vendors`: the address of both."""
    return f"""
[log]
{log}
[web]
{web}
[connections.{SHOP}.bol]
client_id = "demo"
client_secret = "plain:x"
api_url = "{vendors}"
login_url = "{vendors}"
[connections.{SHOP}.mplus]
api_url = "{vendors}"
ident = "demo"
secret = "plain:x"
webhook_secret = "plain:{SECRET}"
[connections.{SHOP}.stock]
branches = [1]
[connections.{SHOP}.orders]
branch = 1
"""


async def fill(log: LogWriter, articles: Iterable[int]) -> None:
    """Gives each of them its row: an offer, and a sweep's reading of FREE units from after it came."""
    now = system_clock()
    asked = now + timedelta(seconds=2)
    drafts = []
    for article in articles:
        reading = Reading(
            article_number=article,
            branch=1,
            free=Decimal(FREE),
            reserved=Decimal(0),
            incoming=Decimal(0),
            marker=article,
            asked_at=asked,
            answered_at=asked,
        )
        offer = OfferObserved(
            offer_id=f"o-{article}", ean=f"{article}", amount=FREE, managed_by_retailer=True, read_at=now
        )
        for event in (offer, StockRead(reading=reading)):
            drafts.append(draft(article, event, "fill"))
    for start in range(0, len(drafts), AT_ONCE):
        await log.append(drafts[start : start + AT_ONCE])


def draft(article: int, event: StockEvent, trace: str) -> Draft:
    """The event, for the article's row."""
    return message_draft(
        Message(flow="stock", entity=str(article), event=event), SHOP, fact_headers(SHOP, trace)
    )
