"""The chart as Helm renders it, and the checkers that look at it."""

import json
import subprocess
from pathlib import Path

import yaml
from driver.process import GUARD_SECONDS

ROOT = Path(__file__).resolve().parents[2]
DEPS = ROOT / ".deps"
CHART = ROOT / "deploy/helm/spotify-pipeline"
# The oldest that Chart.yaml allows, and the newest that there are schemas of.
VERSIONS = ("1.27.0", "1.34.0")

# What has no default: whose Snowflake it is.
ACCOUNT = {"loader": {"snowflake": {"account": "org-account", "user": "SPOTIFY_PIPELINE"}}}

# Values that between them take every branch of the templates.
VALUES = {
    "default": {},
    "keda": {
        "image": {"registry": "registry.example/team/", "tag": "1.2.3", "pullSecrets": ["pull"]},
        "kafka": {
            "bootstrapServers": "a:9093,b:9093,c:9093",
            "partitions": 120,
            "securityProtocol": "sasl_ssl",
            "saslMechanism": "SCRAM-SHA-512",
            "saslUsername": "sink",
        },
        "certificates": {"configMap": "certificates", "kafka": True, "s3": True},
        "s3": {"endpoint": "https://s3.eu-north-1.amazonaws.com", "region": "eu-north-1", "bucket": "my-lake"},
        "sink": {
            "autoscaling": {"kind": "keda", "minReplicas": 3, "maxReplicas": 24, "keda": {"authentication": "brokers"}},
            "extraArgs": ["--s3-virtual-host", "--compression=zstd"],
            "nodeSelector": {"disk": "no"},
            "tolerations": [{"key": "sinks", "operator": "Exists"}],
        },
        "loader": {
            "snowflake": {
                "account": "org-account",
                "user": "SPOTIFY_PIPELINE",
                "role": "R",
                "warehouse": "W",
                "database": "D",
                "privateKey": "snowflake_private_key",
            }
        },
    },
    "hpa": {
        "sink": {"autoscaling": {"kind": "hpa", "hpa": {"metric": "lag", "selector": {"cluster": "one"}}}},
        "simulator": {"enabled": True, "rate": 2.5, "events": 50_000_000},
        "loader": {"warehouse": "/data/warehouse/spotify_db.duckdb", "claim": "warehouse"},
        "mapping": {"name": "listenbrainz"},
    },
    "aws": {
        "s3": {"endpoint": "", "region": "eu-north-1", "bucket": "my-lake"},
        "serviceAccount": {
            "create": True,
            "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/spotify-lake"},
        },
    },
    "strict": {
        "image": {"digests": {"pipeline": f"sha256:{'a' * 64}", "loader": f"sha256:{'b' * 64}"}},
        "kafka": {"bootstrapServers": "a:9093,b:9094"},
        "extraEnv": [
            {"name": "SPOTIFY_LOG_FORMAT", "value": "json"},
            {"name": "SNOWFLAKE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "own", "key": "password"}}},
        ],
        "networkPolicy": {
            "metricsFrom": [{"ipBlock": {"cidr": "10.1.0.0/16"}}],
            "egress": {"enabled": True, "ports": [9095], "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
        },
        "proof": {"enabled": False},
        "mapping": {"name": "rows.toml", "configMap": "mappings"},
    },
    "sinks-alone": {"loader": {"enabled": False}, "networkPolicy": {"enabled": False}, "sink": {"replicas": 1}},
}


def helm(*arguments) -> subprocess.CompletedProcess:
    command = [DEPS / "helm/helm", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)


def merged(below: dict, above: dict) -> dict:
    """As Helm merges values."""
    return below | {
        name: merged(below[name], value) if isinstance(value, dict) and isinstance(below.get(name), dict) else value
        for name, value in above.items()
    }


def template(values: dict, folder: Path, *arguments, version: str = VERSIONS[-1]) -> subprocess.CompletedProcess:
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(merged(ACCOUNT, values)))
    return helm(
        "template", "test", CHART, "--namespace", "spotify", "--kube-version", version, "--values", file, *arguments
    )


def rendered(values: dict, folder: Path, **more) -> list[dict]:
    done = template(values, folder, **more)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def pod_of(manifest: dict) -> dict | None:
    """The pod that a manifest makes, if it makes one."""
    spec = manifest.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec["template"]["spec"] if "template" in spec else None


def write_schemas(version: str, folder: Path) -> Path:
    """The schemas of one version as kubeconform finds them: with references from file to file instead of addresses."""
    [package] = (DEPS / "venv-helm/lib").glob("python3.*/site-packages/kubernetes_validate/kubernetes-json-schema")
    target = folder / version
    target.mkdir()
    for path in (package / f"v{version}-local-strict").glob("*.json"):
        schema = json.loads(path.read_text().replace('"/api/_definitions.json#', '"_definitions.json#'))
        schema.pop("$id", None)
        (target / path.name).write_text(json.dumps(schema))
    return target


def kubeconform(manifests: str, schemas: Path, *arguments) -> subprocess.CompletedProcess:
    command = [
        DEPS / "kubeconform/kubeconform",
        "-strict",
        "-summary",
        "-output",
        "json",
        "-schema-location",
        f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        *arguments,
        "-",
    ]
    return subprocess.run(command, input=manifests, capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)
