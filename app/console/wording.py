"""How things are written for a shopkeeper: amounts in euros, times of the shop's clock, plain words."""

from __future__ import annotations

from datetime import UTC, date, datetime

from app.console.byhand import TRANSPORTERS
from streams.sweeps.step import TITLES as SWEEPS
from streams.vocabulary.activity import OfferShown, StockShown
from streams.vocabulary.money import euros_of
from streams.vocabulary.time import SHOP_ZONE

KINDS = {
    "ambiguous-code": "Code on two articles",
    "booked": "Reserved in Mplus",
    "cancellation-asked": "Cancellation asked",
    "cancelled": "Cancelled",
    "changed-after-commit": "Changed afterwards",
    "committed": "Order in Mplus",
    "comparison": "Comparison at night",
    "customer": "Customer",
    "delivery": "Delivery",
    "empty-list": "Empty list",
    "foreign-write": "Changed by someone else",
    "goes-on": "Goes on",
    "guard": "Guard",
    "inventory-gone": "Nothing left at Bol",
    "kept-out": "Not taken over",
    "linked": "Offer linked",
    "marker-back": "Feed jumped back",
    "missing-article": "Article missing",
    "offer": "Offer",
    "offer-gone": "Offer is gone",
    "operator": "By hand",
    "order-seen": "New order",
    "process": "Write at Bol",
    "push": "Number to Bol",
    "reading": "Stock read",
    "released": "Released",
    "reservation": "Sold at Bol",
    "settings": "Settings",
    "subscription": "Push at Bol",
    "sweep": "Sweep",
    "till-sale": "Sold at the till",
    "too-many-askers": "Too many orders wait",
}
FRESH = {
    "push": "A sale reaches Bol",
    "committed": "A Bol order reaches the till",
}
STEPS = {
    "seen": "Seen at Bol",
    "products": "Articles matched",
    "customer": "Customer known",
    "committing": "On its way to Mplus",
    "committed": "In Mplus",
    "delivered": "Delivered in Mplus",
    "shipping": "Bol is being told",
    "done": "Done",
    "cancelled": "Cancelled",
    "kept-out": "Not taken over",
}
HINTS = {
    "seen": "Its articles are looked for in Mplus.",
    "products": "Its customer is looked for in Mplus.",
    "customer": "It is booked in Mplus next.",
    "committing": "Mplus is being asked to book it.",
    "committed": "It waits to be packed and delivered in Mplus.",
    "delivered": "Delivered in Mplus, not told to Bol yet.",
    "shipping": "Bol has been told that it left, and has not said yet that it took that.",
    "done": "Bol knows that all of it has left.",
    "cancelled": "It is cancelled at Bol and in Mplus.",
    "kept-out": "The settings leave such orders to others.",
}
"""What a step means, and what is next."""
TRACK = ("seen", "products", "customer", "committing", "committed", "delivered", "shipping", "done")
"""The way of an order, left to right."""
SHIPMENTS = {
    "waiting": "waits for track and trace",
    "asked": "Bol is being told",
    "pending": "Bol works on it",
    "PENDING": "Bol works on it",
    "SUCCESS": "Bol knows",
    "FAILURE": "refused by Bol",
    "TIMEOUT": "Bol gave it up",
}
RETURN_STATES = {
    "open": "Open",
    "asked": "Bol is being told",
    "handled": "Handled",
    "failed": "Refused by Bol",
}
CREDITS = {
    "none": "not credited",
    "asked": "credit on its way to Mplus",
    "booked": "credited in Mplus",
    "failed": "the credit failed",
}
VENDORS = {"bol": "Bol", "mplus": "Mplus"}
MOVEMENTS = {
    "till-sale": "Sold at the till",
    "till-return": "Taken back at the till",
    "bol-order": "Sold at Bol",
    "cancelled": "No longer wanted at Bol",
    "booked": "Reserved in Mplus",
    "sale": "Sold, in Mplus",
    "delivery": "Goods received",
    "correction": "Corrected in Mplus",
    "manual": "Changed by hand in Mplus",
    "api": "Changed over the API",
    "transfer": "Moved between branches",
    "unknown": "Moved in Mplus",
}
CAUSES = {
    "till-sale": "a till sale",
    "bol-order": "a Bol order",
    "reading": "a reading of Mplus",
    "offer": "a look at the offer",
    "part": "a change of a part",
    "article": "a change of the article",
}
CONDITIONS = {"NEW": "new", "SECONDHAND": "second-hand", "REFURBISHED": "refurbished"}


