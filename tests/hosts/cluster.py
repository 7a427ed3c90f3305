"""Three hosts with a broker each that is a controller too, a host with the S3 server, and one for everything else."""

import re
import secrets
import subprocess
import urllib.request
from pathlib import Path

from driver.process import GUARD_SECONDS, Running, wait_until
from driver.services import Servers
from hosts import Host, Network

BROKER_PORT = 9092
CONTROLLER_PORT = 9093
S3_PORT = 9000
START_SECONDS_MAX = 90
NODES = (1, 2, 3)

# Time-outs are a third of Kafka's defaults, for tests that wait for them.
PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address}:9092,CONTROLLER://{address}:9093
advertised.listeners=PLAINTEXT://{address}:9092
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
unclean.leader.election.enable=false
offsets.topic.num.partitions=6
offsets.topic.replication.factor=3
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=700
replica.lag.time.max.ms=5000
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=4194304
"""

LOG_PROPERTIES = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSX}{UTC} %p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class Broker:
    """What it wrote stays on its disk when it is killed; start() goes on from there."""

    def __init__(self, cluster: "Cluster", node: int, host: Host):
        self.node, self.host = node, host
        self.address = f"{host.address}:{BROKER_PORT}"
        self.process: Running | None = None
        self._folder = cluster.folder / f"broker-{node}"
        self._folder.mkdir()
        self._starts = 0
        voters = ",".join(
            f"{other}@{cluster.network.hosts[f'host{other}'].address}:{CONTROLLER_PORT}" for other in NODES
        )
        self._properties = self._folder / "server.properties"
        self._properties.write_text(
            PROPERTIES.format(node=node, voters=voters, address=host.address, data=self._folder / "data")
        )
        logging = self._folder / "log4j2.properties"
        logging.write_text(LOG_PROPERTIES)
        self._java = [
            "java",
            "-Xms128m",
            f"-Xmx{cluster.heap}",
            "-XX:+UseSerialGC",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={logging}",
            "-cp",
            f"{cluster.deps}/kafka/libs/*",
        ]

    def _run(self, name: str, *arguments) -> Running:
        return Running([*self._java, *arguments], {"PATH": "/usr/bin:/bin"}, self._folder, name, self.host.enter)

    def format(self, cluster_id: str) -> Running:
        return self._run(
            "format", "kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", self._properties
        )

    def start(self) -> None:
        assert self.process is None or not self.process.is_running()
        self._starts += 1
        self.process = self._run(f"broker-{self._starts}", "kafka.Kafka", self._properties)

    def kill(self) -> None:
        self.process.kill()


class Cluster(Servers):
    """The calling thread must be on the host `clients`."""

    def __init__(self, network: Network, binary: Path, deps: Path, folder: Path, heap: str = "256m"):
        self.network, self.binary, self.deps, self.folder, self.heap = network, binary, deps, folder, heap
        self.data = folder / "no-services"
        self.brokers = {node: Broker(self, node, network.hosts[f"host{node}"]) for node in NODES}
        self.store = network.hosts["store"]
        self.kafka_address = ",".join(broker.address for broker in self.brokers.values())
        self.s3_endpoint = f"http://{self.store.address}:{S3_PORT}"
        self.credentials = {"AWS_ACCESS_KEY_ID": secrets.token_hex(10), "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)}
        self.s3_process: Running | None = None

    def up(self) -> None:
        cluster_id = secrets.token_urlsafe(16).replace("-", "A")
        for formatting in [broker.format(cluster_id) for broker in self.brokers.values()]:
            done = formatting.wait(START_SECONDS_MAX)
            assert done.code == 0, str(done)
        for broker in self.brokers.values():
            broker.start()
        keys = self.credentials
        self.s3_process = Running(
            [
                self.deps / "minio" / "minio",
                "server",
                "--quiet",
                "--config-dir",
                self.folder / "minio-config",
                "--address",
                f"{self.store.address}:{S3_PORT}",
                "--console-address",
                f"{self.store.address}:{S3_PORT + 1}",
                self.folder / "minio",
            ],
            {
                "PATH": "/usr/bin:/bin",
                "MINIO_ROOT_USER": keys["AWS_ACCESS_KEY_ID"],
                "MINIO_ROOT_PASSWORD": keys["AWS_SECRET_ACCESS_KEY"],
                "MINIO_UPDATE": "off",
            },
            self.folder,
            "minio",
            self.store.enter,
        )
        wait_until(self._s3_is_ready, START_SECONDS_MAX, "the S3 server to be ready", 0.2)
        self.wait_for_brokers()

    def _s3_is_ready(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.s3_endpoint}/minio/health/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def down(self) -> None:
        for broker in self.brokers.values():
            if broker.process is not None:
                broker.process.end()
        if self.s3_process is not None:
            self.s3_process.end()

    # --- looking ---

    def brokers_that_answer(self) -> int:
        """How many brokers the cluster knows now that it can be reached."""
        known = self.kafka.metadata()
        return len(known.brokers) if known else 0

    def wait_for_brokers(self, count: int = len(NODES)) -> None:
        wait_until(
            lambda: self.brokers_that_answer() == count, START_SECONDS_MAX, f"{count} brokers to be members", 0.3
        )

    def in_sync(self, topic: str) -> bool:
        """Whether every partition has all its replicas in sync, the groups' own topic included."""
        known = self.kafka.metadata()
        topics = [known.topics[name] for name in (topic, "__consumer_offsets") if name in known.topics] if known else []
        return bool(topics) and all(
            len(partition.isrs) == len(NODES) for one in topics for partition in one.partitions.values()
        )

    def wait_until_in_sync(self, topic: str) -> None:
        self.wait_for_brokers()
        wait_until(lambda: self.in_sync(topic), START_SECONDS_MAX, "all replicas to be in sync", 0.5)

    def controller(self) -> Broker:
        """The leader of the quorum, which only Kafka's own tool asks for."""
        tool = ["java", "-cp", f"{self.deps}/kafka/libs/*", "org.apache.kafka.tools.MetadataQuorumCommand"]
        line = [*tool, "--bootstrap-server", self.kafka_address, "describe", "--status"]
        said = subprocess.run(line, capture_output=True, text=True, timeout=GUARD_SECONDS, check=True).stdout
        return self.brokers[int(re.search(r"LeaderId:\s+(\d+)", said)[1])]

    def coordinator(self, group: str) -> Broker:
        return self.brokers[self.kafka.describe_group(group).coordinator.id]
