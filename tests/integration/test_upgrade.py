"""What an earlier version left behind is opened, continued and proved by this one; its history is kept."""

import tarfile
from pathlib import Path

import pytest

MADE_BY_0_1_0 = Path(__file__).parent / "made_by_0.1.0"
HISTORY = (
    "SELECT user_id, country, device_type, seen_at, dbt_valid_from, dbt_scd_id FROM MART.LISTENER_HISTORY ORDER BY ALL"
)


def unpack(archive: str, folder: Path) -> None:
    with tarfile.open(MADE_BY_0_1_0 / archive) as tar:
        tar.extractall(folder, filter="tar")


@pytest.fixture
def old_data(embedded):
    unpack("data-folder.tar.xz", embedded.folder)
    return embedded


def test_a_data_folder_is_proved_as_it_is(old_data):
    report = old_data.verify()
    assert (report["proved"], report["kept"]) == (True, 2000)


def test_a_data_folder_goes_on_and_keeps_its_history(old_data):
    before = old_data.rows(HISTORY)
    old_data.must_prove(500)
    assert old_data.verify()["kept"] == 2500
    after = old_data.rows(HISTORY)
    assert len(before) == 201
    assert [row for row in before if row not in after] == []
