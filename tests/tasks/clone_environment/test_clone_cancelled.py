"""A clone that is cancelled stays as far as it came, and the last line says so and what to run next."""

import signal
import threading

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import blue_group, blue_stack, described, group

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    ("kind", "order", "state"),
    [
        ("group", "CreateTargetGroup", "what was made of green stays, and nobody is sent to it"),
        ("group", "CreateAutoScalingGroup", "what was made of green stays, and nobody is sent to it"),
        ("stack", "CreateStack", "the stack green is being made"),
    ],
)
def test_what_was_made_stays_and_is_said(
    cloud: World, gocd_tasks: CommandLine, sample: Service, kind: str, order: str, state: str
) -> None:
    make = blue_group if kind == "group" else blue_stack
    make(cloud, sample)
    ordered = threading.Event()

    def note(call: Call) -> None:
        if call.operation == order:
            ordered.set()

    cloud.faults.after_call = note
    words = ("clone-environment", "blue", "--name", "green")
    running = gocd_tasks.start(*words, GOCD_TASKS_PARAMETER_PASSWORD="second-hush")
    assert ordered.wait(60)
    running.send_signal(signal.SIGTERM)
    _, error = running.communicate()
    cloud.faults.after_call = None

    assert running.wait() == 143
    last = error.splitlines()[-1]
    assert state in last
    assert "To go on: gocd-tasks clone-environment blue --name green" in last
    assert f"To be rid of it: gocd-tasks retire-environment {kind}:green --keep-for 0" in last
    if order == "CreateAutoScalingGroup":
        assert group(cloud, "green")["DesiredCapacity"] == 1
    if order == "CreateStack":
        assert described(cloud, "green")["StackName"] == "green"
