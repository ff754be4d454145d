"""Deployments through CodeDeploy on the stand-in AWS: a real lifecycle, real hooks, a real service."""

import json
import signal
import subprocess
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws import wire
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.journal import Call
from tasks.aws.connect import Aws
from tasks.aws.instances import find_instance
from tasks.clock import SystemClock
from tasks.deployment import Release, Settings
from tasks.errors import TimedOut
from tasks.via_codedeploy import CodeDeployDeployer
from tasks.waiting import Wait
from tests.fakes import Stage
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.conftest import CommandLine, Pair
from tests.tasks.killing import AT, moments

CHECK = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")
GROUP = "app-Staging-1"
VIA = ("--via", "codedeploy", "--deployment-group", "app-{name}", "--bucket", "releases")

# What a hook says and does to be slow enough to be caught in the act.
SLOW = "#!/bin/sh\nsleep 2\n"

MakeGroup = Callable[..., None]


@pytest.fixture
def group(cloud: StandInAWS, pair: Pair) -> MakeGroup:
    """Makes deployment groups of the application app; app-Staging-1 is there."""
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    def make(name: str, **settings: Any) -> None:
        client.create_deployment_group(
            applicationName="app",
            deploymentGroupName=name,
            serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
            **settings,
        )

    make(GROUP, ec2TagFilters=[name_is("Staging-1")])
    return make


@pytest.fixture
def one(group: MakeGroup, pair: Pair) -> str:
    """The address of Staging-1, which has a group of its own."""
    return pair.one.private_ip


def name_is(name: str) -> dict[str, str]:
    return {"Key": "Name", "Value": name, "Type": "KEY_AND_VALUE"}


def version(private_ip: str) -> str:
    with urllib.request.urlopen(f"http://{private_ip}:8080/_status", timeout=5) as answer:
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


def rolls_back_on(cloud: StandInAWS, *events: str) -> None:
    cloud.client("codedeploy").update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName=GROUP,
        autoRollbackConfiguration={"enabled": True, "events": list(events)},
    )


def deployments(cloud: StandInAWS, *statuses: str) -> list[Any]:
    """The deployments of the group, newest first."""
    client = cloud.client("codedeploy")
    wanted = {"includeOnlyStatuses": list(statuses)} if statuses else {}
    ids = client.list_deployments(applicationName="app", deploymentGroupName=GROUP, **wanted)["deployments"]
    return [client.get_deployment(deploymentId=each)["deploymentInfo"] for each in ids]


def begin(cloud: StandInAWS, archive: Path, description: str) -> str:
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


def test_a_release_walks_its_lifecycle_and_proves_itself(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, pair: Pair, tmp_path: Path
) -> None:
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert (done.returncode, done.stderr) == (0, "")
    for event in ("ApplicationStop", "DownloadBundle", "AfterInstall", "ValidateService"):
        assert f"Staging-1: {event} succeeded, 0." in done.stdout
    assert "bytes in s3://releases/app/2.0/app-2.0.tar.gz" in done.stdout
    assert "Staging-1: answers 200, version 2.0" in done.stdout
    assert (version(one), version(pair.two.private_ip)) == ("2.0", "1.0")
    [deployment] = deployments(cloud)
    assert deployment["ignoreApplicationStopFailures"] is True
    assert deployment["fileExistsBehavior"] == "OVERWRITE"


