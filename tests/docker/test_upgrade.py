"""A stack on the volumes that an earlier version left: it comes up, goes on and is proved, with its history kept."""

import json
import lzma
from pathlib import Path

import pytest

MADE_BY_0_1_0 = Path(__file__).parents[1] / "integration" / "made_by_0.1.0"
VOLUMES = {"kafka": "/var/lib/kafka", "minio": "/var/lib/minio", "loader": "/data"}
# Of the stack that made the volumes, which is long gone.
KEPT = {"MINIO_ROOT_USER": "spotify-223974f6", "MINIO_ROOT_PASSWORD": "09bb61a2eed996df60da4deb47cd8a18841efc00"}
ACKED = 1036


@pytest.mark.wide
def test_a_stack_goes_on_with_the_volumes_of_0_1_0(new_stack):
    stack = new_stack(kept=KEPT)
    for service, mount in VOLUMES.items():
        archive = "warehouse" if service == "loader" else service
        stack.fill_volume(service, mount, lzma.decompress((MADE_BY_0_1_0 / f"stack-{archive}.tar.xz").read_bytes()))

    stack.up(profile="demo")
    acked = stack.stop_simulator()
    report = stack.prove()
    print(f"{ACKED} events of before, {acked} acknowledged now, {report['kept']} kept")
    assert acked > 0
    assert report["kept"] == ACKED + acked and report["duplicates"] == 0 and report["rejected"] == 0
    status = json.loads(stack.pipeline("status", "--json").stdout)
    assert {partition["log_start"] for partition in status["partitions"]} == {0}
