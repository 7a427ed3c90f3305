"""Brokers that are far away: a sink goes on after all of its connections were cut, however long a round trip takes."""

import pytest
from driver.broker import Broker, is_listening
from driver.process import wait_until
from driver.services import Servers, free_ports
from driver.slow_network import SlowNetwork
from driver.world import World

CUT_SECONDS = 3
BACK_SECONDS_MAX = 25
PROPERTIES = """
listeners=NEAR://127.0.0.1:{near},FAR://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=NEAR://127.0.0.1:{near},FAR://127.0.0.1:{far}
listener.security.protocol.map=NEAR:PLAINTEXT,FAR:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=NEAR
"""


class FarAway(Servers):
    """A broker that is reached near by, and far away behind a network of its own; the S3 server is that of all tests."""

    def __init__(self, services, folder):
        self.binary, self.deps, self.data = services.binary, services.deps, services.data
        self.s3_endpoint, self.credentials = services.s3_endpoint, services.credentials
        self.ports = dict(zip(("controller", "near", "behind", "far"), free_ports(4), strict=True))
        self.kafka_address = f"127.0.0.1:{self.ports['near']}"
        self.far_address = f"127.0.0.1:{self.ports['far']}"
        self._broker = Broker(
            self.deps,
            folder,
            self.ports["controller"],
            PROPERTIES.format(**self.ports),
            lambda: is_listening(self.kafka_address),
        )

    def network(self, delay: float) -> SlowNetwork:
        return SlowNetwork(self.ports["far"], self.ports["behind"], delay)

    def close(self) -> None:
        self._broker.close()


@pytest.fixture(scope="module")
def far_away(services, tmp_path_factory):
    servers = FarAway(services, tmp_path_factory.mktemp("far-away"))
    yield servers
    servers.close()


@pytest.mark.xdist_group("far-away")
@pytest.mark.parametrize("round_trip_ms", [200, *(pytest.param(other, marks=pytest.mark.wide) for other in (50, 500))])
def test_a_sink_goes_on_after_its_connections_were_cut(far_away, new_world, round_trip_ms):
    world: World = new_world(far_away)
    network = far_away.network(round_trip_ms / 2000)
    try:
        simulator = world.start_simulator(300)
        # All brokers are out of reach, not only one connection of several.
        sink = world.start_sink(env={"KAFKA_BOOTSTRAP_SERVERS": far_away.far_address})
        world.wait_for_objects(3)
        network.cut(CUT_SECONDS)
        wait_until(
            lambda: sink.events("kafka.brokers_down"), CUT_SECONDS + 10, "the sink to notice", 0.1, promised=True
        )
        wait_until(
            lambda: sink.events("kafka.reconnected"), BACK_SECONDS_MAX, "a broker to answer again", 0.1, promised=True
        )
        world.wait_for_objects(len(world.objects()) + 3, BACK_SECONDS_MAX, promised=True)
        world.stop_simulator(simulator)
        finished = sink.stop()
        assert finished.code == 0, str(finished)
    finally:
        network.close()
    world.catch_up()
    world.prove_up_to_bronze()
