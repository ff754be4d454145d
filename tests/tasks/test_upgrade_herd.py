"""HERD upgraded on the stand-in AWS by MDL's own order of things: its function, CodeDeploy, its scripts."""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.sample.herd.upgrade_function import UpgradeFunction
from gocd.rehearsal.standin_aws import wire
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.journal import Call
from gocd.rehearsal.standin_aws.lambda_functions import Context
from tasks.herd.stack import CLOCKS_DIFFER
from tasks.iam_policy import iam_policy
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.conftest import CommandLine
from tests.tasks.test_watch_deployment import STEPS, steps, until_said

FUNCTION = "mdl140-Herd-dev-UPGRADE-HERD-LAMBDA-FUNCTION"
FATAL = (
    "ERROR: FATAL: Required parameter: 'RequestedVersion' not found - lambda function will not be executed."
)


OF_HERDS_OWN_SCRIPTS = {"elasticloadbalancing:RegisterTargets", "ssm:GetParameter", "ssm:PutParameter"}


@pytest.fixture
def herd(cloud: StandInAWS) -> Herd:
    """HERD 0.83.0, to which 0.84.0 can come."""
    return build_herd(cloud, deregistration_delay=0)


def upgrade(herd: Herd, version: str = "0.84.0", *more: str) -> tuple[str, ...]:
    where = ("--mdl-instance", "mdl140", "--environment", "dev", "--build-info-url", herd.build_info_url)
    return ("upgrade-herd", *where, "--version", version, *more)


def deployments(herd: Herd, *statuses: str) -> list[Any]:
    """The blue/green deployments of HERD, newest first."""
    client = herd.aws.client("codedeploy")
    wanted = {"includeOnlyStatuses": list(statuses)} if statuses else {}
    names = herd.names
    ids = client.list_deployments(
        applicationName=names.application, deploymentGroupName=names.deployment_group, **wanted
    )["deployments"]
    found = [client.get_deployment(deploymentId=each)["deploymentInfo"] for each in ids]
    return [each for each in found if each["deploymentStyle"]["deploymentType"] == "BLUE_GREEN"]


def invoke(herd: Herd, version: str) -> None:
    """Ask for an upgrade in another's name."""
    event = json.dumps({"RequestedVersion": version})
    herd.aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=event.encode())


def held(herd: Herd, go: threading.Event, *, before: bool) -> Callable[[Any, Context], None]:
    """HERD's own function, which waits to *go* on before it creates the deployment, or after."""
    function = herd.aws.parts.functions._handlers[FUNCTION]
    assert isinstance(function, UpgradeFunction)
    waiting = UpgradeFunction(function._names, Held(herd.aws, go).client, function._revision)

    def handler(event: Any, context: Context) -> None:
        (waiting if before else function)(event, context)
        if not before:
            go.wait(60)

    return handler


@dataclass(frozen=True)
class Held:
    """A CodeDeploy that creates a deployment only when it may *go* on, for those who ask it here."""

    aws: StandInAWS
    go: threading.Event

    def client(self, service: str) -> Any:
        # The world's own clients are kept from test to test, and must stay as they are.
        return self if service == "codedeploy" else self.aws.client(service)

    def create_deployment(self, **asked: Any) -> Any:
        self.go.wait(60)
        return self.aws.client("codedeploy").create_deployment(**asked)

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.aws.client("codedeploy"), operation)


def invoked(cloud: StandInAWS) -> list[str]:
    """The versions that the function was run for."""
    return [each.event["RequestedVersion"] for each in cloud.invocations]


