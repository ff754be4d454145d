import re
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import EVENTS
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.services.code_deploy.deploying import (
    LISTENING,
    SCRIPT,
    begin,
    ended,
    events,
    make_group,
    name_is,
    packed,
    revision_files,
    told,
)


@pytest.mark.parametrize("bundle", ["zip", "tar", "tgz"])
def test_a_deployment_walks_its_lifecycle_on_the_instance(cloud: World, host: Instance, bundle: str) -> None:
    deployment_id = begin(cloud, revision_files("1.0"), bundle, description="ours")
    assert re.fullmatch(r"d-[A-Z0-9]{9}", deployment_id)
    seen = eventually(lambda: told(cloud, deployment_id)["status"], "Succeeded")
    walked = events(cloud, deployment_id, host)

    assert seen[0] == "Created"
    assert list(walked) == list(EVENTS)
    assert {each["status"] for each in walked.values()} == {"Succeeded"}
    assert all(each["startTime"] <= each["endTime"] for each in walked.values())
    assert (host.root / "srv/app/VERSION").read_text() == "1.0"
    # The first deployment finds nothing to stop.
    assert (host.root / "ran").read_text().split()[1::2] == LISTENING[1:]
    last = told(cloud, deployment_id)
    assert (last["creator"], last["description"], last["deploymentOverview"]["Succeeded"]) == (
        "user",
        "ours",
        1,
    )


def test_the_old_revision_stops_what_it_started(cloud: World, host: Instance) -> None:
    ended(cloud, begin(cloud, revision_files("1.0")), "Succeeded")
    ended(cloud, begin(cloud, revision_files("2.0")), "Succeeded")

    assert (host.root / "ran").read_text().splitlines()[4:6] == ["1.0 ApplicationStop", "2.0 BeforeInstall"]


def test_a_script_sees_the_deployment_in_its_environment(cloud: World, host: Instance) -> None:
    script = 'echo "$APPLICATION_NAME $DEPLOYMENT_GROUP_NAME $DEPLOYMENT_ID" > "$DESTDIR/seen"'
    deployment_id = begin(cloud, revision_files("1.0", script))
    ended(cloud, deployment_id, "Succeeded")

    assert (host.root / "seen").read_text() == f"app app-Staging-1 {deployment_id}\n"