def test_a_release_that_is_in_s3_already_is_deployed_from_there(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    made = Path(release(tmp_path, "2.0"))
    with zipfile.ZipFile(tmp_path / "app.zip", "w", strict_timestamps=False) as archive:
        for file in made.rglob("*"):
            archive.write(file, file.relative_to(made))
    body = (tmp_path / "app.zip").read_bytes()
    cloud.client("s3").put_object(Bucket="releases", Key="built/app.zip", Body=body)
    done = gocd_tasks(*deploy("s3://releases/built/app.zip", "2.0", "--bucket", ""))

    assert done.returncode == 0, done.stderr
    assert cloud.journal.of("PutObject") == []
    assert version(one) == "2.0"


def test_a_folder_is_packed_and_the_same_again_uploads_nothing(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    words = deploy(release(tmp_path, "2.0"), "2.0")
    assert gocd_tasks(*words).returncode == 0
    cloud.journal.clear()
    again = gocd_tasks(*words)

    assert again.returncode == 0, again.stderr
    assert cloud.journal.of("PutObject") == []
    assert version(one) == "2.0"


@pytest.mark.parametrize(
    ("event", "script"),
    [("AfterInstall", "switch"), ("ApplicationStart", "start"), ("ValidateService", "validate")],
)
def test_a_failing_hook_is_told_with_its_script_code_and_log(
    gocd_tasks: CommandLine, one: str, tmp_path: Path, event: str, script: str
) -> None:
    name = f"scripts/{script}.sh"
    text = (
        "#!/bin/sh\nfor i in $(seq 50); do echo \"line $i\"; done\nprintf 'no \\033[31mgood\\n' >&2\nexit 3\n"
    )
    done = gocd_tasks(*deploy(release(tmp_path, "3.0", {name: text}), "3.0"))

    assert done.returncode == 1
    assert f"Staging-1: {event} failed" in done.stdout
    assert f"ScriptFailed, Script at specified location: {name} failed with exit code 3" in done.stdout
    assert "Staging-1: | [stdout]line 50" in done.stdout
    assert "Staging-1: | [stdout]line 1\n" not in done.stdout
    assert "lines before these" in done.stdout
    assert "\033" not in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "deploying 3.0 to Staging-1 failed" in done.stderr
    assert f"{event}: ScriptFailed" in done.stderr
    assert "it was not rolled back (no rollback is set up)" in done.stderr
    assert "Run again: gocd-tasks deploy-artifact Staging-1" in done.stderr


@pytest.mark.parametrize(
    ("scripts", "said"),
    [
        ({"scripts/start.sh": None}, "ScriptMissing"),
        ({"scripts/start.sh": "#!/bin/sh\nsleep 60\n"}, "ScriptTimedOut"),
    ],
)
def test_a_hook_that_is_missing_or_never_ends_is_told_as_that(
    gocd_tasks: CommandLine, one: str, tmp_path: Path, scripts: dict[str, str | None], said: str
) -> None:
    made = release(tmp_path, "3.0", scripts)
    appspec = Path(made) / "appspec.yml"
    appspec.write_text(appspec.read_text().replace("timeout: 60", "timeout: 1"))
    done = gocd_tasks(*deploy(made, "3.0"))

    assert done.returncode == 1
    assert f"ApplicationStart: {said}, " in done.stderr
    assert "Staging-1: skipped ValidateService" in done.stdout


def test_a_failed_stop_of_the_old_release_does_not_stand_in_the_way(
    gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    first = release(tmp_path, "2.0", {"scripts/stop.sh": "#!/bin/sh\nexit 1\n"})
    assert gocd_tasks(*deploy(first, "2.0")).returncode == 0
    done = gocd_tasks(*deploy(release(tmp_path, "3.0"), "3.0"))

    assert done.returncode == 0, done.stderr
    assert "Staging-1: ApplicationStop failed" in done.stdout
    assert version(one) == "3.0"


@pytest.mark.parametrize(
    ("broken", "said"), [("answers-500", "answers 500, not 200"), ("wrong-version", "not 3.0")]
)
def test_a_release_that_answers_badly_goes_although_codedeploy_is_content(
    gocd_tasks: CommandLine, one: str, tmp_path: Path, broken: str, said: str
) -> None:
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    bad = str(build_release("3.0", tmp_path, broken=broken))
    done = gocd_tasks(*deploy(bad, "3.0", "--status-timeout", "2"))

    assert done.returncode == 1
    assert "Staging-1: ValidateService succeeded" in done.stdout
    assert said in done.stderr
    assert "; 2.0 is running again. Run again: gocd-tasks deploy-artifact" in done.stderr
    assert version(one) == "2.0"


def test_the_first_release_that_codedeploy_places_has_nothing_to_go_back_to(
    gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    bad = str(build_release("3.0", tmp_path, broken="wrong-version"))
    done = gocd_tasks(*deploy(bad, "3.0", "--status-timeout", "2"))

    assert done.returncode == 1
    assert "CodeDeploy has placed no earlier release on Staging-1" in done.stderr
    assert version(one) == "0.0"


def test_going_back_by_hand_goes_one_release_further_each_time_or_to_the_one_named(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    for label in ("2.0", "3.0", "4.0"):
        assert gocd_tasks(*deploy(str(build_release(label, tmp_path)), label)).returncode == 0
    back = ("deploy-artifact", "Staging-1", "--rollback", *VIA[:4], *CHECK)
    ran = []
    for more in ((), (), ("--version", "4.0"), ("--version", "4.0")):
        done = gocd_tasks(*back, *more)
        assert done.returncode == 0, done.stderr
        ran.append(version(one))
    never = gocd_tasks(*back, "--version", "1.0")

    assert ran == ["3.0", "2.0", "4.0", "4.0"]
    assert len(deployments(cloud)) == 6
    assert never.returncode == 2
    assert "CodeDeploy has never placed 1.0 on Staging-1" in never.stderr


def test_a_rollback_is_followed_and_the_command_fails_all_the_same(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    rolls_back_on(cloud, "DEPLOYMENT_FAILURE")
    first = gocd_tasks(*deploy(str(build_release("2.0", tmp_path, broken="starts-not")), "2.0"))
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    done = gocd_tasks(*deploy(str(build_release("3.0", tmp_path, broken="starts-not")), "3.0"))
    rollback, failed = deployments(cloud)[:2]

    assert "it was not rolled back (There is no successful deployment to roll back to)" in first.stderr
    assert done.returncode == 1
    assert f"{failed['deploymentId']}: {rollback['deploymentId']} rolls it back" in done.stdout
    assert f"{rollback['deploymentId']} has rolled it back, and the release before runs again" in done.stderr
    assert version(one) == "2.0"


def test_a_run_that_was_killed_is_joined_by_the_next(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    words = deploy(release(tmp_path, "2.0", {"scripts/validate.sh": SLOW}), "2.0")
    running = gocd_tasks.start(*words)
    eventually(lambda: len(deployments(cloud, "InProgress")), 1)
    running.kill()
    running.communicate()
    again = gocd_tasks(*words)

    assert again.returncode == 0, again.stderr
    assert "deploys 2.0 already; joining it" in again.stdout
    assert len(deployments(cloud)) == 1
    assert version(one) == "2.0"


@pytest.mark.parametrize("description", ["by hand", "gocd-tasks 2.0 0123456789abcdef run of another build"])
def test_another_releases_deployment_is_waited_for(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, description: str
) -> None:
    theirs = tmp_path / "theirs.tgz"
    made = release(tmp_path, "1.9", {"scripts/validate.sh": SLOW})
    with tarfile.open(theirs, "w:gz") as archive:
        archive.add(made, ".")
    other = begin(cloud, theirs, description)
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == 0, done.stderr
    assert f"group {GROUP} is taken by another release: {other} is" in done.stdout
    assert [each["status"] for each in deployments(cloud)] == ["Succeeded", "Succeeded"]
    assert version(one) == "2.0"


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (True, "group app-Staging-1 is taken by another release: d-"),
        (False, "goes on in CodeDeploy, and the same command joins it"),
    ],
)
def test_no_deployment_is_waited_for_forever(
    cloud: StandInAWS, aws: Aws, pair: Pair, one: str, tmp_path: Path, theirs: bool, said: str
) -> None:
    archive = build_release("2.0", tmp_path)
    pair.one.agent_online = False
    if theirs:
        begin(cloud, archive, "by hand")
    stage = Stage()
    deployer = CodeDeployDeployer(aws, GROUP, Settings("releases", None, None, 5, 3, []))
    with pytest.raises(TimedOut) as late:
        deployer.deploy(
            Release("app", "2.0", str(archive)),
            find_instance(aws, "Staging-1"),
            Wait(SystemClock(), stage.log),
            stage.log,
        )

    assert said in late.value.what
    assert len(deployments(cloud)) == 1


@pytest.mark.parametrize("rollback", [False, True])
def test_a_cancelled_deployment_is_stopped_and_rolled_back_only_as_set(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, rollback: bool
) -> None:
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    if rollback:
        rolls_back_on(cloud, "DEPLOYMENT_STOP_ON_REQUEST")
    slow = release(tmp_path, "3.0", {"scripts/switch.sh": SLOW})
    running = gocd_tasks.start(*deploy(slow, "3.0"))
    eventually(lambda: len(deployments(cloud, "InProgress")), 1)
    [deployment] = deployments(cloud, "InProgress")
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=30)

    assert running.returncode == 143
    assert f"Staging-1: {deployment['deploymentId']} " in out
    assert "stopped" in out
    assert "error: cancelled; " in err
    eventually(lambda: len(deployments(cloud, "Created", "InProgress")), 0)
    client = cloud.client("codedeploy")
    stopped = client.get_deployment(deploymentId=deployment["deploymentId"])["deploymentInfo"]
    assert stopped["status"] == "Stopped"
    assert bool(stopped.get("rollbackInfo")) is rollback
    assert [call.parameters["autoRollbackEnabled"] for call in cloud.journal.of("StopDeployment")] == [
        rollback
    ]


def test_what_a_cancelled_run_has_not_quite_stopped_yet_is_deployed_anew(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    words = deploy(
        release(
            tmp_path, "2.0", {"scripts/switch.sh": f"{SLOW}ln -sfn releases/2.0 $DESTDIR/srv/app/current"}
        ),
        "2.0",
    )
    running = gocd_tasks.start(*words)
    assert running.stdout
    for line in running.stdout:
        if "Install succeeded" in line:
            break
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)
    done = gocd_tasks(*words)

    assert done.returncode == 0, done.stderr
    assert [each["status"] for each in deployments(cloud)] == ["Succeeded", "Stopped"]
    assert version(one) == "2.0"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"ec2TagFilters": [name_is("Staging-1"), name_is("Staging-2")]},
            "would deploy to Staging-2 as well",
        ),
        ({"ec2TagFilters": [{"Key": "Name", "Type": "KEY_ONLY"}]}, "would deploy to Staging-2 as well"),
        ({"ec2TagFilters": [name_is("Staging-2")]}, "does not deploy to Staging-1, but to Staging-2"),
        ({"ec2TagFilters": [name_is("Staging-*")]}, "does not deploy to Staging-1, but to no instance"),
        ({}, "does not deploy to Staging-1, but to no instance"),
        (
            {
                "ec2TagFilters": [name_is("Staging-1")],
                "onPremisesInstanceTagFilters": [name_is("Staging-1")],
            },
            "would deploy to on-premises instances as well",
        ),
        (
            {
                "ec2TagFilters": [name_is("Staging-1")],
                "deploymentStyle": {
                    "deploymentType": "BLUE_GREEN",
                    "deploymentOption": "WITH_TRAFFIC_CONTROL",
                },
            },
            "is for blue/green deployments",
        ),
    ],
)
def test_a_group_that_is_not_this_instances_alone_is_refused(
    cloud: StandInAWS,
    gocd_tasks: CommandLine,
    group: MakeGroup,
    tmp_path: Path,
    settings: dict[str, Any],
    said: str,
) -> None:
    group("another", **settings)
    artifact = str(build_release("2.0", tmp_path))
    done = gocd_tasks(*deploy(artifact, "2.0", "--deployment-group", "another"))

    assert done.returncode == 2
    assert said in done.stderr
    assert "nothing was changed" in done.stderr
    assert cloud.journal.of("PutObject") == cloud.journal.of("CreateDeployment") == []


