"""Whether everything that the settings name exists at the merchant: every code is looked up at Mplus.

Only lists of which the settings name something are asked for. What an installation cannot tell (it is older, or this
ident may not read it) is no fault of the settings: it "could not be checked".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from app.finding import Finding, Known, closest, listed, why
from app.order_rules import KINDS, said
from app.sections import Connection, Orders
from app.sections.orders import EVERY_OTHER
from connectors.mplus import lookups, presence
from connectors.mplus.client import MplusClient
from connectors.mplus.failure import unknown_operation
from connectors.mplus.operation import Operation
from streams.vocabulary.outcomes import Delivered, Failure, Refused

SUPERUSER = 999999
"""Of Mplus itself (facts/mplus.md 2.4): not every installation lists it among its employees."""
MOST_RELATIONS = 50
"""Relations looked up, one call each."""


class Use(NamedTuple):
    """A code, and the setting that names it."""

    code: str
    key: str


class Sort(NamedTuple):
    """A sort of code: how to get all of them."""

    name: str
    ask: Callable[[], Operation[Any]]
    known: Callable[[Any], list[Known]]


async def check_orders(name: str, connection: Connection, client: MplusClient) -> list[Finding]:
    """All codes of a connection, sort by sort."""
    found = await _branches(name, connection, client)
    named = uses(connection.orders)
    for sort in SORTS:
        if wanted := named.get(sort.name):
            found += await check_sort(name, sort, wanted, client)
    if wanted := named.get("article"):
        found += await _articles(name, wanted, client)
    if wanted := named.get("relation"):
        found += await _relations(name, wanted, client)
    return found


# -- what the settings name


def uses(orders: Orders) -> dict[str, list[Use]]:
    """By sort of code. Of kinds that are not taken over nothing is named."""
    found: dict[str, list[Use]] = {}

    def add(sort: str, code: object, key: str) -> None:
        use = Use(str(code), f"orders.{key}")
        if code not in (None, "") and use not in found.setdefault(sort, []):
            found[sort].append(use)

    for kind in KINDS:
        if kind not in orders.kinds:
            continue
        for sort, key in (
            ("order category", "order_category"),
            ("employee", "employee"),
            ("payment method", "payment_method"),
        ):
            one = said(orders, kind, key)
            if one.value != SUPERUSER or sort != "employee":
                add(sort, one.value, one.key)
    shipping, vat, customer = orders.shipping, orders.vat, orders.customer
    for key in ("shipped_category", "done_category", "cancelled_category"):
        add("order category", getattr(shipping, key), f"shipping.{key}")
    for choice, method in shipping.delivery_methods.items():
        add("delivery method", method, f"shipping.delivery_methods.{choice}")
    for method in shipping.transporters:
        if method != EVERY_OTHER:
            add("delivery method", method, f"shipping.transporters.{method}")
    for country, codes in vat.by_country.items():
        for code, to in codes.items():
            if code != EVERY_OTHER:
                add("VAT code", code, f"vat.by_country.{country}.{code}")
            add("VAT code", to, f"vat.by_country.{country}.{code}")
    for article, to in vat.by_article.items():
        add("VAT code", to, f"vat.by_article.{article}")
        add("article", article, f"vat.by_article.{article}")
    add("VAT code", vat.reverse_charge_code, "vat.reverse_charge_code")
    for country, group in orders.turnover_groups.items():
        add("turnover group", group, f"turnover_groups.{country}")
    add("article", orders.fallback_article, "fallback_article")
    add("article", orders.discount_article, "discount_article")
    add("relation", customer.fallback, "customer.fallback")
    for order, number in customer.default.items():
        add("relation", number, f"customer.default.{order}")
    return found


# -- lists


def _methods(rows: Iterable[lookups.Method]) -> list[Known]:
    return [Known(one.code, one.description, one.usable) for one in rows]


def _numbered(rows: Iterable[lookups.Numbered]) -> list[Known]:
    return [Known(str(one.number), one.description, one.usable) for one in rows]


def _vat(rows: Iterable[lookups.VatGroup]) -> list[Known]:
    """A code once, with every percentage that it stands for somewhere."""
    names: dict[int, dict[str, None]] = {}
    for one in rows:
        names.setdefault(one.code, {})[f"{one.percentage.normalize():f} % {one.country}".rstrip()] = None
    return [Known(str(code), ", ".join(names[code])) for code in sorted(names)]


SORTS = (
    Sort("employee", lookups.employees, _numbered),
    Sort("order category", lookups.order_categories, _numbered),
    Sort("payment method", lookups.payment_methods, _methods),
    Sort("delivery method", lookups.delivery_methods, _methods),
    Sort("VAT code", lookups.vat_groups, _vat),
    Sort("turnover group", lookups.turnover_groups, _numbered),
)


async def check_sort(name: str, sort: Sort, wanted: list[Use], client: MplusClient) -> list[Finding]:
    """Codes of one sort, against the list of them."""
    operation = sort.ask()
    asked = await client.send(operation)
    if not isinstance(asked, Delivered):
        return [unchecked(name, sort.name, wanted, operation.name, asked)]
    known = sort.known(asked.answer.what)
    usable = {one.code: one for one in known if one.usable}
    found = [
        Finding(name, "fail", _missing(sort.name, use, known), use.key)
        for use in wanted
        if use.code not in usable
    ]
    return found or [exists(name, sort.name, wanted)]


def _missing(sort: str, use: Use, known: list[Known]) -> str:
    usable = [one for one in known if one.usable]
    off = any(one.code == use.code for one in known)
    there = f"{use.code} is switched off there" if off else f"there is no {sort} {use.code}"
    text = f"Mplus: {use.key} names {sort} {use.code}, and {there}; in use are: {listed(usable)}."
    meant = closest(use.code, usable)
    instead = f"Write {meant.code} instead" if meant else "Write one of these instead"
    if not usable:
        return f"{text} Make it in the Mplus back office, or take {use.key} out."
    if sort == "payment method":
        return (
            f"{text} {instead}, or make a payment method with the code {use.code} in the Mplus back office, so that "
            f'what Bol pays out can be told from other money; {use.key} = "" books orders without one.'
        )
    return f"{text} {instead}, or make it in the Mplus back office."


def exists(name: str, sort: str, wanted: Iterable[Use]) -> Finding:
    """All of them are there."""
    codes = listed(dict.fromkeys(use.code for use in wanted))
    return Finding(name, "ok", f"Mplus: {sort} {codes} is there.")


def unchecked(name: str, sort: str, wanted: list[Use], operation: str, failure: Failure) -> Finding:
    """Nobody can tell whether they are."""
    keys = listed(dict.fromkeys(use.key for use in wanted))
    if isinstance(failure, Refused) and unknown_operation(failure):
        reason = f"this Mplus is older and does not know {operation}"
    else:
        reason = f"Mplus does not answer {operation}: {why(failure)}"
    codes = listed(dict.fromkeys(use.code for use in wanted))
    return Finding(
        name,
        "warn",
        f"Mplus: {keys} could not be checked, since {reason}. See in the Mplus back office that {sort} {codes} "
        "exists.",
        wanted[0].key,
    )


# -- what is looked up one by one


async def _articles(name: str, wanted: list[Use], client: MplusClient) -> list[Finding]:
    operation = presence.articles(int(use.code) for use in wanted)
    asked = await client.send(operation)
    if not isinstance(asked, Delivered):
        return [unchecked(name, "article", wanted, operation.name, asked)]
    usable: Mapping[str, bool] = {str(one.number): one.usable for one in asked.answer.what}
    found = []
    for use in wanted:
        if not usable.get(use.code, False):
            there = "it is switched off there" if use.code in usable else "there is no such article"
            text = f"Mplus: {use.key} names article {use.code}, and {there}."
            advice = "Write the article number (not the PLU, not the barcode) of one that is in use."
            found.append(Finding(name, "fail", f"{text} {advice}", use.key))
    return found or [exists(name, "article", wanted)]


async def _relations(name: str, wanted: list[Use], client: MplusClient) -> list[Finding]:
    found: list[Finding] = []
    missing: dict[str, bool] = {}
    for use in wanted:
        if use.code not in missing:
            if len(missing) == MOST_RELATIONS:
                break
            operation = presence.relation(int(use.code))
            asked = await client.send(operation)
            if not isinstance(asked, Delivered):
                return [*found, unchecked(name, "relation", wanted, operation.name, asked)]
            missing[use.code] = asked.answer.what is None or not asked.answer.what.usable
        if missing[use.code]:
            text = f"Mplus: {use.key} names relation {use.code}, and there is no such relation in use."
            found.append(Finding(name, "fail", f"{text} Write the number of one that is there.", use.key))
    return found or [exists(name, "relation", wanted)]


# -- branches and their workplaces


async def _branches(name: str, connection: Connection, client: MplusClient) -> list[Finding]:
    asked = await client.branches()
    if not isinstance(asked, Delivered):
        return [Finding(name, "fail", f"Mplus: branches cannot be read. {why(asked)}.")]
    rows = asked.answer.what
    known = {branch.number: branch for branch in rows}
    there = listed(Known(str(number), known[number].name) for number in sorted(known))
    orders = connection.orders
    places = [
        (said(orders, kind, "branch"), said(orders, kind, "workplace"))
        for kind in KINDS
        if kind in orders.kinds
    ]
    stock = connection.stock
    wanted = [("stock.branches", number) for number in stock.branches]
    written = [(f"stock.{key}", getattr(stock, key)) for key in ("fbb_branch", "fbr_branch")]
    wanted += [(key, number) for key, number in written if number is not None]
    wanted += [(f"orders.{branch.key}", branch.value) for branch, _ in places]
    found = [
        Finding(
            name, "fail", f"Mplus: there is no branch {number}; there are: {there}. Set {key} otherwise.", key
        )
        for key, number in dict.fromkeys(wanted)
        if number not in known
    ]
    for branch, place in dict.fromkeys(places):
        if branch.value in known:
            found += _workplace(name, known[branch.value], rows[0].number, place.value, f"orders.{place.key}")
    if not found:
        numbers = listed(sorted({number for _, number in wanted}))
        found.append(Finding(name, "ok", f"Mplus: branch {numbers} is there."))
    return found


def _workplace(name: str, branch: lookups.Branch, first: int, place: int | None, key: str) -> list[Finding]:
    at = f"branch {branch.number}"
    if place is None and branch.number != first:
        text = (
            f"Mplus: {key} is not set. Mplus needs it for a branch that is not its default one; {at} has: "
            f"{listed(branch.workplaces)}. Set {key} to one of these."
        )
        return [Finding(name, "warn", text, key)]
    if place is not None and place not in branch.workplaces:
        text = (
            f"Mplus: {at} has no workplace {place}; it has: {listed(branch.workplaces)}. Set {key} otherwise."
        )
        return [Finding(name, "fail", text, key)]
    return []