@pytest.mark.parametrize("event", LISTENING[1:])
def test_a_failing_script_fails_the_deployment_and_nothing_follows_it(
    cloud: World, host: Instance, event: str
) -> None:
    script = f'echo so far; echo oops >&2; [ "$LIFECYCLE_EVENT" != {event} ]'
    deployment_id = begin(cloud, revision_files("1.0", script))
    failed = ended(cloud, deployment_id, "Failed")
    walked = events(cloud, deployment_id, host)

    assert failed["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert "rollbackInfo" not in failed
    assert walked[event]["status"] == "Failed"
    later = EVENTS[EVENTS.index(event) + 1 :]
    assert {walked[each]["status"] for each in later} <= {"Skipped"}
    assert walked[event]["diagnostics"] == {
        "errorCode": "ScriptFailed",
        "scriptName": SCRIPT,
        "message": f"Script at specified location: {SCRIPT} run as user root failed with exit code 1",
        "logTail": f"LifecycleEvent - {event}\nScript - {SCRIPT}\n[stdout]so far\n[stderr]oops\n",
    }


@pytest.mark.parametrize(
    ("change", "event", "code", "message"),
    [
        ({SCRIPT: "sleep 60"}, "BeforeInstall", "ScriptTimedOut", "failed to complete in 1 seconds"),
        ({SCRIPT: None}, "BeforeInstall", "ScriptMissing", "Script does not exist at specified location"),
        ({"appspec.yml": None}, "BeforeInstall", "UnknownError", "did not find an AppSpec file"),
        ({"appspec.yml": "files: {"}, "BeforeInstall", "UnknownError", "did not find expected node content"),
        ({"VERSION": None}, "Install", "UnknownError", "No such file or directory"),
    ],
)
def test_what_is_wrong_with_a_revision_is_told_by_the_event_that_met_it(
    cloud: World, host: Instance, change: dict[str, str | None], event: str, code: str, message: str
) -> None:
    files = {**revision_files("1.0", timeout=1), **change}
    deployment_id = begin(cloud, {name: text for name, text in files.items() if text is not None})
    ended(cloud, deployment_id, "Failed")
    walked = events(cloud, deployment_id, host)

    assert [name for name, each in walked.items() if each["status"] == "Failed"] == [event]
    assert walked[event]["diagnostics"]["errorCode"] == code
    assert message in walked[event]["diagnostics"]["message"]


@pytest.mark.parametrize(
    ("told", "real", "said"),
    [
        ("zip", "tgz", "Zip end of central directory signature not found"),
        ("tgz", "zip", "Error extracting tar archive: 2"),
        ("tar", "zip", "Error extracting tar archive: 2"),
    ],
)
def test_a_bundle_of_another_type_cannot_be_unpacked(
    cloud: World, host: Instance, told: str, real: str, said: str
) -> None:
    deployment_id = begin(cloud, packed(revision_files("1.0"), real), told)
    ended(cloud, deployment_id, "Failed")

    assert events(cloud, deployment_id, host)["DownloadBundle"]["diagnostics"]["message"] == said


def test_a_script_that_does_not_stop_may_be_ignored(cloud: World, host: Instance) -> None:
    bad = '[ "$LIFECYCLE_EVENT" != ApplicationStop ]'
    ended(cloud, begin(cloud, revision_files("1.0", bad)), "Succeeded")
    strict = begin(cloud, revision_files("2.0"))
    ended(cloud, strict, "Failed")
    lax = begin(cloud, revision_files("2.0"), ignoreApplicationStopFailures=True)
    ended(cloud, lax, "Succeeded")

    assert events(cloud, strict, host)["ApplicationStop"]["status"] == "Failed"
    assert events(cloud, lax, host)["ApplicationStop"]["status"] == "Failed"
    assert (host.root / "srv/app/VERSION").read_text() == "2.0"


def test_a_file_that_another_put_there_is_kept_or_not_as_asked(cloud: World, host: Instance) -> None:
    file = host.root / "srv/app/VERSION"
    file.parent.mkdir(parents=True)
    file.write_text("by hand")
    forbidden = begin(cloud, revision_files("1.0"), fileExistsBehavior="DISALLOW")
    ended(cloud, forbidden, "Failed")
    ended(cloud, begin(cloud, revision_files("1.0"), fileExistsBehavior="RETAIN"), "Succeeded")

    assert "already exists" in events(cloud, forbidden, host)["Install"]["diagnostics"]["message"]
    assert file.read_text() == "by hand"


def test_nothing_is_put_outside_of_the_instance(cloud: World, host: Instance) -> None:
    files = revision_files("1.0")
    files["appspec.yml"] = files["appspec.yml"].replace("/srv/app", "/srv/../../../../escaped")
    ended(cloud, begin(cloud, files), "Succeeded")

    assert (host.root / "escaped/VERSION").read_text() == "1.0"


def test_what_cannot_be_written_fails_the_install(cloud: World, host: Instance) -> None:
    (host.root / "srv").mkdir()
    (host.root / "srv/app").write_text("a file where a folder should be")
    deployment_id = begin(cloud, revision_files("1.0"))
    ended(cloud, deployment_id, "Failed")

    assert events(cloud, deployment_id, host)["Install"]["diagnostics"]["errorCode"] == "UnknownError"


def test_a_rollback_is_a_deployment_of_its_own(cloud: World, host: Instance) -> None:
    automatic = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    cloud.client("codedeploy").update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="app-Staging-1",
        autoRollbackConfiguration=automatic,
    )
    first = begin(cloud, revision_files("1.0", "exit 1"))
    assert "rollbackDeploymentId" not in ended(cloud, first, "Failed")["rollbackInfo"]
    ended(cloud, begin(cloud, revision_files("1.0")), "Succeeded")
    bad = packed(revision_files("2.0", '[ "$LIFECYCLE_EVENT" != ValidateService ]'), "tgz")
    cloud.client("s3").put_object(Bucket="releases", Key="bad", Body=bad)
    location = {"bucket": "releases", "key": "bad", "bundleType": "tgz"}
    failed_id = begin(cloud, revision_files("1.0"), revision={"revisionType": "S3", "s3Location": location})
    failed = ended(cloud, failed_id, "Failed")
    rollback = ended(cloud, failed["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")

    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed_id
    assert (host.root / "srv/app/VERSION").read_text() == "1.0"


def test_a_group_takes_one_deployment_at_a_time(cloud: World, host: Instance) -> None:
    client = cloud.client("codedeploy")
    running = begin(cloud, revision_files("1.0", "sleep 60"))
    with pytest.raises(
        client.exceptions.DeploymentLimitExceededException, match=f"active Deployment '{running}'"
    ):
        begin(cloud, revision_files("2.0"))
    group = {"applicationName": "app", "deploymentGroupName": "app-Staging-1"}
    assert client.list_deployments(**group, includeOnlyStatuses=["Created", "InProgress"])["deployments"] == [
        running
    ]
    assert client.list_deployments(**group, includeOnlyStatuses=["Succeeded"])["deployments"] == []
    now = told(cloud, running)["createTime"]
    assert client.list_deployments(**group, createTimeRange={"start": now})["deployments"] == [running]


def test_a_stopped_deployment_ends_after_the_event_that_runs(cloud: World, host: Instance) -> None:
    client = cloud.client("codedeploy")
    deployment_id = begin(cloud, revision_files("1.0", "sleep 1"))
    eventually(lambda: told(cloud, deployment_id)["status"], "InProgress")
    with pytest.raises(client.exceptions.DeploymentIsNotInReadyStateException):
        client.continue_deployment(deploymentId=deployment_id)
    eventually(lambda: events(cloud, deployment_id, host)["BeforeInstall"]["status"], "InProgress")
    assert client.stop_deployment(deploymentId=deployment_id)["status"] == "Pending"
    stopped = ended(cloud, deployment_id, "Stopped")
    walked = events(cloud, deployment_id, host)

    assert stopped["errorInformation"]["code"] == "MANUAL_STOP"
    assert walked["BeforeInstall"]["status"] == "Succeeded"
    assert walked["Install"]["status"] == "Skipped"
    for change in (client.stop_deployment, client.continue_deployment):
        with pytest.raises(client.exceptions.DeploymentAlreadyCompletedException):
            change(deploymentId=deployment_id)


def test_nothing_is_known_of_targets_before_the_start(cloud: World, host: Instance) -> None:
    client = cloud.client("codedeploy")
    deployment_id = begin(cloud, revision_files("1.0"))
    with pytest.raises(client.exceptions.DeploymentNotStartedException):
        client.list_deployment_targets(deploymentId=deployment_id)
    ended(cloud, deployment_id, "Succeeded")

    assert client.list_deployment_targets(deploymentId=deployment_id)["targetIds"] == [host.id]
    target = client.get_deployment_target(deploymentId=deployment_id, targetId=host.id)["deploymentTarget"]
    assert target["instanceTarget"]["status"] == "Succeeded"
    with pytest.raises(client.exceptions.DeploymentTargetDoesNotExistException):
        client.get_deployment_target(deploymentId=deployment_id, targetId="i-0123456789abcdef0")


def test_an_agent_that_is_away_gets_its_order_later(cloud: World, host: Instance) -> None:
    host.agent_online = False
    deployment_id = begin(cloud, revision_files("1.0"))
    eventually(lambda: told(cloud, deployment_id)["status"], "InProgress")
    assert events(cloud, deployment_id, host)["DownloadBundle"]["status"] == "Pending"

    host.agent_online = True
    ended(cloud, deployment_id, "Succeeded")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"ec2TagFilters": [name_is("Staging-1"), name_is("Staging-2")]}, {"Staging-1", "Staging-2"}),
        ({"ec2TagFilters": [{"Key": "Name", "Type": "KEY_ONLY"}]}, {"Staging-1", "Staging-2"}),
        ({"ec2TagFilters": [{"Value": "Staging-2", "Type": "VALUE_ONLY"}]}, {"Staging-2"}),
        (
            {"ec2TagSet": {"ec2TagSetList": [[{"Key": "Name", "Type": "KEY_ONLY"}], [name_is("Staging-2")]]}},
            {"Staging-2"},
        ),
        ({"autoScalingGroups": ["nobody"]}, set()),
    ],
)
def test_a_group_deploys_to_those_whom_its_tags_select(
    cloud: World, host: Instance, settings: dict[str, Any], expected: set[str]
) -> None:
    other = cloud.launch("Staging-2")
    make_group(cloud, "group", **settings)
    deployment_id = begin(cloud, revision_files("1.0"), deploymentGroupName="group")
    ended(cloud, deployment_id, "Succeeded" if expected else "Failed")
    names = {each.name for each in (host, other) if (each.root / "ran").exists()}

    assert names == expected
    if not expected:
        assert told(cloud, deployment_id)["errorInformation"]["code"] == "NO_INSTANCES"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"applicationName": "other"}, "ApplicationDoesNotExistException"),
        ({"deploymentGroupName": "other"}, "DeploymentGroupDoesNotExistException"),
        ({"revision": {}}, "RevisionRequiredException"),
        (
            {"revision": {"s3Location": {"bucket": "releases", "key": "app", "bundleType": "rar"}}},
            "InvalidRevisionException",
        ),
        ({"description": "x" * 257}, "DescriptionTooLongException"),
        ({"targetInstances": {"tagFilters": [name_is("Staging-1")]}}, "InvalidTargetInstancesException"),
    ],
)
def test_a_bad_request_is_refused_as_aws_words_it(
    cloud: World, host: Instance, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        begin(cloud, revision_files("1.0"), **more)
    assert refused.value.response["Error"]["Code"] == code


def test_an_unknown_deployment_does_not_exist(cloud: World) -> None:
    client = cloud.client("codedeploy")
    with pytest.raises(client.exceptions.DeploymentDoesNotExistException):
        client.get_deployment(deploymentId="d-NOWHERE00")
    assert client.batch_get_deployments(deploymentIds=["d-NOWHERE00"])["deploymentsInfo"] == []


def test_a_reset_ends_what_still_runs_and_rolls_nothing_back(cloud: World, host: Instance) -> None:
    ended(cloud, begin(cloud, revision_files("1.0")), "Succeeded")
    automatic = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]}
    deployment_id = begin(
        cloud, revision_files("2.0", "sleep 60 & sleep 60"), autoRollbackConfiguration=automatic
    )
    eventually(lambda: told(cloud, deployment_id)["status"], "InProgress")
    eventually(lambda: events(cloud, deployment_id, host)["BeforeInstall"]["status"], "InProgress")
    cloud.reset()

    assert guardian.marked(cloud.instances_mark) == []
    assert not host.root.exists()
