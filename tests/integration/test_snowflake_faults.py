"""What Snowflake or the network refuses is named, with what to do and a documented exit code; and nothing is half loaded.

On the emulator, with faults by a proxy before it: `tests/emulator/README.md` says what that can tell.
"""

import re
import secrets
import shutil
import subprocess

import pytest
from driver.services import free_ports
from driver.snowflake import PASSWORD, UNAUTHORIZED, Fault, OnSnowflake, fill_lake
from faulty import cut, cut_after, cut_midway, http_status, refuse

UNAVAILABLE, MISCONFIGURED = 69, 78
EVENTS = 4_000


@pytest.fixture(scope="session")
def filled_lake(binary, deps, tmp_path_factory):
    return fill_lake(binary, deps, tmp_path_factory.mktemp("lake"), EVENTS, object_records=200)


@pytest.fixture
def pipeline(binary, deps, emulator, filled_lake, tmp_path):
    """A lake to be loaded into a database that is not there yet; afterwards everything must land."""
    one = OnSnowflake(binary, deps, tmp_path, emulator, f"T{secrets.token_hex(6).upper()}")
    shutil.copytree(filled_lake, one.data)
    yield one
    one.prove_up_to_bronze(EVENTS)
    one.close()


def refused(pipeline, code: int, *words: str, env, command: str = "load", timeout: float = 60):
    """Ends with this code and one error with these words, and shows no secret."""
    finished = pipeline.run(command, env=env, timeout=timeout)
    assert finished.code == code, str(finished)
    error = finished.failure["message"]
    missing = [word for word in words if word not in error]
    assert not missing, f"{missing} not in: {error}"
    assert PASSWORD not in finished.out + finished.err
    return finished


# --- who we are ---


def test_a_wrong_password_is_refused_without_being_shown(pipeline):
    login = Fault("login", refuse("390100", "Incorrect username or password was specified."))
    refused(
        pipeline,
        UNAUTHORIZED,
        "acme-events",
        "SNOWFLAKE_USER",
        "SNOWFLAKE_PASSWORD",
        "390100",
        env=pipeline.through(login),
    )


def test_a_key_that_the_account_does_not_know_is_refused(pipeline, tmp_path):
    key = tmp_path / "key.p8"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key],
        check=True,
        capture_output=True,
    )
    login = Fault("login", refuse("390144", "JWT token is invalid."))
    env = pipeline.through(login) | {"SNOWFLAKE_PRIVATE_KEY_FILE": str(key), "SNOWFLAKE_PASSWORD": ""}
    finished = refused(pipeline, UNAUTHORIZED, "RSA_PUBLIC_KEY", "390144", env=env)
    assert "PRIVATE KEY-----" not in finished.out + finished.err


def test_a_key_file_that_is_none_is_named(pipeline, tmp_path):
    (tmp_path / "key.p8").write_text("no key")
    env = {"SNOWFLAKE_PRIVATE_KEY_FILE": str(tmp_path / "key.p8"), "SNOWFLAKE_PASSWORD": ""}
    refused(pipeline, MISCONFIGURED, str(tmp_path / "key.p8"), "PKCS #8", env=env)


def test_a_role_that_the_user_has_not_is_named(pipeline):
    login = Fault(
        "login",
        refuse("390189", "Role 'SPOTIFY_PIPELINE' specified in the connect string does not exist or not authorized."),
    )
    refused(pipeline, UNAUTHORIZED, "SNOWFLAKE_ROLE", "SPOTIFY_PIPELINE", env=pipeline.through(login))


