"""Who gets which partition: even per topic and over all, and who has one keeps it where that is even enough.

Cooperative: a partition that one member still has and another is to get goes to nobody in this round. Its holder lets
it go and asks for another round; whoever keeps its partitions works on without a pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streams.log.base import TopicPartition

Held = Mapping[str, frozenset[TopicPartition]]
"""Member to what it has now."""


def share(partitions: Iterable[TopicPartition], held: Held) -> dict[str, frozenset[TopicPartition]]:
    """What each member is to have in the end. Per topic the shares differ by one at most; who gets one more is whoever
    has least so far. Nobody: nothing."""
    total = dict.fromkeys(sorted(held), 0)
    given: dict[str, set[TopicPartition]] = {member: set() for member in total}
    if not total:
        return {}
    topics: dict[str, list[TopicPartition]] = {}
    for at in sorted(partitions):
        topics.setdefault(at.topic, []).append(at)
    for parts in topics.values():
        least, over = divmod(len(parts), len(total))
        free = set(parts)
        for member in total:
            kept = sorted(free & held[member])[:least]
            given[member].update(kept)
            free.difference_update(kept)
        more = sorted(total, key=lambda one: (total[one], not (free & held[one]), one))[:over]
        count = {member: sum(at.topic == parts[0].topic for at in given[member]) for member in total}
        for member in more:  # first those who may keep one more of their own
            own = sorted(free & held[member])[:1]
            given[member].update(own)
            free.difference_update(own)
            count[member] += len(own)
        left = sorted(free, reverse=True)
        for member in total:
            room = least + (member in more) - count[member]
            for _ in range(room):
                given[member].add(left.pop())
        for member in total:
            total[member] += least + (member in more)
    return {member: frozenset(parts) for member, parts in given.items()}


def share_among(
    wanted: Mapping[str, frozenset[TopicPartition]], held: Held
) -> dict[str, frozenset[TopicPartition]]:
    """The same where not everybody wants the same (a worker of an older release knows fewer topics): each topic is
    shared among the members that want it."""
    askers: dict[str, set[str]] = {}
    partitions: dict[str, set[TopicPartition]] = {}
    for member, parts in wanted.items():
        for at in parts:
            askers.setdefault(at.topic, set()).add(member)
            partitions.setdefault(at.topic, set()).add(at)
    alike: dict[frozenset[str], set[TopicPartition]] = {}
    for topic, members in askers.items():
        alike.setdefault(frozenset(members), set()).update(partitions[topic])
    given = dict.fromkeys(sorted(wanted), frozenset[TopicPartition]())
    for members_alike, parts_alike in alike.items():
        for member, mine in share(parts_alike, {one: held[one] for one in members_alike}).items():
            given[member] |= mine
    return given


def granted(
    shares: Mapping[str, frozenset[TopicPartition]], held: Held
) -> dict[str, frozenset[TopicPartition]]:
    """What each member gets in this round: its share without what somebody else still has."""
    holder = {at: member for member, parts in held.items() for at in parts}
    return {
        member: frozenset(at for at in parts if holder.get(at, member) == member)
        for member, parts in shares.items()
    }


def claims(told: Mapping[str, tuple[int, frozenset[TopicPartition]]]) -> dict[str, frozenset[TopicPartition]]:
    """Who has what, from what members say: (generation of the claim, partitions). Of two who claim the same the
    younger generation is right: the other was thought dead and does not know it yet."""
    held: dict[str, set[TopicPartition]] = {member: set() for member in told}
    taken: set[TopicPartition] = set()
    for member, (_, parts) in sorted(told.items(), key=lambda one: (-one[1][0], one[0])):
        held[member] = set(parts) - taken
        taken |= parts
    return {member: frozenset(parts) for member, parts in held.items()}
