"""What SSM and CodeDeploy say of HERD's upgrades, put together: whose is the deployment that runs?"""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from gocd.rehearsal.sample.herd.names import HerdNames
from gocd.rehearsal.standin_aws.services.functions.functions import Context
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.deployment_state import Deployment
from tasks.aws.parameter_value import ParameterValue
from tasks.herd.invocation import AFTER_SILENCE, UpgradeInvocation
from tasks.herd.stack import Herd, Upgrades, read_upgrades
from tasks.herd.under_way import upgrade_under_way
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.log import SILENCE
from tests.fakes import EPOCH, Stage
from tests.gocd.rehearsal.standin_aws.conftest import eventually

HERD = Herd("mdl140", "dev")


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def value(text: str, seconds: float) -> ParameterValue:
    return ParameterValue(text, at(seconds))


def test_the_names_are_those_of_mdls_templates() -> None:
    names = HerdNames("mdl140", "dev")

    assert HERD.function == names.function
    assert (HERD.application, HERD.group) == (names.application, names.deployment_group)
    assert HERD.parameter("CurrentVersion") == f"{names.parameters}/CurrentVersion"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "$x", "-x", "x\n"])
def test_a_name_that_mdl_cannot_have_given_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        Herd(name, "dev")
    with pytest.raises(Refused):
        Herd("mdl140", name)


@pytest.mark.parametrize(
    ("requested", "current", "expected"),
    [
        # The function writes what is requested, and creates the deployment a moment later.
        (value("2.0", 98), value("1.0", 0), "2.0"),
        # SSM's clock and CodeDeploy's are not one.
        (value("2.0", 103), value("1.0", 0), "2.0"),
        # The smoke test has passed, and traffic is moving.
        (None, value("2.0", 130), "2.0"),
        # Someone asked for 3.0 while another version's deployment ran; that came to nothing.
        (value("3.0", 150), value("1.0", 0), ""),
        # Nobody asked through the function: the deployment was created by hand.
        (None, value("1.0", 0), ""),
        (None, None, ""),
    ],
)
def test_a_running_deployment_is_for_the_version_that_was_asked_for_before_it(
    requested: ParameterValue | None, current: ParameterValue | None, expected: str
) -> None:
    running = Deployment("d-1", "InProgress", created=at(100))

    assert Upgrades(requested, current).version_of(running) == expected
    assert Upgrades(requested, current).version_of(Deployment("d-1", "InProgress")) == ""


def test_a_version_is_asked_for_until_its_smoke_test_has_passed() -> None:
    requested = value("2.0", 1)

    assert Upgrades(requested, invoked=True).asked_for("2.0") == at(1)
    assert Upgrades(requested, invoked=True).asked_for("3.0") is None
    assert Upgrades(requested, invoked=False).asked_for("2.0") is None
    assert Upgrades(None, invoked=True).asked_for("2.0") is None


@pytest.fixture
def stack(cloud: World) -> World:
    """A HERD of which nothing is there but what an upgrade begins with."""
    client = cloud.client("codedeploy")
    client.create_application(applicationName=HERD.application)
    client.create_deployment_group(
        applicationName=HERD.application,
        deploymentGroupName=HERD.group,
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
    )
    for name in ("RequestedVersion", "CurrentVersion", "MostRecentDeploymentId", "DeploymentInvoked"):
        cloud.client("ssm").put_parameter(Name=HERD.parameter(name), Value="FilledLater", Type="String")
    return cloud


def test_a_parameter_that_is_to_be_filled_later_says_nothing(stack: World, aws: Aws) -> None:
    assert read_upgrades(aws, HERD) == Upgrades()


def create_deployment(stack: World) -> str:
    """A deployment of HERD; it fails at once, as there is nobody to deploy to."""
    client = stack.client("codedeploy")
    place = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "bundleType": "zip"}}
    created = client.create_deployment(
        applicationName=HERD.application, deploymentGroupName=HERD.group, revision=place
    )["deploymentId"]
    eventually(lambda: client.get_deployment(deploymentId=created)["deploymentInfo"]["status"], "Failed")
    return str(created)


def turn(aws: Aws, stage: Stage) -> UpgradeInvocation:
    return UpgradeInvocation(aws, HERD, HERD.function, "2.0", "", stage.wait)


