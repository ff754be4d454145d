"""What Systems Manager's agent does with a script, and what a script cannot count on."""

import os
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.ssm.running import done, finished, send

# Seconds, of the least that the agent takes for a time-out.
LEAST = ["5"]


@pytest.fixture
def host(cloud: World) -> Instance:
    return cloud.launch("Staging-1", service=SERVICE)


def started(file: Path) -> int:
    """Wait for a script to have written its child's number into *file*; gives the number."""
    eventually(lambda: file.exists() and file.read_text().endswith("\n"), True)
    return int(file.read_text())


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_child_that_holds_the_output_keeps_the_command_going_to_its_time_out(
    cloud: World, host: Instance
) -> None:
    command_id = send(cloud, host, "sleep 60 & echo $! >$DESTDIR/child; echo started", executionTimeout=LEAST)
    started(host.root / "child")
    eventually(lambda: _status(cloud, host, command_id), "InProgress")
    cloud.let_pass(5)
    told = finished(cloud, host, command_id)

    assert (told["Status"], told["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    assert (told["ResponseCode"], told["StandardOutputContent"]) == (137, "started\n")


@pytest.mark.parametrize("stream", ["1", "2"])
def test_either_output_is_enough_to_hold_it(cloud: World, host: Instance, stream: str) -> None:
    other = "2" if stream == "1" else "1"
    line = f"sleep 60 {other}>/dev/null & echo $! >$DESTDIR/child"
    command_id = send(cloud, host, line)
    child = started(host.root / "child")
    threading.Event().wait(0.3)

    assert _status(cloud, host, command_id) == "InProgress"
    os.kill(child, 9)
    assert finished(cloud, host, command_id)["Status"] == "Success"


def test_a_child_that_has_let_go_of_the_output_goes_on_alone(cloud: World, host: Instance) -> None:
    told = done(cloud, host, "sleep 60 >/dev/null 2>&1 & echo $!")

    assert told["Status"] == "Success"
    assert lives(int(told["StandardOutputContent"]))


def test_a_time_out_kills_the_group_and_leaves_a_session_of_its_own(cloud: World, host: Instance) -> None:
    command_id = send(
        cloud,
        host,
        "sleep 60 >/dev/null 2>&1 & echo $! >$DESTDIR/plain",
        "setsid sleep 60 >/dev/null 2>&1 & echo $! >$DESTDIR/apart",
        "wait",
        executionTimeout=LEAST,
    )
    plain, apart = started(host.root / "plain"), started(host.root / "apart")
    cloud.let_pass(5)

    assert finished(cloud, host, command_id)["StatusDetails"] == "ExecutionTimedOut"
    eventually(lambda: lives(plain), False)
    assert lives(apart)


def test_the_environment_is_that_of_a_service(cloud: World, host: Instance) -> None:
    command_id = send(cloud, host, "env", "pwd")
    lines = finished(cloud, host, command_id)["StandardOutputContent"].splitlines()
    names = {line.partition("=")[0] for line in lines[:-1]}

    assert not names & {"HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "TMPDIR"}
    assert {
        f"AWS_SSM_INSTANCE_ID={host.id}",
        f"AWS_SSM_REGION_NAME={cloud.region}",
        f"SSM_COMMAND_ID={command_id}",
        "AWS_SSM_PLATFORM_NAME=Amazon Linux",
        "AWS_SSM_PLATFORM_VERSION=2023",
    } <= set(lines)
    assert lines[-1] == f"{host.root}/usr/bin"


def test_a_service_sees_nothing_of_the_script_that_starts_it(cloud: World, host: Instance) -> None:
    command_id = send(cloud, host, "export ONLY_HERE=1", "systemctl restart app", "cat $DESTDIR/run/app.pid")
    pid = finished(cloud, host, command_id)["StandardOutputContent"].split()[0]
    seen = Path(f"/proc/{pid}/environ").read_text()

    assert f"INSTANCE_ID={host.id}" in seen
    assert "ONLY_HERE" not in seen
    assert "SSM_COMMAND_ID" not in seen


def test_a_machine_reboots_for_194_and_runs_the_script_once_more(cloud: World, host: Instance) -> None:
    command_id = send(
        cloud,
        host,
        "sleep 60 >/dev/null 2>&1 &",
        'echo "$! of $(cut -d" " -f1 $DESTDIR/run/app.pid)"',
        "[ -e $DESTDIR/rebooted ] || { touch $DESTDIR/rebooted; exit 194; }",
    )
    ssm = cloud.client("ssm")
    eventually((host.root / "rebooted").exists, True)
    eventually(
        lambda: ssm.get_command_invocation(CommandId=command_id, InstanceId=host.id)["ResponseCode"], 194
    )
    assert _status(cloud, host, command_id) == "InProgress"
    cloud.let_pass(60)
    told = finished(cloud, host, command_id)
    before, after = (line.split(" of ") for line in told["StandardOutputContent"].splitlines())

    assert told["Status"] == "Success"
    assert not lives(int(before[0])), "a reboot ends every process"
    assert lives(int(after[0]))
    assert before[1] != after[1], "a service starts anew at boot"


@pytest.mark.parametrize(
    ("line", "status", "code", "said"),
    [
        ("exit 137", "TimedOut", 137, ""),
        ("kill -9 0", "Failed", -1, "failed to run commands: signal: killed"),
        ("exit 3", "Failed", 3, "failed to run commands: exit status 3"),
        ("echo oops >&2; exit 3", "Failed", 3, "oops\nfailed to run commands: exit status 3"),
    ],
)
def test_the_agent_reads_the_exit_code(
    cloud: World, host: Instance, line: str, status: str, code: int, said: str
) -> None:
    told = done(cloud, host, line)

    assert (told["Status"], told["ResponseCode"]) == (status, code)
    assert told["StandardErrorContent"] == said


def test_a_time_out_of_less_than_five_seconds_is_taken_for_an_hour(cloud: World, host: Instance) -> None:
    command_id = send(cloud, host, "echo $$ >$DESTDIR/script; sleep 60", executionTimeout=["4"])
    started(host.root / "script")
    cloud.let_pass(3000)
    threading.Event().wait(0.3)
    assert _status(cloud, host, command_id) == "InProgress"
    cloud.let_pass(600)

    assert finished(cloud, host, command_id)["StatusDetails"] == "ExecutionTimedOut"


@pytest.mark.parametrize("seconds", ["0", "172801", "ten"])
def test_a_time_out_that_the_document_does_not_take_is_refused(
    cloud: World, host: Instance, seconds: str
) -> None:
    with pytest.raises(ClientError, match="InvalidParameters"):
        send(cloud, host, "true", executionTimeout=[seconds])


def _status(cloud: World, host: Instance, command_id: str) -> str:
    [told] = cloud.client("ssm").list_command_invocations(CommandId=command_id)["CommandInvocations"]
    return str(told["Status"])
