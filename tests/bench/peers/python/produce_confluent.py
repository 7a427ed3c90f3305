"""Sends lines of "key<tab>value" by confluent-kafka, with the settings of `spotify-pipeline simulate`: produce_confluent.py TOPIC FILE."""

import os
import sys

from confluent_kafka import Producer


def main(topic, path):
    failed = []
    producer = Producer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "compression.type": "none",
            "linger.ms": 10,
            "queue.buffering.max.kbytes": 65536,
            "queue.buffering.max.messages": 0,
        }
    )

    def delivered(error, _):
        if error:
            failed.append(error)

    with open(path, "rb") as file:
        for number, line in enumerate(file):
            key, value = line.rstrip(b"\n").split(b"\t", 1)
            while True:
                try:
                    producer.produce(topic, value, key, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.1)
            if number % 128 == 0:
                producer.poll(0)
    left = producer.flush(60)
    if left or failed:
        sys.exit(f"{left} records are not acknowledged, {len(failed)} failed")


main(*sys.argv[1:])
