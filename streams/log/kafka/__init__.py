"""The log on Apache Kafka: docs/decisions/0006-kafka-log.md says why it speaks to the brokers itself."""

from streams.log.kafka.access import KafkaAccess
from streams.log.kafka.store import KafkaLog

__all__ = ["KafkaAccess", "KafkaLog"]
