"""Who an order's customer is: the relation's fields, what he may be found by, and his identity. Pure.

The identity is a digest of the best that is known of him, in the merchant's order (`CustomerRules.match`): a real
e-mail address, a VAT number, a chamber of commerce number, or name and address. It is the key of his row in the
customers flow and his extRelationId in Mplus. So two orders of one person have one, as long as they tell the same of
him, and two persons never do:
- A relay address of Bol's identifies nobody: it is new for every order.
- Names count as they are written, whatever their case, accents and punctuation. Two people of one household with the
  same initials are two persons when their names differ (`Jan de Vries`, `Joke de Vries`), and so are `J. de Vries` and
  `Jan de Vries`, who may well be father and daughter: a relation too many can be joined by hand, orders on a
  stranger's name cannot be called back.
- A Dutch postcode with a house number is one front door. Elsewhere a postcode is a whole town: the street counts too.
- The address of a pickup point is nobody's: whoever gave no other one is not known by it.
- A company is known by its own name at its address, whoever orders for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec.structs import fields, replace

from streams.orders.rules import CustomerRules, OrderRules
from streams.vocabulary.bol_order import Address, BolOrder
from streams.vocabulary.company_numbers import chamber_number, vat_number
from streams.vocabulary.effects import Match
from streams.vocabulary.fact import Value
from streams.vocabulary.likeness import digest, house_in, lives_at
from streams.vocabulary.mplus_order import Customer, PostalAddress

NAMELESS = "Bol.com"
"""The name of a relation whose customer Bol does not name: Mplus wants one."""
OVERWRITABLE = frozenset(field.name for field in fields(Customer)) - {
    "identity",
    "contact_below",
    "house_number",
}
"""Fields of Customer that `CustomerRules.update` may name: those that are fields of a relation of their own."""


class FixedDebtor(Value, frozen=True):
    """The shop says which relation it is; nobody is looked for."""

    relation_number: int
    why: str
    remarks: tuple[str, ...] = ()


class SoughtCustomer(Value, frozen=True):
    """To be asked of the customers flow: its entity is `customer.identity`."""

    customer: Customer
    by: tuple[Match, ...]
    """The best first, in the merchant's order; only what this customer has."""
    remarks: tuple[str, ...] = ()
    """What a person should know, in sentences: a VAT number that is none."""


class UnknownCustomer(Value, frozen=True):
    """Nothing is there that he could be known by."""

    why: str
    """With what to set."""
    remarks: tuple[str, ...] = ()


CustomerOf = FixedDebtor | SoughtCustomer | UnknownCustomer


def relation_of(order: BolOrder, kind: str, rules: OrderRules) -> CustomerOf:
    """Which relation an order of this kind (FBR, FBB) is booked on, or how it is found.

    The country of `CustomerRules.default` is the one it is delivered in, as in every table by country.
    """
    own = rules.customer
    country = (order.ship_to.country or order.bill_to.country).strip().upper()
    fixed = own.default_for(kind, country)
    if fixed is not None:
        where = f"{kind} orders to {country}" if country else f"{kind} orders"
        return FixedDebtor(
            relation_number=fixed, why=f"Relation {fixed} is set for {where} (orders.customer.default)."
        )
    made, remarks = customer(order, own)
    known = known_by(order, own)
    by = tuple(match for match in dict.fromkeys(own.match) if match in known)
    if by:
        identity = "bol-" + digest((by[0], *known[by[0]], *_taxpayer(by[0], known)))
        return SoughtCustomer(customer=replace(made, identity=identity), by=by, remarks=remarks)
    if own.fallback is not None:
        return FixedDebtor(
            relation_number=own.fallback,
            why=f"Its customer has nothing to be known by; relation {own.fallback} is set for such orders "
            "(orders.customer.fallback).",
            remarks=remarks,
        )
    ways = ", ".join(own.match) or "nothing"
    return UnknownCustomer(
        why=f"Bol gave nothing that the customer of this order could be known by (looked for: {ways}; Bol's own relay "
        "addresses and pickup points do not count). Set orders.customer.fallback, the relation for such orders, or "
        "more ways in orders.customer.match; then press try again.",
        remarks=remarks,
    )


def _taxpayer(by: Match, known: Mapping[Match, tuple[str, ...]]) -> tuple[str, ...]:
    """What tells two companies of one e-mail address, or of one name and address, apart."""
    if by in ("vat", "kvk"):
        return ()
    number: Match = "vat" if "vat" in known else "kvk"
    return (number, *known[number]) if number in known else ()