def kind(word: str) -> str:
    """What a line is about."""
    return KINDS.get(word) or _plain(word)


def fresh(word: str) -> str:
    """What a freshness figure measures."""
    return FRESH.get(word) or kind(word)


def step(word: str) -> str:
    """Where an order stands."""
    return STEPS.get(word) or _plain(word)


def shipment(status: str) -> str:
    """How telling Bol of a shipment stands."""
    return SHIPMENTS.get(status) or _plain(status).lower()


def item_state(word: str) -> str:
    """How an item of a return stands."""
    return RETURN_STATES.get(word) or _plain(word)


def credit(word: str) -> str:
    """How the credit of an item of a return stands."""
    return CREDITS.get(word) or _plain(word).lower()


def movement(word: str) -> str:
    """What moved an article's stock."""
    return MOVEMENTS.get(word) or _plain(word)


def cause(word: str) -> str:
    """What made a number that was sent."""
    return CAUSES.get(word) or _plain(word).lower()


def condition(code: str) -> str:
    """NEW -> `new`, SECONDHAND/GOOD -> `second-hand (good)`."""
    kind_of, _, grade = code.partition("/")
    words = CONDITIONS.get(kind_of) or _plain(kind_of).lower()
    return f"{words} ({grade.replace('_', ' ').lower()})" if grade else words


def at_bol(offer: OfferShown) -> str:
    """`10`, or `10, 9 after open orders` where Bol counts less as still for sale."""
    less = offer.corrected is not None and offer.corrected != offer.at_bol
    return (
        f"{whole(offer.at_bol)}, {whole(offer.corrected)} after open orders" if less else whole(offer.at_bol)
    )


def offer(one: OfferShown) -> tuple[tuple[str, str], ...]:
    """How an offer stands, the most important first: each `good`, `wait`, `bad` or none of these, and the words."""
    found: list[tuple[str, str]] = []
    if one.stuck:
        found.append(("bad", f"stuck: {one.stuck}"))
    elif one.fulfilment == "FBB":
        found.append(("", "kept and sent by Bol (FBB): no number is sent"))
    elif one.desired is None:
        found.append(("", "not known yet"))
    elif one.desired in (one.sent, one.at_bol):
        found.append(("good", "as it should be"))
    else:
        found.append(("wait", "on its way"))
    if one.on_hold:
        found.append(("wait", "on hold"))
    if one.offline:
        found.append(("bad", f"Bol does not show it: {'; '.join(one.offline)}"))
    return tuple(found)


def transporter(code: str) -> str:
    """TNT -> `PostNL parcel (TNT)`; a code that we have no words for as it is."""
    words = TRANSPORTERS.get(code, "").partition(" (")[0]
    return f"{words} ({code})" if words and words != code else code


def day(text: str) -> str:
    """`2026-11-23` -> `Mon 23 Nov`; what is no day as it is."""
    found = _day(text)
    return text if found is None else f"{found:%a} {found.day} {found:%b}"


def past(text: str, now: datetime) -> bool:
    """Whether this day is over in the shop."""
    found = _day(text)
    return found is not None and _shop(now).date() > found


