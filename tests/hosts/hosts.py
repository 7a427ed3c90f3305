"""Hosts that are network namespaces: each has one cable to a switch, which is a bridge in a namespace of its own.

Nothing of this is connected to the machine's own network, and no interface is ever made there: both ends of each cable come
to be inside the namespaces.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
from pathlib import Path

from driver.process import GUARD_SECONDS

PREFIX = "sdp-hosts-"
# Set aside for tests of networks (RFC 2544); no machine has these.
NETWORK = "198.18.0"
NAMESPACES = Path("/run/netns")
LOCK = Path("/run/sdp-hosts.lock")
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*arguments) -> str:
    command = ["ip", *[str(argument) for argument in arguments]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def set_namespace(descriptor: int) -> None:
    """Of the calling thread, and of what it starts from then on."""
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def sweep() -> None:
    """Ends what runs in namespaces of ours, and removes them: at the end, and at the start what a killed run has left."""
    for path in sorted(NAMESPACES.glob(f"{PREFIX}*")) if NAMESPACES.is_dir() else []:
        for pid in ip("netns", "pids", path.name).split():
            with contextlib.suppress(ProcessLookupError):
                if int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)
        ip("netns", "delete", path.name)


class Host:
    def __init__(self, network: "Network", name: str, number: int):
        self.name = name
        self.address = f"{NETWORK}.{number}"
        self._switch = network.switch
        self._namespace = PREFIX + name
        ip("netns", "add", self._namespace)
        ip("link", "add", name, "netns", self._switch, "type", "veth", "peer", "name", "eth0", "netns", self._namespace)
        ip("-n", self._namespace, "link", "set", "lo", "up")
        ip("-n", self._namespace, "link", "set", "eth0", "up")
        ip("-n", self._namespace, "address", "add", f"{self.address}/24", "dev", "eth0")
        ip("-n", self._switch, "link", "set", name, "up")
        self._descriptor = os.open(NAMESPACES / self._namespace, os.O_RDONLY | os.O_CLOEXEC)
        self.plug_in()

    def enter(self) -> None:
        """From now on the calling thread is on this host; for a program about to be started, too."""
        set_namespace(self._descriptor)

    def unplug(self) -> None:
        """As if the switch's port were dead: nothing comes or goes, and no program is told."""
        ip("-n", self._switch, "link", "set", self.name, "nomaster")

    def plug_in(self) -> None:
        ip("-n", self._switch, "link", "set", self.name, "master", "bridge")

    def mute(self, *others: "Host") -> None:
        """Drops what goes to these others, not what comes from them."""
        for other in others:
            self._filter("--append", "OUTPUT", "--destination", other.address, "--jump", "DROP")

    def part_from(self, *others: "Host") -> None:
        """Drops what goes to these others and comes from them; the rest of the network stays."""
        self.mute(*others)
        for other in others:
            self._filter("--append", "INPUT", "--source", other.address, "--jump", "DROP")

    def heal(self) -> None:
        """Whatever was done to it, it has the whole network again."""
        self.plug_in()
        self._filter("--flush")

    def _filter(self, *arguments: str) -> None:
        done = subprocess.run(
            ["ip", "netns", "exec", self._namespace, "iptables", "--wait", "5", *arguments],
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"iptables {arguments} on {self.name}: {done.stderr}"

    def close(self) -> None:
        os.close(self._descriptor)


class Network:
    """One at a time on a machine; another run waits for its turn."""

    def __init__(self, names: list[str]):
        assert os.geteuid() == 0, "hosts are network namespaces, and making these needs root; run this as root"
        self._lock = open(LOCK, "w")  # noqa: SIM115  # Held until close().
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        sweep()
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.switch = f"{PREFIX}switch"
        ip("netns", "add", self.switch)
        # No spanning tree: a cable that was plugged in forwards at once.
        ip("-n", self.switch, "link", "add", "bridge", "type", "bridge", "stp_state", "0", "forward_delay", "0")
        ip("-n", self.switch, "link", "set", "bridge", "up")
        self.hosts = {name: Host(self, name, number) for number, name in enumerate(names, 1)}

    def close(self) -> None:
        set_namespace(self._own)
        for host in self.hosts.values():
            host.close()
        sweep()
        os.close(self._own)
        self._lock.close()
