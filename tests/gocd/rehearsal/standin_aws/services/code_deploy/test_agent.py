"""What CodeDeploy's API tells of the agent's work on an instance."""

import io
import tarfile
import zipfile

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.services.code_deploy.deploying import (
    SCRIPT,
    begin,
    ended,
    events,
    packed,
    revision_files,
    told,
)

APPSPEC = "version: 0.0\nos: linux\n"
ROOT = "opt/codedeploy-agent/deployment-root"


def failed(cloud: World, deployment_id: str, host: Instance) -> tuple[str, str]:
    """The event that failed, and what is told of it."""
    ended(cloud, deployment_id, "Failed")
    [name] = [
        each for each, event in events(cloud, deployment_id, host).items() if event["status"] == "Failed"
    ]
    return name, events(cloud, deployment_id, host)[name]["diagnostics"]["message"]


def hooked(script: str, event: str = "ApplicationStart", more: str = "") -> dict[str, str]:
    """A revision with one script, which has an hour."""
    hooks = f"hooks:\n  {event}:\n    - location: {SCRIPT}\n{more}"
    return {"appspec.yml": f"{APPSPEC}{hooks}", SCRIPT: f"#!/bin/sh\n{script}\n"}


def test_a_start_that_leaves_its_output_open_is_found_out_an_hour_later(cloud: World, host: Instance) -> None:
    deployment_id = begin(cloud, hooked("sleep 600 & echo began"))
    log = host.root / ROOT
    eventually(
        lambda: "[stdout]began" in "".join(each.read_text() for each in log.rglob("scripts.log")), True
    )
    cloud.let_pass(3500)
    assert events(cloud, deployment_id, host)["ApplicationStart"]["status"] == "InProgress"

    cloud.let_pass(101)
    assert failed(cloud, deployment_id, host) == (
        "ApplicationStart",
        f"Script at specified location: {SCRIPT} failed to close STDOUT",
    )


def test_a_release_that_was_installed_is_stopped_by_its_own_scripts_although_it_failed_since(
    cloud: World, host: Instance
) -> None:
    ended(cloud, begin(cloud, revision_files("1.0")), "Succeeded")
    ended(cloud, begin(cloud, revision_files("2.0", '[ "$LIFECYCLE_EVENT" != ApplicationStart ]')), "Failed")
    # It comes as far as its folder, and is not installed.
    ended(cloud, begin(cloud, revision_files("3.0", '[ "$LIFECYCLE_EVENT" != BeforeInstall ]')), "Failed")
    ended(cloud, begin(cloud, revision_files("4.0")), "Succeeded")
    ran = (host.root / "ran").read_text().splitlines()

    assert [each for each in ran if "Stop" in each] == [
        "1.0 ApplicationStop",
        "2.0 ApplicationStop",
        "2.0 ApplicationStop",
    ]


def test_a_script_sees_what_the_agent_has_and_nothing_of_a_login(cloud: World, host: Instance) -> None:
    put = cloud.client("s3").put_object(
        Bucket="releases", Key="app", Body=packed(hooked("env > $DESTDIR/env"), "tgz")
    )
    location = {"bucket": "releases", "key": "app", "bundleType": "tgz", "eTag": put["ETag"]}
    revision = {"revisionType": "S3", "s3Location": location}
    deployment_id = begin(cloud, hooked("env > $DESTDIR/env"), revision=revision)
    ended(cloud, deployment_id, "Succeeded")
    seen = dict(line.split("=", 1) for line in (host.root / "env").read_text().splitlines())
    group = cloud.client("codedeploy").get_deployment_group(
        applicationName="app", deploymentGroupName="app-Staging-1"
    )["deploymentGroupInfo"]

    assert {
        name: value for name, value in seen.items() if name.split("_")[0] in ("BUNDLE", "DEPLOYMENT")
    } == {
        "BUNDLE_BUCKET": "releases",
        "BUNDLE_KEY": "app",
        "BUNDLE_ETAG": put["ETag"],
        "DEPLOYMENT_ID": deployment_id,
        "DEPLOYMENT_GROUP_NAME": "app-Staging-1",
        "DEPLOYMENT_GROUP_ID": group["deploymentGroupId"],
    }
    assert (seen["APPLICATION_NAME"], seen["LIFECYCLE_EVENT"]) == ("app", "ApplicationStart")
    assert (seen["SHELL"], seen["TERM"]) == ("/bin/bash", "dumb")
    assert not {"HOME", "USER", "LOGNAME", "LANG", "AWS_SSM_INSTANCE_ID"} & seen.keys()


def test_a_script_of_another_user_has_his_home(cloud: World, host: Instance) -> None:
    more = "      runas: ec2-user\n"
    ended(cloud, begin(cloud, hooked('echo "$USER $HOME" > $DESTDIR/who', more=more)), "Succeeded")
    unknown = begin(cloud, hooked("true", more="      runas: deploy\n"))

    assert (host.root / "who").read_text() == f"ec2-user {host.root}/home/ec2-user\n"
    assert failed(cloud, unknown, host)[1].endswith("run as user deploy failed with exit code 1")


