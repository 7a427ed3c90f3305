"""What three hosts bear: a broker killed, a host cut off, the store cut off, sinks replaced. Each ends with the proof."""

import shutil
import time

import pytest
from cluster import NODES
from driver.process import wait_until
from host_world import PARTITIONS, SESSION_TIMEOUT_MS, HostWorld, changed


def prove(world: HostWorld, what: str, say, **figures) -> None:
    report = world.prove_exactly_what_was_acked()
    assert report["offsets"] == report["offsets_against_log"] == world.acked
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
    say(
        f"{what}: {world.acked:,} acked, {report['kept']:,} kept, 0 lost, 0 doubled in {len(world.objects())} objects; {told}"
    )


def test_a_record_has_three_replicas_of_which_two_acknowledge_it(world):
    """What the other tests stand on."""
    world.simulate(1000)
    topic = world.cluster.kafka.metadata().topics[world.topic]
    assert [len(partition.replicas) for partition in topic.partitions.values()] == [len(NODES)] * PARTITIONS
    assert world.cluster.kafka.topic_settings(world.topic)["min.insync.replicas"] == "2"


@pytest.mark.parametrize(
    "role",
    [
        pytest.param("coordinator", marks=pytest.mark.wide),
        pytest.param("controller", marks=pytest.mark.whole),
    ],
)
def test_a_broker_killed_under_load_loses_and_doubles_nothing(world, role, say):
    simulator = world.start_all()
    broker = world.cluster.coordinator(world.group) if role == "coordinator" else world.cluster.controller()
    started = time.time()
    broker.kill()
    # The other two go on: records of all partitions arrive while the third is away.
    wait_until(lambda: world.cluster.brokers_that_answer() == len(NODES) - 1, 60, "the others to notice", 0.2)
    world.wait_for_more(3 * PARTITIONS)
    away = time.time() - started
    broker.start()
    world.cluster.wait_until_in_sync(world.topic)
    world.wait_for_more(3 * PARTITIONS)
    assert all(sink.is_running() for sink in world.sinks.values())
    pause = world.longest_pause(started)
    world.stop_all(simulator)
    prove(
        world,
        f"broker {broker.node} ({role}) killed",
        say,
        seconds_away=round(away, 1),
        longest_pause_s=round(pause, 1),
        ranges_adopted=world.adoptions,
    )


@pytest.mark.whole
@pytest.mark.parametrize("reach", ["nobody", "the store"])
def test_a_host_that_was_cut_off_overwrites_nothing_when_it_is_back(world, reach, say):
    """Its sink goes on reading from its own broker meanwhile, which does not know that it leads nothing any more.

    One that reaches nobody has uploads under way which arrive when it is back, at places that others have taken. One that
    reaches the store makes durable what it had, which those others must take up."""
    simulator = world.start_all()
    victim = 2
    hosts = world.cluster.network.hosts
    zombie = world.sinks[victim]
    others = [node for node in NODES if node != victim]
    if reach == "nobody":
        # Its requests to the store are lost first: so there are uploads that have not got there.
        hosts[f"host{victim}"].mute(world.cluster.store)
        time.sleep(1.5)
        hosts[f"host{victim}"].unplug()
    else:
        hosts[f"host{victim}"].part_from(*(hosts[f"host{node}"] for node in others), hosts["clients"])
    started = time.time()
    wait_until(
        lambda: set.union(*(world.sinks[node].partitions for node in others)) == set(range(PARTITIONS)),
        90,
        "the other sinks to take over",
        0.1,
    )
    world.wait_for_more(3 * PARTITIONS)
    time.sleep(max(0.0, 2 * SESSION_TIMEOUT_MS / 1000 - (time.time() - started)))
    lake = world.objects()
    cut = time.time() - started
    hosts[f"host{victim}"].heal()
    if reach == "nobody":
        wait_until(
            lambda: zombie.adoptions or changed(lake, world.objects()), 60, "an upload of the zombie to arrive", 0.1
        )
    world.cluster.wait_until_in_sync(world.topic)
    world.wait_until_shared()
    world.wait_for_more(2 * PARTITIONS)
    assert zombie.is_running(), str(zombie.finished())
    assert not changed(lake, world.objects())
    pause = world.longest_pause(started)
    world.stop_all(simulator)
    assert not changed(lake, world.objects())
    prove(
        world,
        f"host{victim} cut off, reaching {reach}",
        say,
        seconds_cut=round(cut, 1),
        objects_unchanged=len(lake),
        uploads_that_came_late=zombie.adoptions,
        longest_pause_s=round(pause, 1),
    )


@pytest.mark.whole
def test_sinks_rolled_to_a_new_version_one_by_one_lose_and_double_nothing(world, tmp_path, say):
    """The new version stands in another checkout, and cuts its objects otherwise."""
    simulator = world.start_all()
    new = tmp_path / "new-version" / "build" / "release" / "spotify-pipeline"
    new.parent.mkdir(parents=True)
    shutil.copy2(world.services.binary, new)
    # From its own place the binary looks for libraries there.
    (tmp_path / "new-version" / ".deps").symlink_to(world.services.deps)
    started = time.time()
    took = []
    for node in NODES:
        stopping = time.monotonic()
        finished = world.sinks[node].stop(60)
        assert finished.code == 0, str(finished)
        took.append(time.monotonic() - stopping)
        world.start_sink_on(node, "--batch-records", 150, "--batch-linger-ms", 450, binary=new)
        world.wait_until_shared()
    world.wait_for_more(3 * PARTITIONS)
    rolled = time.time() - started
    pause = world.longest_pause(started)
    world.stop_all(simulator)
    prove(
        world,
        "three sinks rolled",
        say,
        seconds=round(rolled, 1),
        longest_stop_s=round(max(took), 2),
        longest_pause_s=round(pause, 1),
        ranges_adopted=world.adoptions,
    )
    assert pause < 10, f"a partition stood still for {pause:.1f} s"


@pytest.mark.whole
def test_a_store_that_was_cut_off_gets_everything_when_it_is_back(world, say):
    simulator = world.start_all()
    started = time.time()
    world.cluster.store.unplug()
    time.sleep(8)
    world.cluster.store.plug_in()
    world.wait_for_more(3 * PARTITIONS)
    assert all(sink.is_running() for sink in world.sinks.values())
    pause = world.longest_pause(started)
    world.stop_all(simulator)
    prove(
        world, "the store cut off", say, seconds_cut=8, longest_pause_s=round(pause, 1), ranges_adopted=world.adoptions
    )
