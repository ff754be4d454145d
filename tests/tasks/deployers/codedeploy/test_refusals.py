"""What cannot be deployed through CodeDeploy is refused before anything is changed."""

import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.deployers.codedeploy.deploying import MakeGroup, deploy, name_is, packed, release, version


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
    cloud: World,
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
    cloud: World, gocd_tasks: CommandLine, group: MakeGroup, pair: Pair, tmp_path: Path
) -> None:
    group("both", ec2TagFilters=[{"Key": "Name", "Type": "KEY_ONLY"}])
    cloud.client("ec2").stop_instances(InstanceIds=[pair.two.id])
    artifact = str(build_release("2.0", tmp_path))
    done = gocd_tasks(*deploy(artifact, "2.0", "--deployment-group", "both"))

    assert done.returncode == 2
    assert "would deploy to Staging-2 as well" in done.stderr


def test_a_group_by_several_tags_that_only_this_instance_has_is_its_own(
    cloud: World, gocd_tasks: CommandLine, group: MakeGroup, one: str, tmp_path: Path
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
        (("--version", "a\nb"), "takes a name on one line"),
        (("--version", ".."), "cannot be the name of a release"),
    ],
)
def test_a_bad_request_is_refused_before_anything_is_changed(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0", *more))

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert cloud.journal.of("PutObject") == cloud.journal.of("CreateDeployment") == []


@pytest.mark.parametrize(
    ("name", "mode", "appspec", "said"),
    [
        ("app.tgz", "w:gz", "conf/appspec.yml", "has no appspec.yml at its top, but conf/appspec.yml: put"),
        ("app.tgz", "w:gz", "appspec.yaml", "but appspec.yaml: call that appspec.yml; CodeDeploy cannot"),
        ("app.tgz", "w:gz", "none", "has no appspec.yml at its top; CodeDeploy cannot deploy it"),
        ("app.tar.xz", "w:xz", "appspec.yml", "is nothing that CodeDeploy unpacks"),
        ("app.zip", "w:gz", "appspec.yml", "is nothing that CodeDeploy unpacks"),
    ],
)
def test_an_archive_that_codedeploy_could_not_use_is_refused(
    cloud: World,
    gocd_tasks: CommandLine,
    one: str,
    tmp_path: Path,
    name: str,
    mode: str,
    appspec: str,
    said: str,
) -> None:
    made = Path(release(tmp_path, "2.0"))
    (made / appspec).parent.mkdir(exist_ok=True)
    (made / "appspec.yml").rename(made / appspec)
    with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]
        archive.add(made, ".")
    done = gocd_tasks(*deploy(str(tmp_path / name), "2.0"))

    assert done.returncode == 2
    assert said in done.stderr
    assert cloud.journal.of("PutObject") == []


BAD_APPSPEC = """\
version: 0.0
os: Linux
files:
  - source: /
hooks:
  AfterInstal:
    - location: scripts/swich.sh
      timeout: 0
"""


@pytest.mark.parametrize("sent", [False, True])
def test_all_that_the_agent_would_fail_for_is_refused_at_once_also_in_s3(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, sent: bool
) -> None:
    made = packed(tmp_path, "2.0", {"appspec.yml": BAD_APPSPEC})
    artifact = str(made)
    if sent:
        cloud.client("s3").put_object(Bucket="releases", Key="built/app.tgz", Body=made.read_bytes())
        artifact = "s3://releases/built/app.tgz"
    cloud.journal.clear()
    done = gocd_tasks(*deploy(artifact, "2.0"))

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert (
        "appspec.yml:2: os is Linux; write os: linux; appspec.yml:4: a file has no destination" in done.stderr
    )
    assert "appspec.yml:6: no lifecycle event is called AfterInstal; write AfterInstall:" in done.stderr
    assert "appspec.yml:7: scripts/swich.sh is not in the release; write scripts/switch.sh" in done.stderr
    assert "appspec.yml:8: timeout is 0; write 1 or more seconds" in done.stderr
    assert done.stderr.endswith("; nothing was changed\n")
    assert cloud.journal.of("PutObject") == cloud.journal.of("CreateDeployment") == []


def test_a_release_is_judged_for_the_system_that_ec2_says_the_instance_runs(
    cloud: World, gocd_tasks: CommandLine, one: str, pair: Pair, tmp_path: Path
) -> None:
    cloud.parts.instances.described(pair.one.id).platform = "windows"
    made = Path(release(tmp_path, "2.0"))
    with zipfile.ZipFile(tmp_path / "app.zip", "w", strict_timestamps=False) as archive:
        for file in made.rglob("*"):
            archive.write(file, file.relative_to(made))
    as_tar, as_zip = (
        gocd_tasks(*deploy(str(made), "2.0")),
        gocd_tasks(*deploy(str(tmp_path / "app.zip"), "2.0")),
    )

    assert as_tar.returncode == as_zip.returncode == 2
    assert "CodeDeploy unpacks no tgz on Windows; pack release-2.0.tar.gz as .zip" in as_tar.stderr
    assert "appspec.yml:2: os is linux, and the instance runs Windows; write os: windows" in as_zip.stderr
    assert cloud.journal.of("PutObject") == []


def test_what_is_worth_a_word_is_told_before_anything_is_changed(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    made = release(tmp_path, "2.0", {"scripts/start.sh": "#!/bin/sh\njava -jar app.jar &\n"})
    done = gocd_tasks(*deploy(made, "2.0", "--dry-run"))

    assert done.returncode == 0, done.stderr
    assert "worth a look: scripts/start.sh:2: what it leaves in the background holds" in done.stdout
    assert "write nohup java -jar app.jar > /var/log/app.log 2>&1 < /dev/null &" in done.stdout


def test_a_dry_run_looks_and_changes_nothing(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
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
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, action: str, code: int
) -> None:
    cloud.faults.deny(action)
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == code
    assert f"AWS refused {action} " in done.stderr
    assert "gocd-tasks iam-policy deploy-artifact" in done.stderr
