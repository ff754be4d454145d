"""What tests of a deployment through CodeDeploy say, and look at."""

import json
import tarfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World

CHECK = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")
GROUP = "app-Staging-1"
VIA = ("--via", "codedeploy", "--deployment-group", "app-{name}", "--bucket", "releases")

# What a hook says and does to be slow enough to be caught in the act.
SLOW = "#!/bin/sh\nsleep 2\n"

MakeGroup = Callable[..., None]


def name_is(name: str) -> dict[str, str]:
    return {"Key": "Name", "Value": name, "Type": "KEY_AND_VALUE"}


def version(private_ip: str) -> str:
    with urllib.request.urlopen(f"http://{private_ip}:8080/_status", timeout=30) as answer:
        return str(json.load(answer)["version"])


def release(folder: Path, label: str, scripts: Mapping[str, str | None] | None = None) -> str:
    """A release's folder, in which some hook *scripts* are other ones, or missing."""
    made = folder / f"release-{label}"
    with tarfile.open(build_release(label, folder)) as archive:
        archive.extractall(made, filter="data")
    for name, text in (scripts or {}).items():
        if text is None:
            (made / name).unlink()
        else:
            (made / name).write_text(text)
    return str(made)


def packed(folder: Path, label: str, scripts: Mapping[str, str | None]) -> Path:
    """The same, packed."""
    made = folder / f"packed-{label}.tgz"
    with tarfile.open(made, "w:gz") as archive:
        archive.add(release(folder, label, scripts), ".")
    return made


def deploy(artifact: str, label: str, *more: str) -> tuple[str, ...]:
    return ("deploy-artifact", "Staging-1", artifact, "--version", label, *VIA, *CHECK, *more)


def rolls_back_on(cloud: World, *events: str) -> None:
    cloud.client("codedeploy").update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName=GROUP,
        autoRollbackConfiguration={"enabled": True, "events": list(events)},
    )


def deployments(cloud: World, *statuses: str) -> list[Any]:
    """The deployments of the group, newest first."""
    client = cloud.client("codedeploy")
    wanted = {"includeOnlyStatuses": list(statuses)} if statuses else {}
    ids = client.list_deployments(applicationName="app", deploymentGroupName=GROUP, **wanted)["deployments"]
    return [client.get_deployment(deploymentId=each)["deploymentInfo"] for each in ids]


def begin(cloud: World, archive: Path, description: str) -> str:
    """Start a deployment in another's name."""
    cloud.client("s3").put_object(Bucket="releases", Key="theirs", Body=archive.read_bytes())
    location = {"bucket": "releases", "key": "theirs", "bundleType": "tgz"}
    started = cloud.client("codedeploy").create_deployment(
        applicationName="app",
        deploymentGroupName=GROUP,
        revision={"revisionType": "S3", "s3Location": location},
        description=description,
        fileExistsBehavior="OVERWRITE",
    )
    return str(started["deploymentId"])
