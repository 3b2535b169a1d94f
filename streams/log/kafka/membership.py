"""Being a member of the group: joining, heartbeats, the lease that they renew, positions that are committed.

Kafka's own group protocol, cooperative as KIP-429 describes it. Faust's driver only knows the eager one, where every
change stops every partition of every worker; so the assignment is made here, beneath Faust, which is told once that
it may get everything (transport.py).

The lease: from the moment at which the last heartbeat that was answered left, for the session timeout, nobody else
can have been given our partitions. A worker that was stopped or cut off for longer finds its lease run out, and
writes no row and starts no call to a vendor until a heartbeat is answered. While a round is on, a member that the
coordinator has not heard joining is given up after a time of its own, however many heartbeats it answers; the lease
counts on no more than that.

What is let go stays claimed until it is: letting go may wait for calls to vendors, rounds are joined meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import orjson
from aiokafka import errors
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest

from streams.log.base import LogUnavailable, TopicPartition
from streams.log.kafka.access import KafkaAccess, passing, words
from streams.log.kafka.assignment import claims, granted, share_among
from streams.log.kafka.brokers import Brokers, pause_before
from streams.vocabulary.time import elapsed

log = logging.getLogger(__name__)
T = TypeVar("T")

PROTOCOL = "kassabrug-cooperative"
GROUP_KEY = 0
COMMIT_PATIENCE = 5.0
REJOIN_SESSIONS = 3
"""How many session timeouts a member that is alive may take to join a round before it is given up. A round itself
takes one, where somebody has died; a lease must not run out meanwhile."""
FENCED_INSTANCE = 82
"""Kafka's code for a named instance whose place was taken; aiokafka has no word for it."""
FIRST_PATIENCE = 60.0
"""Seconds that a coordinator may take to be found and to load a group."""


class Listener(Protocol):
    """Who is told what changed."""

    async def added(self, parts: frozenset[TopicPartition]) -> None:
        """These are ours from now on; called once at least, with nothing when there is nothing for us. The group does
        not wait for it: it may take its time."""

    async def removed(self, parts: frozenset[TopicPartition], lost: bool) -> None:
        """These are to be let go; on return they are. `lost`: somebody else may have them already."""