def wants_update(sought: SoughtCustomer, rules: OrderRules) -> tuple[str, ...]:
    """Which fields of a relation that is there already this order may overwrite (`CustomerAsked.update`): those the
    shop names; one that the order does not have is left as it is (streams/customers). A relay address never takes the
    place of a real one."""
    relay = is_relay(sought.customer.email, rules.customer)
    return tuple(
        name
        for name in dict.fromkeys(rules.customer.update)
        if name in OVERWRITABLE and not (name == "email" and relay)
    )


def customer(order: BolOrder, rules: CustomerRules) -> tuple[Customer, tuple[str, ...]]:
    """The relation's fields, without an identity yet, and remarks about what was left out. Who pays is the relation;
    where it goes is its delivery address if that is elsewhere."""
    payer, ship = payer_of(order), order.ship_to
    company, person = _line(payer.company), full_name(payer)
    numbers, remarks = _numbers(payer)
    address = email(order, rules)
    elsewhere = _goes_elsewhere(payer, ship)
    contact = person if company else ""
    return Customer(
        name=company or person or NAMELESS,
        email="" if is_relay(address, rules) and not rules.keep_relay_email else address,
        contact=contact,
        contact_below=bool(contact) and rules.company_contact == "below",
        house_number=_number(payer),
        address=street(payer),
        zip_code=_line(payer.zip_code),
        city=_line(payer.city),
        country=_line(payer.country),
        phone=_line(ship.phone or payer.phone),
        company=company,
        vat_number=numbers[0],
        chamber_of_commerce=numbers[1],
        delivery_address=street(ship) if elsewhere else "",
        delivery_zip_code=_line(ship.zip_code) if elsewhere else "",
        delivery_city=_line(ship.city) if elsewhere else "",
        delivery_country=_line(ship.country) if elsewhere else "",
    ), remarks


def payer_of(order: BolOrder) -> Address:
    """Who pays, at his own address. Bol may leave either half of the billing details empty: the missing half is then
    that of the shipment."""
    bill, ship = order.bill_to, order.ship_to
    who = bill if full_name(bill) or _line(bill.company) else ship
    where = bill if any(map(_line, (bill.street, bill.house_number, bill.zip_code, bill.city))) else ship
    return replace(
        where,
        first_name=who.first_name,
        surname=who.surname,
        company=who.company,
        email=bill.email or ship.email,
        phone=bill.phone or ship.phone,
        vat_number=bill.vat_number or who.vat_number,
        chamber_of_commerce=bill.chamber_of_commerce or who.chamber_of_commerce,
        order_reference=bill.order_reference or ship.order_reference,
    )


def known_by(order: BolOrder, rules: CustomerRules) -> dict[Match, tuple[str, ...]]:
    """What this customer can be known by, each in the spelling that is compared."""
    payer = payer_of(order)
    known: dict[Match, tuple[str, ...]] = {}
    address = email(order, rules)
    if is_email(address) and not is_relay(address, rules):
        known["email"] = (address.casefold(),)
    if number := vat_number(payer.vat_number, payer.country):
        known["vat"] = (number,)
    if number := chamber_number(payer.chamber_of_commerce, payer.country):
        known["kvk"] = (number,)
    # Half of the people of a town collect their parcels there.
    collected = _line(payer.pickup_point) or (
        order.pickup_point and not _goes_elsewhere(payer, order.ship_to)
    )
    if not collected:
        name = _line(payer.company) or full_name(payer)
        at = lives_at(name, payer.street, _number(payer), payer.zip_code, payer.country)
        if at is not None:
            known["name-address"] = at
    return known


def email(order: BolOrder, rules: CustomerRules) -> str:
    """The customer's e-mail address: a real one before a relay of Bol's (`rules` say which these are); empty: Bol gave
    none."""
    given = [one for one in (_line(order.bill_to.email), _line(order.ship_to.email)) if one]
    return min(given, key=lambda one: is_relay(one, rules), default="")


def is_email(text: str) -> bool:
    """Whether it has the form of one."""
    name, at, domain = text.strip().rpartition("@")
    return bool(name and at and domain.strip(".")) and " " not in text.strip()


def is_relay(text: str, rules: CustomerRules) -> bool:
    """Whether it is an address of Bol's that passes mail on: in one of the relay domains, or below one."""
    domain = text.strip().rpartition("@")[2].casefold().rstrip(".")
    relays = (one.strip().casefold().strip(".@") for one in rules.relay_domains)
    return any(relay and (domain == relay or domain.endswith(f".{relay}")) for relay in relays)


