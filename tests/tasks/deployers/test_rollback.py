"""Going back: because a release is not well, or by hand; on the stand-in AWS, with a real service."""

import json
import signal
import urllib.request
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair

SSM = ("--bucket", "releases", "--install-to", "/srv/app", "--restart", "systemctl restart app")
CHECK = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")
BACK = ("deploy-artifact", "Staging-1", "--rollback", *SSM[2:], *CHECK)


@pytest.fixture
def one(cloud: World, pair: Pair) -> Instance:
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    return pair.one


def answers(instance: Instance) -> str:
    with urllib.request.urlopen(f"http://{instance.private_ip}:8080/_status", timeout=30) as answer:
        return str(json.load(answer)["version"])


def words(folder: Path, version: str, broken: str | None = None) -> tuple[str, ...]:
    release = str(build_release(version, folder, broken=broken))
    return ("deploy-artifact", "Staging-1", release, "--version", version, *SSM, *CHECK)


@pytest.mark.parametrize(
    ("broken", "said"), [("answers-500", "answers 500, not 200"), ("wrong-version", "not 3.0")]
)
def test_a_release_that_is_not_well_goes_and_the_one_before_comes_back(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path, broken: str, said: str
) -> None:
    done = gocd_tasks(*words(tmp_path, "3.0", broken), "--status-timeout", "2")

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("error: 3.0 was installed but is not well: Staging-1: answers")
    assert said in line
    assert "; 1.0 is running again. Run again: gocd-tasks deploy-artifact Staging-1" in line
    assert "Staging-1: answers 200, version 1.0" in done.stdout
    assert answers(one) == "1.0"


