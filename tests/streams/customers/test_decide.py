"""Which relation a customer is, step by step."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.customers.decide import CREATE, FIND, KEEP, LOST_WAIT, REFUSED_WAIT, UPDATE, decide, fingerprint
from streams.customers.state import WAITING
from streams.flow import Context
from streams.vocabulary.effects import CreateRelation, FindRelation, UpdateRelation
from streams.vocabulary.events import OfferPushed, RelationFound, RelationSaved, Settled, Woke
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.customers.desk import BY, FIELDS, JAN, MOVED, START, Desk

NO = Refused(said="the name is too long")
LATER = NotSent(why="no connection")
LOST = AnswerLost(why="timeout")


def written(customer: Customer) -> Customer:
    """What an update of the default fields says."""
    return Customer(
        name="",
        email="",
        address=customer.address,
        zip_code=customer.zip_code,
        city=customer.city,
        country=customer.country,
    )


# -- the way it goes


def test_one_who_is_not_there_is_made_and_told() -> None:
    desk = Desk()
    desk.ask()
    assert desk.effects == {FIND: FindRelation(customer=JAN, by=BY)}
    desk.found(None)
    assert desk.effects == {CREATE: CreateRelation(customer=JAN, by=BY)}
    assert not desk.open[CREATE].repeated
    desk.created(7)
    assert desk.answered == {"b1": 7}
    assert not desk.open


def test_one_who_is_there_is_renewed_and_told() -> None:
    desk = Desk()
    desk.ask()
    desk.found(5)
    assert desk.effects == {UPDATE: UpdateRelation(relation_number=5, customer=written(JAN))}
    desk.updated(5)
    assert desk.answered == {"b1": 5}


def test_the_nearest_deadline_of_those_who_wait_counts() -> None:
    desk = Desk()
    near, far = START + timedelta(days=1), START + timedelta(days=3)
    desk.ask(urgency=near)
    assert desk.open[FIND].urgency == near
    desk.ask("b2", urgency=far)
    desk.found(None)
    assert desk.open[CREATE].urgency == near
    desk.settle(CREATE, LATER)
    desk.ask("b3", urgency=None)
    desk.settle(CREATE, LATER)
    assert desk.open[CREATE].urgency is None, "one of them waits for nothing"


def test_one_who_is_left_as_he_is() -> None:
    desk = Desk()
    desk.ask(update=())
    desk.found(5)
    assert desk.answered == {"b1": 5}
    assert not desk.open


def test_the_next_order_is_told_at_once() -> None:
    desk = Desk()
    desk.known()
    desk.ask("b2")
    assert desk.answered == {"b2": 7}
    assert not desk.open, "the same was written when he was made"


def test_a_new_address_is_written_once() -> None:
    desk = Desk()
    desk.known()
    desk.ask("b2", MOVED)
    assert desk.effects == {UPDATE: UpdateRelation(relation_number=7, customer=written(MOVED))}
    desk.ask("b3", MOVED)
    assert desk.answers == {}
    assert desk.asked == 3, "what is on its way says the same"
    desk.updated()
    assert desk.answered == {"b2": 7, "b3": 7}
    desk.ask("b4", MOVED)
    assert not desk.open


def test_two_orders_at_the_same_moment_make_one() -> None:
    desk = Desk()
    desk.ask("b1")
    desk.ask("b2", wait=0)
    assert list(desk.open) == [FIND]
    desk.found(None)
    desk.ask("b3", wait=0)
    assert list(desk.open) == [CREATE]
    desk.created(7)
    assert desk.answered == {"b1": 7, "b2": 7, "b3": 7}


def test_an_order_that_asks_twice_waits_once() -> None:
    desk = Desk()
    desk.ask("b1")
    desk.ask("b1")
    assert desk.debtor.waiting == ("b1",)
    desk.found(5)
    desk.updated(5)
    assert len(desk.answers["b1"]) == 1
    desk.ask("b1")
    assert len(desk.answers["b1"]) == 2, "its answer may have been lost"


def test_the_newest_address_is_the_one_that_stays() -> None:
    desk = Desk()
    desk.ask("b1")
    desk.found(None)
    desk.ask("b2", MOVED)
    desk.created(7)
    assert desk.answers == {}
    assert desk.effects == {UPDATE: UpdateRelation(relation_number=7, customer=written(MOVED))}
    first = desk.open[UPDATE].number
    desk.ask("b3", JAN)
    assert desk.open[UPDATE].effect == UpdateRelation(relation_number=7, customer=written(JAN))
    desk.settle(UPDATE, RelationSaved(relation_number=7), number=first)
    assert desk.answers == {}, "the newer one is still to come"
    desk.updated()
    assert desk.answered == {"b1": 7, "b2": 7, "b3": 7}


def test_going_back_while_it_is_written_is_written_too() -> None:
    desk = Desk()
    desk.known()
    desk.ask("b2", MOVED)
    desk.ask("b3", JAN)
    assert desk.open[UPDATE].effect == UpdateRelation(relation_number=7, customer=written(JAN))


# -- what the shop does not want


def test_nobody_is_made_where_the_shop_makes_them_itself() -> None:
    desk = Desk()
    desk.ask(create=False)
    desk.found(None)
    assert desk.answered == {"b1": None}
    assert "orders.customer.create" in desk.answers["b1"][0].why
    assert desk.wait(FIND) >= REFUSED_WAIT
    desk.found(None)
    assert len(desk.answers["b1"]) == 1, "the same is not told again"
    desk.ask("b2", create=False)
    assert "orders.customer.create" in desk.answers["b2"][0].why
    desk.found(5)
    desk.updated(5)
    assert desk.answered == {"b1": 5, "b2": 5}
    assert [one.level for one in desk.notes] == ["info", "cleared"]


# -- failures


@pytest.mark.parametrize("key", [FIND, CREATE, UPDATE])
@pytest.mark.parametrize("outcome", [LATER, LOST])
def test_what_did_not_get_through_is_tried_again_and_told_after_three(
    key: str, outcome: NotSent | AnswerLost
) -> None:
    desk = Desk()
    desk.ask()
    if key != FIND:
        desk.found(5 if key == UPDATE else None)
    for count in (1, 2):
        desk.settle(key, outcome)
        assert list(desk.open) == [key], "it goes on by itself"
        assert desk.wait(key) > 0
        assert desk.answers == {}, f"after {count} it is no news"
    desk.settle(key, outcome)
    why = desk.answers["b1"][0].why
    assert outcome.why in why
    assert "tried again by itself" in why
    desk.ask("b2")
    assert desk.answers["b2"][0].why == why, "who comes later is told too"
    desk.settle(key, RelationFound(relation_number=5) if key == FIND else RelationSaved(relation_number=5))
    if UPDATE in desk.open:
        desk.updated(5)
    assert desk.answered == {"b1": 5, "b2": 5}
    assert desk.debtor.stuck == ""
    assert desk.notes[-1].level == "cleared"


@pytest.mark.parametrize("key", [FIND, CREATE])
def test_a_refusal_is_told_at_once_and_tried_again_later(key: str) -> None:
    desk = Desk()
    desk.ask()
    if key == CREATE:
        desk.found(None)
    desk.settle(key, NO)
    assert desk.answered == {"b1": None}
    assert "the name is too long" in desk.answers["b1"][0].why
    assert desk.wait(key) >= REFUSED_WAIT
    assert [one.level for one in desk.notes] == ["stuck"]
    shorter = msgspec.structs.replace(JAN, name="J. de Vries")
    desk.ask("b2", shorter)
    desk.settle(key, NO)
    assert desk.open[key].effect.customer == shorter, "the newest counts"  # type: ignore[union-attr]  # both have one


@pytest.mark.parametrize("outcome", [NO, LATER, LOST])
def test_a_creation_that_may_have_happened_is_looked_for_first(
    outcome: Refused | NotSent | AnswerLost,
) -> None:
    """And for ever: an earlier try of it may have been the one that was lost."""
    desk = Desk()
    desk.ask()
    desk.found(None)
    desk.settle(CREATE, LOST)
    assert desk.wait(CREATE) >= LOST_WAIT
    for _ in range(3):
        assert list(desk.open) == [CREATE]
        assert desk.open[CREATE].repeated
        desk.settle(CREATE, outcome)


def test_one_who_was_found_by_a_repeated_creation_is_renewed() -> None:
    """He may be one that somebody made by hand meanwhile."""
    desk = Desk()
    desk.ask()
    desk.found(None)
    desk.settle(CREATE, LOST)
    desk.created(7)
    assert desk.effects == {UPDATE: UpdateRelation(relation_number=7, customer=written(JAN))}
    desk.updated()
    assert desk.answered == {"b1": 7}


def test_a_refused_renewal_holds_up_no_order() -> None:
    desk = Desk()
    desk.ask()
    desk.found(5)
    desk.settle(UPDATE, Refused(said="locked"))
    assert desk.answered == {"b1": 5}
    assert not desk.open
    assert [one for one in desk.notes if "locked" in one.text and one.level == "warn"]
    desk.ask("b2")
    assert desk.answered["b2"] == 5
    assert not desk.open, "the same is not refused for every order"
    desk.ask("b3", MOVED)
    assert list(desk.open) == [UPDATE]


def test_what_a_vendor_asks_to_wait_is_waited() -> None:
    desk = Desk()
    desk.ask()
    desk.settle(FIND, NotSent(why="busy", retry_after=120.0))
    assert desk.wait(FIND) >= 120


def test_who_presses_try_again_waits_no_longer() -> None:
    desk = Desk()
    desk.ask()
    desk.found(None)
    desk.settle(CREATE, NO)
    desk.ask("b2")
    assert desk.wait(CREATE) > 0, "a new order is no reason"
    desk.ask("b1", MOVED)
    assert desk.open[CREATE].not_before is None
    assert desk.open[CREATE].repeated
    assert desk.open[CREATE].effect == CreateRelation(customer=MOVED, by=BY)
    assert [one.relation_number for one in desk.answers["b1"]] == [None, None]


def test_a_creation_that_ends_while_it_is_asked_anew_counts() -> None:
    desk = Desk()
    desk.ask()
    desk.found(None)
    desk.settle(CREATE, LATER)
    first = desk.open[CREATE].number
    desk.ask("b1", wait=0)
    assert desk.open[CREATE].number > first
    desk.settle(CREATE, RelationSaved(relation_number=7), number=first)
    assert CREATE not in desk.open
    desk.updated()
    assert desk.answered == {"b1": 7}


def test_an_older_try_that_failed_while_it_is_asked_anew_counts_for_nothing() -> None:
    desk = Desk()
    desk.ask()
    desk.settle(FIND, LATER)
    first = desk.open[FIND].number
    desk.ask("b1", wait=0)
    before = desk.state
    desk.settle(FIND, NO, number=first)
    assert desk.state == before
    assert list(desk.open) == [FIND]


# -- what is remembered


def test_what_is_not_believed_is_looked_for_anew() -> None:
    desk = Desk()
    desk.known()
    desk.ask("b2", fresh=True)
    assert desk.effects == {FIND: FindRelation(customer=JAN, by=BY)}
    desk.found(9)
    desk.updated(9)
    assert desk.answered == {"b2": 9}


def test_looking_anew_drops_a_renewal_and_never_a_creation() -> None:
    desk = Desk()
    desk.known()
    desk.ask("b2", MOVED)
    desk.ask("b3", MOVED, fresh=True)
    assert list(desk.open) == [FIND]
    other = Desk()
    other.ask()
    other.found(None)
    other.ask("b2", fresh=True)
    assert list(other.open) == [CREATE]
    other.created(7)
    other.updated(7)
    assert other.answered == {"b1": 7, "b2": 7}


def test_nothing_personal_stays() -> None:
    desk = Desk()
    desk.ask("b1")
    desk.found(None)
    assert b"Vries" in msgspec.json.encode(desk.state)
    desk.created(7)
    kept = msgspec.json.encode(desk.state)
    for part in (JAN.name, JAN.address, JAN.zip_code, JAN.email, "Utrecht"):
        assert part.encode() not in kept


def test_notes_are_masked() -> None:
    desk = Desk()
    desk.ask()
    desk.found(None)
    desk.created(7)
    assert [one.text for one in desk.notes] == ["J** d* V**** is relation 7 in Mplus now."]


def test_a_row_is_forgotten_long_after_its_last_use() -> None:
    desk = Desk()
    desk.ask()
    assert desk.wake is None, "something is open"
    desk.found(None)
    desk.created(7)
    desk.ask("b2", wait=50 * 86_400)
    assert desk.wake == desk.now + timedelta(seconds=KEEP)
    context = Context(connection="shop", entity="bol-1", at=desk.now, rules=())
    assert decide(desk.state, Woke(due=START), context).state == desk.state, "used meanwhile"
    assert desk.woke().state is None
    desk.ask("b3")
    assert list(desk.open) == [FIND]


def test_more_orders_than_can_wait_are_told() -> None:
    desk = Desk()
    for number in range(WAITING):
        desk.ask(f"b{number}", wait=0)
    desk.ask("one more")
    assert "try again" in desk.answers["one more"][0].why
    assert len(desk.debtor.waiting) == WAITING
    desk.ask("b0")
    desk.found(5)
    desk.updated(5)
    assert set(desk.answered.values()) == {5, None}
    desk.ask("one more")
    assert desk.answered["one more"] == 5


# -- echoes


def test_an_echo_about_somebody_forgotten_makes_no_row() -> None:
    context = Context(connection="shop", entity="bol-1", at=START, rules=())
    settled = Settled(
        key=FIND, number=1, outcome=RelationFound(relation_number=5), asked_at=START, answered_at=START
    )
    for event in (settled, Woke(due=START)):
        assert decide(None, event, context).state is None


@pytest.mark.parametrize(
    "outcome", [RelationFound(relation_number=5), RelationSaved(relation_number=5), NO, LATER, LOST]
)
@pytest.mark.parametrize("key", [FIND, CREATE, UPDATE])
def test_an_echo_to_a_row_at_rest_asks_nothing(key: str, outcome: object) -> None:
    """A replay under other rules may hear what this row never asked (app/replay)."""
    desk = Desk()
    desk.known()
    context = Context(connection="shop", entity="bol-1", at=desk.now, rules=())
    settled = Settled(key=key, number=9, outcome=outcome, asked_at=START, answered_at=START)  # type: ignore[arg-type]  # each outcome
    decision = decide(desk.state, settled, context)
    assert not decision.asks
    assert not decision.messages


def test_an_answer_to_something_else_is_a_mistake() -> None:
    desk = Desk()
    desk.ask()
    with pytest.raises(ValueError, match="OfferPushed"):
        desk.settle(FIND, OfferPushed(offer_id="o", amount=1))


# -- the fingerprint


def test_a_fingerprint_is_of_what_would_be_written() -> None:
    assert fingerprint(JAN, FIELDS) == fingerprint(JAN, FIELDS[::-1])
    assert fingerprint(JAN, FIELDS) != fingerprint(MOVED, FIELDS)
    assert fingerprint(JAN, ("city",)) == fingerprint(MOVED, ("city",))
    assert fingerprint(JAN, ()) == fingerprint(JAN, ("phone", "no such field")) == ""
    one, other = (
        msgspec.structs.replace(JAN, extra=extra) for extra in ({"a": 1, "b": True}, {"b": True, "a": 1})
    )
    assert fingerprint(one, ("extra",)) == fingerprint(other, ("extra",))


@given(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))
def test_other_fields_have_another_fingerprint(address: str, city: str, other: str, town: str) -> None:
    first = msgspec.structs.replace(JAN, address=address, city=city)
    second = msgspec.structs.replace(JAN, address=other, city=town)
    same = fingerprint(first, ("address", "city")) == fingerprint(second, ("address", "city"))
    assert same is ((address, city) == (other, town))
