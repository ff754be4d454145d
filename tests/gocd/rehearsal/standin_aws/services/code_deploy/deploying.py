"""What tests of CodeDeploy say, and look at."""

import io
import tarfile
import zipfile
from typing import Any

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import EVENTS
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually

SCRIPT = "scripts/hook.sh"
LISTENING = [event for event in EVENTS if event not in {"DownloadBundle", "Install"}]


def name_is(name: str) -> dict[str, str]:
    return {"Key": "Name", "Value": name, "Type": "KEY_AND_VALUE"}


def make_group(cloud: World, name: str, **settings: Any) -> None:
    cloud.client("codedeploy").create_deployment_group(
        applicationName="app",
        deploymentGroupName=name,
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        **settings,
    )


def revision_files(
    version: str, script: str = 'echo "$LIFECYCLE_EVENT"', timeout: float = 10
) -> dict[str, str]:
    hooks = "".join(
        f"  {event}:\n    - location: {SCRIPT}\n      timeout: {timeout}\n      runas: root\n"
        for event in LISTENING
    )
    files = "files:\n  - source: VERSION\n    destination: /srv/app\n"
    return {
        "appspec.yml": f"version: 0.0\nos: linux\n{files}hooks:\n{hooks}",
        "VERSION": version,
        SCRIPT: f"#!/bin/sh\necho {version} $LIFECYCLE_EVENT >> $DESTDIR/ran\n{script}\n",
    }


def packed(files: dict[str, str], bundle: str) -> bytes:
    content = io.BytesIO()
    if bundle == "zip":
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return content.getvalue()
    with tarfile.open(fileobj=content, mode="w:gz" if bundle == "tgz" else "w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def begin(cloud: World, files: dict[str, str] | bytes, bundle: str = "tgz", **more: Any) -> str:
    content = files if isinstance(files, bytes) else packed(files, bundle)
    cloud.client("s3").put_object(Bucket="releases", Key="app", Body=content)
    location = {"bucket": "releases", "key": "app", "bundleType": bundle}
    asked = {
        "applicationName": "app",
        "deploymentGroupName": "app-Staging-1",
        "revision": {"revisionType": "S3", "s3Location": location},
        "fileExistsBehavior": "OVERWRITE",
        **more,
    }
    deployment_id: str = cloud.client("codedeploy").create_deployment(**asked)["deploymentId"]
    return deployment_id


def told(cloud: World, deployment_id: str) -> Any:
    return cloud.client("codedeploy").get_deployment(deploymentId=deployment_id)["deploymentInfo"]


def ended(cloud: World, deployment_id: str, status: str, *, patience: float = 10.0) -> Any:
    eventually(lambda: told(cloud, deployment_id)["status"], status, patience=patience)
    return told(cloud, deployment_id)


def events(cloud: World, deployment_id: str, host: Instance) -> dict[str, Any]:
    [target] = cloud.client("codedeploy").batch_get_deployment_targets(
        deploymentId=deployment_id, targetIds=[host.id]
    )["deploymentTargets"]
    return {each["lifecycleEventName"]: each for each in target["instanceTarget"]["lifecycleEvents"]}
