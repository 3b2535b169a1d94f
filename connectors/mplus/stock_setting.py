"""The free stock of an article is set: one effect, its calls. It looks first, so that it can be repeated.

`setStock` is absolute. Whether its amount is what lies there or what is free is not documented (facts/mplus.md 5.3).
Taken here is what lies there, which is free and reserved together (5.1): a count of the shelf is what a back office
sets, what is reserved follows from open orders and is nobody's to set, and an order that is booked between our look
and our write then still lowers what is free. The other meaning would leave too much on sale, so where something is
reserved the stock is read again, and put right where it shows that.

`updateStock`, which is relative, is not used: after a lost answer nobody could tell whether it was done, and doing it
again would count it twice.
"""

from __future__ import annotations

from decimal import Decimal

from connectors.mplus import stock
from connectors.mplus.operation import MplusAnswer
from connectors.mplus.trip import Trip
from streams.vocabulary.effects import SetMplusStock
from streams.vocabulary.events import MplusStockSet
from streams.vocabulary.outcomes import Failure
from streams.vocabulary.stock_reading import Reading

_NOTHING = Decimal(0)


async def stock_set(trip: Trip, effect: SetMplusStock) -> MplusStockSet | Failure:
    """So much of it is free now. An article that getStock shows nothing of is set all the same: Mplus may have counted
    it never yet, and where it keeps no stock of it its no says so."""
    before = await _read(trip, effect)
    if isinstance(before, Failure):
        return before
    if before is not None and before.free == effect.amount:
        return _set(effect, None, done=True)
    reserved = before.reserved if before is not None else _NOTHING
    written = await _write(trip, effect, effect.amount + reserved)
    if isinstance(written, Failure) or not reserved:
        return written if isinstance(written, Failure) else _set(effect, written.marker)
    after = await _read(trip, effect)
    if isinstance(after, Failure):
        return after
    if after is not None and (after.free, after.reserved) == (effect.amount + reserved, reserved):
        # Were it a coincidence (just as much came in this moment), too little is free now: the next look tells.
        written = await _write(trip, effect, effect.amount)
        if isinstance(written, Failure):
            return written
    return _set(effect, written.marker)


async def _read(trip: Trip, effect: SetMplusStock) -> Reading | Failure | None:
    """What Mplus shows now; None: nothing of this article at this branch."""
    sent = await trip.send(stock.of_articles(effect.branch, (effect.article_number,), kept=True))
    return next(iter(sent.what), None) if isinstance(sent, MplusAnswer) else sent


async def _write(trip: Trip, effect: SetMplusStock, amount: Decimal) -> stock.Written | Failure:
    employee = trip.client.employee_number
    sent = await trip.send(
        stock.set_to(effect.branch, effect.article_number, amount, effect.reference, employee)
    )
    return sent.what if isinstance(sent, MplusAnswer) else sent


def _set(effect: SetMplusStock, marker: int | None, done: bool = False) -> MplusStockSet:
    return MplusStockSet(
        article_number=effect.article_number,
        branch=effect.branch,
        amount=effect.amount,
        marker=marker,
        done=done,
    )