def full_name(address: Address) -> str:
    """First name and surname."""
    return _joined(address.first_name, address.surname)


def street(address: Address) -> str:
    """The whole address in one string, since Mplus has no separate fields and no second line: the pickup point, street
    with number and extension, what else Bol was told (`c/o`, apartment, a box). Nothing is lost, and nothing stands
    there twice that Bol repeats: a number that the street has already, an extension that comes as extra too."""
    line, extension = _line(address.street), _line(address.house_number_extension)
    front = _front(line, _line(address.house_number), extension)
    pickup, extra = _line(address.pickup_point), _line(address.extra)
    if _plain(pickup) == _plain(front):
        pickup = ""
    if _plain(extra) in map(_plain, (pickup, front, line, extension)):
        extra = ""
    return ", ".join(part for part in (pickup, front, extra) if part)


def postal(address: Address) -> PostalAddress:
    """An address on the order itself. `name` is the person, or the company where no person is named."""
    company = _line(address.company)
    return PostalAddress(
        name=full_name(address) or company,
        address=street(address),
        zip_code=_line(address.zip_code),
        city=_line(address.city),
        country=_line(address.country),
        company=company,
    )


# -- parts


def _numbers(payer: Address) -> tuple[tuple[str, str], tuple[str, ...]]:
    """VAT and chamber of commerce number as they are sent, and what is said of those that are not."""
    vat, chamber = _line(payer.vat_number), _line(payer.chamber_of_commerce)
    valid = vat_number(vat, payer.country)
    number = chamber_number(chamber, payer.country)
    remarks: list[str] = []
    if vat and not valid:
        remarks.append(_left_out("VAT number", vat))
    if number.startswith("NL"):
        number = number.removeprefix("NL")  # as the Dutch write it
    elif not number and chamber and payer.country.strip().upper() in ("NL", "BE"):
        remarks.append(_left_out("chamber of commerce number", chamber))
    elif not number:
        number = chamber  # another country's register: no form of it is known here
    return (valid, number), tuple(remarks)


def _left_out(what: Literal["VAT number", "chamber of commerce number"], text: str) -> str:
    return (
        f"The customer's {what} {text[:40]} cannot be one (wrong form or check digits), so it is not sent to Mplus. "
        "Ask the customer if it matters."
    )


def _goes_elsewhere(payer: Address, ship: Address) -> bool:
    if not street(ship) and not _line(ship.zip_code):
        return False
    one, other = (
        tuple(_plain(part) for part in (street(at), at.zip_code.replace(" ", ""), at.city, at.country))
        for at in (payer, ship)
    )
    return one != other


def _number(address: Address) -> str:
    """House number and extension: `12 bis`, `12-2`; the one in the street's line where Bol gives none apart."""
    number = _line(address.house_number) or house_in(address.street)[1]
    return _extended(number, _line(address.house_number_extension))


def _front(line: str, number: str, extension: str) -> str:
    """Street, number and extension; what the street's line ends with already is not said again."""
    if not number:
        return line if _ends_with(line, extension) else _joined(line, extension)
    door = _extended(number, extension)
    # Some letters before it: `Plein 1945` with the number 1945 is taken for a repetition, `Q 7` with 7 is not.
    named = sum(map(str.isalpha, line)) >= 3
    if named and _ends_with(line, door):
        return line
    if named and _ends_with(line, number):
        return _extended(line, extension)
    return _joined(line, door)


def _extended(number: str, extension: str) -> str:
    if _ends_with(number, extension):
        return number
    glued = _plain(number).removesuffix(_plain(extension))
    if extension.isalpha() and glued != _plain(number) and glued[-1:].isdigit():
        return number  # `12A` with the extension `A`
    if extension[:1] in ("-", "/") and number:
        return f"{number}{extension}"
    return _joined(number, extension)


def _ends_with(line: str, tail: str) -> bool:
    """Whether a line has these as its last words, behind others."""
    words, last = _plain(line).split(), _plain(tail).split()
    return bool(last) and len(words) > len(last) and words[-len(last) :] == last


def _plain(text: str) -> str:
    return _line(text).casefold()


def _line(text: str) -> str:
    """On one line, without spaces around and between that tell nothing."""
    return " ".join(text.split())


def _joined(*parts: str) -> str:
    return " ".join(line for part in parts if (line := _line(part)))
