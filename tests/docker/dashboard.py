"""The stack's dashboard as a program with the token sees it, and what its result has to be: counted again from the lake."""

from driver.recount import each_once, lines_in, recounted, texts
from driver.s3 import S3
from driver.served import ask, value_of
from stack import Stack, until

FIRST_MARTS_S = 300  # As docs/docker.md promises.
# So few objects that a snapshot names all of them.
FEW_OBJECTS = {"SINK_BATCH_RECORDS": 5000, "SINK_BATCH_MAX_WAIT_S": 10}


class Dashboard:
    def __init__(self, stack: Stack):
        secrets = stack.secrets()
        self.url = f"http://127.0.0.1:{stack.settings['DASHBOARD_PORT']}"
        self._token = secrets["DASHBOARD_TOKEN"]
        self._bucket = stack.settings["MINIO_BUCKET"]
        self._s3 = S3(
            f"http://127.0.0.1:{stack.settings['MINIO_PORT']}",
            secrets["MINIO_ROOT_USER"],
            secrets["MINIO_ROOT_PASSWORD"],
        )

    def status_without_token(self, path: str) -> int:
        return ask(self.url + path)[0]

    def page(self, name: str) -> str:
        status, text = ask(f"{self.url}/{name}", self._token)
        assert status == 200, (name, status, text)
        return text

    def value(self, name: str):
        return value_of(self.page(f"data/{name}.js"))

    def publication(self) -> tuple[dict, dict[str, dict]] | None:
        """Snapshot and worksheets of what is shown now; nothing when it is being replaced, or has no events yet."""
        shown = self.value("current")["publications"]
        if not shown:
            return None
        parts = {}
        for part in ("snapshot", "mart_top_songs", "mart_user_engagement"):
            status, text = ask(f"{self.url}/data/{shown[0]['folder']}/{part}.js", self._token)
            if status == 404:
                return None
            parts[part] = value_of(text)
        snapshot = parts.pop("snapshot")
        return (snapshot, {mart["name"]: mart for mart in parts.values()}) if snapshot["ledger"]["records"] else None

    def first_publication(self) -> tuple[dict, dict[str, dict]]:
        return until("marts with events are shown", FIRST_MARTS_S, self.publication)

    def recount(self, snapshot: dict) -> tuple[int, dict[str, list]]:
        """How many lines the lake has up to where the publication says that it was loaded, and the worksheets of these lines."""
        ends: dict[int, int] = {}
        assert len(snapshot["ledger"]["tail"]) == snapshot["ledger"]["objects"]
        for loaded in snapshot["ledger"]["tail"]:
            ends[loaded["partition"]] = max(loaded["last_offset"], ends.get(loaded["partition"], -1))
        keys = self._s3.list(self._bucket, "bronze/date=")
        lines = lines_in(self._s3.get(self._bucket, key).decode() for key in keys)
        counted = [line for line in lines if line["_kafka_offset"] <= ends.get(line["_kafka_partition"], -1)]
        return len(counted), recounted(each_once(counted))

    def assert_result_is_the_lakes(self) -> int:
        """Waits for the first marts with events, and compares each cell of the worksheets. Returns the number of records."""
        snapshot, marts = self.first_publication()
        records, wanted = self.recount(snapshot)
        assert records == snapshot["ledger"]["records"] > 0
        for name, mart in marts.items():
            assert mart["rows_included"] == mart["rows_total"], name
            assert sorted(texts(mart["rows"])) == sorted(wanted[name]), name
        return records
