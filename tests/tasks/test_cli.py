"""The command line as people and stages meet it: exit codes, one line for an error, nothing changed."""

import json
import os
import re
import signal
import subprocess
import threading
from importlib.metadata import version
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tasks.cli import COMMANDS
from tasks.contents import GROUPS
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import PROGRAM, CommandLine
from tests.tasks.conftest import MakeBalancer, Pair

CHANGES = ("Register", "Deregister", "CreateTags", "DeleteTags", "SendCommand", "PutObject")


def changes(cloud: World) -> list[str]:
    return [call.operation for call in cloud.journal.calls if call.operation.startswith(CHANGES)]


def healthy(cloud: World, made: LoadBalancer) -> set[str]:
    """Who the control plane itself calls healthy."""
    if made.kind == "classic":
        states = cloud.client("elb").describe_instance_health(LoadBalancerName=made.name)
        return {each["InstanceId"] for each in states["InstanceStates"] if each["State"] == "InService"}
    targets = cloud.client("elbv2").describe_target_health(TargetGroupArn=made.arn)
    return {
        each["Target"]["Id"]
        for each in targets["TargetHealthDescriptions"]
        if each["TargetHealth"]["State"] == "healthy"
    }


def one_error(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr."""
    assert "Traceback" not in done.stdout + done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_a_stage_takes_an_instance_out_and_puts_it_back(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")

    out = gocd_tasks.installed("detach-instance", "Staging-1", "--load-balancer", "staging")
    assert (out.returncode, out.stderr) == (0, "")
    assert f"Staging-1 is {pair.one.id}, {pair.one.private_ip}, in eu-west-1a" in out.stdout
    assert "2 healthy of 2; without Staging-1: 1, floor 1" in out.stdout
    assert "Staging-1: detached from staging in" in out.stdout
    assert cloud.serving(made) == {pair.two.id}

    again = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")
    assert again.returncode == 0
    assert again.stdout.endswith("Staging-1: already detached from staging; nothing to do\n")

    back = gocd_tasks.installed("attach-instance", "Staging-1", "--load-balancer", "all")
    assert (back.returncode, back.stderr) == (0, "")
    assert "Staging-1: healthy in staging after" in back.stdout
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


@pytest.mark.parametrize("kind", ["application", "network", "classic"])
def test_the_only_healthy_instance_is_refused_and_the_count_is_told(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, kind: str
) -> None:
    made = behind(kind)
    cloud.faults.unreachable(pair.two.id)
    eventually(lambda: healthy(cloud, made), {pair.one.id})
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 2
    line = one_error(done)
    assert "1 healthy of 2 (Staging-2 is unhealthy" in line
    assert "Staging-1 is the last healthy instance in staging; nothing was changed" in line
    address = "classic:staging" if kind == "classic" else "target-group:staging"
    assert f"gocd-tasks attach-instance Staging-2 --load-balancer {address}" in line
    assert changes(cloud) == []


@pytest.mark.parametrize("kind", ["application", "classic"])
@pytest.mark.parametrize("lock", ["auto", "none"])
def test_two_detaches_at_the_same_moment_never_leave_both_out(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, kind: str, lock: str
) -> None:
    made = behind(kind)
    both = threading.Barrier(2)

    def meet(call: Call) -> None:
        if call.operation.startswith("Deregister"):
            both.wait(60)

    if lock == "none":
        # Each has looked, and seen the other serve, before either of them leaves.
        cloud.faults.before_call = meet
    racers = [
        gocd_tasks.start("detach-instance", each.name, "--load-balancer", "staging", "--lock", lock)
        for each in pair
    ]
    for racer in racers:
        racer.communicate(timeout=100)

    assert 2 in [racer.returncode for racer in racers]
    assert len(cloud.serving(made)) >= 1


def test_a_cancelled_detach_puts_the_instance_back(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application", drain=300)
    running = gocd_tasks.start("detach-instance", "Staging-1", "--load-balancer", "staging")
    for line in running.stdout:
        if "draining" in line:
            running.send_signal(signal.SIGTERM)
            break
    out, err = running.communicate(timeout=60)

    assert running.returncode == 143
    assert "cancelled; nothing was deployed yet, putting it back" in out
    assert err == "error: cancelled; Staging-1 was put back and serves as before\n"
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


def test_a_cancelled_attach_leaves_the_instance_in(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")
    cloud.faults.unreachable(pair.one.id)
    running = gocd_tasks.start("attach-instance", "Staging-1", "--load-balancer", "staging")
    for line in running.stdout:
        if "healthy within" in line:
            running.send_signal(signal.SIGINT)
            break
    _, err = running.communicate(timeout=60)

    assert running.returncode == 130
    assert "cancelled; Staging-1 stays registered with staging" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["detach-instance", "Stagin-1", "--load-balancer", "staging"], "no instance is called Stagin-1"),
        (["detach-instance", "Staging-1", "--load-balancer", "stagin"], "is called stagin in eu-west-1"),
        (["detach-instance", "Staging-1"], "Missing option --load-balancer"),
        (["detach-instance", "Staging-1", "--load-balancer", "staging", "--min-healthy", "x"], "min-healthy"),
        (["detach-instance", "Staging-1", "--load-balancer", "staging", "--nope"], "No such option: --nope"),
        (["detach-instance", "Staging-1", "--load-balancer", "staging", "--timeout", "x"], "--timeout"),
        (["detach-nothing"], "No such command 'detach-nothing'"),
        (["attach-instance", "Staging-1", "--load-balancer", "classic:staging"], "is called classic:staging"),
        (["sleep-settle"], "give either --seconds or --probe-url"),
        (["check-status", "--url", "nonsense"], "not a URL"),
        (["check-status", "--url", "http://{private_ip}/"], "{private_ip}"),
        (["check-status", "--url", "http://127.0.0.1/", "--expect-json", "x"], "KEY=VALUE"),
        (["deploy-artifact", "Staging-1", "app.tar.gz", "--bucket", "b", "--install-to", "/x"], "--version"),
        (["deploy-artifact", "Staging-1", "app.tar.gz", "--version", "2"], "needs --bucket"),
        (["deploy-artifact", "Staging-1", "none", "--version", "2", "--bucket", "b", "--install-to", "/x"],
         "there is no artifact none"),
        (["deploy-artifact", "Staging-1", "a", "--version", "2", "--via", "fax"], "--via fax is not known"),
        (["deploy-artifact", "Staging-1", "a", "--version", "2", "--via", "command"], "needs the command"),
        (["iam-policy", "make-coffee"], "make-coffee: no such command"),
        (["rehearse", "nothing.yaml"], "does not exist"),
    ],
)  # fmt: skip
def test_a_bad_request_is_one_line_and_changes_nothing(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, words: list[str], said: str
) -> None:
    behind("application")
    done = gocd_tasks(*words)

    assert done.returncode == 2
    assert said in one_error(done)
    assert changes(cloud) == []


def test_no_region_no_credentials_and_no_such_profile_are_said(gocd_tasks: CommandLine) -> None:
    bare = {name: value for name, value in gocd_tasks.environment.items() if not name.startswith("AWS_")}
    off = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    words = ("detach-instance", "Staging-1", "--load-balancer", "staging")

    no_region = CommandLine({**bare, **off})(*words)
    no_credentials = CommandLine({**bare, **off, "AWS_REGION": "eu-west-1"})(*words)
    no_profile = CommandLine({**bare, **off, "AWS_REGION": "eu-west-1", "AWS_PROFILE": "none"})(*words)

    assert "no AWS region is set; nothing was changed. Set AWS_REGION" in one_error(no_region)
    assert "no AWS credentials were found; nothing was changed" in one_error(no_credentials)
    assert "none" in one_error(no_profile)
    assert {no_region.returncode, no_credentials.returncode, no_profile.returncode} == {2}


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "no-url", "http://"])
def test_an_endpoint_that_cannot_be_reached_is_one_line(gocd_tasks: CommandLine, endpoint: str) -> None:
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "s", AWS_ENDPOINT_URL=endpoint)

    assert done.returncode in (1, 2)
    assert "nothing was changed" in one_error(done)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("application", "elasticloadbalancing:DeregisterTargets"),
        ("classic", "elasticloadbalancing:DeregisterInstancesFromLoadBalancer"),
        ("application", "elasticloadbalancing:DescribeTargetHealth"),
        ("application", "elasticloadbalancing:DescribeTargetGroupAttributes"),
        ("application", "ec2:DescribeInstances"),
        ("application", "ec2:CreateTags"),
    ],
)
def test_a_missing_permission_is_named_and_nothing_is_left_changed(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, kind: str, action: str
) -> None:
    made = behind(kind)
    cloud.faults.deny(action)
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")
    line = one_error(done)

    assert done.returncode == 2
    assert f"AWS refused {action}" in line
    assert "nothing was changed" in line
    assert "gocd-tasks iam-policy detach-instance" in line
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


def test_a_dry_run_makes_no_change(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    detach = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging", "--dry-run")
    attach = gocd_tasks(
        "attach-instance", "Staging-1", "--load-balancer", "staging", GOCD_TASKS_DRY_RUN="true"
    )

    assert (detach.returncode, attach.returncode) == (0, 0)
    assert "would leave staging" in detach.stdout
    assert "nothing would be done" in attach.stdout
    assert changes(cloud) == []


def test_options_come_from_the_environment_and_the_command_line_wins(
    gocd_tasks: CommandLine, behind: MakeBalancer
) -> None:
    behind("application", name="one")
    behind("application", name="two")
    both = gocd_tasks(
        "detach-instance",
        GOCD_TASKS_INSTANCE="Staging-1",
        GOCD_TASKS_LOAD_BALANCER="one two",
        GOCD_TASKS_DRY_RUN="1",
    )
    given = gocd_tasks(
        "detach-instance",
        "Staging-1",
        "--load-balancer",
        "two",
        GOCD_TASKS_LOAD_BALANCER="one",
        GOCD_TASKS_DRY_RUN="1",
    )
    empty = gocd_tasks("detach-instance", "Staging-1", GOCD_TASKS_LOAD_BALANCER="")

    assert "would leave one, two" in both.stdout
    assert "would leave two" in given.stdout
    assert empty.returncode == 2


def test_every_step_is_an_event(gocd_tasks: CommandLine, behind: MakeBalancer, tmp_path: Path) -> None:
    behind("classic")
    file = tmp_path / "events" / "events.jsonl"
    job = {
        "GO_PIPELINE_NAME": "staging",
        "GO_PIPELINE_COUNTER": "12",
        "GO_PIPELINE_LABEL": "2.0",
        "GO_STAGE_NAME": "Staging-1",
        "GO_STAGE_COUNTER": "1",
        "GO_JOB_NAME": "deploy",
    }
    gocd_tasks(
        "detach-instance", "Staging-1", "--load-balancer", "staging", GOCD_TASKS_EVENTS=str(file), **job
    )
    gocd_tasks(
        "attach-instance", "Staging-1", "--load-balancer", "staging", GOCD_TASKS_EVENTS=str(file), **job
    )
    gocd_tasks("detach-instance", "nobody", "--load-balancer", "staging", GOCD_TASKS_EVENTS=str(file), **job)
    events = [json.loads(line) for line in file.read_text().splitlines()]

    detach, attach, refused = (
        [event for event in events if event["process"] == process]
        for process in dict.fromkeys(event["process"] for event in events)
    )
    assert [event["state"] for event in detach] == ["started", "leaving", "detached", "ended"]
    assert [event["state"] for event in attach] == ["started", "joining", "serving", "ended"]
    assert [event["state"] for event in refused] == ["started", "ended"]
    assert [run[-1]["exit_code"] for run in (detach, attach, refused)] == [0, 0, 2]
    assert {event["pipeline"] for event in events} == {"staging/12"}
    assert {event["stage"] for event in events} == {"Staging-1/1"}
    assert {event["load_balancer"] for event in (*detach[1:3], *attach[1:3])} == {"classic:staging"}
    assert detach[2]["calls"] > 0


def test_an_event_file_that_cannot_be_written_is_refused_first(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, tmp_path: Path
) -> None:
    behind("application")
    (tmp_path / "file").touch()
    events = str(tmp_path / "file" / "events.jsonl")
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging", "--events", events)

    assert done.returncode == 2
    assert "cannot be written" in one_error(done)
    assert changes(cloud) == []


def test_a_reader_that_goes_away_does_not_stop_a_task_half_way(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    running = gocd_tasks.start("detach-instance", "Staging-1", "--load-balancer", "staging")
    running.stdout.close()
    running.wait(timeout=60)

    assert running.returncode == 0
    assert cloud.serving(made) == {pair.two.id}


def test_colour_only_where_it_is_asked_for(gocd_tasks: CommandLine) -> None:
    plain = gocd_tasks.installed("sleep-settle", "--seconds", "0")
    coloured = gocd_tasks("sleep-settle", "--seconds", "0", "--color", "always")

    assert "\x1b[" not in plain.stdout
    assert "\x1b[1msettled\x1b[0m: quiet for 0 s" in coloured.stdout


def test_help_needs_nothing_heavy() -> None:
    heavy = {"boto3", "botocore", "requests", "moto", "rich.progress", "yaml"}
    script = f"""
import sys
sys.argv = ["gocd-tasks", "detach-instance", "--help"]
from tasks.cli import run
run()
print(sorted({heavy!r} & set(sys.modules)))
"""
    python = PROGRAM.with_name("python")
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelled_while_it_is_still_read_it_says_so(number: signal.Signals) -> None:
    script = f"""
import os, sys
class Cancels:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), {number:d})
sys.meta_path.insert(0, Cancels())
from tasks.start import main
main()
"""
    python = PROGRAM.with_name("python")
    done = subprocess.run([python, "-c", script, "--help"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (128 + number, "")
    assert one_error(done) == "error: cancelled; nothing was changed"


def test_a_command_brings_no_other_with_it() -> None:
    script = """
