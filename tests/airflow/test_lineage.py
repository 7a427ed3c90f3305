"""OpenLineage: off unless a transport is set, and then every task tells a collector that it started and ended."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from conftest import DAGS

SCRIPT = "import spotify_dbt; spotify_dbt.spotify_dbt().test()"


@pytest.fixture
def collector():
    """Collects what is posted to it on loopback."""
    events: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", events
    server.shutdown()
    server.server_close()


def test_lineage_is_off_by_default():
    from airflow.providers.openlineage import conf
    assert conf.is_disabled()


def test_a_collector_hears_of_every_task(collector, stand_in, tmp_path):
    url, events = collector
    stand_in.says("echo '{\"proved\":true,\"kept\":1,\"duplicates\":0,\"rejected\":0}'")
    transport = json.dumps({"type": "http", "url": url, "compression": None})
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path / "home"), "AIRFLOW__OPENLINEAGE__TRANSPORT": transport,
                                "AIRFLOW__OPENLINEAGE__NAMESPACE": "spotify"}
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True)
    subprocess.run([sys.executable, "-B", "-c", SCRIPT], env=environment, cwd=DAGS, check=True, capture_output=True)
    told = {(event["job"]["namespace"], event["job"]["name"], event["eventType"]) for event in events}
    assert told >= {("spotify", f"spotify_dbt.{task}", kind) for task in ("dbt_build", "verify")
                    for kind in ("START", "COMPLETE")}