def test_a_group_that_routes_traffic_itself_is_pointed_out(
    gocd_tasks: CommandLine, group: MakeGroup, tmp_path: Path
) -> None:
    """The stand-in does not deploy to such a group, but that comes later."""
    style = {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    group("routing", ec2TagFilters=[name_is("Staging-1")], deploymentStyle=style)
    artifact = str(build_release("2.0", tmp_path))
    done = gocd_tasks(*deploy(artifact, "2.0", "--deployment-group", "routing"))

    assert "Staging-1: group routing puts it back into its load balancer by itself" in done.stdout


def test_a_stopped_instance_counts_because_it_may_be_started(
    cloud: StandInAWS, gocd_tasks: CommandLine, group: MakeGroup, pair: Pair, tmp_path: Path
) -> None:
    group("both", ec2TagFilters=[{"Key": "Name", "Type": "KEY_ONLY"}])
    cloud.client("ec2").stop_instances(InstanceIds=[pair.two.id])
    artifact = str(build_release("2.0", tmp_path))
    done = gocd_tasks(*deploy(artifact, "2.0", "--deployment-group", "both"))

    assert done.returncode == 2
    assert "would deploy to Staging-2 as well" in done.stderr


def test_a_group_by_several_tags_that_only_this_instance_has_is_its_own(
    cloud: StandInAWS, gocd_tasks: CommandLine, group: MakeGroup, one: str, tmp_path: Path
) -> None:
    tag_set = [[{"Key": "Name", "Type": "KEY_ONLY"}], [name_is("Staging-1"), name_is("Staging-9")]]
    group("tag-set", ec2TagSet={"ec2TagSetList": tag_set})
    artifact = str(build_release("2.0", tmp_path))
    done = gocd_tasks(*deploy(artifact, "2.0", "--deployment-group", "tag-set"))

    assert done.returncode == 0, done.stderr
    assert version(one) == "2.0"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--deployment-group", "nobody"), "CodeDeploy application app has no group nobody in eu-west-1"),
        (("--application", "nobody"), "no CodeDeploy application is called nobody in eu-west-1"),
        (("--deployment-group", ""), "--via codedeploy needs --deployment-group"),
        (("--deployment-group", "app-{Name}"), "has no group app-{Name}"),
        (("--deployment-group", "app-{zone}"), "{zone} in 'app-{zone}' cannot be filled in"),
        (("--bucket", ""), "--via codedeploy needs --bucket"),
        (("--version", "a\nb"), "cannot be the name of a release"),
        (("--version", ".."), "cannot be the name of a release"),
    ],
)
def test_a_bad_request_is_refused_before_anything_is_changed(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0", *more))

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert cloud.journal.of("PutObject") == cloud.journal.of("CreateDeployment") == []


@pytest.mark.parametrize("case", ["no appspec", "xz", "named zip"])
def test_an_archive_that_codedeploy_could_not_use_is_refused(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, case: str
) -> None:
    made = Path(release(tmp_path, "2.0"))
    name, mode = {"xz": ("app.tar.xz", "w:xz"), "named zip": ("app.zip", "w:gz")}.get(
        case, ("app.tgz", "w:gz")
    )
    if case == "no appspec":
        (made / "appspec.yml").rename(made / "scripts/appspec.yml")
    with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]
        archive.add(made, ".")
    done = gocd_tasks(*deploy(str(tmp_path / name), "2.0"))

    assert done.returncode == 2
    wanted = "has no appspec.yml at its top" if case == "no appspec" else "is nothing that CodeDeploy unpacks"
    assert f"{name} {wanted}" in done.stderr
    assert cloud.journal.of("PutObject") == []