@pytest.mark.parametrize(
    "unset", [pytest.param("", marks=pytest.mark.wide, id="empty"), pytest.param(None, id="unset")]
)
def test_an_account_a_user_and_a_password_are_enough(pipeline, tmp_path, unset):
    """Without a role and a virtual warehouse the session has the user's own, for `load`, which makes what is missing, and for dbt."""
    for name in ("SNOWFLAKE_ROLE", "SNOWFLAKE_WAREHOUSE"):
        if unset is None:
            del pipeline.env[name]
        else:
            pipeline.env[name] = unset
    logins: list[str] = []

    def note(exchange):
        logins.append(exchange.path)
        exchange.answer(*exchange.forward())

    noted = pipeline.through(Fault("login", note))
    pipeline.must("load", env=noted)
    by_load = len(logins)
    pipeline.must("transform", "--work-dir", tmp_path / "transform", env=noted)
    assert 0 < by_load < len(logins)
    assert not [path for path in logins if re.search(r"[?&](roleName|warehouse)=[^&]", path)]


@pytest.mark.parametrize(
    ("variable", "word"),
    [
        ("SNOWFLAKE_ACCOUNT", "account"),
        ("SNOWFLAKE_USER", "user"),
        ("SNOWFLAKE_PASSWORD", "SNOWFLAKE_PRIVATE_KEY_FILE"),
    ],
)
def test_a_setting_that_is_missing_is_named(pipeline, variable, word):
    refused(pipeline, MISCONFIGURED, variable, word, env={variable: ""})


def test_a_database_name_that_says_more_than_a_name_is_refused(pipeline):
    refused(pipeline, MISCONFIGURED, "SNOWFLAKE_DATABASE", env={"SNOWFLAKE_DATABASE": "X; DROP DATABASE Y"})


def test_plain_http_to_anywhere_else_is_refused(pipeline):
    refused(pipeline, MISCONFIGURED, "SNOWFLAKE_PROTOCOL", env={"SNOWFLAKE_HOST": "acme.snowflakecomputing.com"})


# --- where it is ---


def test_an_account_that_is_not_there_is_named(pipeline):
    """Snowflake answers 404 for an account that it does not have."""
    refused(
        pipeline,
        UNAVAILABLE,
        "acme-events",
        "SNOWFLAKE_ACCOUNT",
        env=pipeline.through(Fault("login", http_status(404))),
        timeout=100,
    )


def test_nobody_listening_is_named(pipeline):
    refused(pipeline, UNAVAILABLE, "acme-events", env={"SNOWFLAKE_PORT": str(free_ports(1)[0])}, timeout=100)


# --- warehouses ---


@pytest.mark.parametrize(
    ("code", "message", "exit_code", "word"),
    [
        ("000606", "No active warehouse selected in the current session.", MISCONFIGURED, "SNOWFLAKE_WAREHOUSE"),
        (
            "090073",
            "Warehouse 'SPOTIFY_WH' cannot be resumed because resource monitor 'LIMIT' has exceeded its quota.",
            UNAVAILABLE,
            "resource monitor",
        ),
    ],
)
def test_a_warehouse_that_does_not_run_is_named(pipeline, code, message, exit_code, word):
    pipeline.must("warehouse init")
    env = pipeline.through(Fault("query", refuse(code, message, "57P03"), sql="^COPY"))
    refused(pipeline, exit_code, code, word, env=env)
    assert pipeline.rows("SELECT count(*) FROM BRONZE.LOAD_LEDGER") == [[0]]


def test_a_warehouse_that_is_not_there_is_named(pipeline):
    login = Fault("login", refuse("390201", "The requested warehouse does not exist or not authorized."))
    refused(pipeline, MISCONFIGURED, "SNOWFLAKE_WAREHOUSE", env=pipeline.through(login))


def test_a_right_that_the_role_lacks_is_named(pipeline):
    pipeline.must("warehouse init")
    env = pipeline.through(
        Fault(
            "query",
            refuse(
                "003001",
                "SQL access control error: Insufficient privileges to operate on table 'SPOTIFY_EVENTS'",
                "42501",
            ),
            sql="^INSERT",
        )
    )
    refused(pipeline, UNAUTHORIZED, "003001", "docs/snowflake", env=env)


# --- what passes by itself ---