def test_it_stays_for_a_look_if_asked_and_one_can_still_go_back(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    done = gocd_tasks(*words(tmp_path, "3.0", "wrong-version"), "--status-timeout", "2", "--no-rollback")
    assert done.returncode == 1
    assert "; 3.0 stays for a look (--no-rollback)" in done.stderr
    assert answers(one) == "0.0"

    back = gocd_tasks(*BACK)
    assert (back.returncode, back.stderr) == (0, "")
    assert "Staging-1: went back to 1.0" in back.stdout
    assert answers(one) == "1.0"


def test_what_is_out_of_its_load_balancer_stays_out_and_that_is_said(
    cloud: World, gocd_tasks: CommandLine, one: Instance, pair: Pair, tmp_path: Path
) -> None:
    cloud.target_group("staging", instances=list(pair), deregistration_delay=1)
    assert gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging").returncode == 0
    done = gocd_tasks(*words(tmp_path, "3.0", "answers-500"), "--status-timeout", "1")

    assert "1.0 is running again, and Staging-1 stays out of target-group:staging" in done.stderr
    assert "and then: gocd-tasks attach-instance Staging-1 --load-balancer all" in done.stderr


def test_by_hand_it_passes_over_a_release_that_was_cancelled_before_it_answered(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    running = gocd_tasks.start(*words(tmp_path, "2.0", "answers-500"))
    while "answers 500" not in (line := running.stdout.readline()):
        assert line, running.stderr.read()
    running.send_signal(signal.SIGTERM)
    assert running.communicate()[1].startswith("error: cancelled; 2.0 is installed")
    [seen] = [line for line in gocd_tasks("status", "Staging-1").stdout.splitlines() if "may have" in line]
    assert "may have 2.0: its deployment by " in seen
    assert gocd_tasks(*words(tmp_path / "well", "3.0")).returncode == 0
    assert "has 3.0, which answered at 20" in gocd_tasks("status", "Staging-1").stdout

    back = gocd_tasks(*BACK)

    assert (back.returncode, back.stderr) == (0, "")
    assert "Staging-1: went back to 1.0" in back.stdout
    assert answers(one) == "1.0"


def test_a_release_that_cannot_be_noted_is_deployed_all_the_same_and_that_is_told(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    cloud.faults.deny("ec2:CreateTags")
    done = gocd_tasks(*words(tmp_path, "2.0"))

    assert (done.returncode, done.stderr) == (0, "")
    assert "Staging-1: 2.0 is not noted in its tags (AWS refused ec2:CreateTags" in done.stdout
    assert answers(one) == "2.0"


@pytest.mark.exhaustive
def test_by_hand_it_goes_one_release_further_back_each_time(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    for version in ("2.0", "3.0"):
        assert gocd_tasks(*words(tmp_path, version)).returncode == 0
    # The label of the pipeline that runs this is no release to go back to.
    done = [gocd_tasks(*BACK, GO_PIPELINE_LABEL="3.0") for _ in range(3)]

    assert [each.returncode for each in done] == [0, 0, 1]
    assert "Staging-1: answers 200, version 2.0" in done[0].stdout
    assert "Staging-1: answers 200, version 1.0" in done[1].stdout
    assert "there is no earlier release than 1.0 to go back to; 1.0 stays" in done[2].stderr
    assert answers(one) == "1.0"


def test_by_hand_a_named_release_is_gone_to_and_that_is_safe_to_repeat(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    for version in ("2.0", "3.0"):
        assert gocd_tasks(*words(tmp_path, version)).returncode == 0
    done = [gocd_tasks(*BACK, "--version", "1.0") for _ in range(2)]

    assert [each.returncode for each in done] == [0, 0]
    assert answers(one) == "1.0"
    unknown = gocd_tasks(*BACK, GOCD_TASKS_VERSION="9.9")
    assert unknown.returncode == 1
    assert "there is no release 9.9 in /srv/app; nothing was changed" in unknown.stderr


@pytest.mark.exhaustive
def test_an_earlier_release_that_is_not_well_either_is_said(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    assert gocd_tasks(*words(tmp_path / "well", "2.0")).returncode == 0
    (one.root / "srv/app/releases/2.0/BROKEN").write_text("answers-500\n")
    worse = gocd_tasks(*words(tmp_path, "3.0", "answers-500"), "--status-timeout", "1")
    by_hand = gocd_tasks(*BACK, "--version", "2.0", "--status-timeout", "1")

    assert worse.returncode == by_hand.returncode == 1
    assert "3.0 was installed but is not well" in worse.stderr
    assert "2.0 is running again, but is not well: Staging-1: answers 500, not 200" in worse.stderr
    assert "2.0 is running again, but is not well" in by_hand.stderr
    assert "; Staging-1 runs 2.0" in by_hand.stderr


def test_a_way_of_deploying_that_cannot_go_back_says_so(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    release = build_release("2.0", tmp_path)
    deployed = gocd_tasks(
        *("deploy-artifact", "Staging-1", str(release), "--version", "2.0", "--via", "command", *CHECK),
        *("--status-timeout", "1", "--", "true"),
    )
    back = gocd_tasks("deploy-artifact", "Staging-1", "--rollback", "--via", "command", "--", "x", "true")

    assert deployed.returncode == 1
    assert "2.0 stays, because this way of deploying cannot go back" in deployed.stderr
    assert back.returncode == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--rollback", "--no-rollback"), "--rollback and --no-rollback cannot go together"),
        ((), "give the ARTIFACT to deploy, or --rollback"),
        (("--rollback", "--version", "../1.0"), "cannot be the name of a folder"),
        (("--rollback", "--via", "teleport"), "--via teleport is not known"),
        (("app.tar.gz",), "give --version"),
        (("--rollback", "--status-url", "gopher://{private_ip}/"), "gopher:// (in gopher://"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cloud: World, gocd_tasks: CommandLine, one: Instance, given: tuple[str, ...], said: str
) -> None:
    done = gocd_tasks("deploy-artifact", "Staging-1", *SSM, *given)

    assert done.returncode == 2
    assert said in done.stderr
    assert "nothing was changed" in done.stderr
    assert cloud.journal.of("SendCommand") == []


def test_a_dry_run_of_going_back_changes_nothing(
    cloud: World, gocd_tasks: CommandLine, one: Instance
) -> None:
    done = gocd_tasks(*BACK, "--dry-run")

    assert done.returncode == 0
    assert "Staging-1: would go back to the release before via ssm, then http://" in done.stdout
    assert cloud.journal.of("SendCommand") == []
