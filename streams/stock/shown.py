"""The number for people: the sum written out, what it is made of, and where each offer stands. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from streams.stock.rules import StockRules
from streams.stock.state import Article, Offer
from streams.stock.terms import UNLIMITED, Kind, Step, Sum, made_of_parts, sum_of
from streams.vocabulary.activity import (
    InputShown,
    MovementShown,
    OfferShown,
    StockShown,
    Term,
)
from streams.vocabulary.time import SHOP_ZONE

LABELS: dict[Kind, str] = {
    "free": "free",
    "reserved": "reserved",
    "incoming": "incoming",
    "fixed": "fixed",
    "expression": "by your own expression",
    "parts": "sets of its parts",
    "open-bol": "open Bol",
    "sold": "just sold at the till",
    "buffer": "buffer",
}
ORDERS_NAMED = 5
KITS_NAMED = 20
ZERO = {
    "": "",
    "below-nothing": " (never below 0)",
    "below-minimum": " (less than the minimum that is shown)",
    "switched-off": " (switched off in Mplus)",
}
UNSEEN = frozenset(
    (
        "described",
        "wanting",
        "told",
        "told_limits",
        "told_at",
        "sold",
        "released",
        "moved",
        "parted",
        "doubted_after",
        "watched_after",
        "swept_after",
        "read",
    )
)
"""Of a row: what no snapshot tells of."""
_SEEN = tuple([name for name in Article.__struct_fields__ if name not in UNSEEN])


def differs(before: Article, after: Article) -> bool:
    """Whether a snapshot of the one can differ from one of the other, under the same rules. To look at what they are
    made of takes a small part of the time that it takes to make both."""
    if before is after:
        return False
    for name in _SEEN:
        one, other = getattr(before, name), getattr(after, name)
        if one is not other and one != other:
            return True
    return False


def shown(number: str, article: Article, rules: StockRules) -> StockShown:
    """The snapshot of an article for the read model."""
    total = sum_of(int(number), article, rules)
    return StockShown(
        article_number=number,
        description=article.description,
        terms=tuple([_term(step, article, rules) for step in total.steps]),
        desired=total.units,
        sentence=_sentence(article, total),
        offers=tuple([_offer(offer) for offer in article.offers]),
        stuck=_stuck(article, rules, total),
        inputs=_inputs(article),
        pushes=article.pushes,
        waits=_waits(article, total, rules),
        movements=tuple(
            [
                MovementShown(
                    at=one.at,
                    kind=one.kind,
                    change="" if one.change is None else signed(one.change),
                    text=one.text,
                )
                for one in article.movements
            ]
        ),
        part_of=article.kits[:KITS_NAMED],
    )


def _offer(offer: Offer) -> OfferShown:
    return OfferShown(
        offer_id=offer.offer_id,
        ean=offer.ean,
        desired=offer.desired,
        sent=offer.sent,
        sent_at=offer.sent_at,
        at_bol=offer.at_bol,
        at_bol_read=offer.at_bol_read,
        stuck=offer.stuck or offer.price_stuck,
        fulfilment=offer.fulfilment,
        condition=offer.condition,
        corrected=offer.corrected,
        on_hold=bool(offer.on_hold),
        offline=offer.offline,
        price_cents=offer.price_cents,
    )


def _stuck(article: Article, rules: StockRules, total: Sum) -> str:
    stuck = next(
        (offer.stuck or offer.price_stuck for offer in article.offers if offer.stuck or offer.price_stuck), ""
    )
    stuck = stuck or article.read_stuck or next((one.stuck for one in article.inbound if one.stuck), "")
    if not stuck and total.unknown == UNLIMITED:
        return (
            f"{UNLIMITED}, so nothing is sent to Bol. Switch stock keeping on for one of them in Mplus, or set a fixed "
            'number for this article in the settings (calculation = "fixed").'
        )
    if not stuck and total.unknown:
        return (
            f"The expression of its stock gives no number ({total.unknown}), so nothing is sent to Bol. Mend the "
            "expression in the settings."
        )
    unread = article.answered and not article.readings and total.units is None and not made_of_parts(article)
    if not stuck and unread and article.offers:
        stuck = (
            "Mplus keeps no stock of this article at the chosen branches, so nothing is sent to Bol. Switch "
            "stock keeping on for it in Mplus."
        )
    return stuck


def _term(step: Step, article: Article, rules: StockRules) -> Term:
    return Term(amount=plain(step.amount), label=LABELS[step.kind], why=_why(step, article, rules))


def _why(step: Step, article: Article, rules: StockRules) -> str:
    match step.kind:
        case "free" | "reserved" | "incoming":
            where = ", ".join(
                [
                    f"{plain(getattr(reading, step.kind))} at branch {reading.branch}{_share(rules, reading.branch)}"
                    for reading in article.readings
                ]
            )
            return f"in Mplus: {where}"
        case "parts":
            counts = {count.article_number: count for count in article.counts}
            parts: list[str] = []
            for part in article.parts:
                count = counts.get(part.article_number)
                if count is not None and count.limits and count.have is not None:
                    parts.append(
                        f"{plain(count.have)} of article {part.article_number}, {plain(part.quantity)} in each"
                    )
            return "the least that its parts make: " + "; ".join(parts)
        case "open-bol":
            orders = sorted({one.order_id for one in article.reservations})
            named = ", ".join(orders[:ORDERS_NAMED])
            return f"orders not yet in a Mplus reading: {named}{_more(len(orders) - ORDERS_NAMED)}"
        case "sold":
            return "heard from the till, not yet in a Mplus reading"
        case "buffer":
            return "kept back by the settings"
        case "fixed":
            return "always, by the settings"
        case "expression":
            return "by the expression in the settings"


def _share(rules: StockRules, branch: int) -> str:
    share = rules.share(branch)
    said = f", {share.percent} % of it counts" if share.percent != 100 else ""
    return said + (f", {share.maximum} at most" if share.maximum is not None else "")


def _sentence(article: Article, total: Sum) -> str:
    """`12 free - 2 open Bol - 1 buffer = 9, sent 14:02:11`."""
    if total.left is None or total.units is None:
        if made_of_parts(article):
            return UNLIMITED if total.unknown else "not all parts are known yet"
        return "its expression gives no number" if total.unknown else "no reading of Mplus yet"
    text = ""
    for step in total.steps:
        sign = ("- " if step.amount < 0 else "+ ") if text else ("-" if step.amount < 0 else "")
        text += f"{' ' if text else ''}{sign}{plain(abs(step.amount))} {LABELS[step.kind]}"
    text += f" = {total.units}{ZERO[total.zero]}"
    several = len(article.offers) > 1
    for offer in article.offers:
        if offer.fulfilment == "FBB":
            text += f", kept by Bol (FBB{_lies(article)}): not sent"
        elif offer.sent is not None and offer.sent == offer.desired:
            what = f"{offer.sent} " if several or offer.sent != total.units else ""
            text += f", {what}sent {clock(offer.sent_at)}" if offer.sent_at else ", as Bol has it"
        elif offer.desired is not None:
            text += f", {offer.desired} on its way"
    if article.kits and not article.offers:
        text += ", for what it is a part of"
    return text


def _inputs(article: Article) -> tuple[InputShown, ...]:
    """Everything that the sum is made of, with when and where it was heard."""
    found = [
        InputShown(
            what=f"branch {reading.branch}: {plain(reading.free)} free, {plain(reading.reserved)} reserved, "
            f"{plain(reading.incoming)} incoming",
            at=reading.asked_at,
            source=f"Mplus getStock, stockId {reading.marker}",
        )
        for reading in article.readings
    ]
    found += [
        InputShown(
            what=f"article {count.article_number}: "
            + (
                "no stock is kept of it"
                if not count.limits
                else f"{plain(count.have)} there"
                if count.have is not None
                else "not known"
            ),
            at=count.counted_at,
            source="its own row",
        )
        for count in article.counts
    ]
    found += [
        InputShown(
            what=f"{plain(one.quantity)} for Bol order {one.order_id}"
            + (", in Mplus, in no reading yet" if one.booked_at else ", not in Mplus yet"),
            at=one.booked_at or one.made_at,
            source="Bol",
        )
        for one in article.reservations[:ORDERS_NAMED]
    ]
    found += [
        InputShown(what=f"{plain(sale.quantity)} sold", at=sale.heard_at, source="till")
        for sale in article.sales[-ORDERS_NAMED:]
    ]
    if article.lying_at is not None:
        found.append(
            InputShown(
                what=f"{plain(sum(article.lying.values(), Decimal(0)))} at Bol (FBB), no part of the sum",
                at=article.lying_at,
                source="Bol's inventory",
            )
        )
    return tuple(found)


def _lies(article: Article) -> str:
    if article.lying_at is None:
        return ""
    return f", {plain(sum(article.lying.values(), Decimal(0)))} there"


def _waits(article: Article, total: Sum, rules: StockRules) -> tuple[str, ...]:
    """What is waiting for what."""
    waits: list[str] = []
    if made_of_parts(article):
        known = {count.article_number for count in article.counts if count.known}
        missing = [str(part.article_number) for part in article.parts if part.article_number not in known]
        if missing:
            waits.append(
                f"the number waits for the stock of its parts: article {', '.join(missing[:ORDERS_NAMED])}"
            )
    elif article.doubted_since is not None:
        tries = f", {article.read_tries} tries failed" if article.read_tries else ""
        waits.append(f"a reading of Mplus from {clock(article.doubted_since)} or later{tries}")
    elif not article.readings and not article.answered and article.watched:
        waits.append("the first reading of Mplus")
    waits += [
        f"a second reading of branch {branch}: the last one went back in time, and is not believed yet"
        for branch in article.back
    ]
    if article.sales:
        waits.append("a reading of Mplus that has the till sales in it")
    if any(one.booked_at is not None for one in article.reservations):
        waits.append("a reading of Mplus that has the booked Bol orders in it")
    if any(one.booked_at is None for one in article.reservations):
        waits.append("Bol orders that are to be booked in Mplus")
    if not rules.push and article.offers:
        waits.append("nothing is sent to Bol: the settings say that another system leads")
    for offer in article.offers:
        if (
            rules.push
            and offer.fulfilment != "FBB"
            and offer.desired is not None
            and offer.sent != offer.desired
        ):
            tries = f", after {offer.tries} tries that failed" if offer.tries else ""
            waits.append(f"offer {offer.offer_id}: {offer.desired} waits for Bol to take it{tries}")
    for one in article.inbound:
        if one.set != one.wanted:
            waits.append(f"branch {one.branch}: {plain(one.wanted)} waits for Mplus to take it")
    return tuple(waits)


@lru_cache(maxsize=4_096)
def plain(amount: Decimal) -> str:
    """`12` or `0.5`, never `1E+1`. A snapshot has dozens of amounts, mostly the same few small ones."""
    if not amount:
        return "0"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(amount: Decimal) -> str:
    """`+2`, `-0.5`, `0`."""
    return f"+{plain(amount)}" if amount > 0 else plain(amount)


def clock(moment: datetime | None) -> str:
    """The wall clock of the shop, `14:02:11`."""
    return moment.astimezone(SHOP_ZONE).isoformat(timespec="seconds")[11:19] if moment else ""


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
