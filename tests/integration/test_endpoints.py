"""Every command that goes on until it is stopped answers those who watch it: `/metrics`, `/healthz` and `/readyz`."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from driver import parsed
from driver.commands import flags, whole_commands
from driver.process import wait_until
from driver.scrape import Watched, check_by_promtool
from driver.services import free_ports
from test_metrics import rows_of

MISDIRECTED, UNAUTHORIZED = 421, 401
UNAVAILABLE = 69
HERE = ("--listen", "127.0.0.1:0")
FOLLOWS_FOR_A_PERSON = {("top",), ("status",), ("tap", "lake"), ("tap", "log")}


def mart_places(world) -> tuple:
    return ("--published", world.folder / "published", "--work-dir", world.folder / "transform")


@dataclass(frozen=True)
class GoesOn:
    start: Callable
    done: str  # a metric that is not 0 once it has worked
    untold: set[str] = field(default_factory=set)  # metrics of what does not happen here


PAID = {"command_warehouse_seconds_total"}
OF_S3 = {"store_request_duration_seconds", "store_retries_total"}
OF_A_FILE = {name for name in rows_of("simulate") if name.startswith("command_")}
GOING_ON = {
    "sink": GoesOn(lambda world, _: world.start_sink(*HERE), "sink_durable_offset", {"store_retries_total"}),
    "pipeline": GoesOn(
        lambda world, _: world.start("pipeline", *HERE, *mart_places(world), env=parsed.environment()),
        "round_records_total",
        PAID,
    ),
    "simulate": GoesOn(lambda world, _: world.start_simulator(5, *HERE), "simulate_acked_records_total", OF_A_FILE),
    "serve": GoesOn(
        lambda world, _: world.start("serve", "--published", world.folder / "published", *HERE), "serve_answers_total"
    ),
    "run": GoesOn(
        lambda _, embedded: embedded.start("--live", "--rate", 50, *HERE),
        "round_records_total",
        # Nothing is rejected, and its lake is a folder.
        PAID | OF_S3 | {"sink_rejected_records_total"},
    ),
}


def test_the_list_has_every_command_that_goes_on(binary):
    """A command is asked by `--listen`; whoever only follows for a person is named."""
    listening = {command for command in whole_commands(binary) if "--listen" in flags(binary, command)}
    assert listening == {(name,) for name in GOING_ON}
    following = {
        command for command in whole_commands(binary) if flags(binary, command) & {"--follow", "--watch", "--interval"}
    } | {("top",)}
    assert following <= FOLLOWS_FOR_A_PERSON


@pytest.mark.parametrize("name", GOING_ON)
def test_a_command_that_goes_on_answers_who_watches_it(name, world, embedded):
    one = GOING_ON[name]
    world.must("init")
    # One record is rejected, so that this is told, too.
    world.simulate(30)
    world.services.kafka.produce(world.topic, [(b"k", b"no json")])
    if name == "pipeline":
        world.catch_up()
    watched = Watched(one.start(world, embedded))
    assert watched.ask("/healthz") == (200, "alive\n")
    samples = watched.wait_for(lambda seen: seen.sum(one.done) > 0, 120, "it to have worked")
    wait_until(lambda: watched.ask("/readyz") == (200, "ready\n"), 60, "it to be ready")
    check_by_promtool(world.services.deps, samples.text)
    told = watched.wait_for(lambda seen: rows_of(name) - seen.names <= one.untold, 60, "all that it tells").names
    assert told <= rows_of(name)
    assert samples.get("build_info") == 1
    for path in ("/metrics", "/healthz", "/readyz"):
        assert watched.ask(path, Host="evil.example")[0] == MISDIRECTED, path
    finished = watched.running.stop(120)
    assert finished.code == 0, str(finished)


def test_of_pages_with_a_token_the_metrics_need_it_and_probes_do_not(world):
    token = secrets.token_hex(32)
    pages = Watched(world.start("serve", "--published", world.folder / "published", *HERE, env={"SERVE_TOKEN": token}))
    assert pages.ask("/healthz") == (200, "alive\n")
    assert pages.ask("/readyz") == (200, "ready\n")
    assert pages.ask("/metrics")[0] == UNAUTHORIZED
    assert pages.ask("/metrics", Authorization="Bearer wrong")[0] == UNAUTHORIZED
    status, text = pages.ask("/metrics", Authorization=f"Bearer {token}")
    assert status == 200
    # The answer that is under way is not one yet.
    assert re.search(r'^spotify_pipeline_serve_answers_total\{code="401"\} 2$', text, re.MULTILINE), text
    assert token not in text


def test_a_simulation_says_whether_its_topic_is_there(world):
    [dead] = free_ports(1)
    watched = Watched(world.start_simulator(5, *HERE, env={"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{dead}"}))
    assert watched.ask("/readyz") == (503, "starting: its topic is not open yet\n")
    assert watched.ask("/healthz")[0] == 200
    assert watched.running.wait(60).code == UNAVAILABLE

    world.must("init")
    watched = Watched(world.start_simulator(5, *HERE))
    wait_until(lambda: watched.ask("/readyz")[0] == 200, 30, "it to be ready")
    probe = ("simulate", "--probe", "--listen", f"127.0.0.1:{watched.port}")
    assert "the simulation is ready" in world.must(*probe).out
    assert watched.running.stop().code == 0
    gone = world.run(*probe)
    assert gone.code == UNAVAILABLE and "/readyz" in gone.failure["message"]
