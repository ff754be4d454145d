"""A sample HERD, its upgrade asked for as a person would, and what the API tells of the deployment."""

import base64
import json
import re
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.standin_aws.world import World


@dataclass(frozen=True)
class Called:
    """What an invocation of the upgrade function answered; *log* without Lambda's own lines."""

    payload: str
    error: str
    log: list[str]

    @property
    def deployment_id(self) -> str:
        [found] = re.findall(
            r"^INFO: Deployment id is: '(d-[A-Z0-9]{9})'\.$", "\n".join(self.log), re.MULTILINE
        )
        return str(found)


def call(herd: Herd, event: Any) -> Called:
    answer = herd.aws.client("lambda").invoke(
        FunctionName=herd.names.function, Payload=json.dumps(event), LogType="Tail"
    )
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    own = [line for line in lines if not line.startswith(("START", "END", "REPORT"))]
    return Called(answer["Payload"].read().decode(), answer.get("FunctionError", ""), own)


def upgrade(herd: Herd, version: str = "0.84.0") -> str:
    """Ask for *version*; gives the deployment's id."""
    return call(herd, {"RequestedVersion": version}).deployment_id


def build_number(herd: Herd) -> str:
    request = urllib.request.Request(herd.build_info_url, headers={"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["buildNumber"])


def event(herd: Herd, deployment_id: str, label: str, name: str) -> Any:
    """One lifecycle event of the instance with this label; empty if there is none yet."""
    client = herd.aws.client("codedeploy")
    if client.get_deployment(deploymentId=deployment_id)["deploymentInfo"]["status"] == "Created":
        return {}
    ids = client.list_deployment_targets(
        deploymentId=deployment_id, targetFilters={"ServerInstanceLabel": [label]}
    )["targetIds"]
    found = [
        client.get_deployment_target(deploymentId=deployment_id, targetId=each)["deploymentTarget"]
        for each in ids
    ]
    events = [each for target in found for each in target["instanceTarget"]["lifecycleEvents"]]
    return next((each for each in events if each["lifecycleEventName"] == name), {})


@pytest.fixture
def herd(cloud: World) -> Herd:
    """HERD 0.83.0 of mdl140 in dev."""
    return build_herd(cloud, deregistration_delay=0)
