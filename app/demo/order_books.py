"""Whether Bol's orders are in Mplus as they should be: each once, at its branch, with its lines, prices, VAT, addresses
and customer. Pure; every difference in words that name the order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.demo.parts import Agreed, Part, on_lines, per_article, wanted_now


def taken_over(part: Part, articles: Mapping[str, int]) -> Iterable[str]:
    """Once, with its lines and prices. `articles`: article numbers by EAN."""
    if not part.is_due:
        if part.found:
            yield f"{part} was cancelled before anybody saw it, and is {len(part.found)} times in Mplus"
        return
    if part.booked is None:
        yield f"{part} is {len(part.found)} times in Mplus"
        return
    lines = part.booked["lines"]
    wanted = +per_article(part.items, articles, part.due)
    still = per_article(part.items, articles, {item["itemId"]: wanted_now(item) for item in part.items})
    booked = on_lines(lines, "quantity")
    # What was cancelled later is cancelled on its line, or taken off it: an order in Mplus has both.
    if any(not still[one] <= booked[one] <= wanted[one] for one in {*wanted, *booked}):
        yield f"{part} wants {dict(wanted)}, Mplus has {dict(booked)}"
        return
    whole = {one for one in wanted if booked[one] == wanted[one]}
    charged = {
        one: cents for one, cents in per_article(part.items, articles, _cents(part)).items() if one in whole
    }
    priced = {one: cents for one, cents in _priced(lines).items() if one in whole}
    if charged != priced:
        yield f"{part} costs {charged} cents, in Mplus {priced}"


def _priced(lines: Sequence[Mapping[str, Any]]) -> Counter[int]:
    found: Counter[int] = Counter()
    for line in lines:
        found[int(line["article"])] += int(line["quantity"]) * int(line["price_cents"])
    return found


def _cents(part: Part) -> dict[str, int]:
    """What the due units of each item cost: their share of the whole item's price, half up."""
    return {
        item["itemId"]: (2 * int(item["totalCents"]) * part.due[item["itemId"]] + int(item["quantity"]))
        // (2 * int(item["quantity"]))
        for item in part.items
    }


def booked_as_agreed(part: Part, vat_codes: Mapping[int, int], agreed: Agreed) -> Iterable[str]:
    """At its kind's branch, with the VAT of its country, paid once. `vat_codes`: of the articles."""
    order = part.booked
    if order is None:
        return
    branch = agreed.branches[part.kind]
    if int(order["branch"]) != branch:
        yield f"{part} is booked at branch {order['branch']}, {part.kind} belongs to branch {branch}"
    table = agreed.vat.get(part.order["customer"]["country"], {})
    for line in order["lines"]:
        own = vat_codes.get(int(line["article"]), 0)
        due = table.get(own, own)
        if int(line["vat_code"]) != due:
            yield f"{part}: article {line['article']} has VAT code {line['vat_code']}, {due} is agreed"
    whole = sum(_cents(part).values())
    paid = [int(payment["cents"]) for payment in order["payments"]]
    less = any(wanted_now(item) < part.due[item["itemId"]] for item in part.items)
    if len(paid) > 1:
        yield f"{part} is paid {len(paid)} times in Mplus: {paid} cents"
    elif agreed.prepaid and sum(paid) != whole and not (less and sum(paid) < whole):
        yield f"{part} costs {whole} cents, paid in Mplus are {sum(paid)}"


# -- addresses


def addresses(part: Part) -> Iterable[str]:
    """Nothing that Bol told is lost on the way."""
    order, told = part.booked, part.order["customer"]
    if order is None:
        return
    whole = (told["street"], told["house_number"], told["extension"], told["extra"])
    box = ("Postbus", told["bill_to_box"], told["extra"])
    yield from _lost(part, "delivery address", order["delivery_address"], (*whole, told["pickup_point"]), "")
    bill = box if told["bill_to_box"] else whole
    yield from _lost(part, "invoice address", order["invoice_address"], bill, told["company"])
    if told["order_reference"] not in order["reference"]:
        yield f"{part}: the customer's reference {told['order_reference']} is not in {order['reference']!r}"


def _lost(
    part: Part, what: str, there: Mapping[str, str] | None, lines: Sequence[str], company: str
) -> Iterable[str]:
    told, there = part.order["customer"], there or {}
    fields = [
        ("address", lines),
        ("name", (told["first_name"], told["surname"])),
        ("zipcode", (told["zip_code"],)),
        ("city", (told["city"],)),
        ("country", (told["country"],)),
        ("companyName", (company,)),
    ]
    for name, wanted in fields:
        has = _plain(there.get(name, ""))
        for one in wanted:
            if _plain(one) not in has:
                yield f"{part}: {one!r} is missing in the {name} of its {what}: {has!r}"


def _plain(text: str) -> str:
    return " ".join(str(text).split())


# -- customers


def customers(parts: Iterable[Part], relations: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """One relation for one person, and one person for one relation, who has what Bol told of him."""
    numbered: dict[int, Mapping[str, Any]] = {}
    made: Counter[str] = Counter()
    for one in relations:
        numbered[int(one["relation"])] = one
        if one.get("extRelationId"):
            made[str(one["extRelationId"])] += 1
    for name, times in made.items():
        if times > 1:
            yield f"the customer {name} was made {times} times in Mplus"
    of_person: dict[int, set[int]] = defaultdict(set)
    orders: dict[int, list[str]] = defaultdict(list)
    of_relation: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for part in parts:
        if part.booked is None:
            continue
        told, number = part.order["customer"], int(part.booked["relation"])
        of_person[told["person"]].add(number)
        orders[told["person"]].append(part.name)
        of_relation[number].add(_identity(told))
        if number not in numbered:
            yield f"{part} is on relation {number}, which is not there"
        elif len(of_relation[number]) == 1:
            yield from _relation(part, numbered[number])
    for person, numbers in of_person.items():
        if len(numbers) > 1:
            named = ", ".join(orders[person])
            yield f"one customer ({named}) is relations {', '.join(map(str, sorted(numbers)))} in Mplus"
    for number, persons in of_relation.items():
        if len(persons) > 1:
            yield f"relation {number} in Mplus is {len(persons)} customers of Bol's"


def _identity(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells two customers apart."""
    name = told["company"] or f"{told['first_name']} {told['surname']}"
    at = ("Postbus", told["bill_to_box"], "")
    if not told["bill_to_box"]:
        at = (told["street"], told["house_number"], told["extension"])
    return (name, *at, told["zip_code"], told["country"])


def _relation(part: Part, relation: Mapping[str, Any]) -> Iterable[str]:
    told, number = part.order["customer"], relation["relation"]
    name = told["company"] or f"{told['first_name']} {told['surname']}"
    wanted = {
        "name": name,
        "zipcode": told["zip_code"],
        "city": told["city"],
        "country": told["country"],
        "vatNumber": told["vat_number"],
        "commerceNumber": told["kvk_number"],
    }
    for field, due in wanted.items():
        if _plain(due) not in _plain(relation.get(field, "")):
            yield f"relation {number} of {part} has {field} {relation.get(field, '')!r}, Bol says {due!r}"