def test_a_dry_run_looks_and_changes_nothing(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0", "--dry-run"))

    assert done.returncode == 0, done.stderr
    assert "Staging-1: would get 2.0 via codedeploy" in done.stdout
    assert cloud.journal.of("PutObject") == cloud.journal.of("CreateDeployment") == []


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("codedeploy:GetDeploymentGroup", 2),
        ("codedeploy:ListDeployments", 1),
        ("codedeploy:CreateDeployment", 1),
        ("codedeploy:BatchGetDeploymentTargets", 1),
    ],
)
def test_a_missing_permission_is_named(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, action: str, code: int
) -> None:
    cloud.faults.deny(action)
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == code
    assert f"AWS refused {action} " in done.stderr
    assert "gocd-tasks iam-policy deploy-artifact" in done.stderr


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_throttled_deployment_completes_and_is_created_once(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, seed: int
) -> None:
    cloud.faults.throttle(0.4, seed=seed)
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == 0, done.stderr
    assert len(deployments(cloud)) == 1


def test_an_order_whose_answer_was_lost_is_looked_up_before_it_is_sent_again(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    """The deployment is there, and over, while its creator is told that AWS could not say."""
    lost: list[int] = []
    owner = cloud.parts.control_plane
    take_effect = owner._take_effect

    def lose_one(call: Call, environ: dict[str, Any]) -> Any:
        answer = take_effect(call, environ)
        if call.operation == "CreateDeployment" and not lost:
            lost.append(call.number)
            eventually(lambda: len(deployments(cloud, "Succeeded")), 1)
            return wire.error(call, 503, "ServiceUnavailable", "Try again later.")
        return answer

    owner._take_effect = lose_one  # type: ignore[method-assign]
    try:
        done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))
    finally:
        owner._take_effect = take_effect  # type: ignore[method-assign]

    assert done.returncode == 0, done.stderr
    assert len(lost) == 1
    assert len(deployments(cloud)) == 1


