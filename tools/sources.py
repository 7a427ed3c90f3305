"""The files of this project by kind, told by name and shebang: what git tracks, and what is new and not ignored."""

import functools
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


@functools.cache
def all_files():
    """Paths relative to ROOT, sorted; files that were deleted but not yet committed are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    paths = sorted({pathlib.PurePath(name) for name in names if name})
    return [path for path in paths if (ROOT / path).is_file() and not (ROOT / path).is_symlink()]


def with_suffix(*suffixes):
    return [path for path in all_files() if path.suffix in suffixes]


def shebang(path):
    with (ROOT / path).open("rb") as file:
        first = file.readline(100)
    return first.decode(errors="replace").strip() if first.startswith(b"#!") else ""


def python_files():
    return [path for path in all_files() if path.suffix == ".py" or "python" in shebang(path)]


def shell_files():
    return [path for path in all_files() if path.suffix == ".sh" or shebang(path).endswith(("bash", "/sh"))]


def text_of(path):
    """The text of a file, or None for one that is not UTF-8 (a picture)."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
