"""The marketplace's books: offers, orders, shipments, returns, and here writes and subscriptions. No I/O."""

from __future__ import annotations

from random import Random

from connectors.bol.simulator.habits import Habits
from connectors.bol.simulator.records import NotDone, Order, Process, Subscription, named
from connectors.bol.simulator.return_desk import ReturnDesk
from streams.vocabulary.time import Clock

__all__ = ["BolBooks", "NotDone", "Order"]

MOST_SUBSCRIPTIONS = 100


class BolBooks(ReturnDesk):
    """All of it: the shelf, the order desk, the dispatch and the return desk, one built on the other."""

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        process_seconds: float = 0.2,
        process_kept: float = 3600.0,
        habits: Habits | None = None,
    ) -> None:
        super().__init__(clock, rng, process_seconds, process_kept, habits or Habits())
        self.subscriptions: dict[str, Subscription] = {}

    def subscribe(
        self, url: str, resources: tuple[str, ...], enabled: bool = True
    ) -> tuple[Subscription, Process]:
        """A new subscription. Raises NotDone where there are too many."""
        if len(self.subscriptions) >= MOST_SUBSCRIPTIONS:
            raise NotDone(f"at most {MOST_SUBSCRIPTIONS} subscriptions")
        made = Subscription(
            subscription_id=str(5_000 + self.number()), url=url, resources=resources, enabled=enabled
        )
        self.subscriptions[made.subscription_id] = made
        words = "Create push notification subscription"
        return made, self.processes.begin("CREATE_SUBSCRIPTION", words, made.subscription_id)

    def unsubscribe(self, one: Subscription) -> Process:
        """It is gone, and what was on its way to it."""
        del self.subscriptions[one.subscription_id]
        self.disable(one)
        words = "Delete push notification subscription"
        return self.processes.begin("DELETE_SUBSCRIPTION", words, one.subscription_id)

    def disable(self, one: Subscription) -> None:
        """What waits for another try is lost (facts/bol.md, Push notifications)."""
        one.enabled = False
        one.life += 1

    def test_push(self, one: Subscription) -> Process:
        """A message to see whether pushes arrive."""
        process = self.processes.begin(
            "SEND_SUBSCRIPTION_TST_MSG", "Send test push notification", one.subscription_id
        )
        self._note("TEST", "TEST", one.subscription_id, one.subscription_id)
        return process

    def subscription(self, subscription_id: str) -> Subscription:
        """Raises NotDone (404)."""
        return named(self.subscriptions, subscription_id, "subscription")

    def tell_ended(self) -> None:
        """Notes a push for every write that has ended."""
        self.diary.catch_up()
        now = self.clock()
        for process in self.processes.ended():
            self._note("PROCESS_STATUS", process.status(now), process.process_id)