SURVIVED = {
    "503 at copy": lambda: Fault("query", http_status(503), sql="^COPY", times=1),
    "session gone": lambda: Fault(
        "query",
        refuse("390111", "Session no longer exists. New login required to access the service."),
        sql="^INSERT",
        times=1,
    ),
    "locked": lambda: Fault(
        "query",
        refuse("000625", "Statement has locked table LOAD_LOCK and this lock has not yet been released.", "57014"),
        sql="^UPDATE",
        times=2,
    ),
    "insert's answer lost": lambda: Fault("query", cut_after, sql="^INSERT", times=1),
    "commit's answer lost": lambda: Fault("query", cut_after, sql="^COMMIT", times=1),
    "upload cut midway": lambda: Fault("upload", cut_midway, times=1),
}
# The same at another statement, or in other words.
SURVIVED_TOO = {
    "503 at login": lambda: Fault("login", http_status(503), times=1),
    "expired": lambda: Fault(
        "query", refuse("390112", "Your session has expired. Please login again."), sql="^COPY", times=1
    ),
    "copy cut": lambda: Fault("query", cut, sql="^COPY", times=1),
    "copy's answer lost": lambda: Fault("query", cut_after, sql="^COPY", times=1),
    "commit cut": lambda: Fault("query", cut, sql="^COMMIT", times=1),
    "upload cut": lambda: Fault("upload", cut, times=1),
}


@pytest.mark.parametrize(
    "fault",
    [
        *(pytest.param(fault, id=name) for name, fault in SURVIVED.items()),
        *(pytest.param(fault, id=name, marks=pytest.mark.wide) for name, fault in SURVIVED_TOO.items()),
    ],
)
def test_a_load_survives(pipeline, fault):
    one = fault()
    finished = pipeline.must("load", env=pipeline.through(one), timeout=120)
    assert one.hit >= 1, f"the fault did not strike: {pipeline.last_proxy.queries}"
    [loaded] = finished.events("load.finished")
    assert loaded["rows"] == EVENTS, str(finished)
    assert pipeline.rows("LIST @BRONZE.LOAD_STAGE") == []


def test_a_commit_whose_answer_is_lost_with_the_session_is_not_done_twice(pipeline):
    """The transaction is committed, but the loader learns of it only by the ledger."""
    lost = Fault("query", cut_after, sql="^COMMIT", times=1)
    gone = Fault(
        "query",
        refuse("390111", "Session no longer exists. New login required to access the service."),
        sql="^COMMIT",
        times=1,
    )
    pipeline.must("load", env=pipeline.through(lost, gone), timeout=120)
    assert (lost.hit, gone.hit) == (1, 1)


def test_a_commit_that_never_arrived_is_done_by_the_next_try(pipeline):
    gone = Fault(
        "query",
        refuse("390111", "Session no longer exists. New login required to access the service."),
        sql="^COMMIT",
        times=1,
    )
    pipeline.must("load", env=pipeline.through(gone), timeout=120)
    assert gone.hit == 1


# --- a loader that is killed at a step ---


STEPS = ["^CREATE OR REPLACE TEMP", "^PUT", "^COPY", "^BEGIN", "^UPDATE", "^INSERT", "^COMMIT", "^REMOVE"]


# At every step: snowflake_warehouse_contract_test, whose loader is killed there.
@pytest.mark.parametrize(
    "step", [step if step == "^COMMIT" else pytest.param(step, marks=pytest.mark.wide) for step in STEPS]
)
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_loader_killed_at_a_statement_leaves_nothing_half_done(pipeline, step, done):
    pipeline.must("warehouse init")
    victim = []

    def kill(exchange):
        if done:
            exchange.forward()
        victim[0].kill()
        exchange.hang_up()

    env = pipeline.through(Fault("query", kill, sql=step, times=1))
    victim.append(pipeline.start("load", env=env))
    assert victim[0].wait(60).code == -9
    objects = pipeline.rows("SELECT count(*) FROM BRONZE.LOAD_LEDGER")
    rows = pipeline.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    assert (objects == [[0]]) == (rows == [[0]])
