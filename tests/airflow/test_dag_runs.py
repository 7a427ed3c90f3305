"""Whole runs of the DAGs in one process (`dag.test()`), on a stand-in for the pipeline that notes how it is called."""

import datetime
import json

import pytest

pytestmark = pytest.mark.usefixtures("database")

STATUS = (
    '{"schema_version":1,"hours":[{"hour":"2026-02-15T17","state":"complete"},{"hour":"2026-02-15T18","state":"open"}]}'
)
LOADED = '{"rows":90,"rejected":10,"objects":3,"loaded_before":0,"transactions":1,"problems":0}'
REPORT = '{"proved":true,"kept":80,"duplicates":5,"rejected":15}'
SAYS = f"""
case $1 in
  status) echo '{STATUS}'; exit 10;;
  extract) mkdir -p "$3"; echo "{{\\"schema_version\\":1,\\"stage_dir\\":\\"$3\\",\\"objects\\":3}}";;
  load) echo '{LOADED}';;
  transform) echo '{{"models":20,"tests_passed":50}}';;
  verify) echo '{REPORT}';;
esac
"""


@pytest.fixture
def bronze(stand_in):
    import spotify_minio_to_snowflake_bronze as module

    stand_in.says(SAYS)
    return module.spotify_minio_to_snowflake_bronze()


@pytest.fixture
def dbt(stand_in):
    import spotify_dbt as module

    stand_in.says(SAYS)
    return module.spotify_dbt()


@pytest.fixture
def freshness(stand_in):
    import spotify_freshness as module

    def run(state: str, code: int = 0):
        source = f'{{"source":"bronze.load_ledger","state":"{state}","newest":null,"age_s":7}}'
        stand_in.says(f"""echo '{{"schema_version":1,"state":"{state}","sources":[{source}]}}'; exit {code}""")
        return module.spotify_freshness().test()

    return run


TASKS = ("wait_for_hour", "stage", "extract_task", "load_task", "nothing_left_out", "remove_stage")


def states(run) -> dict[str, str]:
    return {task.task_id: str(task.state) for task in run.get_task_instances()}


def in_hour(hour: int):
    return datetime.datetime(2026, 2, 15, hour, tzinfo=datetime.UTC)


def test_a_run_by_hand_loads_everything_that_is_in_the_lake(bronze, stand_in, tmp_path):
    run = bronze.test()
    assert states(run) == dict.fromkeys(TASKS, "success")
    extract, load = stand_in.calls
    stage = extract.split()[2]
    assert stage.startswith(f"{tmp_path}/data/stage/manual")
    assert extract == f"extract --stage-dir {stage} --json"
    assert load == f"load --json --lake {stage}"


def test_staged_files_are_gone_after_the_load(bronze, tmp_path):
    bronze.test()
    assert list((tmp_path / "data" / "stage").iterdir()) == []


@pytest.mark.parametrize(("command", "task"), [("extract", "extract_task"), ("load", "load_task")])
def test_staged_files_are_gone_after_a_task_failed_for_the_last_time(bronze, stand_in, tmp_path, command, task):
    stand_in.says(SAYS.replace(f"{command}) ", f'{command}) mkdir -p "$3"; exit 65;; never) '))
    run = bronze.test()
    assert str(run.state) == "failed"
    assert states(run)[task] == "failed"
    assert list((tmp_path / "data" / "stage").iterdir()) == []


def test_the_staged_files_are_there_when_the_load_begins(bronze, stand_in):
    stand_in.says(SAYS.replace("load) ", 'load) ls "$4" >/dev/null || exit 65;'))
    assert states(bronze.test())["load_task"] == "success"


def test_a_manual_run_takes_its_hour_from_its_parameter(bronze, stand_in):
    run = bronze.test(run_conf={"hour": "2026-02-15T17"})
    assert str(run.state) == "success"
    status, extract, _ = stand_in.calls
    assert status == "status --json"
    assert extract.endswith("--complete-hours --to 2026-02-15T17")


def test_a_parameter_that_is_no_hour_is_refused(bronze, stand_in):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        bronze.test(run_conf={"hour": "yesterday"})
    assert stand_in.calls == []


def test_a_first_run_waits_for_the_first_events_and_loads_everything(bronze, stand_in):
    run = bronze.test(run_conf={"wait_for_events": True})
    assert str(run.state) == "success"
    status, extract, _ = stand_in.calls
    assert status == "status --json"
    assert "--complete-hours" not in extract


def test_a_full_refresh_is_a_parameter(dbt, stand_in):
    dbt.test(run_conf={"full_refresh": True})
    assert stand_in.calls[0] == "transform --verbose --json --full-refresh"


LOADED_IN_PART = LOADED.replace('"problems":0', '"problems":1')
EXTRACTED_IN_PART = SAYS.replace('3}";;', '3,\\"problems\\":1}"; exit 21;;')


@pytest.mark.parametrize("says", [SAYS.replace(f"'{LOADED}'", f"'{LOADED_IN_PART}'; exit 21"), EXTRACTED_IN_PART])
def test_what_was_done_in_part_goes_on_and_the_run_ends_red_once(bronze, stand_in, says):
    assert says != SAYS
    stand_in.says(says)
    run = bronze.test()
    assert str(run.state) == "failed"
    assert states(run) == dict.fromkeys(TASKS, "success") | {"nothing_left_out": "failed"}


