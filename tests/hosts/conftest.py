"""Fixtures of the tests on several hosts: the hosts and their cluster for the session, a world for each test."""

import re
import secrets

import pytest
from cluster import NODES, Cluster
from host_world import HostWorld
from hosts import Network

pytest_plugins = ["driver.fixtures"]


@pytest.fixture(scope="session")
def network():
    """Tests run on its host `clients`."""
    made = Network([*(f"host{node}" for node in NODES), "store", "clients"])
    try:
        made.hosts["clients"].enter()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def cluster(network, binary, deps, tmp_path_factory):
    made = Cluster(network, binary, deps, tmp_path_factory.mktemp("cluster"))
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def world(request, cluster, tmp_path):
    """On a cluster that is whole; whatever the test broke, it is whole again afterwards."""
    test = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:40].strip("-")
    name = f"{test}-{secrets.token_hex(3)}"
    one = HostWorld(cluster, tmp_path / name, name)
    yield one
    one.close()
    for host in cluster.network.hosts.values():
        host.heal()
    for broker in cluster.brokers.values():
        if not broker.process.is_running():
            broker.start()
    cluster.wait_for_brokers()
