"""Kafka as its users see it, by Confluent's client: topics, groups, records."""

import functools
import secrets
import time
import uuid

from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    ConsumerGroupDescription,
    NewPartitions,
    NewTopic,
)

ANSWER_SECONDS_MAX = 30
MESSAGE_BYTES_MAX = 4_000_000


class Kafka:
    """One cluster. `address` is a list of brokers, as in `bootstrap.servers`. A refusal is a KafkaException."""

    def __init__(self, address: str):
        self.address = address

    @functools.cached_property
    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.address})

    # --- topics ---

    def create_topic(self, topic: str, partitions: int, settings: dict[str, str] | None = None) -> None:
        self._each(self._admin.create_topics([NewTopic(topic, partitions, config=settings or {})]))
        # The controller has it; the brokers hear of it a moment later.
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while len(self._known(topic)) < partitions:
            assert time.monotonic() < deadline, f"topic {topic} was created, but no broker knows it"
            time.sleep(0.05)

    def _known(self, topic: str) -> list[int]:
        """The partitions that have a leader."""
        described = self._admin.list_topics(topic, timeout=ANSWER_SECONDS_MAX).topics[topic]
        return [number for number, partition in described.partitions.items() if partition.leader >= 0]

    def topic_id(self, topic: str) -> str:
        [described] = self._each(self._admin.describe_topics(TopicCollection([topic])))
        high, low = (
            part & (1 << 64) - 1
            for part in (
                described.topic_id.get_most_significant_bits(),
                described.topic_id.get_least_significant_bits(),
            )
        )
        return str(uuid.UUID(int=high << 64 | low))

    def set_topic(self, topic: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        self._each(self._admin.incremental_alter_configs([resource]))

    def topic_settings(self, topic: str) -> dict[str, str]:
        [described] = self._each(self._admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]))
        return {name: entry.value for name, entry in described.items()}

    def add_partitions(self, topic: str, total: int) -> None:
        self._each(self._admin.create_partitions([NewPartitions(topic, total)]))

    def delete_topic(self, topic: str) -> None:
        self._each(self._admin.delete_topics([topic]))

    def delete_records(self, topic: str, before: dict[int, int]) -> None:
        """What retention does to old records, at once: those below the given offset of each partition."""
        self._each(self._admin.delete_records([TopicPartition(topic, *at) for at in before.items()]))

    def metadata(self, timeout: float = 4) -> ClusterMetadata | None:
        """As the brokers tell it that can be reached now; None when none can."""
        try:
            return self._admin.list_topics(timeout=timeout)
        except KafkaException:
            return None

    # --- groups ---

    def describe_group(self, group: str) -> ConsumerGroupDescription:
        [described] = self._each(self._admin.describe_consumer_groups([group]))
        return described

    def delete_group(self, group: str) -> None:
        self._each(self._admin.delete_consumer_groups([group]))

    # --- records ---

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset of the partition, and the one behind its last."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "nobody"})
        try:
            return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS_MAX)
        finally:
            consumer.close()

    def produce(
        self,
        topic: str,
        records: list[tuple[bytes | None, bytes | None]],
        partition: int = 0,
        at_ms: int | None = None,
    ) -> None:
        """Sends (key, value) in this order and waits until all are acked, sent now or `at_ms` (milliseconds since 1970)."""
        self.produce_at(topic, [(at_ms, key, value) for key, value in records], partition)

    def produce_at(
        self, topic: str, records: list[tuple[int | None, bytes | None, bytes | None]], partition: int = 0
    ) -> None:
        """The same with a time for each record."""
        failed: list = []
        producer = Producer(
            {
                "bootstrap.servers": self.address,
                "acks": "all",
                "linger.ms": 0,
                "message.max.bytes": MESSAGE_BYTES_MAX,
                "enable.idempotence": True,
            }
        )
        for at_ms, key, value in records:
            producer.produce(
                topic,
                value,
                key,
                partition=partition,
                on_delivery=lambda error, _: failed.append(error) if error else None,
                **({} if at_ms is None else {"timestamp": at_ms}),
            )
        left = producer.flush(ANSWER_SECONDS_MAX)
        assert not failed and not left, f"{topic}[{partition}]: {left} records unanswered, refused: {failed[:3]}"

    def begin(self, topic: str, partition: int, records: list[bytes], at_ms: int | None = None) -> Producer:
        """Sends values in a transaction that is still open; whoever began it commits or aborts it."""
        producer = Producer(
            {"bootstrap.servers": self.address, "transactional.id": f"{topic}-{secrets.token_hex(4)}", "linger.ms": 0}
        )
        producer.init_transactions(ANSWER_SECONDS_MAX)
        producer.begin_transaction()
        stamp = {} if at_ms is None else {"timestamp": at_ms}
        for value in records:
            producer.produce(topic, value, partition=partition, **stamp)
        assert producer.flush(ANSWER_SECONDS_MAX) == 0
        return producer

    def commit(self, topic: str, partition: int, records: list[bytes], at_ms: int | None = None) -> None:
        self.begin(topic, partition, records, at_ms).commit_transaction(ANSWER_SECONDS_MAX)

    def abort(self, topic: str, partition: int, records: list[bytes], at_ms: int | None = None) -> None:
        self.begin(topic, partition, records, at_ms).abort_transaction(ANSWER_SECONDS_MAX)

    def _each(self, futures: dict) -> list:
        return [future.result(ANSWER_SECONDS_MAX) for future in futures.values()]
