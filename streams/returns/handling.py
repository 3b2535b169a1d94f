"""How an item is handled at Bol, and what Bol shows of it. Pure.

Every handling looks first (`repeated`): the list that a person or a rule went by may be minutes old, and whoever
handled the item in the partner site since is not to be overruled. Where it turns out to be handled already, Bol is
asked how, and that counts.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.backoff import LOUD, REFUSED_WAIT, delay
from streams.returns.credit import begin_by_itself
from streams.returns.rules import HandlingRule
from streams.returns.state import Item
from streams.returns.step import Step, failure
from streams.vocabulary.activity import Level
from streams.vocabulary.effects import AskBolProcess, HandleBolReturn, SweepBolReturns
from streams.vocabulary.events import BolWriteBegun, ProcessStatuses, ReturnItem
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

READ = "read"
FIRST_LOOK = 2.0
"""Seconds until Bol is first asked how a handling ended: most have ended by then."""
LISTED = 3600.0
"""Seconds for which Bol's list may still show an item as open that Bol has handled: the list may be read before and
written down after."""


def handle_key(rma_id: str) -> str:
    """The key of the handling of an item."""
    return f"handle/{rma_id}"


def process_key(rma_id: str) -> str:
    """The key of the question how it ended."""
    return f"process/{rma_id}"


# -- asked of Bol


def handle(step: Step, item: Item, not_before: datetime | None = None) -> None:
    """Asks Bol to handle it as `item.result`."""
    step.put(replace(item, state="asked", process_id="", waits=0))
    step.ask(
        handle_key(item.rma_id),
        HandleBolReturn(
            return_id=step.context.entity,
            rma_id=item.rma_id,
            result=item.result,
            quantity=item.quantity,
        ),
        not_before,
        repeated=True,
    )


def rule_for(step: Step, item: Item) -> HandlingRule | None:
    """The rule that handles this item one day, if there is one."""
    if step.state.fulfilment == "FBB" or item.state != "open":
        return None
    reason = item.reason.casefold()
    return next((rule for rule in step.rules.handle if rule.reason.casefold() in reason), None)


def due_by_rule(step: Step, rule: HandlingRule) -> datetime:
    """When the rule handles an item of this return."""
    return step.state.registered_at + seconds(rule.after_days * 86_400)


def handle_by_rule(step: Step) -> None:
    """What is due by a rule is asked of Bol."""
    for item in step.state.items:
        rule = rule_for(step, item)
        if rule is None or due_by_rule(step, rule) > step.at:
            continue
        step.note(
            "return-rule",
            f"Item {item.rma_id} ({item.reason or 'no reason given'}) is handled as {rule.result} by the settings: "
            f"{rule.after_days:g} days after it was registered.",
        )
        asked = replace(
            item,
            result=rule.result,
            quantity=item.expected,
            by_rule=True,
            wants_credit=None,
            stuck="",
            tries=0,
        )
        handle(step, asked)


# -- what Bol answers


def begun(step: Step, item: Item, outcome: BolWriteBegun) -> None:
    """Bol took it, or it was handled already."""
    if item.state != "asked":
        return
    if outcome.done or not outcome.process_id:
        step.put(replace(item, tries=0))
        read(step)
        return
    step.put(replace(item, process_id=outcome.process_id, tries=0, waits=0))
    _ask_process(step, item.rma_id, outcome.process_id, FIRST_LOOK)


def process_told(step: Step, item: Item, outcome: ProcessStatuses) -> None:
    """How the handling stands."""
    if item.state != "asked":
        return
    found = next((one for one in outcome.statuses if one.process_id == item.process_id), None)
    label = f"{step.context.entity}/{process_key(item.rma_id)}"
    match found.status if found is not None else "forgotten":
        case "SUCCESS":
            step.put(replace(item, process_id="", waits=0, tries=0))
            handled(step, item.rma_id, item.result, item.quantity, ours=True)
        case "FAILURE":
            words = found.error if found is not None and found.error else "no reason given"
            _refused(step, item, f"Bol says: {words.rstrip('.')}.")
        case "TIMEOUT" | "forgotten":
            tries = item.tries + 1
            step.note(
                "return-asked-again", f"Bol did not get to item {item.rma_id}; it is asked again.", "warn"
            )
            handle(step, replace(item, tries=tries), step.at + seconds(delay(tries, label)))
        case _:
            waits = item.waits + 1
            step.put(replace(item, waits=waits, tries=0))
            _ask_process(step, item.rma_id, item.process_id, max(FIRST_LOOK, delay(waits + 1, label)))


def not_handled(step: Step, item: Item, outcome: Refused | NotSent | AnswerLost) -> None:
    """Bol did not take it, or it is not known whether it did."""
    if item.state != "asked":
        return
    tries = item.tries + 1
    wait, words = failure(outcome, "Bol", tries, f"{step.context.entity}/{handle_key(item.rma_id)}")
    if isinstance(outcome, Refused):
        _refused(step, item, words)
        return
    item = replace(item, tries=tries)
    if tries >= LOUD:
        item = _stuck(
            step,
            item,
            f"Handling item {item.rma_id} at Bol does not work. {words} It is tried again by itself.",
        )
    handle(step, item, step.at + seconds(wait))


def process_not_told(step: Step, item: Item, outcome: Refused | NotSent | AnswerLost) -> None:
    """Bol did not say how it stands."""
    if item.state != "asked" or not item.process_id:
        return
    tries = item.tries + 1
    wait, words = failure(outcome, "Bol", tries, f"{step.context.entity}/{process_key(item.rma_id)}")
    if isinstance(outcome, Refused):
        wait = max(wait, REFUSED_WAIT)
    item = replace(item, tries=tries)
    if tries >= LOUD:
        item = _stuck(
            step,
            item,
            f"Whether Bol has handled item {item.rma_id} cannot be asked. {words} It is tried again by itself.",
        )
    step.put(item)
    _ask_process(step, item.rma_id, item.process_id, max(wait, FIRST_LOOK))


def _ask_process(step: Step, rma_id: str, process_id: str, wait: float) -> None:
    step.ask(process_key(rma_id), AskBolProcess(process_id=process_id), step.at + seconds(wait))


def _refused(step: Step, item: Item, words: str) -> None:
    item = replace(item, state="failed", process_id="", waits=0, tries=0)
    step.put(
        _stuck(
            step,
            item,
            f"Bol did not handle item {item.rma_id} as {item.result} ({item.quantity} units). {words} Handle it "
            "again here with another result or number, or in Bol's partner site.",
        )
    )


def _stuck(step: Step, item: Item, why: str) -> Item:
    if item.stuck != why:
        step.note("return-stuck", why, "stuck")
    return replace(item, stuck=why)


# -- what Bol shows


def seen(step: Step, item: Item, found: ReturnItem) -> None:
    """Bol shows this item."""
    if found.handled:
        _seen_handled(step, item, found)
    elif item.state != "handled":
        known = replace(item, expected=found.expected, ean=found.ean, reason=found.reason)
        if known != item:
            step.put(known)
    elif not item.handled_as:
        step.note("return-open", f"Bol lists item {item.rma_id} as open after all.", "warn", "in")
        step.put(replace(item, state="open", handled_at=None, quantity=0))
    elif item.handled_at is None or step.at >= item.handled_at + seconds(LISTED):
        step.put(
            _stuck(
                step,
                item,
                f"Bol has handled item {item.rma_id} as {item.handled_as} ({item.quantity} of {item.expected} "
                "units) and lists it as open all the same. Look at it in Bol's partner site.",
            )
        )


def _seen_handled(step: Step, item: Item, found: ReturnItem) -> None:
    if item.state != "handled":
        # Failed too: of a handling that was sent twice (its answer was lost) Bol takes one and refuses the other.
        ours = item.state in ("asked", "failed") and found.handled_as == item.result
        quantity = found.handled_quantity or (item.quantity if ours and item.state == "asked" else 0)
        handled(step, item.rma_id, found.handled_as, quantity, ours)
        return
    if item.stuck:
        item = _no_longer_listed(step, item)
        step.put(item)
    if not found.handled_as or found.handled_as == item.handled_as:
        return
    was = item.handled_as
    step.put(replace(item, handled_as=found.handled_as, quantity=found.handled_quantity or item.quantity))
    text = f"Bol has item {item.rma_id} as {found.handled_as}"
    if item.credit not in ("none", "failed") and was:
        text += (
            f" now, and it was {was} when it was credited: look whether the credit in Mplus is still right"
        )
    step.note("return-handled", f"{text}.", "warn" if was else "info", "in")
    begin_by_itself(step, item.rma_id)


def _no_longer_listed(step: Step, item: Item) -> Item:
    step.note("return-stuck", f"Bol no longer lists item {item.rma_id} as open.", "cleared", "in")
    return replace(item, stuck="")


def handled(step: Step, rma_id: str, handled_as: str, quantity: int, ours: bool) -> None:
    """Bol has handled it, asked by us or not: the state follows Bol."""
    item = step.now(rma_id)
    step.drop(handle_key(rma_id), process_key(rma_id))
    how = handled_as or "handled, it does not tell how"
    units = f", {quantity} units" if quantity else ""
    level: Level = "cleared" if item.stuck else "good"
    if ours:
        step.note("return-handled", f"Item {rma_id} is {how} at Bol{units}.", level, "out")
    else:
        step.note(
            "return-handled",
            f"Bol has item {rma_id} as {how}{units}; it was not asked from here.",
            level,
            "in",
        )
    step.put(
        replace(
            item,
            state="handled",
            handled_as=handled_as,
            handled_at=step.at,
            quantity=quantity,
            by_rule=item.by_rule and ours,
            wants_credit=item.wants_credit if ours else None,
            process_id="",
            waits=0,
            tries=0,
            stuck="",
        )
    )
    begin_by_itself(step, rma_id)


# -- a look at the return itself


def read(step: Step, not_before: datetime | None = None) -> None:
    """Asks Bol about this return: the sweep's list has open ones only."""
    step.state = replace(step.state, unseen=True)
    step.ask(READ, SweepBolReturns(return_id=step.context.entity), not_before)