def left(text: str, now: datetime) -> str:
    """How long until the end of a day in the shop: `3 days left`, `tomorrow`, `today, 5 h left`, `2 days late`."""
    found = _day(text)
    if found is None:
        return ""
    here = _shop(now)
    days = (found - here.date()).days
    if days < 0:
        return f"{-days} day{'' if days == -1 else 's'} late"
    if days > 1:
        return f"{days} days left"
    if days == 1:
        return "tomorrow"
    # By the clock on the wall: the hour that comes twice, or not at all, is at night.
    minutes = 24 * 60 - here.hour * 60 - here.minute
    return f"today, {minutes // 60} h left" if minutes >= 60 else f"today, {minutes} min left"


def sweep(name: str) -> str:
    """What a sweep reads."""
    title = next((title for known, title in SWEEPS.items() if known == name), "") or _plain(name)
    return title[:1].upper() + title[1:]


def vendor(name: str) -> str:
    """A vendor's name."""
    return VENDORS.get(name, name)


def euros(cents: int) -> str:
    """123450 -> `€ 1.234,50`, as a Dutch receipt has it."""
    sign = "-" if cents < 0 else ""
    text = f"{euros_of(abs(cents)):,.2f}"
    return f"{sign}€ {text.translate(str.maketrans(',.', '.,'))}"


def what_for(shown: StockShown) -> str:
    """What an article's number says."""
    return "there for what it is a part of" if shown.part_of and not shown.offers else "for sale at Bol"


def whole(number: int | None) -> str:
    """12345 -> `12.345`; None -> a dash."""
    return "–" if number is None else f"{number:,}".replace(",", ".")


def lasted(millis: int | None) -> str:
    """420 -> `0.42 s`, 75000 -> `1 min 15 s`, 8100000 -> `2 h 15 min`."""
    if millis is None:
        return "–"
    if millis < 1_000:
        return f"{millis / 1000:.2f} s"
    if millis < 60_000:
        return f"{millis / 1000:.1f} s"
    total = round(millis / 1000)
    if total < 3_600:
        return f"{total // 60} min {total % 60} s"
    if total < 48 * 3_600:
        return f"{total // 3600} h {total % 3600 // 60} min"
    return f"{total // 86400} days"


def clock(moment: datetime | None) -> str:
    """`14:02:11`, in the shop."""
    return "–" if moment is None else _shop(moment).strftime("%H:%M:%S")


def moment(at: datetime | None, now: datetime) -> str:
    """Today `14:02:11`, this year `23 Nov 14:02`, else `23 Nov 2025`."""
    if at is None:
        return "–"
    here, today = _shop(at), _shop(now)
    if here.date() == today.date():
        return here.strftime("%H:%M:%S")
    if here.year == today.year:
        return f"{here.day} {here:%b %H:%M}"
    return f"{here.day} {here:%b %Y}"


def full(at: datetime | None) -> str:
    """`Mon 23 Nov 2026 14:02:11.042`, for the title of a time."""
    if at is None:
        return ""
    here = _shop(at)
    return f"{here:%a} {here.day} {here:%b %Y %H:%M:%S}.{here.microsecond // 1000:03d}"


def ago(at: datetime | None, now: datetime) -> str:
    """`just now`, `40 s`, `9 min`, `3 h`, `2 days`."""
    if at is None:
        return "never"
    past = (_aware(now) - _aware(at)).total_seconds()
    for limit, unit, word in ((2, 1, ""), (90, 1, "s"), (5400, 60, "min"), (172800, 3600, "h")):
        if abs(past) < limit:
            return "just now" if not word else f"{round(abs(past) / unit)} {word}"
    return f"{round(abs(past) / 86400)} days"


def size(count: int) -> str:
    """Bytes: `312 B`, `4.1 kB`."""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"


def _plain(word: str) -> str:
    text = word.replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _shop(moment: datetime) -> datetime:
    try:
        return _aware(moment).astimezone(SHOP_ZONE)
    except OverflowError:
        return _aware(moment)
