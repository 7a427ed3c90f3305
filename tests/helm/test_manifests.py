"""What the chart renders: valid for Kubernetes, hardened, without secrets, and refused when it makes no sense."""

import json
import shlex

import pytest
from chart import ACCOUNT, CHART, ROOT, VALUES, VERSIONS, helm, kubeconform, merged, pod_of, rendered, template

# Of an operator, not of Kubernetes: no schema here.
FOREIGN = "ScaledObject"
KINDS = {
    "default": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy"},
    "keda": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy", "ScaledObject"},
    "hpa": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy", "HorizontalPodAutoscaler", "Job"},
    "aws": {"Deployment", "PodDisruptionBudget", "CronJob", "NetworkPolicy", "ServiceAccount"},
    "strict": {"Deployment", "PodDisruptionBudget", "NetworkPolicy"},
    "sinks-alone": {"Deployment", "PodDisruptionBudget"},
}

cases = pytest.mark.parametrize("case", VALUES)


@cases
def test_lint_is_clean(case, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(json.dumps(merged(ACCOUNT, VALUES[case])))
    done = helm("lint", "--strict", "--kube-version", VERSIONS[-1], "--values", values, CHART)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@cases
def test_manifests_are_valid_for_kubernetes(case, version, schemas, tmp_path):
    text = template(VALUES[case], tmp_path, version=version).stdout
    done = kubeconform(text, schemas[version], "-kubernetes-version", version, "-skip", FOREIGN)
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    # Sinks and loader are of one kind.
    expected = len(KINDS[case]) - (FOREIGN in KINDS[case]) + (case != "sinks-alone")
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
            environment = {one["name"]: one["value"] for one in container["env"] if "value" in one}
            assert environment["SPOTIFY_ENV_FILE"] == "/run/secrets/spotify/pipeline_env"
            assert not [
                name for name in environment if "PASSWORD" in name or "SECRET_ACCESS" in name or "ACCESS_KEY" in name
            ]


def deployment(what: str, values: dict, folder) -> dict:
    [found] = [
        one
        for one in rendered(values, folder)
        if one["kind"] == "Deployment" and one["metadata"]["labels"]["app.kubernetes.io/component"] == what
    ]
    return found


@pytest.mark.parametrize("creates", [True, False])
def test_a_sinks_pod_creates_the_topic_unless_somebody_else_does(creates, tmp_path):
    pod = pod_of(deployment("sink", {"kafka": {"createTopic": creates}}, tmp_path))
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


def on_the_warehouse(values: dict, folder) -> dict[str, dict]:
    """Pods of loader and proof, by their names."""
    pods = [pod for pod in map(pod_of, rendered(values, folder)) if pod]
    return {pod["containers"][0]["name"]: pod for pod in pods if pod["containers"][0]["name"] in ("loader", "proof")}


def test_the_proof_is_a_job_of_its_own_with_schedule_limits_and_a_switch(tmp_path):
    """Killed for its memory or its time, it does not stop loads."""
    limits = {"requests": {"cpu": "1", "memory": "8Gi"}, "limits": {"memory": "16Gi"}}
    proof = {"schedule": "0 3 * * *", "deadlineSeconds": 7200, "resources": limits}
    values = VALUES["hpa"] | {"proof": proof}
    [job] = [one["spec"] for one in rendered(values, tmp_path) if one["kind"] == "CronJob"]
    assert (job["schedule"], job["jobTemplate"]["spec"]["activeDeadlineSeconds"]) == ("0 3 * * *", 7200)
    pods = on_the_warehouse(values, tmp_path)
    assert pods["proof"]["containers"][0]["command"] == ["prove"]
    assert pods["proof"]["containers"][0]["resources"] == limits != pods["loader"]["containers"][0]["resources"]
    assert pods["proof"]["volumes"] == pods["loader"]["volumes"], "the same warehouse"
    assert set(on_the_warehouse(values | {"proof": {"enabled": False}}, tmp_path)) == {"loader"}


@pytest.mark.parametrize(("case", "published"), [("default", ["--published=/data/warehouse/published"]), ("hpa", [])])
def test_the_loader_is_one_that_goes_on_in_rounds(case, published, tmp_path):
    loader = deployment("loader", VALUES[case], tmp_path)
    assert (loader["spec"]["replicas"], loader["spec"]["strategy"]) == (1, {"type": "Recreate"})
    [container] = pod_of(loader)["containers"]
    assert "command" not in container, "that of the image"
    assert container["args"] == ["pipeline", "--every=900", *published, "--listen=0.0.0.0:9108"]
    often = VALUES[case] | {"loader": VALUES[case].get("loader", {}) | {"everySeconds": 0}}
    assert "--every=0" in pod_of(deployment("loader", often, tmp_path))["containers"][0]["args"]


@pytest.mark.parametrize(
    ("case", "mapping"),
    [("default", None), ("hpa", "listenbrainz"), ("strict", "/etc/spotify-mapping/rows.toml")],
)
def test_loader_and_proof_judge_by_the_same_mapping(case, mapping, tmp_path):
    for name, pod in on_the_warehouse(VALUES[case], tmp_path).items():
        [container] = pod["containers"]
        environment = {one["name"]: one.get("value") for one in container["env"]}
        assert environment.get("SPOTIFY_MAPPING") == mapping, name
        mounted = [one for one in container["volumeMounts"] if one["mountPath"] == "/etc/spotify-mapping"]
        volumes = [one["configMap"]["name"] for one in pod["volumes"] if one["name"] == "mapping"]
        wanted = ["mappings"] if case == "strict" else []
        assert ([one["name"] for one in mounted], volumes) == (["mapping"] * len(wanted), wanted), name


def test_a_sink_that_is_not_ready_does_not_hold_up_a_drain(tmp_path):
    [budget] = [one for one in rendered({}, tmp_path) if one["kind"] == "PodDisruptionBudget"]
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize("port", [9108, 9999])
@pytest.mark.parametrize("name", ["sink", "loader", "simulator"])
def test_what_goes_on_is_probed_where_it_listens(name, port, tmp_path):
    values = merged(VALUES["hpa"], {name: {"metricsPort": port}})
    containers = [pod["containers"] for pod in map(pod_of, rendered(values, tmp_path)) if pod]
    [container] = [one for [one] in containers if one["name"] == name]
    assert f"--listen=0.0.0.0:{port}" in container["args"]
    assert container["ports"] == [{"name": "metrics", "containerPort": port}]
    ready, alive = (container[probe]["httpGet"] for probe in ("readinessProbe", "livenessProbe"))
    assert (ready, alive) == ({"path": "/readyz", "port": "metrics"}, {"path": "/healthz", "port": "metrics"})


def test_a_digest_says_which_image_it_is(tmp_path):
    pods = list(filter(None, map(pod_of, rendered(VALUES["strict"], tmp_path))))
    images = {container["image"] for pod in pods for container in pod["containers"] + pod.get("initContainers", [])}
    assert images == {f"spotify-pipeline@sha256:{'a' * 64}", f"spotify-loader@sha256:{'b' * 64}"}


def test_pods_may_connect_to_what_they_need_and_nothing_else(tmp_path):
    [policy] = [one["spec"] for one in rendered(VALUES["strict"], tmp_path) if one["kind"] == "NetworkPolicy"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    reads = {"ports": [{"port": 9108, "protocol": "TCP"}], "from": VALUES["strict"]["networkPolicy"]["metricsFrom"]}
    assert policy["ingress"] == [reads]
    own = merged(VALUES["strict"], {"loader": {"metricsPort": 9109}})
    [other] = [one["spec"] for one in rendered(own, tmp_path) if one["kind"] == "NetworkPolicy"]
    assert [one["port"] for one in other["ingress"][0]["ports"]] == [9108, 9109], "the simulator is off"
    names, servers = policy["egress"]
    assert {(one["port"], one["protocol"]) for one in names["ports"]} == {(53, "UDP"), (53, "TCP")}
    # Two brokers, MinIO, Snowflake, and what was set.
    assert [one["port"] for one in servers["ports"]] == [9093, 9094, 9000, 443, 9095]
    assert servers["to"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    aws = VALUES["aws"] | {"networkPolicy": {"egress": {"enabled": True}}}
    [policy] = [one["spec"] for one in rendered(aws, tmp_path) if one["kind"] == "NetworkPolicy"]
    assert [one["port"] for one in policy["egress"][1]["ports"]] == [9092, 443] and "to" not in policy["egress"][1]
    [policy] = [one["spec"] for one in rendered({}, tmp_path) if one["kind"] == "NetworkPolicy"]
    assert policy["policyTypes"] == ["Ingress"] and "ingress" not in policy


def test_every_container_gets_the_extra_variables(tmp_path):
    for pod in filter(None, map(pod_of, rendered(VALUES["strict"], tmp_path))):
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["env"][-2:] == VALUES["strict"]["extraEnv"]


def test_the_documented_installs_render(tmp_path):
    """Without the account that the first one names, nothing is installed that would fail again and again."""
    page = (ROOT / "docs/kubernetes.md").read_text().replace("\\\n", " ")
    lines = [shlex.split(line) for line in page.splitlines() if line.startswith("helm install")]
    assert len(lines) == 2
    for line in lines:
        assert line[:4] == ["helm", "install", "spotify", "deploy/helm/spotify-pipeline"]
        arguments = ["template", "spotify", CHART, "--kube-version", VERSIONS[-1], *line[4:]]
        done = helm(*arguments)
        assert done.returncode == 0 and "app.kubernetes.io/component: loader" in done.stdout, done.stderr
        [needed] = [part for part in arguments if str(part).startswith(("loader.snowflake.account=", "loader.claim="))]
        done = helm(*arguments, "--set", f"{needed.split('=')[0]}=")
        assert done.returncode != 0 and ("loader.snowflake.account" in done.stderr or "loader.claim" in done.stderr)


@pytest.mark.parametrize("shutdown_ms", [30_000, 120_000])
def test_a_sink_that_is_stopped_has_time_to_make_everything_durable(shutdown_ms, tmp_path):
    sink = deployment("sink", {"sink": {"shutdownMs": shutdown_ms}}, tmp_path)
    pod = pod_of(sink)
    assert f"--shutdown-ms={shutdown_ms}" in pod["containers"][0]["args"]
    assert pod["terminationGracePeriodSeconds"] >= shutdown_ms / 1000 + 15
    assert sink["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_scalers_and_disruption_budget_are_those_of_the_sinks(tmp_path):
    for case in ("keda", "hpa"):
        by_kind = {one["kind"]: one for one in rendered(VALUES[case], tmp_path)}
        sinks = deployment("sink", VALUES[case], tmp_path)
        assert "replicas" not in sinks["spec"], "an upgrade would undo what the scaler decided"
        scaler = by_kind.get("ScaledObject") or by_kind["HorizontalPodAutoscaler"]
        assert scaler["spec"]["scaleTargetRef"]["name"] == sinks["metadata"]["name"]
        selector = by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
        assert selector.items() <= sinks["spec"]["template"]["metadata"]["labels"].items()
        loader = deployment("loader", VALUES[case], tmp_path)["spec"]["template"]["metadata"]["labels"]
        assert not selector.items() <= loader.items()
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
        ({"mapping": {"configMap": "mappings"}}, "mapping/name"),
        ({"kafka": {"bootstrapServers": "kafka"}}, "kafka/bootstrapServers"),
        ({"kafka": {"password": "canary"}}, "kafka"),
        ({"loader": {"snowflake": {"account": ""}}}, "loader/enabled=false"),
        ({"loader": {"snowflake": {"user": ""}}}, "loader/snowflake/user"),
        ({"image": {"digests": {"loader": "latest"}}}, "image/digests/loader"),
        ({"extraEnv": [{"name": "SNOWFLAKE_PASSWORD", "value": "canary"}]}, "extraEnv/0"),
        ({"sink": {"autoscaling": {"kind": "cpu"}}}, "sink/autoscaling/kind"),
        ({"podDisruptionBudget": {"maxUnavailable": 0}}, "maxUnavailable"),
    ],
)
def test_values_that_cannot_work_are_refused(values, said, tmp_path):
    done = template(values, tmp_path)
    assert done.returncode != 0
    assert said in done.stderr.replace(".", "/") or said in done.stderr, done.stderr