def was_read(step: Step) -> None:
    """Bol answered; what it shows came before this as a notice. What is in no answer is no longer open."""
    unseen = step.state.unseen
    step.state = replace(step.state, unseen=False, noticed_at=step.at, read_tries=0)
    for item in step.state.items:
        if item.state == "handled":
            if item.stuck and unseen:
                step.put(_no_longer_listed(step, item))
            continue
        under_way = step.waits_for(handle_key(item.rma_id)) or step.waits_for(process_key(item.rma_id))
        if item.state == "asked":
            if under_way:
                continue
            if unseen:  # handled, as Bol said when we looked, and it does not tell more: ours it is
                handled(step, item.rma_id, item.result, item.quantity, ours=True)
            else:  # an old list came between: look again
                tries = item.tries + 1
                step.put(replace(item, tries=tries))
                read(
                    step, step.at + seconds(max(FIRST_LOOK, delay(tries + 1, f"{step.context.entity}/read")))
                )
        elif unseen:
            handled(step, item.rma_id, "", 0, ours=False)


def was_not_read(step: Step, outcome: Refused | NotSent | AnswerLost) -> None:
    """Nothing is concluded from silence: it is asked again."""
    tries = step.state.read_tries + 1
    step.state = replace(step.state, read_tries=tries)
    wait, words = failure(outcome, "Bol", tries, f"{step.context.entity}/read")
    if isinstance(outcome, Refused):
        wait = max(wait, REFUSED_WAIT)
    if tries == LOUD:
        step.note(
            "return-read", f"The return cannot be read at Bol. {words} It is tried again by itself.", "warn"
        )
    read(step, step.at + seconds(wait))
