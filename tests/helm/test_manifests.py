"""What the chart renders: valid for Kubernetes, hardened, without secrets, and refused when it makes no sense."""

import json

import pytest
from chart import CHART, VALUES, VERSIONS, helm, kubeconform, pod_of, rendered, template

# Of an operator, not of Kubernetes: no schema here.
FOREIGN = "ScaledObject"
KINDS = {
    "default": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy"},
    "keda": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy", "ScaledObject"},
    "hpa": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy", "HorizontalPodAutoscaler", "Job"},
    "aws": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy", "ServiceAccount"},
    "sinks-alone": {"Deployment", "PodDisruptionBudget"},
}

cases = pytest.mark.parametrize("case", VALUES)


@cases
def test_lint_is_clean(case, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(json.dumps(VALUES[case]))
    done = helm("lint", "--strict", "--kube-version", VERSIONS[-1], "--values", values, CHART)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@cases
def test_manifests_are_valid_for_kubernetes(case, version, schemas, tmp_path):
    text = template(VALUES[case], tmp_path, version=version).stdout
    done = kubeconform(text, schemas[version], "-kubernetes-version", version, "-skip", FOREIGN)
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    expected = len(KINDS[case]) - (FOREIGN in KINDS[case])
    assert report["summary"]["valid"] == expected, report["summary"]


def test_a_misspelt_field_is_found(schemas, tmp_path):
    """That the check above can fail."""
    text = template({}, tmp_path).stdout.replace("minReadySeconds", "minReadySecond")
    done = kubeconform(text, schemas[VERSIONS[-1]], "-kubernetes-version", VERSIONS[-1])
    assert done.returncode == 1 and "minReadySecond" in done.stdout, done.stdout


@cases
def test_pods_are_hardened(case, tmp_path):
    manifests = rendered(VALUES[case], tmp_path)
    assert {one["kind"] for one in manifests} == KINDS[case]
    pods = [pod for pod in map(pod_of, manifests) if pod]
    assert pods
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "privileged": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys() and "memory" in container[
                "resources"
            ]["limits"]
            assert not container["image"].endswith(":latest")


@cases
def test_secrets_are_files_of_a_secret_that_is_there_already(case, tmp_path):
    manifests = rendered(VALUES[case], tmp_path)
    assert not [one for one in manifests if one["kind"] == "Secret"]
    for pod in filter(None, map(pod_of, manifests)):
        [volume] = [one["secret"] for one in pod["volumes"] if "secret" in one]
        assert volume == {"secretName": "spotify-pipeline", "defaultMode": 0o440}
        for container in pod["containers"] + pod.get("initContainers", []):
            environment = {one["name"]: one["value"] for one in container["env"]}
            assert environment["SPOTIFY_ENV_FILE"] == "/run/secrets/spotify/pipeline_env"
            assert not [
                name for name in environment if "PASSWORD" in name or "SECRET_ACCESS" in name or "ACCESS_KEY" in name
            ]


@pytest.mark.parametrize("creates", [True, False])
def test_a_sinks_pod_creates_the_topic_unless_somebody_else_does(creates, tmp_path):
    [sink] = [one for one in rendered({"kafka": {"createTopic": creates}}, tmp_path) if one["kind"] == "Deployment"]
    pod = pod_of(sink)
    assert [one["args"] for one in pod.get("initContainers", [])] == ([["init"]] if creates else [])
    assert "--wait-topic=60" in pod["containers"][0]["args"]


def test_pods_use_aws_itself_as_the_account_whose_role_gives_them_credentials(tmp_path):
    manifests = rendered(VALUES["aws"], tmp_path)
    [account] = [one for one in manifests if one["kind"] == "ServiceAccount"]
    assert account["metadata"]["annotations"] == VALUES["aws"]["serviceAccount"]["annotations"]
    pods = list(filter(None, map(pod_of, manifests)))
    assert {pod["serviceAccountName"] for pod in pods} == {account["metadata"]["name"]}
    for pod in pods:
        for container in pod["containers"]:
            environment = {one["name"]: one["value"] for one in container["env"]}
            assert (environment["S3_ENDPOINT"], environment["S3_REGION"]) == ("", "eu-north-1")


def test_an_account_that_is_there_already_is_used_and_not_made(tmp_path):
    manifests = rendered({"serviceAccount": {"name": "lake-writer"}}, tmp_path)
    assert "ServiceAccount" not in {one["kind"] for one in manifests}
    assert {pod["serviceAccountName"] for pod in filter(None, map(pod_of, manifests))} == {"lake-writer"}
    assert all("serviceAccountName" not in pod for pod in filter(None, map(pod_of, rendered({}, tmp_path))))


@pytest.mark.parametrize("shutdown_ms", [30_000, 120_000])
def test_a_sink_that_is_stopped_has_time_to_make_everything_durable(shutdown_ms, tmp_path):
    [sink] = [one for one in rendered({"sink": {"shutdownMs": shutdown_ms}}, tmp_path) if one["kind"] == "Deployment"]
    pod = pod_of(sink)
    assert f"--shutdown-ms={shutdown_ms}" in pod["containers"][0]["args"]
    assert pod["terminationGracePeriodSeconds"] >= shutdown_ms / 1000 + 15
    assert sink["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_scalers_and_disruption_budget_are_those_of_the_sinks(tmp_path):
    for case in ("keda", "hpa"):
        by_kind = {one["kind"]: one for one in rendered(VALUES[case], tmp_path)}
        deployment = by_kind["Deployment"]
        assert "replicas" not in deployment["spec"], "an upgrade would undo what the scaler decided"
        scaler = by_kind.get("ScaledObject") or by_kind["HorizontalPodAutoscaler"]
        assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        selector = by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
        assert selector.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    [trigger] = {one["kind"]: one for one in rendered(VALUES["keda"], tmp_path)}["ScaledObject"]["spec"]["triggers"]
    assert trigger["metadata"] == {
        "bootstrapServers": "a:9093,b:9093,c:9093",
        "topic": "spotify-events",
        "consumerGroup": "spotify-sink",
        "lagThreshold": "1000000",
        "offsetResetPolicy": "earliest",
        "allowIdleConsumers": "false",
        "tls": "enable",
        "sasl": "scram_sha512",
    }
    plain = VALUES["keda"] | {"kafka": VALUES["keda"]["kafka"] | {"saslMechanism": "PLAIN"}}
    [trigger] = {one["kind"]: one for one in rendered(plain, tmp_path)}["ScaledObject"]["spec"]["triggers"]
    assert trigger["metadata"]["sasl"] == "plaintext"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sink": {"replicas": 7}}, "7 sinks for 6 partitions"),
        ({"sink": {"autoscaling": {"kind": "keda", "maxReplicas": 12}}}, "12 sinks for 6 partitions"),
        ({"loader": {"warehouse": "/data/spotify_db.duckdb"}}, "needs a PersistentVolumeClaim"),
        ({"loader": {"warehouse": "/tmp/other.duckdb"}}, "loader/warehouse"),
        ({"certificates": {"kafka": True}}, "certificates/configMap"),
        ({"kafka": {"bootstrapServers": "kafka"}}, "kafka/bootstrapServers"),
        ({"kafka": {"password": "canary"}}, "kafka"),
        ({"sink": {"autoscaling": {"kind": "cpu"}}}, "sink/autoscaling/kind"),
        ({"podDisruptionBudget": {"maxUnavailable": 0}}, "maxUnavailable"),
    ],
)
def test_values_that_cannot_work_are_refused(values, said, tmp_path):
    done = template(values, tmp_path)
    assert done.returncode != 0
    assert said in done.stderr.replace(".", "/") or said in done.stderr, done.stderr
