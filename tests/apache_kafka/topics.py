"""Topics of a cluster that tests run on: which of ours it has, and none of them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from streams.log.kafka import KafkaAccess
from streams.topics import TOPICS, Topic
from tests.streams.log.contract import TOPICS as CONTRACT

OURS: tuple[Topic, ...] = (*TOPICS, *CONTRACT)
"""What tests make, and delete."""


async def there(access: KafkaAccess) -> list[str]:
    """The names of ours that the cluster has."""
    admin = AIOKafkaAdminClient(**access.options())
    await admin.start()
    try:
        return sorted({one.name for one in OURS} & set(await admin.list_topics()))
    finally:
        await admin.close()


async def delete(access: KafkaAccess, topics: Sequence[Topic]) -> None:
    """Until none of them is there."""
    admin = AIOKafkaAdminClient(**access.options())
    await admin.start()
    try:
        names = {one.name for one in topics}
        async with asyncio.timeout(30):
            clean = 0
            while clean < 6:  # any broker is asked, and all of them have to know
                there = names & set(await admin.list_topics())
                clean = 0 if there else clean + 1
                if there:
                    told = await admin.delete_topics(sorted(there))
                    for _, code, *_ in told.topic_error_codes:
                        assert code in (0, 3), for_code(code)
    finally:
        await admin.close()
