"""What cuts objects, seen from outside."""

import time

from driver.process import wait_until


def produce(world, count: int) -> None:
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * count, partition=0)


def test_a_number_of_records_that_was_asked_for_is_what_cuts(world):
    """Neither a pause of the producer nor the age of the first record makes a smaller object."""
    world.services.kafka.create_topic(world.topic, 1)
    sink = world.start("sink", "--batch-records", 10)
    for _ in range(3):
        produce(world, 4)
        # Longer than `--batch-idle-ms` is by default, and in all longer than `--batch-linger-ms`.
        time.sleep(4)
    wait_until(lambda: sink.uploads, 20, "the first object")
    produce(world, 8)
    wait_until(lambda: len(sink.uploads) == 2, 20, "the second object")
    said = [(one["records"], one["reason"]) for one in sink.events("sink.object.uploaded")]
    assert said == [(10, "records")] * 2
    assert sink.stop().code == 0


def test_a_batch_that_does_not_fill_waits_no_longer_than_was_asked(world):
    world.services.kafka.create_topic(world.topic, 1)
    sink = world.start("sink", "--batch-records", 10, "--batch-max-wait", 6)
    produce(world, 3)
    started = time.monotonic()
    wait_until(lambda: sink.uploads, 30, "the object")
    assert time.monotonic() - started > 5
    assert [one["records"] for one in sink.events("sink.object.uploaded")] == [3]
    assert sink.stop().code == 0
