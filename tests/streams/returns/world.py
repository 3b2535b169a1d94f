"""Bol, Mplus and the orders flow around one return, as a model whose calls may go any way."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from streams.returns.rules import ReturnRules
from streams.vocabulary.effects import (
    AskBolProcess,
    CommitOrder,
    DeliverMplusOrder,
    HandleBolReturn,
    PayMplusOrder,
    SweepBolReturns,
)
from streams.vocabulary.events import (
    BolWriteBegun,
    MplusOrderPaid,
    MplusOrderRead,
    OrderCommitted,
    ProcessStatus,
    ProcessStatuses,
    ReturnAsked,
    ReturnItem,
    Swept,
)
from streams.vocabulary.mplus_order import MplusOrder, OrderDraft
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.returns.desk import SETTLES, Desk, draft, item

METHOD = {"payment_method": "Bol.com"}
Fate = Literal["well", "lost", "lost-before", "not-sent", "refused", "crash", "pending", "timeout", "late"]
FATES: tuple[Fate, ...] = (
    "well", "lost", "lost-before", "not-sent", "refused", "crash", "pending", "timeout", "late",
)  # fmt: skip


class Process:
    """A handling that Bol took and has not done yet."""

    def __init__(self, effect: HandleBolReturn) -> None:
        self.effect = effect
        self.status = "PENDING"


class World:
    """One return of several items, all vendors, and the row."""

    def __init__(self, items: int, rules: ReturnRules, fulfilment: str = "FBR") -> None:
        self.desk = Desk(rules)
        self.fulfilment = fulfilment
        self.at_bol = {f"r{number}": item(number, expected=1) for number in range(1, items + 1)}
        self.processes: dict[str, Process] = {}
        self.handlings: dict[str, list[str]] = {rma_id: [] for rma_id in self.at_bol}
        """How each item was handled, each time that it was."""
        self.booked: dict[str, OrderDraft] = {}
        """By extOrderId."""
        self.created: list[str] = []
        self.delivered: dict[str, int] = {}
        self.paid: dict[str, str] = {}
        self.lists: list[tuple[ReturnItem, ...]] = []
        """As Bol gave them out; the older ones may still be on their way."""
        self.asked: list[ReturnAsked] = []
        self.known = True

    # -- what happens by itself

    @property
    def open_at_bol(self) -> bool:
        return any(not one.handled for one in self.at_bol.values())

    def sweep(self) -> None:
        """The list of open returns has it while any item is open."""
        if self.open_at_bol:
            self.lists.append(tuple(self.at_bol.values()))
            self.desk.notice(*self.lists[-1], fulfilment=self.fulfilment)

    def old_list(self, number: int) -> None:
        """A list that was read before, and is written down only now."""
        if self.lists:
            self.desk.notice(*self.lists[number % len(self.lists)], fulfilment=self.fulfilment)

    def partner_site(self, number: int, result: str) -> None:
        """Staff (or Bol) handle an open item there, while nothing of ours is under way about it."""
        rma_id = f"r{number}"
        under_way = any(
            one.effect.rma_id == rma_id and one.status == "PENDING" for one in self.processes.values()
        )
        if rma_id in self.at_bol and not self.at_bol[rma_id].handled and not under_way:
            self._handle(rma_id, result)

    def _handle(self, rma_id: str, result: str) -> None:
        self.handlings[rma_id].append(result)
        self.at_bol[rma_id] = msgspec.structs.replace(
            self.at_bol[rma_id], handled=True, handled_as=result, handled_quantity=1
        )

    def orders_flow(self, twice: bool = False) -> None:
        """Answers what it was asked, perhaps twice."""
        questions = [message.event for message in self.desk.sent if isinstance(message.event, ReturnAsked)]
        for asked in questions[len(self.asked) - (1 if twice and self.asked else 0) :]:
            number = int(asked.rma_id.removeprefix("r"))
            found = (
                draft(number, asked.quantity, **(SETTLES if number == 2 else METHOD)) if self.known else None
            )
            self.desk.answer(found, number)
        self.asked = [message.event for message in self.desk.sent if isinstance(message.event, ReturnAsked)]

    # -- effects

    def run(self, number: int, fate: Fate) -> None:
        """One of the open effects is run."""
        if not self.desk.open:
            return
        key = sorted(self.desk.open)[number % len(self.desk.open)]
        asked = self.desk.open[key]
        if fate == "not-sent":
            self.desk.settle(key, NotSent(why="no connection"))
        elif fate == "refused":
            self.desk.settle(key, Refused(said="no"))
        elif fate == "lost-before":
            self.desk.settle(key, AnswerLost(why="timeout"))
        elif fate == "lost":
            self._call(asked.effect, asked.repeated, fate)
            self.desk.settle(key, AnswerLost(why="timeout"))
        elif fate == "crash":  # it took effect, and whoever owns the partition next runs it again
            self._call(asked.effect, asked.repeated, fate)
            self.desk.settle(key, self._call(asked.effect, True, "well"))
        else:
            self.desk.settle(key, self._call(asked.effect, asked.repeated, fate))

    def _call(self, effect: Any, repeated: bool, fate: Fate) -> Any:
        match effect:
            case HandleBolReturn():
                return self._put(effect, repeated)
            case AskBolProcess():
                return self._process(effect.process_id, fate)
            case SweepBolReturns():
                assert effect.return_id == "9"
                shown = tuple(self.at_bol.values())
                self.lists.append(shown)
                if fate != "late":  # else the notice is lost in the log's order: only the outcome counts
                    self.desk.notice(*shown, fulfilment=self.fulfilment)
                return Swept(cursor="", found=1)
            case CommitOrder():
                return self._commit(effect.draft)
            case DeliverMplusOrder():
                self.delivered[effect.order_id] = 1  # up to the totals: a second time is nothing more
                found = MplusOrder(order_id=effect.order_id, ext_order_id=effect.order_id)
                return MplusOrderRead(order=found)
            case PayMplusOrder():
                self.paid[effect.key] = effect.order_id
                return MplusOrderPaid()
            case _:
                raise AssertionError(f"a return does not ask for {effect}")

    def _put(self, effect: HandleBolReturn, repeated: bool) -> BolWriteBegun:
        handled = self.at_bol[effect.rma_id].handled
        assert repeated or not handled, "it overrules what somebody decided meanwhile"
        if handled:
            return BolWriteBegun(process_id="", done=True)
        process_id = f"p{len(self.processes) + 1}"
        self.processes[process_id] = Process(effect)
        return BolWriteBegun(process_id=process_id)

    def _process(self, process_id: str, fate: Fate) -> ProcessStatuses:
        process = self.processes[process_id]
        if process.status == "PENDING" and fate == "timeout":
            process.status = "TIMEOUT"
        elif fate not in ("pending", "lost"):
            self._work_off(process)
        error = "handled already" if process.status == "FAILURE" else ""
        found = ProcessStatus(process_id=process_id, status=process.status, error=error)
        return ProcessStatuses(statuses=(found,))

    def bol_works(self) -> None:
        """Bol gets to what it took, asked about it or not."""
        for process in self.processes.values():
            self._work_off(process)

    def _work_off(self, process: Process) -> None:
        if process.status != "PENDING":
            return
        if self.at_bol[process.effect.rma_id].handled:
            process.status = "FAILURE"
        else:
            process.status = "SUCCESS"
            self._handle(process.effect.rma_id, process.effect.result)

    def _commit(self, wanted: OrderDraft) -> OrderCommitted:
        """createOrderV3, and what the executor makes of EXT-ORDER-ID-ALREADY-EXISTS."""
        adopted = wanted.ext_order_id in self.booked
        if not adopted:
            self.created.append(wanted.ext_order_id)
            self.booked[wanted.ext_order_id] = wanted
        return OrderCommitted(order_id=f"m-{wanted.ext_order_id}", adopted=adopted)

    # -- to the end

    def come_to_rest(self) -> None:
        """All goes well from now on, staff see to what waits for them, and time goes by."""
        self.known = True
        if self.desk.state is None:
            self.sweep()
        for _ in range(300):
            state = self.desk.state
            if state is None:
                return
            self.orders_flow()
            self.bol_works()
            if self.desk.open:
                self.run(0, "well")
                continue
            for one in state.items:
                number = int(one.rma_id.removeprefix("r"))
                if self.fulfilment == "FBB" or one.state == "failed":
                    self.partner_site(number, "RETURN_RECEIVED")
                elif one.state == "open" and not self.at_bol[one.rma_id].handled:
                    self.desk.by_hand(number=number, credit=True)
                if one.state == "handled" and (one.credit == "failed" or one.credit_stuck):
                    self.desk.by_hand(number=number, credit=True)
            if not self.desk.open and self.desk.wake is not None:
                self.sweep()
                if all(one.settled for one in (self.desk.state or state).items):
                    return
                self.desk.sleep()
        raise AssertionError(f"it does not come to rest: {self.desk.state}")
