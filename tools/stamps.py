"""Remembers what passed: an empty file in the cache, named by a hash of everything that the outcome depends on.

The cache is ~/.cache/spotify-data-pipeline (SDP_CACHE_DIR moves it); all checkouts share it. Stamps that were not used
for 30 days are removed."""

import functools
import hashlib
import os
import pathlib
import time

import sources

KEPT_S = 30 * 24 * 3600


@functools.cache
def folder(kind):
    cache = os.environ.get("SDP_CACHE_DIR") or pathlib.Path.home() / ".cache/spotify-data-pipeline"
    path = pathlib.Path(cache) / "passed" / kind
    path.mkdir(parents=True, exist_ok=True)
    for stamp in path.iterdir():
        if time.time() - stamp.stat().st_mtime > KEPT_S:
            stamp.unlink(missing_ok=True)
    return path


def digest(*parts):
    """A hash of strings, bytes and paths relative to the root; a path stands for its name and its content."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, pathlib.PurePath):
            data = str(part).encode() + b"\0" + hashlib.sha256((sources.ROOT / part).read_bytes()).digest()
        else:
            data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()


def passed(kind, key):
    stamp = folder(kind) / key
    if stamp.exists():
        stamp.touch()
        return True
    return False


def remember(kind, key):
    (folder(kind) / key).touch()