@AT
@pytest.mark.end_to_end
def test_killed_and_run_again_it_converges(
    cloud: StandInAWS, gocd_tasks: CommandLine, one: str, tmp_path: Path, every: bool
) -> None:
    cloud.journal.clear()
    slow = {"scripts/validate.sh": SLOW}
    assert gocd_tasks(*deploy(release(tmp_path, "2.0", slow), "2.0")).returncode == 0
    operations = [call.operation for call in cloud.journal.calls]
    created = operations.index("CreateDeployment") + 1
    numbers = moments(cloud.journal.calls[: created + 3], every=every)
    assert created in numbers

    for number in numbers:
        words = deploy(release(tmp_path, f"2.{number}", slow), f"2.{number}")
        cloud.journal.clear()
        running: list[subprocess.Popen[str]] = []

        def kill(call: Call, number: int = number, running: list[subprocess.Popen[str]] = running) -> None:
            if call.number == number:
                running[0].kill()
                running[0].wait()

        cloud.faults.after_call = kill
        running.append(gocd_tasks.start(*words))
        running[0].communicate(timeout=60)
        cloud.faults.after_call = None
        assert running[0].returncode == -signal.SIGKILL

        assert gocd_tasks(*words).returncode == 0
        assert version(one) == f"2.{number}"
        made = [call for call in cloud.journal.of("CreateDeployment") if call.outcome == "ok"]
        assert len(made) == 1, f"killed at call {number}, {operations[number - 1]}"
