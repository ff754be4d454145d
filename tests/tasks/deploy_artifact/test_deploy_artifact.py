"""Deployments on the stand-in AWS: a real script, in a real instance's folder, restarting a real service."""

import json
import sys
import tarfile
import urllib.request
from io import BytesIO
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair

SSM = ("--bucket", "releases", "--install-to", "/srv/app", "--restart", "systemctl restart app")
CHECK = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")


@pytest.fixture
def one(cloud: World, pair: Pair) -> Instance:
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return pair.one


def version(private_ip: str) -> str:
    with urllib.request.urlopen(f"http://{private_ip}:8080/_status", timeout=30) as answer:
        return str(json.load(answer)["version"])


def test_a_release_is_installed_started_and_proved(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks.installed(
        "deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM, *CHECK, GO_TRIGGER_USER="ann"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Staging-1: answers 200, version 2.0" in done.stdout
    assert "Staging-1: deployed 2.0 in" in done.stdout
    assert version(one.private_ip) == "2.0"


def test_the_same_again_uploads_nothing_and_ends_the_same(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = str(build_release("2.0", tmp_path))
    words = ("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM, *CHECK)
    assert gocd_tasks(*words).returncode == 0
    cloud.journal.clear()
    assert gocd_tasks(*words).returncode == 0

    assert cloud.journal.of("PutObject") == []
    assert version(one.private_ip) == "2.0"


def test_the_version_is_the_pipelines_label_if_none_is_given(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = str(build_release("3.1", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, *SSM, *CHECK, GO_PIPELINE_LABEL="3.1")

    assert done.returncode == 0
    assert version(one.private_ip) == "3.1"


def test_a_release_that_does_not_start_goes_back_and_says_so(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = str(build_release("3.0", tmp_path, broken="starts-not"))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "3.0", *SSM, *CHECK)

    assert done.returncode == 1
    assert "3.0 did not start; 1.0 is running again" in done.stderr
    assert "Run again: gocd-tasks deploy-artifact Staging-1" in done.stderr
    assert version(one.private_ip) == "1.0"


@pytest.mark.parametrize(
    ("prepare", "said"),
    [("offline", "is ConnectionLost, not Online"), ("stopping", "Staging-1 is stopp")],
)
def test_an_instance_that_cannot_be_reached_is_refused_before_anything_is_uploaded(
    cloud: World,
    gocd_tasks: CommandLine,
    one: Instance,
    pair: Pair,
    tmp_path: Path,
    prepare: str,
    said: str,
) -> None:
    if prepare == "offline":
        pair.one.agent_online = False
    else:
        cloud.client("ec2").stop_instances(InstanceIds=[one.id])
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM)

    assert done.returncode == 2
    assert said in done.stderr
    assert cloud.journal.of("PutObject") == []


def test_a_hostile_archive_is_refused_before_anything_is_uploaded(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../evil"), BytesIO())
    done = gocd_tasks("deploy-artifact", "Staging-1", str(path), "--version", "2.0", *SSM)

    assert done.returncode == 2
    assert "leaves the release folder; nothing was changed" in done.stderr
    assert cloud.journal.of("PutObject") == []


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "-rf", "line\nbreak", "x" * 101])
def test_a_version_that_is_no_folder_name_is_refused(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path, name: str
) -> None:
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, f"--version={name}", *SSM)

    assert done.returncode == 2
    assert "nothing was changed" in done.stderr


def test_a_restart_that_could_not_be_ended_in_time_is_refused(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    words = ("deploy-artifact", "Staging-1", str(build_release("2.0", tmp_path)), "--version", "2.0", *SSM)
    done = gocd_tasks(*words, "--restart-within", "600")

    assert done.returncode == 2
    assert (
        "--restart-within 600 is too long for --deploy-timeout 900, in which the release before may have to "
        "be started too; nothing was changed. Give 441 at most, or a --deploy-timeout of 1217 and what "
        "unpacking takes" in done.stderr
    )
    assert cloud.journal.of("PutObject") == cloud.journal.of("SendCommand") == []


def test_a_restart_that_does_not_end_is_ended_and_told(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = str(build_release("2.0", tmp_path))
    hangs = 'echo waiting; grep -q 2.0 "$DESTDIR/srv/app/current/.version" || exit 0; sleep 50'
    words = ("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM[:4], "--restart", hangs)
    done = gocd_tasks(*words, "--restart-within", "1", "--deploy-timeout", "300")

    assert done.returncode == 1
    ended = "(the restart had not ended after 1 s, and was ended)"
    assert f"2.0 did not start {ended}; 1.0 is running again. Run again: " in done.stderr
    assert "Staging-1: | (what the restart said, also in /srv/app/.restart.log:)" in done.stdout
    assert "Staging-1: | waiting" in done.stdout


def test_a_missing_bucket_is_said_with_the_state_that_is_left(
    gocd_tasks: CommandLine, pair: Pair, tmp_path: Path
) -> None:
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM)

    assert done.returncode == 1
    assert "NoSuchBucket" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_upload_that_is_forbidden_names_the_permission(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    cloud.faults.deny("s3:PutObject")
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM)

    assert "AWS refused s3:PutObject on releases" in done.stderr
    assert "gocd-tasks iam-policy deploy-artifact" in done.stderr


def test_a_throttled_order_is_looked_up_before_it_is_sent_again(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    cloud.faults.throttle(0.4, seed=3)
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM, *CHECK)

    assert done.returncode == 0, done.stderr
    # The installation, and the note that it answers.
    assert len([call for call in cloud.journal.of("SendCommand") if call.outcome == "ok"]) == 2


def test_a_command_of_the_sites_own_gets_whole_arguments_and_no_shell(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    artifact = tmp_path / "it's $(an) artifact"
    artifact.touch()
    show = "import sys; print(sys.argv[1:])"
    done = gocd_tasks(
        *("deploy-artifact", "Staging-1", str(artifact), "--version", "2.0", "--via", "command", "--"),
        *(sys.executable, "-c", show, "{instance_id}", "{name}", "{private_ip}", "{version}", "{artifact}"),
        "$HOME; `ls`",
    )

    shown = [one.id, "Staging-1", one.private_ip, "2.0", str(artifact), "$HOME; `ls`"]
    assert done.returncode == 0, done.stderr
    assert str(shown) in done.stdout


def test_a_command_that_fails_says_how(gocd_tasks: CommandLine, one: Instance, tmp_path: Path) -> None:
    artifact = tmp_path / "app"
    artifact.touch()
    words = ("deploy-artifact", "Staging-1", str(artifact), "--version", "2.0", "--via", "command", "--")
    failed = gocd_tasks(*words, "sh", "-c", "exit 7")
    unknown = gocd_tasks(*words, "no-such-command")
    typo = gocd_tasks(*words, "echo", "{instance}")

    assert failed.returncode == 1
    assert "sh exited 7 while deploying 2.0 to Staging-1" in failed.stderr
    assert unknown.returncode == typo.returncode == 2
    assert "there is no command no-such-command" in unknown.stderr
    assert "{instance} in '{instance}' cannot be filled in" in typo.stderr


def test_a_dry_run_looks_and_changes_nothing(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = str(build_release("2.0", tmp_path))
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *SSM, *CHECK, "--dry-run")

    assert done.returncode == 0
    assert "Staging-1: would get 2.0 via ssm, then http://" in done.stdout
    assert cloud.journal.of("SendCommand") == cloud.journal.of("PutObject") == []
