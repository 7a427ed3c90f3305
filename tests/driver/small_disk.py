"""A disk with little room, and none at all when a test fills it."""

import resource
import signal
import subprocess


class SmallDisk:
    """A small tmpfs, which takes root; without, no file may grow past the size."""

    def __init__(self, path, megabytes: int):
        self.path, self._bytes = path, megabytes << 20
        path.mkdir(parents=True, exist_ok=True)
        self.is_mounted = self._mount(f"size={megabytes}m")

    def _mount(self, options: str) -> bool:
        return (
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.path], capture_output=True, check=False
            ).returncode
            == 0
        )

    @property
    def prepare(self):
        """For a child process that is to meet the limit."""
        if self.is_mounted:
            return None

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._bytes // 16, resource.RLIM_INFINITY))

        return limit

    def fill(self):
        """A file that takes all the room there is; the disk is small."""
        filler = self.path / "filler"
        with open(filler, "wb", buffering=0) as file:
            for block in (1 << 20, 1 << 12):
                try:
                    while file.write(b"\0" * block):
                        pass
                except OSError:
                    continue
        return filler

    def make_room(self) -> None:
        if self.is_mounted:
            assert subprocess.run(["mount", "-o", "remount,size=1g", self.path], check=False).returncode == 0
        self._bytes = 1 << 34

    def remove(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.path], check=False)
