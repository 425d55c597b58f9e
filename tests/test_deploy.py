"""The manifests in docs/deploy, by the schemas of compose and Kubernetes, and by our own rules."""

import re

import jsonschema
import kubernetes_validate
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from conftest import ROOT

import app
from rag.endpoints import web_app
from rag.line import Line
from rag.service import Service

DEPLOY = ROOT / "docs/deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
WORKLOADS = [m for m in MANIFESTS if "template" in m["spec"]]
PODS = {m["metadata"]["name"]: m["spec"]["template"]["spec"] for m in WORKLOADS}
CONTAINERS = {name: pod["containers"][0] for name, pod in PODS.items()}
OURS = {"compose": COMPOSE["services"]["ask"]["command"], "kubernetes": CONTAINERS["ask"]["args"]}


def named(manifest):
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def test_compose_fits_its_schema() -> None:
    jsonschema.validate(COMPOSE, get_builtin_schema("vendor.compose-spec"))


@pytest.mark.parametrize("version", ["1.34", "1.37"])
@pytest.mark.parametrize("manifest", MANIFESTS, ids=named)
def test_kubernetes_fits_its_schemas(manifest, version) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("where", OURS)
def test_our_command_line_is_one(where) -> None:
    program, *options = OURS[where]
    parsed = app.parser().parse_args(options)
    assert program == "app.py"
    assert parsed.generator.startswith("openai:http://vllm:8000/v1#Qwen/")
    assert parsed.index.startswith("milvus:http://milvus:19530#")


def test_both_serve_the_same_model_by_the_same_images() -> None:
    services = COMPOSE["services"]
    for name, container in CONTAINERS.items():
        assert services[name]["image"] == container["image"]
        assert re.search(r":(v?\d|RELEASE\.\d)[\w.-]*$", container["image"]), "pin a version"
    assert OURS["compose"] == OURS["kubernetes"]
    assert services["vllm"]["command"] == CONTAINERS["vllm"]["args"]
    assert OURS["compose"][3].endswith("#" + CONTAINERS["vllm"]["args"][1])


def test_probes_ask_endpoints_that_are_there() -> None:
    paths = {route.path for route in web_app(Service(None, Line())).routes}
    for kind in ("startup", "readiness", "liveness"):
        assert CONTAINERS["ask"][f"{kind}Probe"]["httpGet"]["path"] in paths
    assert (
        'urlopen("http://127.0.0.1:7860/ready"'
        in COMPOSE["services"]["ask"]["healthcheck"]["test"][-1]
    )


def test_a_grace_is_left_to_us() -> None:
    grace = app.parser().parse_args([]).grace
    assert int(COMPOSE["services"]["ask"]["stop_grace_period"].rstrip("s")) > grace + 5
    before = CONTAINERS["ask"]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert PODS["ask"]["terminationGracePeriodSeconds"] > before + grace + 5


def test_ours_may_do_no_more_than_it_needs() -> None:
    pod, container = PODS["ask"], CONTAINERS["ask"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    ours = COMPOSE["services"]["ask"]
    assert (ours["read_only"], ours["user"], ours["cap_drop"]) == (True, "10001", ["ALL"])


def test_every_name_that_is_referred_to_is_there() -> None:
    services = {m["metadata"]["name"]: m for m in MANIFESTS if m["kind"] == "Service"}
    assert services.keys() == CONTAINERS.keys()
    for name, service in services.items():
        ports = {port["name"] for port in CONTAINERS[name]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
        assert service["spec"]["selector"] == {"app": name}
    claims = {m["metadata"]["name"] for m in MANIFESTS if m["kind"] == "PersistentVolumeClaim"}
    for manifest in WORKLOADS:
        pod = manifest["spec"]["template"]
        assert manifest["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        volumes |= {c["metadata"]["name"] for c in manifest["spec"].get("volumeClaimTemplates", [])}
        mounts = pod["spec"]["containers"][0].get("volumeMounts", [])
        assert {mount["name"] for mount in mounts} == volumes
        claimed = [
            v["persistentVolumeClaim"]
            for v in pod["spec"].get("volumes", [])
            if "persistentVolumeClaim" in v
        ]
        assert {claim["claimName"] for claim in claimed} <= claims
