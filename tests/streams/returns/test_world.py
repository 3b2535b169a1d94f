"""In any order of notices, answers, losses, refusals and crashes each item is handled once at Bol, and credited once at
most in Mplus."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.returns.rules import GOODS_BACK, HandlingRule, ReturnRules
from tests.streams.returns.world import FATES, World

RESULTS = ("RETURN_RECEIVED", "REPAIR_PRODUCT", "RETURN_DOES_NOT_MEET_CONDITIONS")
ACTS = st.one_of(
    st.tuples(st.just("run"), st.integers(0, 5), st.sampled_from(FATES)),
    st.tuples(st.just("run"), st.integers(0, 5), st.just("well")),
    st.tuples(st.just("hand"), st.integers(1, 3), st.sampled_from(RESULTS), st.booleans()),
    st.tuples(st.just("partner"), st.integers(1, 3), st.sampled_from(RESULTS)),
    st.tuples(st.just("orders"), st.booleans(), st.booleans()),
    st.tuples(st.just("old list"), st.integers(0, 9)),
    st.sampled_from([("sweep",), ("sleep",), ("later",), ("bol",)]),
)
RULES = st.builds(
    ReturnRules,
    handle=st.sampled_from(
        [
            (),
            (HandlingRule(result="RETURN_RECEIVED", after_days=0),),
            (HandlingRule(result="CUSTOMER_KEEPS_PRODUCT_PAID", after_days=1),),
        ]
    ),
    credit=st.sampled_from(["no", "when-handled"]),
    restock=st.booleans(),
    refund=st.booleans(),
)


@given(
    items=st.integers(1, 3),
    rules=RULES,
    fulfilment=st.sampled_from(["FBR", "FBR", "FBB"]),
    acts=st.lists(ACTS, max_size=40),
)
@settings(max_examples=400, deadline=None)
def test_each_item_is_handled_once_and_credited_once_at_most(
    items: int, rules: ReturnRules, fulfilment: str, acts: list[tuple[Any, ...]]
) -> None:
    world = World(items, rules, fulfilment)
    world.sweep()
    for act in acts:
        play(world, act)
    world.come_to_rest()
    for rma_id, results in world.handlings.items():
        assert len(results) == 1, f"{rma_id} was handled as {results}"
    if fulfilment == "FBB":
        assert not world.processes, "Bol handles its own warehouse's"
    assert len(world.created) == len(set(world.created))
    state = world.desk.state
    if state is None:
        return
    for one in state.items:
        ext_id = f"BOL-{one.order_id}-R{one.rma_id}"
        assert one.state == "handled"
        assert one.handled_as in ("", *world.handlings[one.rma_id]), "the state follows Bol"
        assert (one.credit == "booked") == (ext_id in world.booked)
        assert one.draft is None
        order = f"m-{ext_id}"
        back = rules.restock and one.handled_as in GOODS_BACK and not one.by_rule
        if one.credit == "booked" and back:
            assert order in world.delivered
        if order in world.delivered:
            assert rules.restock
        payments = [key for key, of in world.paid.items() if of == order]
        assert len(payments) <= 1


def play(world: World, act: tuple[Any, ...]) -> None:
    desk = world.desk
    match act:
        case ("run", number, fate):
            world.run(number, fate)
        case ("hand", number, result, credit):
            desk.by_hand(result, number=number, credit=credit)
        case ("partner", number, result):
            world.partner_site(number, result)
        case ("orders", known, twice):
            world.known = known
            world.orders_flow(twice)
        case ("old list", number):
            world.old_list(number)
        case ("sweep",):
            world.sweep()
        case ("sleep",):
            if desk.wake is not None:
                desk.sleep()
        case ("bol",):
            world.bol_works()
        case ("later",):
            desk.later(2000)


@given(acts=st.lists(ACTS, max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_wanted_credit_comes_in_the_end(acts: list[tuple[Any, ...]]) -> None:
    """Whatever goes wrong on the way, an item that a person handles as received, to be credited, is credited."""
    world = World(1, ReturnRules(keep_days=3650))
    world.sweep()
    world.desk.by_hand(credit=True)
    for act in acts:
        if act[0] not in ("hand", "partner"):
            play(world, act)
    world.come_to_rest()
    assert world.handlings == {"r1": ["RETURN_RECEIVED"]}
    assert world.created == ["BOL-b1-Rr1"]
