"""Programs that tools/setup compiles: each dependency is bound by a checksum, and what was changed on the way is refused."""

import os
import shutil
import subprocess
import zipfile

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS

RECIPES = ROOT / "tools/deps/recipes.sh"
PROGRAM, LIBRARY, VERSION = "example.test/program", "example.test/library", "v1.0.0"
SAYS = 'package library\n\nfunc Says() string {{ return "{}" }}\n'
MAIN = f'package main\n\nimport "{LIBRARY}"\n\nfunc main() {{ println(library.Says()) }}\n'


class Mirror:
    """A mirror of Go modules that is a folder, and a folder of pins beside it."""

    def __init__(self, folder, go):
        self.folder, self.pins, self.out = folder / "mirror", folder / "pins", folder / "out"
        self.pins.mkdir()
        self.out.mkdir()
        self.environment = os.environ | {
            "PATH": f"{go}:{os.environ['PATH']}",
            "GOPROXY": f"file://{self.folder}",
            "GOSUMDB": "off",
            "GOFLAGS": "",
            "GOMODCACHE": str(folder / "modules"),
            "GOCACHE": str(folder / "builds"),
        }

    def add(self, module: str, files: dict[str, str]) -> None:
        place = self.folder / module / "@v"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{VERSION}.info").write_text(f'{{"Version":"{VERSION}","Time":"2026-01-01T00:00:00Z"}}')
        (place / "list").write_text(f"{VERSION}\n")
        (place / f"{VERSION}.mod").write_text(files["go.mod"])
        with zipfile.ZipFile(place / f"{VERSION}.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{module}@{VERSION}/{name}", text)

    def checksum(self, module: str, kind: str = "Sum") -> str:
        done = self.run("bash", "-c", f"go mod download -json {module}@{VERSION} | jq -r .{kind}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            command,
            cwd=self.folder.parent,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )

    def install(self) -> subprocess.CompletedProcess:
        """As tools/setup does it, with nothing in Go's own caches."""
        self.run("go", "clean", "-modcache")
        shutil.rmtree(self.folder.parent / "module", ignore_errors=True)
        return self.run(
            "bash",
            "-euc",
            f'pins={self.pins}; fail() {{ echo "$*" >&2; exit 1; }}; source {RECIPES}; install_go_program program {self.out}',
        )


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    """The folder of the machine's Go, or of the one that tools/setup takes where there is none."""
    found = shutil.which("go")
    if found:
        return os.path.dirname(found)
    folder = tmp_path_factory.mktemp("go") / "venv-go"
    script = f"pins={ROOT / 'tools/deps'}; source {RECIPES}; make_venv go {folder}"
    subprocess.run(["bash", "-euc", script], check=True, capture_output=True, timeout=GUARD_SECONDS)
    return folder / "bin"


@pytest.fixture
def mirror(tmp_path, go):
    made = Mirror(tmp_path, go)
    made.add(LIBRARY, {"go.mod": f"module {LIBRARY}\n\ngo 1.21\n", "library.go": SAYS.format("as released")})
    sums = "".join(
        f"{LIBRARY} {VERSION}{suffix} {made.checksum(LIBRARY, kind)}\n"
        for suffix, kind in (("", "Sum"), ("/go.mod", "GoModSum"))
    )
    needs = f"module {PROGRAM}\n\ngo 1.21\n\nrequire {LIBRARY} {VERSION}\n"
    made.add(PROGRAM, {"go.mod": needs, "go.sum": sums, "main.go": MAIN, "LICENSE": "of the program\n"})
    (made.pins / "go-modules.txt").write_text(f"program {PROGRAM} {VERSION} {made.checksum(PROGRAM)} {PROGRAM}\n")
    return made


def test_a_program_is_built_from_what_its_checksums_name(mirror):
    done = mirror.install()
    assert done.returncode == 0, done.stderr
    assert mirror.run(str(mirror.out / "program")).stderr == "as released\n"


def test_a_dependency_that_was_changed_is_refused(mirror):
    mirror.add(LIBRARY, {"go.mod": f"module {LIBRARY}\n\ngo 1.21\n", "library.go": SAYS.format("tampered")})
    done = mirror.install()
    assert done.returncode != 0
    assert "checksum mismatch" in done.stderr
    assert not (mirror.out / "program").exists()


def test_a_module_that_was_changed_is_refused(mirror):
    mirror.add(PROGRAM, {"go.mod": f"module {PROGRAM}\n\ngo 1.21\n", "main.go": "package main\n\nfunc main() {}\n"})
    done = mirror.install()
    assert done.returncode != 0
    assert "but tools/deps/go-modules.txt pins" in done.stderr


def with_patch(mirror, version: str, line: str) -> None:
    folder = mirror.pins / "patches"
    folder.mkdir()
    (folder / f"program-{version}.patch").write_text(f"--- a/main.go\n+++ b/main.go\n@@ -5,0 +6 @@\n+{line}\n")


def test_a_patch_is_applied(mirror):
    with_patch(mirror, VERSION, 'func init() { println("patched") }')
    done = mirror.install()
    assert done.returncode == 0, done.stderr
    assert mirror.run(str(mirror.out / "program")).stderr == "patched\nas released\n"


def test_a_patch_for_another_version_is_refused(mirror):
    with_patch(mirror, "v0.9.0", "// planted")
    done = mirror.install()
    assert done.returncode != 0
    assert "program-v0.9.0.patch is for another version" in done.stderr
