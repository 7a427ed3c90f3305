"""Whoever asks a sink to stop gets a short and complete end."""

import random
import signal
import time

import pytest
from driver.process import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_sink_that_is_asked_to_stop_under_load_makes_all_it_read_durable(world, number):
    chance = random.Random(number)
    simulator = world.start_simulator(3000)
    for _ in range(3):
        # Batches that would stay open for long: only the stop makes them durable.
        sink = world.start(
            "sink", "--session-timeout-ms", 10_000, "--batch-linger-ms", 60_000, "--batch-idle-ms", 60_000
        )
        wait_until(lambda: len(sink.partitions) == 3, 60, "the sink to have all partitions")  # noqa: B023
        time.sleep(chance.uniform(0.5, 2))
        before = time.monotonic()
        finished = sink.stop(10, number)
        assert time.monotonic() - before < 10
        assert finished.code == 0, str(finished)
        assert "cut by shutdown" in finished.out, str(finished)
        assert all(one["committed"] == one["lake_end"] for one in world.status())
    world.stop_simulator(simulator)
    world.catch_up()
    world.prove_up_to_bronze()


def test_a_second_signal_ends_the_sink_at_once_and_loses_nothing(world):
    world.simulate(20_000)
    session = ("--session-timeout-ms", 6000)
    sink = world.start("sink", *session, "--batch-linger-ms", 60_000)
    wait_until(lambda: sink.partitions, 60, "the sink to have partitions")
    sink.send(signal.SIGINT)
    if sink.is_running():
        sink.send(signal.SIGINT)
    assert sink.wait(10, promised=True).code in (0, 130)
    # It may have left its group without a word, and stays a member for its session.
    world.catch_up(*session)
    world.prove_up_to_bronze()
