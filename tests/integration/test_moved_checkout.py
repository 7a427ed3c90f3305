"""A checkout that was moved: it configures again, and its binary finds DuckDB's library in the new place."""

import shutil
import subprocess

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS
from driver.services import clean_environment


@pytest.fixture
def checkout(deps, tmp_path):
    """What configuring needs, and the link to what tools/setup fetched."""
    folder = tmp_path / "first"
    for name in ("cmake", "src"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("CMakeLists.txt", "CMakePresets.json", "tools/configure"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".deps").symlink_to(deps)
    return folder


def configure(folder) -> str:
    done = subprocess.run(
        [folder / "tools/configure", "release"], capture_output=True, text=True, timeout=GUARD_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_moved_checkout_configures_again(checkout):
    configure(checkout)
    assert configure(checkout) == ""
    moved = checkout.rename(checkout.with_name("second"))
    stale = subprocess.run(
        ["cmake", "--preset", "release"], cwd=moved, capture_output=True, timeout=GUARD_SECONDS, check=False
    )
    assert stale.returncode != 0, "CMake takes a moved tree by itself: tools/configure need not care any more"
    assert f"was made for {checkout}" in configure(moved)
    assert str(checkout) not in (moved / "build/release/build.ninja").read_text()
    assert configure(moved) == ""


def test_a_moved_binary_finds_its_libraries(binary, deps, tmp_path):
    moved = tmp_path / "build/release/spotify-pipeline"
    moved.parent.mkdir(parents=True)
    shutil.copy(binary, moved)

    def version():
        return subprocess.run(
            [moved, "version"],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )

    lost = version()
    assert lost.returncode != 0, "it took libduckdb.so from somewhere else than this checkout"
    assert "libduckdb.so" in lost.stderr
    (tmp_path / ".deps").symlink_to(deps)
    found = version()
    assert found.returncode == 0, found.stderr