import sys
sys.argv = ["gocd-tasks", "check-status", "--help"]
from tasks.cli import COMMANDS, run
run()
print(*(name for name, module in COMMANDS.items() if module in sys.modules))
"""
    python = PROGRAM.with_name("python")
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "check-status"


def test_a_missing_option_is_named_with_its_variable() -> None:
    refused = subprocess.run([PROGRAM, "rolling-deploy"], capture_output=True, text=True, check=False)

    assert one_error(refused) == (
        "error: Missing option --load-balancer (or GOCD_TASKS_LOAD_BALANCER in the environment); "
        "nothing was changed. See: gocd-tasks rolling-deploy --help"
    )


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_without_a_command_all_of_them_are_told(words: tuple[str, ...]) -> None:
    told = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=True)

    named = re.findall(r"^  ([a-z-]+)  ", told.stdout, re.MULTILINE)
    assert sorted(named) == sorted([*COMMANDS, "--help", "--version"])


@pytest.mark.parametrize("words", [("--help",), ("lock", "--help"), ("pipeline", "--help")])
def test_no_description_is_cut_on_a_terminal_of_80_columns(words: tuple[str, ...]) -> None:
    told = subprocess.run(
        [PROGRAM, *words], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"}
    )

    assert [line for line in told.stdout.splitlines() if line.endswith("...") or len(line) > 80] == [
        line for line in told.stdout.splitlines() if line.startswith("Usage:")
    ]


def test_the_contents_have_a_line_for_each_command() -> None:
    lines = [line for commands in GROUPS.values() for line in commands.values()]

    assert [line for line in lines if len(line) > 80 - 2 - 22 or not line.endswith(".")] == []


def test_the_contents_import_no_command() -> None:
    script = """
import sys
from tasks.cli import COMMANDS, run
run(["--help"])
run(["--version"])
print([name for name, module in COMMANDS.items() if module in sys.modules])
"""
    python = PROGRAM.with_name("python")
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_that_of_what_is_installed() -> None:
    told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)

    assert told.stdout == f"gocd-tasks {version('gocd-tasks')}\n"


@pytest.mark.parametrize("words", [("detatch-instance",), ("--no-such-option",)])
def test_what_is_no_command_is_refused_in_one_line(words: tuple[str, ...]) -> None:
    refused = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)

    assert refused.returncode == 2
    assert one_error(refused).endswith("; nothing was changed. See: gocd-tasks --help")