class Membership:
    """One member. `run` in a task of its own; it ends with `leave`, or raises LogUnavailable for what does not pass."""

    def __init__(
        self,
        access: KafkaAccess,
        group: str,
        partitions: Mapping[str, int],
        listener: Listener,
        *,
        session_timeout: float,
        instance: str | None = None,
        passing: Callable[[], float] = elapsed,
    ) -> None:
        """`partitions`: subscribed topic to how many it has; `instance`: a lasting name, by which a worker that starts
        again within the session timeout takes up its partitions without a round of the group. `passing`: seconds for
        the lease, which go on while the machine is suspended."""
        # A round is waited for; everything else has to be answered well within a session, or by another broker.
        self._rounds = Brokers(access, "rounds", REJOIN_SESSIONS * session_timeout + 5)
        self._brokers = Brokers(access, "group", max(1.0, session_timeout / 3))
        self._group = group
        self._partitions = dict(partitions)
        self._listener = listener
        self._session = session_timeout
        self._beat = min(1.0, session_timeout / 4)
        self._instance = instance
        self._passing = passing
        self._coordinator: int | None = None
        self._silent: int | None = None
        """The broker that did not answer last: asked for the coordinator after all others."""
        self._member = ""
        self._generation = -1
        self._settled_in = -1
        """The generation of our last assignment: how old our claim is to what we hold."""
        self._held: frozenset[TopicPartition] = frozenset()
        """What nobody else may have: also what is being let go, until it is."""
        self._releasing: frozenset[TopicPartition] = frozenset()
        self._rejoin = asyncio.Event()
        self._leaving = False
        self._left = False
        self._settled = False
        self._lease = 0.0
        self._clean = 0.0
        """When the last heartbeat left that was answered outside of a round, or the last round was joined."""
        self._failure: Exception | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._letting_go: set[asyncio.Task[None]] = set()

    # -- the lease

    @property
    def valid(self) -> bool:
        """Whether what we hold is surely ours now."""
        return self._passing() < self._lease

    def _renew(self, sent: float) -> None:
        """By an answer that no round is on, or that it has ended."""
        self._clean = max(self._clean, sent)
        self._lease = max(self._lease, sent + self._session)

    def _renew_in_round(self, sent: float) -> None:
        """By an answer that a round is on, which we have asked to join: perhaps that has not been heard."""
        given_up = self._clean + REJOIN_SESSIONS * self._session
        self._lease = max(self._lease, min(sent + self._session, given_up))

    # -- the life of a member

    async def open(self) -> None:
        """Connects. Raises LogUnavailable."""
        for brokers in (self._brokers, self._rounds):
            await brokers.open()
            await brokers.know(self._partitions)

    async def run(self) -> None:
        """Joins, and stays in the group until `leave`. Raises LogUnavailable where it is refused."""
        failures = 0
        while not self._left:
            if self._failure is not None:
                raise self._failure
            try:
                await self._join()
                failures = 0
                await self._stay()
            except (errors.UnknownMemberIdError, errors.IllegalGenerationError) as error:
                if (
                    self._instance is not None
                    and self.valid
                    and isinstance(error, errors.UnknownMemberIdError)
                ):
                    raise self._replaced() from None  # nothing else ends a member whose session goes on
                log.warning("%s: the group has given us up (%s)", self._brokers.name, words(error))
                await self._lose()
            except (errors.KafkaError, OSError, TimeoutError) as error:
                failures += 1
                if not (passing(error) or isinstance(error, errors.RebalanceInProgressError)):
                    raise LogUnavailable(
                        f"{self._brokers.name}: the group {self._group!r} does not take us: {words(error)}. "
                        "May this user read the group and its topics?"
                    ) from None
                log.info("%s: the group cannot be asked (%s), again", self._brokers.name, words(error))
                # What we hold stays: when the group answers again it is ours still, or the group says that it is not.
                # Until then the lease has run out, and nothing is written.
                await self._brokers.refresh()
                await asyncio.sleep(pause_before(failures))

    async def leave(self) -> None:
        """Lets everything go and leaves the group (a named instance only stops: it may come back). Until all is let go
        it stays a member, and claims it: calls to vendors may be under way."""
        self._leaving = True
        held = self._held - self._releasing
        if held:
            await self._listener.removed(held, lost=False)
        if self._letting_go:
            await asyncio.wait(self._letting_go)
        self._left = True
        self._rejoin.set()
        self._held = frozenset()
        if self._member and self._instance is None:
            try:
                async with asyncio.timeout(self._session):
                    await self._ask(LeaveGroupRequest(self._group, self._member))
            except (errors.KafkaError, OSError, TimeoutError, LogUnavailable) as error:
                log.info("%s: leaving the group failed: %s", self._brokers.name, words(error))
        self._lease = 0.0

    async def close(self) -> None:
        """Drops the connection."""
        tasks = self._telling | self._letting_go
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._brokers.close()
        await self._rounds.close()

    async def _lose(self) -> None:
        held, self._held, self._releasing = self._held, frozenset(), frozenset()
        self._lease = 0.0
        self._generation = self._settled_in = -1
        self._member = ""
        if held:
            await self._listener.removed(held, lost=True)

    # -- joining

    async def _join(self) -> None:
        """One round, up to our new assignment."""
        self._rejoin.clear()  # before we say what we hold: what is let go from now on asks for another round
        # The round waits until everybody has joined, or the session of a dead worker has ended: the lease is renewed
        # meanwhile, so that whoever keeps its partitions works on.
        beating = asyncio.create_task(self._beat_while_joining())
        try:
            mine = await self._round()
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        await self._change(mine)

    async def _round(self) -> frozenset[TopicPartition]:
        """What is ours in it. Raises aiokafka's errors."""
        sent = self._passing()
        response = await self._ask(self._join_request(), check=False)
        if response.error_code == errors.MemberIdRequired.errno:
            self._member = response.member_id
            response = await self._ask(self._join_request(), check=False)
        if response.error_code == FENCED_INSTANCE:
            raise self._replaced()
        if response.error_code:
            raise for_code(response.error_code)()
        # From now on: what is asked for under the old generation is refused, and looks as if we had been given up.
        self._member, self._generation = response.member_id, response.generation_id
        shares: list[tuple[str, bytes]] = []
        if response.leader_id == response.member_id:
            shares = self._divide(response.members)
        # The round is as old as our asking for it: the lease counts from there.
        self._renew(sent)
        synced = await self._ask(
            SyncGroupRequest(self._group, self._generation, self._member, self._instance, shares)
        )
        self._settled_in = self._generation
        assignment = ConsumerProtocolMemberAssignment.decode(synced.member_assignment or _NOTHING)
        return frozenset(
            TopicPartition(topic, one) for topic, parts in assignment.assignment for one in parts
        )

    def _join_request(self) -> JoinGroupRequest:
        return JoinGroupRequest(
            self._group,
            int(self._session * 1000),
            int(REJOIN_SESSIONS * self._session * 1000),
            self._member,
            self._instance,
            "consumer",
            [(PROTOCOL, self._told())],
        )

    def _replaced(self) -> LogUnavailable:
        return LogUnavailable(
            f"{self._brokers.name}: another process has joined the group {self._group!r} under the name "
            f"{self._instance!r}. Give each worker a name of its own (log.kafka.instance), or none"
        )

    def _told(self) -> bytes:
        """What we say of ourselves: topics, and what we hold since which generation."""
        held: dict[str, list[int]] = {}
        for at in sorted(self._held):
            held.setdefault(at.topic, []).append(at.partition)
        data = orjson.dumps({"generation": self._settled_in, "held": held, "topics": self._partitions})
        told: bytes = ConsumerProtocolMemberMetadata(0, sorted(self._partitions), data).encode()
        return told

    def _divide(self, members: list[tuple[Any, ...]]) -> list[tuple[str, bytes]]:
        """The leader's work: who gets what in this round."""
        said: dict[str, tuple[int, frozenset[TopicPartition]]] = {}
        wanted: dict[str, frozenset[TopicPartition]] = {}
        for member, *_, metadata in members:
            told = orjson.loads(ConsumerProtocolMemberMetadata.decode(metadata).user_data)
            held = {TopicPartition(topic, one) for topic, parts in told["held"].items() for one in parts}
            said[member] = (told["generation"], frozenset(held))
            wanted[member] = frozenset(
                TopicPartition(topic, one) for topic, count in told["topics"].items() for one in range(count)
            )
        held_by = claims(said)
        given = granted(share_among(wanted, held_by), held_by)
        log.info("%s: the group has %s members", self._brokers.name, len(members))
        shares: list[tuple[str, bytes]] = []
        for member, parts in given.items():
            topics: dict[str, list[int]] = {}
            for at in sorted(parts):
                topics.setdefault(at.topic, []).append(at.partition)
            shares.append((member, ConsumerProtocolMemberAssignment(0, list(topics.items()), b"").encode()))
        return shares

    async def _change(self, mine: frozenset[TopicPartition]) -> None:
        """What is to be let go is let go beside all the rest, and claimed until it is: that may wait for calls to
        vendors, and a round that begins meanwhile is joined at once. A member that stays away from it is given up,
        though its heartbeats are answered, and all that it has goes to others."""
        if self._leaving:
            return
        removed, added = self._held - mine - self._releasing, mine - self._held
        self._held |= mine
        if removed:
            self._releasing |= removed
            task = asyncio.create_task(self._let_go(removed, self._member))
            self._letting_go.add(task)
            task.add_done_callback(self._letting_go.discard)
        if added or not self._settled:
            self._settled = True
            task = asyncio.create_task(self._listener.added(added))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _let_go(self, parts: frozenset[TopicPartition], member: str) -> None:
        try:
            await self._listener.removed(parts, lost=False)
        except Exception as error:  # a mistake of ours: what is neither ours nor let go stands still for good
            log.exception("%s: partitions could not be let go", self._brokers.name)
            self._failure = error
            self._rejoin.set()
            return
        if self._member != member:
            return  # the group has given us up meanwhile, and knows of nothing that we hold
        self._held -= parts
        self._releasing -= parts
        self._rejoin.set()  # another round, in which somebody else gets them

    # -- staying

    async def _stay(self) -> None:
        """Heartbeats, until the group wants another round."""
        while not self._rejoin.is_set():
            try:
                async with asyncio.timeout(self._beat):
                    await self._rejoin.wait()
                return
            except TimeoutError:
                pass
            await self._heartbeat()

    async def _beat_while_joining(self) -> None:
        """Heartbeats beside a round. What a failed one means, the round finds out."""
        while True:
            await asyncio.sleep(self._beat)
            if self._generation < 0:
                continue
            sent = self._passing()
            try:
                await self._ask(HeartbeatRequest(self._group, self._generation, self._member))
                self._renew(sent)
            except errors.RebalanceInProgressError:
                self._renew_in_round(sent)
            except (errors.KafkaError, OSError, TimeoutError) as error:
                log.debug("%s: a heartbeat failed: %s", self._brokers.name, words(error))

    async def _heartbeat(self) -> None:
        """The answer that a round has begun renews no lease: whoever does not join in time is given up."""
        sent = self._passing()
        try:
            await self._ask(HeartbeatRequest(self._group, self._generation, self._member))
        except errors.RebalanceInProgressError:
            self._rejoin.set()
        else:
            self._renew(sent)

    # -- positions

    async def commit(self, positions: Mapping[TopicPartition, int]) -> bool:
        """Writes positions down. False when the group no longer takes them from us, or cannot be asked now: what was
        applied since the last time is then delivered again, and known again by its stamps."""
        if not positions or self._generation < 0:
            return not positions
        topics: dict[str, list[tuple[int, int, str]]] = {}
        for at, position in positions.items():
            topics.setdefault(at.topic, []).append((at.partition, position, ""))
        generation = self._generation
        request = OffsetCommitRequest(self._group, generation, self._member, -1, list(topics.items()))
        try:
            async with asyncio.timeout(COMMIT_PATIENCE):
                response = await self._ask(request, check=False)
        except (errors.KafkaError, OSError, TimeoutError, LogUnavailable) as error:
            log.info("%s: positions could not be committed now: %s", self._brokers.name, words(error))
            return False
        codes = {code for _, parts in response.topics for _, code in parts if code}
        for code in codes:
            log.info("%s: positions were not taken: %s", self._brokers.name, words(for_code(code)()))
            given_up = for_code(code) in (errors.UnknownMemberIdError, errors.IllegalGenerationError)
            if given_up and generation == self._generation:  # else it was a round that came in between
                self._rejoin.set()
            if for_code(code) in (
                errors.NotCoordinatorForGroupError,
                errors.GroupCoordinatorNotAvailableError,
            ):
                self._coordinator = None
        return not codes

    async def committed(self, parts: frozenset[TopicPartition]) -> dict[TopicPartition, int]:
        """What this group has committed of these, where it has. Raises LogUnavailable."""
        topics: dict[str, list[int]] = {}
        for at in parts:
            topics.setdefault(at.topic, []).append(at.partition)
        request = OffsetFetchRequest(self._group, list(topics.items()))

        async def ask(_: int) -> dict[TopicPartition, int]:
            response = await self._ask(request)
            found: dict[TopicPartition, int] = {}
            for topic, answered in response.topics:
                for partition, offset, _, code in answered:
                    if code:
                        raise for_code(code)
                    if offset >= 0:
                        found[TopicPartition(topic, partition)] = offset
            return found

        return await self._brokers.at_any(ask, "asking for committed positions", FIRST_PATIENCE)

    # -- one question to the coordinator

    async def _ask(self, request: Any, check: bool = True) -> Any:
        """The coordinator's answer. Raises aiokafka's errors (with `check`, also what the answer's own code says)."""
        if self._coordinator is None:
            self._coordinator = await self._find()
        coordinator = self._coordinator
        brokers, lane = self._brokers, "beat"
        if isinstance(request, JoinGroupRequest | SyncGroupRequest):
            brokers, lane = self._rounds, "join"
        elif isinstance(request, OffsetCommitRequest):
            lane = "commit"  # a broker answers one connection in turn: heartbeats do not wait for it
        try:
            response = await brokers.send(coordinator, request, lane)
        except (errors.KafkaError, OSError, TimeoutError):
            self._coordinator, self._silent = None, coordinator
            raise
        code = getattr(response, "error_code", 0) if check else 0
        if code:
            failed = for_code(code)
            if failed in (errors.NotCoordinatorForGroupError, errors.GroupCoordinatorNotAvailableError):
                self._coordinator = None
            raise failed()
        return response

    async def _find(self) -> int:
        for broker in sorted(self._brokers.leaders(), key=lambda one: one == self._silent):
            try:
                response = await self._brokers.send(
                    broker, FindCoordinatorRequest(self._group, GROUP_KEY), "beat"
                )
            except (errors.KafkaError, OSError, TimeoutError) as error:
                log.debug("%s: broker %s knows no coordinator: %s", self._brokers.name, broker, words(error))
                continue
            if not response.error_code:
                return int(response.coordinator_id)
        await self._brokers.refresh()
        raise errors.GroupCoordinatorNotAvailableError


_NOTHING: bytes = ConsumerProtocolMemberAssignment(0, [], b"").encode()