@pytest.mark.parametrize("named", ["key", "version", "etag"])
def test_an_object_that_is_not_the_one_that_was_meant_fails_the_download(
    cloud: World, host: Instance, named: str
) -> None:
    location = {"bucket": "releases", "key": "app", "bundleType": "tgz"}
    other, said = {
        "key": ({"key": "other"}, "The specified key does not exist."),
        "version": ({"version": "none"}, "The specified version does not exist."),
        "etag": ({"eTag": "0123"}, "Expected deployment artifact bundle etag 0123 but was actually "),
    }[named]
    revision = {"revisionType": "S3", "s3Location": {**location, **other}}
    event, message = failed(cloud, begin(cloud, hooked("true"), revision=revision), host)

    assert event == "DownloadBundle"
    assert message.startswith(said)


def test_one_folder_that_holds_the_appspec_is_taken_for_the_revision(cloud: World, host: Instance) -> None:
    files = {f"app-1.0/{name}": text for name, text in hooked("touch $DESTDIR/ran").items()}
    deployment_id = begin(cloud, packed(files, "zip"), "zip")
    ended(cloud, deployment_id, "Succeeded")
    [archive] = (host.root / ROOT).glob(f"*/{deployment_id}/deployment-archive")

    assert (host.root / "ran").exists()
    assert sorted(each.name for each in archive.iterdir()) == ["appspec.yml", "scripts"]
    beside = begin(cloud, packed({**files, "README": ""}, "zip"), "zip")
    assert "did not find an AppSpec file" in failed(cloud, beside, host)[1]


def test_an_appspec_yaml_is_found_by_install_but_not_by_the_hooks_before_it(
    cloud: World, host: Instance
) -> None:
    files = hooked("true")
    files["appspec.yaml"] = files.pop("appspec.yml")
    event, message = failed(cloud, begin(cloud, files), host)

    assert event == "BeforeInstall"
    assert "did not find an AppSpec file within the unpacked revision directory" in message
    assert 'at revision-relative path "appspec.yml"' in message


def test_a_hook_for_an_event_that_no_deployment_has_is_refused_by_install(
    cloud: World, host: Instance
) -> None:
    files = hooked("true", "AfterStart")
    files["appspec.yml"] += f"  BeforeAllowTraffic:\n    - location: {SCRIPT}\n"

    assert failed(cloud, begin(cloud, files), host) == (
        "Install",
        'appspec.yml file contains unknown lifecycle events: ["AfterStart"]',
    )


@pytest.mark.parametrize("bundle", ["zip", "tgz"])
def test_modes_and_links_are_those_of_the_archive(cloud: World, host: Instance, bundle: str) -> None:
    content = io.BytesIO()
    files = {"appspec.yml": f"{APPSPEC}files: [{{source: bin, destination: /srv/app}}]\n", "bin/run": "1"}
    if bundle == "zip":
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in files.items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr = 0o100751 << 16
                archive.writestr(entry, text)
            link = zipfile.ZipInfo("bin/link")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "run")
    else:
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.mode, member.size = 0o751, len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
            link_to = tarfile.TarInfo("bin/link")
            link_to.type, link_to.linkname = tarfile.SYMTYPE, "run"
            tar.addfile(link_to)
    ended(cloud, begin(cloud, content.getvalue(), bundle), "Succeeded")

    assert (host.root / "srv/app/run").stat().st_mode & 0o777 == 0o751
    assert (host.root / "srv/app/link").is_symlink()


def test_a_zip_that_unzip_warns_of_is_unpacked_once_more_by_ruby(cloud: World, host: Instance) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in hooked("touch $DESTDIR/ran").items():
            # As Windows' own tools of old have made them.
            entry = zipfile.ZipInfo(name.replace("/", "\\"))
            entry.create_system = 0
            archive.writestr(entry, text)
    deployment_id = begin(cloud, content.getvalue(), "zip")
    ended(cloud, deployment_id, "Succeeded")
    [unpacked] = (host.root / ROOT).glob(f"*/{deployment_id}/deployment-archive")

    assert (host.root / "ran").exists()
    assert sorted(each.name for each in unpacked.iterdir()) == ["appspec.yml", "scripts", "scripts\\hook.sh"]


def test_a_machine_that_restarts_in_the_middle_fails_the_event_when_its_agent_is_back(
    cloud: World, host: Instance
) -> None:
    ec2 = cloud.client("ec2")
    deployment_id = begin(cloud, hooked("touch $DESTDIR/began; sleep 600", more="      timeout: 900\n"))
    eventually((host.root / "began").exists, True)
    ec2.stop_instances(InstanceIds=[host.id])
    eventually(lambda: cloud.parts.instances.state(host.id), "stopped")
    assert told(cloud, deployment_id)["status"] == "InProgress"

    ec2.start_instances(InstanceIds=[host.id])
    assert failed(cloud, deployment_id, host) == (
        "ApplicationStart",
        "Failed: Failing in-progress lifecycle event after an agent restart.",
    )
