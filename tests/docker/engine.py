"""A Docker engine of the tests' own, with a folder and a socket of its own; the machine's, if there is one, is not touched."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from driver.process import GUARD_SECONDS

ROOT = Path(__file__).resolve().parents[2]
CONTAINERD_WAS_LATE = "failed to start containerd: timeout waiting for containerd to start"
START_LIMIT_S = 60
STOP_LIMIT_S = 60
DEATH_LIMIT_S = 5  # from the failure that a client sees to the end of the process
BASE_IMAGE = "spotify-test/debian:bookworm"


class Engine:
    """Started without bridge and packet filter rules: containers live in the machine's network, on loopback.

    SDP_DOCKER_HOST names a running engine to use instead, which must be able to pull debian:bookworm-slim."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.given = os.environ.get("SDP_DOCKER_HOST")
        self.base_image = "debian:bookworm-slim" if self.given else BASE_IMAGE
        self.run_folder = Path(tempfile.mkdtemp(prefix="sdp-docker-"))  # Paths of sockets must be short.
        self.host = self.given or f"unix://{self.run_folder}/docker.sock"
        self.process = None

    def start(self) -> None:
        if self.given:
            return
        assert os.geteuid() == 0, "a Docker engine needs root; or name a running one with SDP_DOCKER_HOST"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.folder / ".lock", "w")  # noqa: SIM115  # Held until stop().
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        (self.folder / "dockerd.log").unlink(missing_ok=True)
        self.launch()
        self.remove_containers()
        if self.docker("image", "inspect", self.base_image, check=False).returncode != 0:
            subprocess.run([ROOT / "tests/docker/make_base", self.base_image], check=True, env=self.environment())

    def launch(self) -> None:
        log = self.folder / "dockerd.log"
        command = [
            "dockerd",
            "--data-root",
            self.folder / "data",
            "--exec-root",
            self.run_folder / "exec",
            "--host",
            self.host,
        ]
        command += [
            "--pidfile",
            self.run_folder / "dockerd.pid",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
        ]

        def start() -> None:
            with open(log, "a") as output:
                self.process = subprocess.Popen(
                    [str(part) for part in command], stdout=output, stderr=output, start_new_session=True
                )

        start()
        deadline = time.monotonic() + START_LIMIT_S
        while self.docker("info", check=False).returncode != 0:
            # dockerd gives its containerd 15 s, which a machine with much else to do may not have; nothing says more.
            if self.process.poll() is not None and log.read_text().rstrip().endswith(CONTAINERD_WAS_LATE):
                start()
            assert self.process.poll() is None and time.monotonic() < deadline, (
                f"no engine; {log} ends:\n{log.read_text()[-3000:]}"
            )
            time.sleep(0.2)

    def start_again_if_it_died(self) -> bool:
        """Debian's engine (20.10) may die of a segmentation fault in its build cache, whatever is built."""
        if self.process is None:
            return False
        try:
            self.process.wait(DEATH_LIMIT_S)
        except subprocess.TimeoutExpired:
            return False
        self.launch()
        return True

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's: what Compose reads is in files."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.run_folder), "DOCKER_HOST": self.host}

    def docker(self, *arguments, check: bool = True) -> subprocess.CompletedProcess:
        command = ["docker", *[str(argument) for argument in arguments]]
        done = subprocess.run(
            command, capture_output=True, text=True, env=self.environment(), timeout=GUARD_SECONDS, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done

    def remove_containers(self) -> None:
        """Also those that a run which was killed left behind."""
        if self.given:
            return
        if left := self.docker("ps", "--all", "--quiet").stdout.split():
            self.docker("rm", "--force", "--volumes", *left)
        self.docker("volume", "prune", "--force")

    def stop(self) -> None:
        if self.process is not None:
            self.remove_containers()
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # Left by the network that all containers shared.
        subprocess.run(["umount", "--quiet", self.run_folder / "exec/netns/default"], check=False)
        shutil.rmtree(self.run_folder, ignore_errors=True)