def test_without_the_files_the_load_is_from_the_lake_itself(bronze, stand_in):
    stand_in.says(SAYS.replace('mkdir -p "$3"; ', ""))
    assert states(bronze.test())["load_task"] == "success"
    assert stand_in.calls[-1] == "load --json"


def test_dbt_is_built_and_then_everything_is_proved(dbt, stand_in):
    assert states(dbt.test()) == {"dbt_build": "success", "verify": "success"}
    assert stand_in.calls == ["transform --verbose --json", "verify --json --allow-pending"]


@pytest.mark.parametrize(
    ("state", "code", "ends"),
    [("fresh", 0, "success"), ("late", 0, "success"), ("stale", 10, "failed"), ("empty", 10, "skipped")],
)
def test_only_a_stale_source_fails_its_task(freshness, stand_in, state, code, ends):
    run = freshness(state, code)
    assert states(run) == {"source_freshness": ends}
    assert stand_in.calls == ["freshness --verbose --json"]


def test_a_failed_proof_fails_the_run(dbt, stand_in):
    stand_in.says(SAYS.replace("verify) ", "verify) exit 20;; never) "))
    run = dbt.test()
    assert str(run.state) == "failed"
    assert states(run)["verify"] == "failed"


def test_too_many_rejected_records_are_proved_and_end_the_run_red_once(dbt, stand_in):
    says = SAYS
    for command in ("transform", "verify"):
        says = says.replace(f"{command}) ", f"{command}) code=22; ")
    stand_in.says("code=0" + says + "\nexit $code\n")
    assert states(dbt.test()) == {"dbt_build": "success", "verify": "failed"}


def test_a_failed_data_test_fails_the_run_before_the_proof(dbt, stand_in):
    stand_in.says(SAYS.replace("transform) ", "transform) exit 20;; never) "))
    run = dbt.test()
    assert states(run) == {"dbt_build": "failed", "verify": "upstream_failed"}
    assert "verify --json --allow-pending" not in stand_in.calls


class FakeRun:
    def __init__(self, run_type: str, started_minutes_ago: float = 0):
        self.run_type = run_type
        self.run_id = f"{run_type}__2026-02-15T18:00:00+00:00"
        self.start_date = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=started_minutes_ago)


@pytest.fixture
def bronze_module(bronze, monkeypatch):
    import spotify_minio_to_snowflake_bronze as module

    def as_run(hour: int, run_type: str = "scheduled", started_minutes_ago: float = 0) -> dict:
        context = {
            "dag_run": FakeRun(run_type, started_minutes_ago),
            "data_interval_start": in_hour(hour),
            "params": {"hour": None, "wait_for_events": False},
        }
        monkeypatch.setattr(module, "get_current_context", lambda: context)
        return context

    module.as_run = as_run
    return module


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_run_by_schedule_waits_for_its_hour_and_loads_up_to_it(bronze_module, run_type):
    sensor = bronze_module.LakeHourSensor(task_id="wait")
    assert sensor.poke(bronze_module.as_run(17, run_type)) is True
    assert bronze_module.hour_options() == ["--complete-hours", "--to", "2026-02-15T17"]
    assert sensor.poke(bronze_module.as_run(18, run_type)) is False


def test_an_hour_that_does_not_close_is_left_to_a_later_run(bronze_module):
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match="2026-02-15T18 is still open"):
        bronze_module.LakeHourSensor(task_id="wait").poke(bronze_module.as_run(18, started_minutes_ago=16))


def test_a_lake_that_is_not_there_yet_is_waited_for(bronze_module, stand_in):
    from airflow.sdk.exceptions import AirflowFailException

    sensor = bronze_module.LakeHourSensor(task_id="wait")
    stand_in.says("exit 65")
    assert sensor.poke(bronze_module.as_run(18)) is False
    with pytest.raises(AirflowFailException, match="exit code 65"):
        sensor.poke(bronze_module.as_run(18, started_minutes_ago=16))


def test_a_run_by_hand_waits_for_no_hour(bronze_module, stand_in):
    assert bronze_module.LakeHourSensor(task_id="wait").poke(bronze_module.as_run(18, "manual")) is True
    assert bronze_module.hour_options() == []
    assert stand_in.calls == []


def test_the_first_events_are_waited_for(bronze_module, stand_in):
    from airflow.sdk.exceptions import AirflowSkipException

    def poke(**age) -> bool:
        context = bronze_module.as_run(18, "manual", **age)
        context["params"]["wait_for_events"] = True
        return bronze_module.LakeHourSensor(task_id="wait").poke(context)

    assert poke() is True
    stand_in.says("""echo '{"schema_version":1,"hours":[]}'""")
    assert poke() is False
    with pytest.raises(AirflowSkipException, match="the lake has no events yet"):
        poke(started_minutes_ago=16)


def test_two_runs_do_not_share_a_folder(bronze_module):
    bronze_module.as_run(17, "scheduled")
    one = bronze_module.stage_dir()
    bronze_module.as_run(17, "backfill")
    assert bronze_module.stage_dir() != one


def test_the_asset_tells_how_much_was_loaded(bronze_module, stand_in, tmp_path):
    from collections import defaultdict
    from types import SimpleNamespace

    load_task = bronze_module.spotify_minio_to_snowflake_bronze().get_task("load_task").python_callable
    events = defaultdict(SimpleNamespace)
    loaded = load_task({"stage_dir": str(tmp_path)}, outlet_events=events)
    assert loaded == json.loads(LOADED)
    assert events[bronze_module.BRONZE].extra == {"rows": 90, "rejected": 10, "objects": 3}
