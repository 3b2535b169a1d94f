"""Being a member of the group: joining, heartbeats, the lease that they renew, positions that are committed.

Kafka's own group protocol, cooperative as KIP-429 describes it. Faust's driver only knows the eager one, where every
change stops every partition of every worker; so the assignment is made here, beneath Faust, which is told once that
it may get everything (transport.py).

The lease: from the moment at which the last heartbeat that was answered left, for the session timeout, nobody else
can have been given our partitions. A worker that was stopped or cut off for longer finds its lease run out, and
writes no row and starts no call to a vendor until a heartbeat is answered.
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
from streams.log.kafka.assignment import claims, granted, share
from streams.log.kafka.brokers import Brokers, pause_before
from streams.vocabulary.time import elapsed

log = logging.getLogger(__name__)
T = TypeVar("T")

PROTOCOL = "kassabrug-cooperative"
GROUP_KEY = 0
COMMIT_PATIENCE = 5.0
REJOIN_SESSIONS = 2
"""How many session timeouts a member that is alive may take to join a round before it is given up. Longer than the
lease lasts after the last heartbeat that was answered without a round."""
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
        self._brokers = Brokers(access, "group", 2 * session_timeout + 5)
        self._group = group
        self._partitions = dict(partitions)
        self._listener = listener
        self._session = session_timeout
        self._beat = min(1.0, session_timeout / 4)
        self._instance = instance
        self._passing = passing
        self._coordinator: int | None = None
        self._member = ""
        self._generation = -1
        self._settled_in = -1
        """The generation of our last assignment: how old our claim is to what we hold."""
        self._held: frozenset[TopicPartition] = frozenset()
        """What nobody else may have: also what is being let go, until it is."""
        self._releasing: frozenset[TopicPartition] = frozenset()
        self._rejoin = asyncio.Event()
        self._leaving = False
        self._settled = False
        self._lease = 0.0
        self._renewed = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()
        self._letting_go: set[asyncio.Task[None]] = set()

    # -- the lease

    @property
    def valid(self) -> bool:
        """Whether what we hold is surely ours now."""
        return self._passing() < self._lease

    async def until_valid(self) -> None:
        """Waits for it."""
        while not self.valid:
            self._renewed.clear()
            await self._renewed.wait()

    def _renew(self, sent: float) -> None:
        self._lease = max(self._lease, sent + self._session)
        self._renewed.set()

    # -- the life of a member

    async def open(self) -> None:
        """Connects. Raises LogUnavailable."""
        await self._brokers.open()
        await self._brokers.know(self._partitions)

    async def run(self) -> None:
        """Joins, and stays in the group until `leave`. Raises LogUnavailable where it is refused."""
        failures = 0
        while not self._leaving:
            try:
                await self._join()
                failures = 0
                await self._stay()
            except (errors.UnknownMemberIdError, errors.IllegalGenerationError) as error:
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
                self._coordinator = None
                # What we hold stays: when the group answers again it is ours still, or the group says that it is not.
                # Until then the lease has run out, and nothing is written.
                await self._brokers.refresh()
                await asyncio.sleep(pause_before(failures))

    async def leave(self) -> None:
        """Lets everything go and leaves the group (a named instance only stops: it may come back)."""
        self._leaving = True
        self._rejoin.set()
        held = self._held - self._releasing
        if held:
            await self._listener.removed(held, lost=False)
        if self._letting_go:
            await asyncio.wait(self._letting_go)
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

    async def _lose(self) -> None:
        held, self._held, self._releasing = self._held, frozenset(), frozenset()
        self._lease = 0.0
        self._generation = self._settled_in = -1
        self._member = ""
        if held:
            await self._listener.removed(held, lost=True)

    # -- joining

    async def _join(self) -> None:
        request = JoinGroupRequest(
            self._group,
            int(self._session * 1000),
            int(REJOIN_SESSIONS * self._session * 1000),
            self._member,
            self._instance,
            "consumer",
            [(PROTOCOL, self._told())],
        )
        # The round waits until everybody has joined, or the session of a dead worker has ended: the lease is renewed
        # meanwhile, so that whoever keeps its partitions works on.
        beating = asyncio.create_task(self._beat_while())
        sent = self._passing()
        try:
            response = await self._ask(request, check=False)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        self._rejoin.clear()
        failed = for_code(response.error_code) if response.error_code else None
        if failed is errors.MemberIdRequired:
            self._member = response.member_id
            await self._join()
            return
        if failed is not None:
            raise failed()
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
        mine = frozenset(
            TopicPartition(topic, one) for topic, parts in assignment.assignment for one in parts
        )
        await self._change(mine)

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
        partitions: set[TopicPartition] = set()
        for member, *_, metadata in members:
            told = orjson.loads(ConsumerProtocolMemberMetadata.decode(metadata).user_data)
            held = {TopicPartition(topic, one) for topic, parts in told["held"].items() for one in parts}
            said[member] = (told["generation"], frozenset(held))
            partitions |= {
                TopicPartition(topic, one) for topic, count in told["topics"].items() for one in range(count)
            }
        held_by = claims(said)
        given = granted(share(partitions, held_by), held_by)
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
        await self._listener.removed(parts, lost=False)
        if (
            self._member == member
        ):  # else the group has given us up meanwhile, and knows of nothing that we hold
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

    async def _beat_while(self) -> None:
        """Heartbeats beside something that takes long. What a failed one means, that something finds out."""
        while self._generation >= 0:
            await asyncio.sleep(self._beat)
            try:
                await self._heartbeat(joining=True)
            except (errors.KafkaError, OSError, TimeoutError) as error:
                log.debug("%s: a heartbeat failed: %s", self._brokers.name, words(error))

    async def _heartbeat(self, joining: bool = False) -> None:
        """`joining`: our joining of the round is on its way. Before it is, the answer that a round has begun renews no
        lease: whoever does not join in time is given up."""
        sent = self._passing()
        try:
            await self._ask(HeartbeatRequest(self._group, self._generation, self._member))
        except errors.RebalanceInProgressError:
            self._rejoin.set()
            if not joining:
                return
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
        request = OffsetCommitRequest(self._group, self._generation, self._member, -1, list(topics.items()))
        try:
            async with asyncio.timeout(COMMIT_PATIENCE):
                response = await self._ask(request, check=False)
        except (errors.KafkaError, OSError, TimeoutError, LogUnavailable) as error:
            log.info("%s: positions could not be committed now: %s", self._brokers.name, words(error))
            return False
        codes = {code for _, parts in response.topics for _, code in parts if code}
        for code in codes:
            log.info("%s: positions were not taken: %s", self._brokers.name, words(for_code(code)()))
            if for_code(code) in (errors.UnknownMemberIdError, errors.IllegalGenerationError):
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
        lane = "join" if isinstance(request, JoinGroupRequest | SyncGroupRequest) else "beat"
        try:
            response = await self._brokers.send(self._coordinator, request, lane)
        except (errors.KafkaError, OSError, TimeoutError):
            self._coordinator = None
            raise
        code = getattr(response, "error_code", 0) if check else 0
        if code:
            failed = for_code(code)
            if failed in (errors.NotCoordinatorForGroupError, errors.GroupCoordinatorNotAvailableError):
                self._coordinator = None
            raise failed()
        return response

    async def _find(self) -> int:
        for broker in self._brokers.leaders():
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