def test_herd_is_upgraded_and_proves_its_version(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    cloud.journal.clear()
    done = gocd_tasks(*upgrade(herd))
    used = {call.action for call in cloud.journal.calls}
    again = gocd_tasks(*upgrade(herd))
    [deployment] = deployments(herd)
    deployment_id = deployment["deploymentId"]
    lines = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "HERD: answers 0.83.0 now"
    assert lines[1] == f"{FUNCTION}: invoking it, RequestedVersion 0.84.0"
    assert f"{deployment_id}: upgrades HERD to 0.84.0" in lines
    assert steps(done.stdout, deployment_id) == STEPS
    assert re.search(r"replacement i-\w+: ValidateService succeeded", done.stdout)
    assert re.match(r"HERD: answers 0.84.0, built \d{8}_\d{6}, after \d s; \d+ AWS calls", lines[-1])
    assert invoked(cloud) == ["0.84.0"]
    policy = {action for part in iam_policy(["upgrade-herd"])["Statement"] for action in part["Action"]}
    assert used - OF_HERDS_OWN_SCRIPTS <= policy
    assert policy - used == {"codedeploy:BatchGetDeployments", "codedeploy:StopDeployment"}

    assert (again.returncode, again.stdout) == (0, "HERD: answers 0.84.0 already; nothing to do\n")
    assert invoked(cloud) == ["0.84.0"]


def test_a_version_that_fails_its_smoke_test_is_rolled_back_and_its_request_is_pointed_out(
    cloud: StandInAWS, gocd_tasks: CommandLine
) -> None:
    herd = build_herd(cloud, broken="no-namespaces", deregistration_delay=4)
    running = gocd_tasks.start(*upgrade(herd))
    said = until_said(running, "rolls it back")
    meanwhile = gocd_tasks(*upgrade(herd))
    rest, err = running.communicate(timeout=60)
    rollback, failed = (each["deploymentId"] for each in deployments(herd))

    assert meanwhile.returncode == 2
    assert f"error: {rollback} is rolling back {failed}; nothing was changed" in meanwhile.stderr
    assert running.returncode == 1
    assert f"{failed}: {STEPS[1]} failed" in said
    assert "| [stderr]HERD has 0 namespaces, and should have 2" in said
    assert "smokeTestHerd.sh" in err
    assert f"{rollback} has rolled it back" in err
    warning = "HERD: /app/MDL/mdl140/dev/HERD/RequestedVersion is still 0.84.0; an instance that Auto Scaling"
    assert warning in rest
    assert len(err.splitlines()) == 1


def test_a_function_that_starts_nothing_has_failed_whether_it_fails_or_answers_200(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    def start_nothing(event: Any, context: Context) -> None:
        if event["RequestedVersion"] == "0.84.0":
            context.log(FATAL)
            return
        context.log("INFO: Current deployment-type: 'BLUE_GREEN'")
        raise KeyError("RequestedVersion")

    cloud.lambda_function(FUNCTION, start_nothing)
    # Beside each other, because each looks for its deployment for ten seconds.
    running = [gocd_tasks.start(*upgrade(herd, version)) for version in ("0.84.0", "0.85.0")]
    [(told, idle), (traced, failed)] = [each.communicate(timeout=60) for each in running]

    assert [each.returncode for each in running] == [1, 1]
    assert f"error: {FUNCTION} answered null and started no deployment; HERD was left as it is" in idle
    assert f"function: | {FATAL}" in told
    assert "failed and started no deployment (KeyError: 'RequestedVersion'); HERD was left" in failed
    assert "function: | INFO: Current deployment-type: 'BLUE_GREEN'" in traced
    assert "function: | [ERROR] KeyError" in traced
    assert len(idle.splitlines()) == len(failed.splitlines()) == 1
    assert deployments(herd) == []
    assert sorted(invoked(cloud)) == ["0.84.0", "0.85.0"]


def test_a_function_that_fails_after_its_work_has_done_its_work(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    function = cloud.parts.functions._handlers[FUNCTION]

    def fail_late(event: Any, context: Context) -> None:
        function(event, context)
        raise RuntimeError("no permission to write MostRecentDeploymentId")

    cloud.lambda_function(FUNCTION, fail_late)
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert f"{FUNCTION}: failed (RuntimeError: no permission" in done.stdout
    assert "was started all the same" in done.stdout
    assert len(deployments(herd)) == len(cloud.invocations) == 1


def test_a_bad_request_is_refused_before_anything_is_changed(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    cases: list[tuple[tuple[str, ...], dict[str, str], str]] = [
        (("--function", "nobody"), {}, "no Lambda function is called nobody in eu-west-1"),
        (("--environment", "prod"), {}, "SSM has no parameter under /app/MDL/mdl140/prod/HERD/ in eu-west-1"),
        (
            ("--mdl-instance", "mdl9"),
            {},
            "CodeDeploy has no group mdl9-HerdDeployGroup of an application mdl9-",
        ),
        (
            (),
            {"AWS_REGION": "us-east-1"},
            "SSM has no parameter under /app/MDL/mdl140/dev/HERD/ in us-east-1",
        ),
        (("--mdl-instance", "a/b"), {}, "'a/b' cannot be the name of an MDL instance or environment"),
        (("--version", "0.84 0"), {}, "'0.84 0' cannot be a version of HERD"),
        (("--deployment-id", "d-NOWHERE12"), {}, "CodeDeploy knows no deployment 'd-NOWHERE12' in eu-west-1"),
        (("--build-info-url", "herd"), {}, "--build-info-url is not an http:// or https:// address"),
        (("--ca-bundle", "/nowhere.pem"), {}, "there is no CA bundle /nowhere.pem"),
        ((), {"HERD_USER": "ann"}, "HERD_USER and HERD_PASSWORD go together"),
    ]
    for more, variables, said in cases:
        done = gocd_tasks(*upgrade(herd, "0.84.0", *more), **variables)

        assert done.returncode == 2, done.stderr
        assert f"error: {said}" in done.stderr
        assert "nothing was changed" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert cloud.invocations == []


def test_a_missing_permission_is_named(cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd) -> None:
    policy = "The policy this command needs: gocd-tasks iam-policy upgrade-herd"
    for action in ("lambda:InvokeFunction", "ssm:GetParameters", "codedeploy:ListDeployments"):
        cloud.faults.clear()
        cloud.faults.deny(action)
        for more in ((), ("--dry-run",)):
            done = gocd_tasks(*upgrade(herd, "0.84.0", *more))

            assert done.returncode == 2
            assert f"error: AWS refused {action} " in done.stderr
            assert f"nothing was changed. {policy}" in done.stderr


def test_a_dry_run_asks_whether_the_function_could_be_invoked(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    done = gocd_tasks(*upgrade(herd, "0.84.0", "--dry-run"))
    nobody = gocd_tasks(*upgrade(herd, "0.84.0", "--dry-run", "--function", "nobody"))

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{FUNCTION}: would be invoked, RequestedVersion 0.84.0" in done.stdout
    assert nobody.returncode == 2
    assert cloud.invocations == []


def test_a_login_is_wanted_before_anything_is_changed_and_never_shown(
    cloud: StandInAWS, gocd_tasks: CommandLine
) -> None:
    herd = build_herd(cloud, credentials="ann:tops3cret", deregistration_delay=0)
    without = gocd_tasks(*upgrade(herd))
    wrong = gocd_tasks(*upgrade(herd), HERD_USER="ann", HERD_PASSWORD="wr0ng")
    assert cloud.invocations == []
    right = gocd_tasks(*upgrade(herd), HERD_USER="ann", HERD_PASSWORD="tops3cret")

    assert without.returncode == wrong.returncode == 2
    assert "answers 401: it wants HERD_USER and HERD_PASSWORD; nothing was changed" in without.stderr
    assert "answers 401: HERD_USER or HERD_PASSWORD is wrong; nothing was changed" in wrong.stderr
    assert right.returncode == 0, right.stderr
    said = "".join(each.stdout + each.stderr for each in (wrong, right))
    assert "tops3cret" not in said
    assert "wr0ng" not in said


def test_a_run_that_was_killed_is_joined_by_the_next(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    """The first one dies when the function has run and its answer is still on the way."""
    running: list[subprocess.Popen[str]] = []

    def kill(call: Call) -> None:
        if call.operation == "Invoke":
            running[0].kill()
            running[0].wait()

    cloud.faults.after_call = kill
    running.append(gocd_tasks.start(*upgrade(herd)))
    running[0].communicate(timeout=60)
    cloud.faults.after_call = None
    again = gocd_tasks(*upgrade(herd))
    [deployment] = deployments(herd)

    assert running[0].returncode == -signal.SIGKILL
    assert again.returncode == 0, again.stderr
    joined = f"{deployment['deploymentId']}: upgrades HERD to 0.84.0 already; joining it"
    assert again.stdout.splitlines()[0] == joined
    assert invoked(cloud) == ["0.84.0"]


def test_a_function_that_still_runs_for_a_dead_run_is_waited_for(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.83.1")
    eventually(lambda: len(deployments(herd, "Succeeded")), 1, patience=60)
    go = threading.Event()
    cloud.lambda_function(FUNCTION, held(herd, go, before=True))
    first = gocd_tasks.start(*upgrade(herd))
    eventually(lambda: herd.parameter("RequestedVersion"), "0.84.0")
    first.kill()
    first.communicate()
    again = gocd_tasks.start(*upgrade(herd))
    said = until_said(again, "and its deployment has not begun")
    go.set()
    rest, err = again.communicate(timeout=60)

    assert again.returncode == 0, err
    assert re.fullmatch(r"0.84.0 was asked for \d s ago, and its deployment has not begun, .*\n", said)
    assert "upgrades HERD to 0.84.0 already; joining it" in rest
    assert invoked(cloud) == ["0.83.1", "0.84.0"]


def test_another_version_on_its_way_is_refused(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.84.1")
    done = gocd_tasks(*upgrade(herd))
    [other] = deployments(herd)
    said = f"error: {other['deploymentId']} is upgrading HERD to 0.84.1; nothing was changed"

    assert done.returncode == 2
    assert said in done.stderr
    assert f"gocd-tasks watch-deployment {other['deploymentId']}" in done.stderr
    assert invoked(cloud) == ["0.84.1"]


def test_a_request_that_came_to_nothing_does_not_pass_for_the_running_version(
    cloud: StandInAWS, gocd_tasks: CommandLine
) -> None:
    """Somebody has asked for 0.84.0 while 0.84.1 was on its way, which leaves 0.84.0 in SSM."""
    herd = build_herd(cloud, deregistration_delay=25)
    invoke(herd, "0.84.1")
    # The last that HERD's own scripts write of a good deployment.
    eventually(lambda: herd.parameter("DeploymentInvoked"), "true", patience=60)
    eventually(lambda: herd.parameter("DeploymentInvoked"), "false", patience=60)
    assert herd.parameter("CurrentVersion") == "0.84.1"
    [running] = deployments(herd)
    # Until it was asked for later than two clocks of AWS's may differ by.
    late = running["createTime"].timestamp() + CLOCKS_DIFFER.total_seconds() + 0.5
    threading.Event().wait(max(late - time.time(), 0))
    cloud.client("ssm").put_parameter(
        Name=f"{herd.names.parameters}/RequestedVersion", Value="0.84.0", Overwrite=True
    )
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 2
    assert "is under way, and SSM does not tell for which version" in done.stderr
    assert invoked(cloud) == ["0.84.1"]


def test_the_loser_of_a_race_joins_the_winner(cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd) -> None:
    """Two runs ask at the same moment; the function of the second one is refused by CodeDeploy."""

    def overtake(call: Call) -> None:
        if call.operation == "Invoke":
            cloud.faults.before_call = None
            invoke(herd, "0.84.0")

    cloud.faults.before_call = overtake
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert "DeploymentLimitExceeded" in done.stdout
    assert "was started all the same" in done.stdout
    assert len(deployments(herd)) == 1


def test_an_answer_that_is_lost_is_looked_up_and_the_function_is_not_run_again(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    owner = cloud.parts.control_plane
    take_effect = owner._take_effect

    def lose(call: Call, environ: dict[str, Any]) -> Any:
        answer = take_effect(call, environ)
        if call.operation == "Invoke":
            return wire.error(call, 503, "ServiceUnavailable", "Try again later.")
        return answer

    owner._take_effect = lose  # type: ignore[method-assign]
    try:
        done = gocd_tasks(*upgrade(herd))
    finally:
        owner._take_effect = take_effect  # type: ignore[method-assign]

    assert done.returncode == 0, done.stderr
    assert f"{FUNCTION}: no answer (" in done.stdout
    assert invoked(cloud) == ["0.84.0"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_throttled_upgrade_completes_and_is_invoked_once(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd, seed: int
) -> None:
    cloud.faults.throttle(0.4, seed=seed)
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert invoked(cloud) == ["0.84.0"]


@pytest.mark.parametrize("stop", [False, True])
def test_a_cancelled_upgrade_goes_on_in_aws_unless_told_to_stop(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd, stop: bool
) -> None:
    running = gocd_tasks.start(*upgrade(herd, "0.84.0", *(["--stop-on-cancel"] if stop else [])))
    until_said(running, "DownloadBundle succeeded")
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)
    deployment = deployments(herd)[-1]
    deployment_id = deployment["deploymentId"]

    assert running.returncode == 143
    if stop:
        assert f"cancelled; {deployment_id} is being stopped and rolled back" in err
    else:
        assert f"cancelled; {deployment_id} goes on in CodeDeploy" in err
        assert f"gocd-tasks watch-deployment {deployment_id}" in err
    eventually(lambda: deployments(herd)[-1]["status"], "Stopped" if stop else "Succeeded", patience=60)


@pytest.mark.parametrize("stop", [False, True])
def test_a_cancel_while_the_function_runs_says_what_may_have_begun(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd, stop: bool
) -> None:
    go = threading.Event()
    cloud.lambda_function(FUNCTION, held(herd, go, before=False))
    running = gocd_tasks.start(*upgrade(herd, "0.84.0", *(["--stop-on-cancel"] if stop else [])))
    eventually(lambda: len(deployments(herd)), 1)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)
    assert cloud.invocations == []
    go.set()
    deployment_id = deployments(herd)[-1]["deploymentId"]

    assert running.returncode == 143
    if stop:
        assert f"cancelled; {deployment_id} is being stopped and rolled back" in err
    else:
        assert "cancelled; an upgrade to 0.84.0 may have begun. Run the command again: it joins what" in err
        assert gocd_tasks(*upgrade(herd)).returncode == 0
    eventually(lambda: deployments(herd)[-1]["status"], "Stopped" if stop else "Succeeded", patience=60)
    assert len(cloud.journal.of("Invoke")) == 1
    # The function itself has outlived the run that asked for it.
    eventually(lambda: len(cloud.invocations), 1)


def test_a_deployment_that_is_known_is_watched_and_nothing_is_invoked(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.84.0")
    [deployment] = deployments(herd)
    more = ("--deployment-id", deployment["deploymentId"])
    other = gocd_tasks(*upgrade(herd, "0.84.0", *more, "--mdl-instance", "mdl9"))
    done = gocd_tasks(*upgrade(herd, "0.84.0", *more))

    assert other.returncode == 2
    assert "is a deployment of mdl140-Herd, group mdl140-HerdDeployGroup, not of mdl9-Herd" in other.stderr
    assert done.returncode == 0, done.stderr
    assert steps(done.stdout, deployment["deploymentId"]) == STEPS
    assert invoked(cloud) == ["0.84.0"]


def test_a_deployment_that_brings_another_version_is_no_success(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.84.1")
    [deployment] = deployments(herd)
    eventually(lambda: deployments(herd)[0]["status"], "Succeeded", patience=60)
    more = ("--deployment-id", deployment["deploymentId"], "--timeout", "1")
    running = gocd_tasks.start(*upgrade(herd, "0.84.0", *more))
    said = until_said(running, "HERD: still answers 0.84.1, not 0.84.0")
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)

    assert "has succeeded, watched for" in said
    assert f"cancelled; {deployment['deploymentId']} has succeeded. Look at what HERD answers" in err


@pytest.mark.end_to_end
def test_killed_at_any_call_and_run_again_it_converges_on_one_deployment(
    cloud: StandInAWS, gocd_tasks: CommandLine, herd: Herd
) -> None:
    cloud.journal.clear()
    assert gocd_tasks(*upgrade(herd)).returncode == 0
    operations = [call.operation for call in cloud.journal.calls]
    last = operations.index("Invoke") + 4

    for number in range(1, last + 1):
        version = f"0.84.{number}"
        cloud.journal.clear()
        running: list[subprocess.Popen[str]] = []

        def kill(call: Call, number: int = number, running: list[subprocess.Popen[str]] = running) -> None:
            if call.number == number:
                running[0].kill()
                running[0].wait()

        cloud.faults.after_call = kill
        running.append(gocd_tasks.start(*upgrade(herd, version)))
        running[0].communicate(timeout=60)
        cloud.faults.after_call = None
        assert running[0].returncode == -signal.SIGKILL
        again = gocd_tasks(*upgrade(herd, version))

        assert again.returncode == 0, f"{operations[number - 1]}: {again.stderr}"
        assert herd.parameter("CurrentVersion") == version
        assert invoked(cloud).count(version) == 1, f"killed at call {number}, {operations[number - 1]}"
