"""`verify` on a warehouse that others write meanwhile, as only Snowflake lets them: what came in between does not break the proof."""

import secrets
import shutil

import pytest
from driver.embedded import Embedded
from driver.snowflake import Fault, OnSnowflake

pytestmark = pytest.mark.xdist_group("verify-while-it-changes")

VIOLATION, AGAIN = 20, 75
# What verify asks when it has listed the lake, and when it has read silver: before, it asks of no row how texts are compared.
READS_LEDGER, READS_MARTS = "sha256, writer", r"FROM MART\.TOP_SONGS(?! WHERE 1 = 0)"


class Living:
    """A lake that grows, and its warehouse on the emulator."""

    def __init__(self, binary, deps, folder, emulator):
        self.grown = Embedded(binary, deps, folder)
        self.snowflake = OnSnowflake(binary, deps, folder / "snowflake", emulator, f"V{secrets.token_hex(6).upper()}")
        self.transforms = ("transform", "--work-dir", folder / "transform")

    def grow(self) -> None:
        self.grown.run(300)
        shutil.copytree(self.grown.data, self.snowflake.data, dirs_exist_ok=True)

    def load(self) -> None:
        self.snowflake.must("load")

    def transform(self) -> None:
        self.snowflake.must(*self.transforms, timeout=180)

    def verify(self, *writes, at: str = "", times: int = 1):
        """Before verify's question `at` is answered, so many times, others do what `writes` say."""

        def act(exchange) -> None:
            for write in writes:
                write()
            exchange.answer(*exchange.forward())

        env = self.snowflake.through(Fault("query", act, at, times=times)) if writes else {}
        return self.snowflake.run("verify", "--data", self.snowflake.data, "--allow-pending", env=env, timeout=240)


@pytest.fixture(scope="module")
def living(binary, deps, emulator, tmp_path_factory):
    """For all tests: each leaves it sound, if not all of it transformed."""
    made = Living(binary, deps, tmp_path_factory.mktemp("living"), emulator)
    made.grow()
    made.load()
    made.transform()
    yield made
    made.snowflake.close()
    made.grown.close()


def looks(finished) -> int:
    return 1 + len(finished.events("verify.changed_meanwhile"))


def test_an_object_that_is_younger_than_the_listing_is_no_violation(living):
    finished = living.verify(living.grow, living.load, at=READS_LEDGER)
    assert finished.code == 0, str(finished)
    assert looks(finished) == 2


def test_a_batch_that_closes_meanwhile_is_no_violation(living):
    living.grow()
    living.load()
    finished = living.verify(living.transform, at=READS_MARTS)
    assert finished.code == 0, str(finished)
    assert looks(finished) == 2


def test_where_it_never_stands_still_verify_says_so(living):
    finished = living.verify(living.grow, living.load, at=READS_LEDGER, times=3)
    assert finished.code == AGAIN, str(finished)
    assert "verify looked" in finished.err


def test_what_is_wrong_is_named_at_the_first_look_where_nobody_writes(living):
    living.snowflake.rows("UPDATE MART.TOP_SONGS SET total_plays = total_plays + 1")
    finished = living.verify()
    living.snowflake.rows("UPDATE MART.TOP_SONGS SET total_plays = total_plays - 1")
    assert finished.code == VIOLATION, str(finished)
    assert looks(finished) == 1
