"""A release walks CodeDeploy's lifecycle, and what fails on the way is told."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.deployers.codedeploy.deploying import begin, deploy, deployments, packed, release, version


def test_a_release_walks_its_lifecycle_and_proves_itself(
    cloud: World, gocd_tasks: CommandLine, one: str, pair: Pair, tmp_path: Path
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
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
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


def test_a_release_that_is_all_in_one_folder_is_taken_as_the_agent_takes_it(
    gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "app.tgz", "w:gz") as archive:
        archive.add(release(tmp_path, "2.0"), "app-2.0")
    done = gocd_tasks(*deploy(str(tmp_path / "app.tgz"), "2.0"))

    assert done.returncode == 0, done.stderr
    assert version(one) == "2.0"


def test_a_folder_is_packed_and_the_same_again_uploads_nothing(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
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
    assert f": {name} of 3.0 ended with exit code 3 (ScriptFailed)\n" in done.stdout
    assert "Staging-1: | [stdout]line 50" in done.stdout
    assert "Staging-1: | [stdout]line 1\n" not in done.stdout
    assert "lines before these" in done.stdout
    assert "\033" not in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "deploying 3.0 to Staging-1 failed" in done.stderr
    assert f"({event}: {name} of 3.0 ended with exit code 3 (ScriptFailed))" in done.stderr
    assert "it was not rolled back (no rollback is set up)" in done.stderr
    assert "Run again: gocd-tasks deploy-artifact Staging-1" in done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sleep 600", "did not end within 10 s (ScriptTimedOut)"),
        # A background job whose & stands where no reading of the script finds it.
        (
            "eval 'sleep 600 &'",
            "ended, and what it left running holds its STDOUT open (OutputsLeftOpen); write in it: "
            "nohup COMMAND > /var/log/app.log 2>&1 < /dev/null &",
        ),
    ],
)
def test_a_hook_that_never_ends_or_leaves_its_output_open_is_told_as_that(
    gocd_tasks: CommandLine, one: str, tmp_path: Path, line: str, said: str
) -> None:
    made = release(tmp_path, "3.0", {"scripts/start.sh": f"#!/bin/sh\n{line}\n"})
    appspec = Path(made) / "appspec.yml"
    start = "location: scripts/start.sh\n      timeout:"
    appspec.write_text(appspec.read_text().replace(f"{start} 300", f"{start} 10"))
    done = gocd_tasks(*deploy(made, "3.0"))

    assert done.returncode == 1
    assert f"ApplicationStart: scripts/start.sh of 3.0 {said}" in done.stderr
    assert "Staging-1: skipped ValidateService" in done.stdout


def test_a_failed_stop_of_the_old_release_does_not_stand_in_the_way(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    first = release(tmp_path, "2.0", {"scripts/stop.sh": "#!/bin/sh\nexit 1\n"})
    assert gocd_tasks(*deploy(first, "2.0")).returncode == 0
    done = gocd_tasks(*deploy(release(tmp_path, "3.0"), "3.0"))

    assert done.returncode == 0, done.stderr
    [_, before] = deployments(cloud)
    origin = f"scripts/stop.sh of 2.0, which was installed last ({before['deploymentId']}),"
    assert f"s: {origin} ended with exit code 1 (ScriptFailed); that is passed over\n" in done.stdout
    assert version(one) == "3.0"


def test_anothers_deployment_that_the_old_release_stops_is_told_with_what_to_do_about_it(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    first = release(tmp_path, "2.0", {"scripts/stop.sh": "#!/bin/sh\nexit 1\n"})
    assert gocd_tasks(*deploy(first, "2.0")).returncode == 0
    theirs = begin(cloud, packed(tmp_path, "3.0", {}), "by hand")
    done = gocd_tasks("watch-deployment", theirs)

    assert done.returncode == 1
    assert "ApplicationStop: scripts/stop.sh of 2.0, which was installed last (d-" in done.stderr
    assert "), ended with exit code 1 (ScriptFailed))" in done.stderr
    assert (
        "Every deployment runs the same scripts/stop.sh until one is installed: have it passed" in done.stderr
    )
    assert "aws deploy create-deployment --ignore-application-stop-failures" in done.stderr
    assert version(one) == "2.0"
