"""Returns: registered by customers, handled by the retailer, or by Bol where Bol sent it. No I/O.

After Bol's page on returns: a result is given per return item (rma id) and makes it handled; a handled one can be given
another result; a return that was made by the retailer is handled at once, up to 90 days after its shipment; there is
never more returned than was ordered (here: than was shipped).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from connectors.bol.simulator.dispatch import Dispatch
from connectors.bol.simulator.habits import Habits
from connectors.bol.simulator.records import (
    Fate,
    Handling,
    Item,
    NotDone,
    Process,
    Return,
    ReturnedItem,
    Who,
    named,
)
from streams.vocabulary.time import Clock, seconds

MOST_RETURNS = 50_000
DAYS_TO_RETURN = 90
NOT_ACCEPTED = "RETURN_DOES_NOT_MEET_CONDITIONS"
REASONS = (
    ("Niet naar verwachting", "Anders dan op de foto"), ("Verkeerde maat of afmeting", "Te klein"),
    ("Defect", "Werkt niet"), ("Verkeerd besteld", ""), ("Te laat geleverd", ""),
)  # fmt: skip
COMMENTS = ("", "", "Lorem ipsum", "Het was <voor> mijn moeder, zij heeft er al één.", "Bel me: 0612345678")


class ReturnDesk(Dispatch):
    """What comes back."""

    def __init__(
        self, clock: Clock, rng: Random, process_seconds: float, process_kept: float, habits: Habits
    ) -> None:
        super().__init__(clock, rng, process_seconds, process_kept, habits)
        self.returns: dict[str, Return] = {}
        self._returned: dict[str, tuple[Return, ReturnedItem]] = {}

    def register_return(
        self,
        wanted: list[tuple[str, int | None]],
        reason: tuple[str, str] | None = None,
        comments: str | None = None,
    ) -> Return:
        """The customer announces that (item id, units; None: all that left) come back. Raises NotDone."""
        self.diary.catch_up()
        if not wanted or len({item_id for item_id, _ in wanted}) < len(wanted):
            raise NotDone("a return has items, each of them once")
        if len(self.returns) >= MOST_RETURNS:
            raise NotDone(f"the simulator holds at most {MOST_RETURNS} returns", 409)
        found = [(*self.item(item_id), asked) for item_id, asked in wanted]
        if len({item.fulfilment for _, item, _ in found}) > 1:
            raise NotDone("what Bol sent and what the retailer sent come back separately")
        units = [(order, item, self._returnable(item, asked)) for order, item, asked in found]
        made = Return(
            return_id=str(60_000_000 + self.number()),
            at=self.clock(),
            fulfilment=found[0][1].fulfilment,
            items=[],
        )
        for order, item, quantity in units:
            drawn = self.rng.choice(REASONS)
            said = self.rng.choice(COMMENTS)
            item.returned += quantity
            one = ReturnedItem(
                rma_id=str(80_000_000 + self.number()),
                order=order,
                item=item,
                expected=quantity,
                main_reason=(reason or drawn)[0],
                detailed_reason=(reason or drawn)[1],
                comments=said if comments is None else comments,
                transporter="PostNL",
                track=self.tracked(),
            )
            made.items.append(one)
            self._returned[one.rma_id] = (made, one)
        self.returns[made.return_id] = made
        after = self.habits.fbb_after
        if made.fulfilment == "FBB" and after is not None:
            self.diary.enter(made.at + seconds(after), self._received(made))
        return made

    def handle(self, rma_id: str, result: str, quantity: int, fate: Fate = "SUCCESS") -> Process:
        """`PUT /retailer/returns/{rma-id}`."""
        words = f"Handle the return item with rma id {rma_id}."
        process = self.processes.begin("HANDLE_RETURN_ITEM", words, rma_id, fate)

        def act() -> None:
            back, one = named(self._returned, rma_id, "return item")
            if back.fulfilment == "FBB":
                raise NotDone(f"Return item {rma_id} is handled by bol.")
            if quantity > one.expected:
                raise NotDone(f"Return item {rma_id} has an expected quantity of {one.expected}.")
            if result == "STILL_APPROVED" and not (one.handled and one.handlings[-1].result == NOT_ACCEPTED):
                raise NotDone(f"Return item {rma_id} was not declined.")
            self._handled(one, result, quantity, "retailer")

        self.do(process, act)
        return process

    def create_return(self, item_id: str, result: str, quantity: int, fate: Fate = "SUCCESS") -> Process:
        """`POST /retailer/returns`: the retailer makes one that nobody registered; its id is the process's entity in
        the end."""
        words = f"Create return for order item {item_id}."
        process = self.processes.begin("CREATE_RETURN_ITEM", words, "", fate)

        def act() -> None:
            _, item = self.item(item_id)
            if item.fulfilment == "FBB":
                raise NotDone(f"Order item {item_id} is fulfilled by bol.")
            left = [one.at for one in self.shipments.values() if any(item is sent for sent, _ in one.items)]
            if left and self.clock() - max(left) > timedelta(days=DAYS_TO_RETURN):
                raise NotDone(f"Order item {item_id} was shipped more than {DAYS_TO_RETURN} days ago.")
            made = self.register_return([(item_id, quantity)], ("Anders", ""), "")
            self._handled(made.items[0], result, quantity, "retailer")
            process.entity_id = made.return_id

        self.do(process, act)
        return process

    def returned(self, return_id: str) -> Return:
        """Raises NotDone (404)."""
        return named(self.returns, return_id, "return")

    def _returnable(self, item: Item, asked: int | None) -> int:
        most = item.shipped - item.returned
        quantity = most if asked is None else asked
        if not 1 <= quantity <= most:
            raise NotDone(f"Order item {item.item_id} has {most} to be returned.", 409)
        return quantity

    def _handled(self, one: ReturnedItem, result: str, quantity: int, by: Who) -> None:
        one.handlings.append(Handling(at=self.clock(), result=result, quantity=quantity, by=by))

    def _received(self, back: Return) -> Callable[[], None]:
        """Bol's own warehouse has it."""

        def act() -> None:
            for one in back.items:
                self._handled(one, "RETURN_RECEIVED", one.expected, "bol")

        return act

    def _comes_back(self, item: Item, quantity: int) -> Callable[[], None]:
        def act() -> None:
            most = min(quantity, item.shipped - item.returned)
            if most > 0 and len(self.returns) < MOST_RETURNS:
                self.register_return([(item.item_id, most)])

        return act