@pytest.mark.parametrize("code", ["ServiceException", "ServiceUnavailable"])
def test_an_answer_that_is_lost_is_waited_out_and_never_asked_for_again(
    stack: World, aws: Aws, code: str
) -> None:
    stack.lambda_function(HERD.function, lambda event, context: None)
    stack.faults.lose_answers("Invoke", code)
    stage = Stage()
    with pytest.raises(TimedOut) as late:
        turn(aws, stage).take()

    assert late.value.what == (
        "whether the function has run is not known, and no deployment has begun after 120 s"
    )
    assert late.value.advice == "Look at the function's log, then run the command again"
    assert len(stack.invocations) == 1


def test_a_function_that_may_not_be_run_by_now_is_asked_again_and_then_given_up(
    stack: World, aws: Aws
) -> None:
    stack.lambda_function(HERD.function, lambda event, context: None)
    stack.faults.lose_answers("Invoke", "TooManyRequestsException")
    stage = Stage()
    with pytest.raises(TimedOut, match="AWS throttles the function, which has not run yet"):
        turn(aws, stage).take()

    assert stage.log.standing.state == "nothing was changed"
    assert stage.clock.now() >= 300


def test_an_error_that_no_repetition_helps_is_said_at_once(stack: World, aws: Aws) -> None:
    stack.lambda_function(HERD.function, lambda event, context: None)
    stack.faults.lose_answers("Invoke", "InvalidRuntimeException")
    stage = Stage()
    with pytest.raises(TaskError, match="InvalidRuntimeException"):
        turn(aws, stage).take()

    assert stage.log.standing.state == "nothing was changed"
    assert len(stack.invocations) == 1


def test_an_id_that_the_log_only_mentions_is_not_taken_for_the_deployment(stack: World, aws: Aws) -> None:
    stack.lambda_function(HERD.function, lambda event, context: context.log("INFO: after d-ABCDEFGHI."))
    stage = Stage()
    with pytest.raises(TaskError, match="answered null and started no deployment"):
        turn(aws, stage).take()

    assert "function: | INFO: after d-ABCDEFGHI." in stage.lines


@pytest.mark.parametrize("told_by", ["payload", "log", "parameter", "group"])
def test_the_deployment_is_found_wherever_it_is_told(stack: World, aws: Aws, told_by: str) -> None:
    begun: list[str] = [create_deployment(stack)]

    def function(event: Any, context: Context) -> Any:
        begun.append(create_deployment(stack))
        if told_by == "log":
            context.log(f"INFO: Deployment id is: '{begun[-1]}'.")
        if told_by == "parameter":
            name = HERD.parameter("MostRecentDeploymentId")
            stack.client("ssm").put_parameter(Name=name, Value=begun[-1], Overwrite=True)
        return {"DeploymentId": begun[-1]} if told_by == "payload" else None

    stack.lambda_function(HERD.function, function)

    assert turn(aws, Stage()).take().id == begun[-1]
    assert len(begun) == 2
    assert len(stack.invocations) == 1


def test_a_long_run_of_the_function_is_never_silent(stack: World, aws: Aws) -> None:
    over = threading.Event()
    stage = Stage()
    stage.clock.at(65, over.set)
    stack.lambda_function(HERD.function, lambda event, context: over.wait(60) or None)
    with pytest.raises(TaskError, match="answered true and started no deployment"):
        turn(aws, stage).take()

    runs = [line for line in stage.lines if f"{HERD.function}: runs" in line]
    assert len(runs) >= 65 / SILENCE
    assert stage.clock.now() >= 65


def test_a_request_is_not_taken_for_begun_by_an_upgrade_that_ended_just_before_it(
    stack: World, aws: Aws
) -> None:
    """The function of a run that died has recorded its request, and is still to create the deployment."""
    former = create_deployment(stack)
    written = {"MostRecentDeploymentId": former, "DeploymentInvoked": "true", "RequestedVersion": "2.0"}
    for name, told in written.items():
        stack.client("ssm").put_parameter(Name=HERD.parameter(name), Value=told, Overwrite=True)
    stage = Stage()

    assert upgrade_under_way(HERD, "2.0", aws, stage.wait) is None
    assert stage.lines[0].startswith("2.0 was asked for 0 s ago, and its deployment has not begun")
    assert stage.clock.now() >= AFTER_SILENCE
