"""When an article is read, and what becomes of it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.flow import Ask
from streams.stock import readings
from streams.stock.oddities import believed
from streams.stock.readings import DIFFER, Asking, answered, read_since, released, swept
from streams.stock.state import Article
from streams.stock.step import LOUD, READ, Step, failed
from streams.stock.terms import made_of_parts
from streams.vocabulary.effects import ReadStock
from streams.vocabulary.events import Settled, StockAnswered, StockRead
from streams.vocabulary.time import seconds


def doubted(step: Step, since: datetime) -> None:
    """What is known of Mplus's stock may be old: something happened at `since` (by whoever's clock), of which a reading
    that is asked for from now on surely tells."""
    article = step.article
    asked = read_since(article)
    if not article.watched or (asked is not None and asked - DIFFER >= since):
        return
    step.article = readings.doubted(article, since, step.reading_asked)
    step.doubt_raised = True


def watched(step: Step) -> None:
    """Somebody wants the number from now on. What was read before may be old: till sales were not taken."""
    step.article = replace(step.article, readings=(), sales=(), watched_after=step.reading_asked)
    doubted(step, step.context.at)


def read(step: Step, event: StockRead) -> None:
    """A sweep's reading. Where none is known, it is the first one if it is of all branches and from after somebody
    began to want the number; the row reads for itself all the same."""
    article, branches = step.article, step.rules.branches
    if not article.watched or made_of_parts(article) or event.reading.branch not in branches:
        return
    since = article.doubted_since
    whole = len(branches) == 1 and since is not None and event.reading.asked_at >= since
    if not article.readings and not whole:
        doubted(step, event.reading.asked_at)
    elif believed(step, (event.reading,)):
        _take(step, swept(step.article, event.reading, step.rules, step.reading_asked))


def settled(step: Step, event: Settled) -> None:
    """The reading has ended."""
    outcome = event.outcome
    latest = READ not in step.context.open
    if event.number <= step.article.read and not latest:
        return  # run once more after a crash, and told already
    step.article = replace(step.article, read=event.number)
    if not step.article.watched or made_of_parts(step.article):
        return
    if isinstance(outcome, StockAnswered):
        if step.article.read_stuck:
            step.note("reading", "Mplus answers again.", level="cleared", direction="in")
        step.article = replace(step.article, read_tries=0, read_stuck="")
        if len(believed(step, outcome.readings)) < len(outcome.readings):
            return  # it is asked again
        asking, article = Asking(event.number, latest), step.article
        if article.readings or asking.contains(article.watched_after):
            _take(step, answered(article, outcome.readings, step.rules, asking, step.reading_asked))
        return
    tries = step.article.read_tries + 1
    wait, words = failed(outcome, tries, f"{step.context.entity}/read")
    stuck = f"Mplus did not give the stock of this article ({words}). It is asked again by itself."
    step.article = replace(
        step.article,
        read_tries=tries,
        read_stuck=stuck if tries >= LOUD else step.article.read_stuck,
        doubted_since=step.article.doubted_since or step.context.at,
    )
    if tries == LOUD:
        step.note("reading", stuck, level="stuck", direction="in")
    if latest:
        _ask(step, step.context.at + seconds(wait))


def _take(step: Step, article: Article) -> None:
    before = step.article
    step.article = article
    if article.doubted_since is not None and not step.doubt_raised:
        known = (before.doubted_since, before.doubted_after)
        step.doubt_raised = known != (article.doubted_since, article.doubted_after)


def ask(step: Step) -> None:
    """Asks for a reading where one is wanted. A doubt that this event raised asks anew even while a reading is on its
    way: that one may have been taken too early. A wait that a failure set is kept."""
    article = step.article
    if not article.watched:
        forget(step)
        return
    if READ in step.asks or made_of_parts(article):
        return
    waiting = step.context.open.get(READ)
    if article.doubted_since is not None:
        if waiting is None:
            _ask(step, None)
        elif step.doubt_raised:
            _ask(step, waiting.not_before if article.read_tries else None)
    elif article.sales and waiting is None:
        first = min(sale.heard_at for sale in article.sales)
        _ask(step, first + seconds(step.rules.till_sale_hold_seconds))


def forget(step: Step) -> None:
    """Nobody wants what Mplus has of it: till sales are not taken and nothing is read, so that nothing is kept that
    would be wrong when somebody does. What is booked in Mplus is in the reading that is asked for then."""
    article = step.article
    for one in article.reservations:
        if one.booked_at is not None:
            article = released(article, one)
    if article.readings or article.sales or article.doubted_since is not None:
        article = replace(
            article,
            readings=(),
            sales=(),
            doubted_since=None,
            read_tries=0,
            read_stuck="",
        )
    step.article = article


def _ask(step: Step, not_before: datetime | None) -> None:
    step.asks[READ] = Ask(
        key=READ,
        effect=ReadStock(article_number=step.number, branches=step.rules.branches),
        not_before=not_before,
    )
