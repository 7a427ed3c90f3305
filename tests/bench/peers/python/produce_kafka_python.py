"""Sends lines of "key<tab>value" by kafka-python, with the settings of `spotify-pipeline simulate`: produce_kafka_python.py TOPIC FILE."""

import os
import sys

from kafka import KafkaProducer


def main(topic, path):
    failed = []
    producer = KafkaProducer(
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        acks="all",
        enable_idempotence=True,
        linger_ms=10,
    )
    with open(path, "rb") as file:
        for line in file:
            key, value = line.rstrip(b"\n").split(b"\t", 1)
            producer.send(topic, value, key).add_errback(failed.append)
    producer.flush(60)
    producer.close()
    if failed:
        sys.exit(f"{len(failed)} records failed: {failed[0]}")


main(*sys.argv[1:])
