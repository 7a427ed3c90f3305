"""A sink as tutorials write it: confluent-kafka reads, boto3 puts objects of NDJSON. It copies values and looks at none of them.

    sink.py TOPIC BUCKET RECORDS-AN-OBJECT

Reads what is in the topic when it starts, then ends. Servers and credentials come from the environment."""

import os
import sys

import boto3
from confluent_kafka import Consumer, TopicPartition

RECORDS_AT_A_TIME = 10_000


def main(topic, bucket, records):
    store = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name="us-east-1")
    store.create_bucket(Bucket=bucket)
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": os.environ["KAFKA_GROUP_ID"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    marks = (consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30) for number in partitions)
    left = sum(end - first for first, end in marks)
    consumer.subscribe([topic])
    batches = {}

    def upload(partition):
        batch = batches.pop(partition)
        key = f"{topic}/partition={partition}/{batch[0].offset():020}.json"
        body = b"".join(message.value() + b"\n" for message in batch)
        store.put_object(Bucket=bucket, Key=key, Body=body)
        consumer.commit(message=batch[-1], asynchronous=False)

    while left > 0:
        for message in consumer.consume(RECORDS_AT_A_TIME, timeout=1):
            if message.error():
                sys.exit(str(message.error()))
            left -= 1
            batch = batches.setdefault(message.partition(), [])
            batch.append(message)
            if len(batch) == records:
                upload(message.partition())
    for partition in list(batches):
        upload(partition)
    consumer.close()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
