"""A real Kafka behind SASL_SSL (SCRAM-SHA-512) and a real MinIO behind https, both on loopback."""

import subprocess
from pathlib import Path

from driver.broker import Broker
from driver.certificates import Authority
from driver.process import GUARD_SECONDS, Running, wait_until
from driver.services import clean_environment, free_ports

USER, PASSWORD = "pipeline", "not-in-any-log-4711"
KEYS = {"AWS_ACCESS_KEY_ID": "tls-access", "AWS_SECRET_ACCESS_KEY": "not-in-any-log-4712"}
START_SECONDS_MAX = 60
PROPERTIES = """
listeners=GOOD://127.0.0.1:{good},EXPIRED://127.0.0.1:{expired},OTHER://127.0.0.1:{other},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=GOOD://127.0.0.1:{good},EXPIRED://127.0.0.1:{expired},OTHER://127.0.0.1:{other}
listener.security.protocol.map=GOOD:SASL_SSL,EXPIRED:SASL_SSL,OTHER:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=GOOD
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.good.ssl.keystore.location={folder}/good.pem
listener.name.expired.ssl.keystore.location={folder}/expired.pem
listener.name.other.ssl.keystore.location={folder}/other.pem
"""
JAAS = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="{}" password="{}";'


class Secured:
    """What World needs of its servers, and the ports whose certificates are not valid."""

    def __init__(self, binary: Path, deps: Path, folder: Path):
        self.binary, self.deps, self.data = binary, deps, folder
        self._authority = Authority(folder, "authority")
        self.ca = self._authority.certificate
        self.other_ca = Authority(folder, "stranger").certificate
        self._ports = dict(zip(("controller", "good", "expired", "other", "s3", "console"), free_ports(6), strict=True))
        self.kafka_address = self.broker("good")
        self.s3_endpoint = f"https://127.0.0.1:{self._ports['s3']}"
        self.s3_by_other_name = f"https://localhost:{self._ports['s3']}"
        for name, subject, days in (
            ("good", "IP:127.0.0.1", 2),
            ("expired", "IP:127.0.0.1", -1),
            ("other", "DNS:elsewhere.example", 2),
        ):
            certificate, key = self._authority.issue(name, subject, days)
            (folder / f"{name}.pem").write_text(key.read_text() + certificate.read_text() + self.ca.read_text())
        self._start_kafka()
        self._start_minio()

    def broker(self, listener: str) -> str:
        return f"127.0.0.1:{self._ports[listener]}"

    @property
    def environment(self) -> dict[str, str]:
        return KEYS | {
            "KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": USER,
            "KAFKA_SASL_PASSWORD": PASSWORD,
            "KAFKA_CA_FILE": str(self.ca),
            "S3_CA_FILE": str(self.ca),
        }

    def _start_kafka(self) -> None:
        jaas = JAAS.format(USER, PASSWORD)
        logins = "".join(
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config={jaas}\n" for name in ("good", "expired", "other")
        )
        properties = PROPERTIES.format(folder=self.data, authority=self.ca, **self._ports) + logins
        self._broker = Broker(
            self.deps,
            self.data,
            self._ports["controller"],
            properties,
            lambda: self._shows_its_certificate(self.kafka_address),
            {USER: PASSWORD},
        )

    def _start_minio(self) -> None:
        certificates = self.data / "minio-certificates"
        certificates.mkdir()
        (certificates / "public.crt").write_bytes((self.data / "good.crt").read_bytes())
        (certificates / "private.key").write_bytes((self.data / "good.key").read_bytes())
        environment = clean_environment() | {
            "MINIO_ROOT_USER": KEYS["AWS_ACCESS_KEY_ID"],
            "MINIO_ROOT_PASSWORD": KEYS["AWS_SECRET_ACCESS_KEY"],
        }
        address = f"127.0.0.1:{self._ports['s3']}"
        line = [
            self.deps / "minio" / "minio",
            "server",
            "--quiet",
            "--certs-dir",
            certificates,
            "--address",
            address,
            "--console-address",
            f"127.0.0.1:{self._ports['console']}",
            self.data / "objects",
        ]
        self._minio = Running(line, environment, self.data, "minio")

        def answers() -> bool:
            assert self._minio.is_running(), str(self._minio.finished())
            return self._shows_its_certificate(address)

        wait_until(answers, START_SECONDS_MAX, "MinIO with its certificate", 0.3)

    def _shows_its_certificate(self, address: str) -> bool:
        line = ["openssl", "s_client", "-connect", address, "-CAfile", str(self.ca), "-verify_return_error"]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=GUARD_SECONDS, check=False)
        return done.returncode == 0

    def close(self) -> None:
        self._broker.close()
        self._minio.end()
