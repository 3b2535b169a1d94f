from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus import portions
from streams.vocabulary.mplus_order import Moved, MplusOrder, MplusOrderLine

D = Decimal


def line(
    line_id: str, article: int, quantity: int, delivered: int = 0, cancelled: int = 0, component: bool = False
) -> MplusOrderLine:
    return MplusOrderLine(
        article_number=article, quantity=D(quantity), line_id=line_id, component=component, delivered=D(delivered),
        cancelled=D(cancelled),
    )  # fmt: skip


def order(*lines: MplusOrderLine) -> MplusOrder:
    return MplusOrder(order_id="o", ext_order_id="BOL-1", lines=lines)


def moved(**articles: int) -> tuple[Moved, ...]:
    return tuple(
        Moved(article_number=int(name[1:]), quantity=quantity) for name, quantity in articles.items()
    )


TWO = order(line("a", 1, 3, delivered=1), line("b", 2, 2), line("c", 1, 2))


def test_what_is_missing_of_what_is_due() -> None:
    assert portions.to_deliver(TWO, ()) == {"a": 2, "b": 2, "c": 2}
    assert portions.to_deliver(TWO, moved(_1=4)) == {"a": 2, "c": 1}
    assert portions.to_deliver(TWO, moved(_1=1)) == {}
    assert portions.to_deliver(TWO, moved(_1=99, _7=1)) == {"a": 2, "c": 2}


def test_what_is_no_longer_wanted_goes_from_the_last_line_first() -> None:
    assert portions.to_shrink(TWO, moved(_1=4, _2=2)) == {"c": 1}
    assert portions.to_shrink(TWO, moved(_1=2)) == {"c": 0, "a": 2, "b": 0}
    assert portions.to_shrink(TWO, ()) == {"c": 0, "a": 1, "b": 0}
    assert portions.to_shrink(TWO, moved(_1=9, _2=9)) == {}


def test_parts_and_texts_are_never_touched() -> None:
    whole = order(line("a", 1, 2), line("p", 8, 4, component=True), line("t", 0, 1))
    assert portions.to_deliver(whole, ()) == {"a": 2}
    assert portions.to_shrink(whole, ()) == {"a": 0}


def test_what_is_cancelled_already_stays_on_the_line() -> None:
    part = order(line("a", 1, 5, cancelled=2))
    assert portions.to_deliver(part, ()) == {"a": 3}
    assert portions.to_shrink(part, moved(_1=1)) == {"a": 3}
    assert portions.to_shrink(part, ()) == {"a": 2}
    assert portions.all_goes(part, {"a": D(2)})


def test_a_credit_is_counted_apart() -> None:
    credit = order(line("a", 1, 2), line("b", 1, -2))
    assert portions.to_deliver(credit, ()) == {"a": 2, "b": -2}
    assert portions.to_deliver(credit, moved(_1=-1)) == {"b": -1}
    assert portions.to_shrink(credit, moved(_1=2)) == {"b": 0}
    assert portions.to_shrink(credit, moved(_1=-1)) == {"b": -1, "a": 0}


def test_when_an_order_can_be_cancelled_as_a_whole() -> None:
    fresh = order(line("a", 1, 2), line("b", 2, 1))
    assert portions.all_goes(fresh, portions.to_shrink(fresh, ()))
    assert not portions.all_goes(fresh, portions.to_shrink(fresh, moved(_2=1)))
    assert not portions.all_goes(TWO, portions.to_shrink(TWO, ()))


@st.composite
def orders(draw: st.DrawFn) -> MplusOrder:
    lines = []
    for place in range(draw(st.integers(0, 5))):
        sign = draw(st.sampled_from([1, 1, 1, -1]))
        quantity = draw(st.integers(0, 6))
        delivered = draw(st.integers(0, quantity))
        cancelled = draw(st.integers(0, quantity - delivered))
        article, component = draw(st.integers(0, 3)), draw(st.booleans()) and place > 0
        lines.append(
            line(
                str(place), article, sign * quantity, sign * delivered, sign * cancelled, component=component
            )
        )
    return order(*lines)


TARGETS = st.lists(
    st.builds(Moved, article_number=st.integers(1, 4), quantity=st.integers(0, 8)), max_size=4
).map(tuple)


def totals(lines: list[MplusOrderLine], of: str) -> Counter[int]:
    found: Counter[int] = Counter()
    for one in lines:
        if one.quantity > 0:
            value = one.quantity - one.cancelled if of == "wanted" else one.delivered
            found[one.article_number] += int(value)
    return found


def named(targets: tuple[Moved, ...]) -> Counter[int]:
    found: Counter[int] = Counter()
    for one in targets:
        found[one.article_number] += one.quantity
    return found


@given(orders(), TARGETS)
def test_delivering_comes_as_near_to_what_is_due_as_can_be_and_is_done_then(
    before: MplusOrder, due: tuple[Moved, ...]
) -> None:
    some = portions.to_deliver(before, due)
    after = order(
        *(line(one.line_id, one.article_number, int(one.quantity), int(one.delivered + some.get(one.line_id, 0)),
               int(one.cancelled), one.component) for one in before.lines)
    )  # fmt: skip
    assert portions.to_deliver(after, due) == {}
    own, there = portions.own_lines(after), portions.own_lines(before)
    assert all(abs(one.delivered) + abs(one.cancelled) <= abs(one.quantity) for one in own)
    wanted, had = named(due), totals(there, "delivered")
    for article, got in totals(own, "delivered").items():
        most = totals(there, "wanted")[article]
        assert got == (max(had[article], min(wanted[article], most)) if due else most)
    assert {one.line_id for one in own} >= set(some)


@given(orders(), TARGETS)
def test_shrinking_leaves_what_is_wanted_and_is_done_then(
    before: MplusOrder, left: tuple[Moved, ...]
) -> None:
    smaller = portions.to_shrink(before, left)
    after = order(
        *(line(one.line_id, one.article_number, int(smaller.get(one.line_id, one.quantity)), int(one.delivered),
               int(one.cancelled), one.component) for one in before.lines)
    )  # fmt: skip
    assert portions.to_shrink(after, left) == {}
    own, there = portions.own_lines(after), portions.own_lines(before)
    assert all(abs(one.delivered + one.cancelled) <= abs(one.quantity) for one in own)
    wanted, had, gone = named(left), totals(there, "wanted"), totals(there, "delivered")
    for article, stays in totals(own, "wanted").items():
        assert stays == min(had[article], max(wanted[article], gone[article]))
