"""The console's four steps, derived from what CodeDeploy's API tells of targets and their events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tasks.aws.deployment_state import BlueGreen, Deployment, LifecycleEvent, Target, read_deployment
from tasks.codedeploy.steps import (
    ALLOW,
    BLOCK,
    INSTALL,
    PLACE,
    PROVISION,
    REROUTE,
    TERMINATE,
    StepTeller,
    steps_of,
)
from tests.fakes import EPOCH, Stage


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def deployment(status: str = "InProgress", settings: BlueGreen | None = None, **more: object) -> Deployment:
    given = settings or BlueGreen()
    return Deployment("d-1", status, created=EPOCH, blue_green=given, **more)  # type: ignore[arg-type]


def target(label: str, number: int, status: str = "InProgress", **events: str) -> Target:
    """A target all of whose events are listed, pending but for those given; each takes ten seconds."""
    names = BLOCK if label == "Blue" else (*INSTALL, *ALLOW)
    listed = [
        LifecycleEvent(
            name,
            events.get(name, "Pending"),
            started=at(60 + 10 * position) if name in events else None,
            ended=at(70 + 10 * position) if events.get(name) == "Succeeded" else None,
        )
        for position, name in enumerate(names)
    ]
    return Target(f"i-{label}{number}", status, listed, label)


def well(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "Succeeded")


BLUE = target("Blue", 1, "Pending")


def shares(*targets: Target, of: Deployment | None = None) -> list[int]:
    return [step.percent for step in steps_of(of or deployment(), targets)]


def test_provisioning_needs_as_many_replacements_as_there_are_originals() -> None:
    blue = [BLUE, target("Blue", 2, "Pending")]

    assert shares() == [0, 0, 0, 0]
    assert shares(*blue) == [0, 0, 0, 0]
    assert shares(*blue, target("Green", 1)) == [50, 0, 0, 0]
    assert shares(*blue, target("Green", 1), target("Green", 2)) == [100, 0, 0, 0]
    # No original is known of: whoever is installed on has been provisioned.
    assert shares(target("Green", 1, ApplicationStop="InProgress")) == [100, 0, 0, 0]


def test_installing_ends_with_the_last_event_on_the_last_replacement() -> None:
    ready = target("Green", 1, **well(*INSTALL))
    nearly = target("Green", 2, **well(*INSTALL[:-1]), ValidateService="InProgress")

    assert shares(BLUE, ready) == [100, 100, 0, 0]
    assert shares(BLUE, ready, nearly) == [100, 92, 0, 0]
    assert shares(BLUE, target("Green", 1, "Ready")) == [100, 100, 0, 0]
    assert shares(BLUE, nearly, of=deployment("Ready")) == [100, 100, 0, 0]


def test_rerouting_needs_the_originals_blocked_as_well() -> None:
    green = target("Green", 1, **well(*INSTALL, *ALLOW))

    assert shares(BLUE, green) == [100, 100, 50, 0]
    assert shares(target("Blue", 1, **well(*BLOCK)), green) == [100, 100, 100, 0]
    assert shares(target("Blue", 1, "Succeeded"), green) == [100, 100, 100, 0]


def test_only_a_succeeded_deployment_has_terminated_its_originals() -> None:
    assert shares(of=deployment("Succeeded")) == [100, 100, 100, 100]
    assert shares(of=deployment("Succeeded", BlueGreen(originals_wait=None))) == [100, 100, 100]


def test_an_event_left_out_for_want_of_a_script_is_over_and_one_never_reached_is_not() -> None:
    left_out = {**well(*INSTALL), "BeforeInstall": "Skipped", "ApplicationStop": "Failed"}
    never = dict.fromkeys((*INSTALL[4:], *ALLOW), "Skipped")

    assert shares(BLUE, target("Green", 1, **left_out)) == [100, 100, 0, 0]
    stopped = target("Green", 1, "Skipped", **{**well(*INSTALL[:4]), **never})
    assert shares(BLUE, stopped, of=deployment("Stopped")) == [100, 57, 0, 0]


def test_an_event_that_aws_does_not_list_is_over_once_a_later_one_has_begun() -> None:
    events = [LifecycleEvent("Install", "Succeeded"), LifecycleEvent("ValidateService", "Succeeded")]

    assert shares(BLUE, Target("i-1", "InProgress", events, "Green")) == [100, 100, 0, 0]


def test_a_replacement_that_failed_does_not_hold_up_the_others_for_ever() -> None:
    lost = target("Green", 2, "Failed", Install="Failed")
    good = target("Green", 1, **well(*INSTALL))

    assert shares(BLUE, good, lost)[1] == 100
    assert shares(BLUE, lost)[1] < 100


def told(*looks: tuple[Deployment, Sequence[Target]]) -> tuple[list[str], list[str]]:
    """What is said at these looks, and what is under way at each."""
    stage = Stage()
    teller = StepTeller(stage.log)
    under_way = [teller.tell(each, targets, at(500)) for each, targets in looks]
    return stage.lines, under_way


def test_each_step_is_told_once_with_awss_own_time() -> None:
    installed = target("Green", 1, **well(*INSTALL))
    moved = target("Green", 1, **well(*INSTALL, *ALLOW))
    events = [LifecycleEvent(name, "Succeeded", started=at(160), ended=at(180)) for name in BLOCK]
    gone = Target("i-Blue1", "Succeeded", events, "Blue")
    lines, under_way = told(
        (deployment(), []),
        (deployment(), [BLUE, target("Green", 1, ApplicationStop="InProgress")]),
        (deployment(), [BLUE, installed]),
        (deployment(), [gone, moved]),
        (deployment(), [gone, moved]),
        (deployment("Succeeded", completed=at(200)), [moved]),
    )

    assert lines == [
        f"d-1: {PROVISION} succeeded, 60 s",
        f"d-1: {PLACE} succeeded, 70 s",
        f"d-1: {REROUTE} succeeded, 50 s",
        f"d-1: {TERMINATE} succeeded, 20 s",
    ]
    assert under_way == [
        f"d-1: step 1 of 4, {PROVISION}, 0 %",
        f"d-1: step 2 of 4, {PLACE}, 0 % (ApplicationStop)",
        f"d-1: step 3 of 4, {REROUTE}, 0 %",
        *[f"d-1: step 4 of 4, {TERMINATE}"] * 2,
        "",
    ]


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_the_step_that_a_deployment_ends_badly_in_is_named_and_no_later_one(status: str) -> None:
    bad = target("Green", 1, "Failed", **well(*INSTALL[:3]), Install="Failed")
    lines, under_way = told((deployment(status, completed=at(100)), [BLUE, bad]))

    assert lines == [f"d-1: {PROVISION} succeeded, 60 s", f"d-1: {PLACE} {status.lower()}, 40 s"]
    assert under_way == [""]


def test_a_wait_is_told_once_with_its_end_and_how_to_end_it() -> None:
    settings = BlueGreen(traffic_waits=3600, originals_wait=7200)
    installed = target("Green", 1, "Ready", **well(*INSTALL))
    moved = [target("Blue", 1, **well(*BLOCK)), target("Green", 1, **well(*INSTALL, *ALLOW))]
    waiting = BlueGreen(traffic_waits=3600, originals_wait=7200, waiting=True)
    lines, under_way = told(
        *[(deployment("Ready", settings), [BLUE, installed])] * 2,
        *[(deployment("InProgress", waiting), moved)] * 2,
    )
    go_on = "aws deploy continue-deployment --deployment-id d-1 --deployment-wait-type"

    assert [line for line in lines if "until" in line] == [
        "d-1: waits for somebody to let traffic move until 2026-01-01 01:02 UTC, and is stopped then: "
        f"{go_on} READY_WAIT",
        "d-1: keeps the original instances until 2026-01-01 02:02 UTC, unless told to go on: "
        f"{go_on} TERMINATION_WAIT",
    ]
    assert under_way[0] == f"d-1: step 3 of 4, {REROUTE}: waits"
    assert under_way[-1] == f"d-1: step 4 of 4, {TERMINATE}: waits"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, None),
        ({"deploymentStyle": {"deploymentType": "IN_PLACE"}}, None),
        ({"deploymentStyle": {"deploymentType": "BLUE_GREEN"}}, BlueGreen(None, 0.0)),
        (
            {
                "deploymentStyle": {"deploymentType": "BLUE_GREEN"},
                "blueGreenDeploymentConfiguration": {
                    "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 5},
                    "terminateBlueInstancesOnDeploymentSuccess": {
                        "action": "TERMINATE",
                        "terminationWaitTimeInMinutes": 60,
                    },
                },
                "instanceTerminationWaitTimeStarted": True,
            },
            BlueGreen(300.0, 3600.0, waiting=True),
        ),
        (
            {
                "deploymentStyle": {"deploymentType": "BLUE_GREEN"},
                "blueGreenDeploymentConfiguration": {
                    "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                    "terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"},
                },
            },
            BlueGreen(None, None),
        ),
    ],
)
def test_a_deployments_settings_are_read(entry: dict[str, object], expected: BlueGreen | None) -> None:
    read = read_deployment({"deploymentId": "d-1", "status": "InProgress", **entry})

    assert read.blue_green == expected
    assert (expected or BlueGreen()).waits == sum(
        seconds or 0 for seconds in ([expected.traffic_waits, expected.originals_wait] if expected else [])
    )
