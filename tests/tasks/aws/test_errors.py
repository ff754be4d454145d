"""What AWS failed at, throttled or refused, and what is no answer of AWS's at all."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError, Denied
from tests.fakes import FakeClock
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.test_cli import changes, one_error


class Patient:
    """The tasks' own way to AWS, whose waits take no time; what it says is kept."""

    def __init__(self, aws: Aws) -> None:
        self.said: list[str] = []
        self.aws = Aws(FakeClock(), self.said.append)


@pytest.fixture
def patient(aws: Aws) -> Patient:
    return Patient(aws)


# One of each protocol that AWS speaks.
CALLS: dict[str, Callable[[Aws], Any]] = {
    "query": lambda aws: aws.call("elbv2", "describe_target_groups")["TargetGroups"],
    "ec2": lambda aws: aws.call("ec2", "describe_instances")["Reservations"],
    "json": lambda aws: aws.call("ssm", "describe_instance_information")["InstanceInformationList"],
    "cbor": lambda aws: aws.call("codedeploy", "get_deployment", deploymentId="d-1")["deploymentInfo"],
    "rest-json": lambda aws: aws.call("lambda", "invoke", FunctionName="f")["Payload"].read(),
    "rest-xml": lambda aws: aws.call("s3", "get_object", Bucket="b", Key="k")["Body"].read(),
    "head": lambda aws: aws.call("s3", "head_object", Bucket="b", Key="k")["ContentLength"],
}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "HealthUnavailable"),
        (500, "ResourceContention"),
        (503, "Unavailable"),
        (500, "InternalError"),
        (502, "WhateverComesLater"),
    ],
)
def test_a_failure_of_awss_own_is_never_taken_for_certainly_nothing_done(
    cloud: World, patient: Patient, status: int, code: str
) -> None:
    cloud.faults.fail("RegisterTargets", status, code, times=99)
    with pytest.raises(AwsError, match=rf"AWS failed at elasticloadbalancing:RegisterTargets.*{code}") as it:
        patient.aws.call("elbv2", "register_targets", TargetGroupArn="arn", Targets=[{"Id": "i-1"}])

    assert (it.value.passing, it.value.refusal, it.value.throttled) == (True, False, False)


@pytest.mark.parametrize(
    ("status", "code"),
    [(502, "EC2ThrottledException"), (400, "DependencyThrottle"), (429, "Whatever"), (400, "Throttling")],
)
def test_whatever_throttles_has_done_nothing_and_passes(
    cloud: World, patient: Patient, status: int, code: str
) -> None:
    cloud.faults.fail("Invoke", status, code)
    with pytest.raises(AwsError) as it:
        patient.aws.call("lambda", "invoke", FunctionName="f")

    assert (it.value.throttled, it.value.passing, it.value.refusal) == (True, True, False)


def test_throttling_that_lasts_is_waited_out_aloud(cloud: World, patient: Patient) -> None:
    cloud.faults.fail("DescribeLoadBalancers", 400, "DependencyThrottle", times=4)
    patient.aws.call("elb", "describe_load_balancers")

    assert "AWS throttles DescribeLoadBalancers; asking again in" in patient.said[3]


@pytest.mark.parametrize("operation", ["DescribeTargetGroups", "SuspendProcesses"])
def test_a_look_or_a_change_that_aws_failed_at_is_asked_for_again(
    cloud: World, patient: Patient, operation: str
) -> None:
    cloud.auto_scaling_group("web", size=0)
    cloud.faults.fail(operation, 500, "ResourceContention", times=4)
    if operation == "SuspendProcesses":
        patient.aws.call("autoscaling", "suspend_processes", AutoScalingGroupName="web")
    else:
        patient.aws.call("elbv2", "describe_target_groups")

    assert len(cloud.journal.of(operation)) == 5
    assert "(ResourceContention: Try again later); asking again in" in patient.said[0]


def test_what_could_happen_twice_is_sent_once_when_aws_fails(cloud: World, patient: Patient) -> None:
    cloud.faults.fail("Invoke", 500, "ServiceException", times=9)
    with pytest.raises(AwsError):
        patient.aws.call("lambda", "invoke", FunctionName="f")

    assert len(cloud.journal.of("Invoke")) == 1


def test_a_list_asks_again_for_the_page_that_was_throttled_and_for_no_other(
    cloud: World, patient: Patient
) -> None:
    names = [f"/list/{number}" for number in range(4)]
    for name in names:
        cloud.client("ssm").put_parameter(Name=name, Value="x", Type="String")

    def throttle_the_third(call: Call) -> None:
        if call.number == 3:
            cloud.faults.fail("GetParametersByPath", 400, "ThrottlingException", times=4)

    cloud.faults.before_call = throttle_the_third
    found = patient.aws.pages("ssm", "get_parameters_by_path", "Parameters", Path="/list", MaxResults=1)

    assert [each["Name"] for each in found] == names
    asked = Counter(str(call.parameters.get("NextToken")) for call in cloud.journal.calls)
    assert {page for page, times in asked.items() if times > 1} == {"2"}


BLOCKED = "<!DOCTYPE html><html><head><title>\n Blocked by ACME </title></head><body><p>No.<p></body></html>"


@pytest.mark.parametrize("protocol", CALLS)
@pytest.mark.parametrize("status", [200, 403, 503])
def test_the_page_of_a_proxy_is_told_as_one(
    cloud: World, patient: Patient, protocol: str, status: int
) -> None:
    cloud.faults.block(status, BLOCKED)
    with pytest.raises(AwsError, match=r"something between here and AWS answered .* with a page") as it:
        CALLS[protocol](patient.aws)

    assert (it.value.passing, it.value.refusal) == (True, False)
    title = "" if protocol == "head" or (protocol.startswith("rest") and status == 200) else ', "Blocked by'
    assert f"with a page ({status}{title}" in it.value.what


def test_a_portal_that_leads_elsewhere_is_told_as_one(cloud: World, patient: Patient) -> None:
    cloud.faults.block(302, "https://portal.example.com/login")
    for ask in CALLS.values():
        with pytest.raises(AwsError, match=r"a redirect to https://portal\.example\.com/login \(302\)"):
            ask(patient.aws)


@pytest.mark.parametrize("page", ["", "Blocked.", "<p>Blocked", "{}", "<blocked/>"])
def test_an_answer_that_cannot_be_aws_s_has_words_whatever_it_is(
    cloud: World, patient: Patient, page: str
) -> None:
    # Bytes of any kind, or none, are what the others ask for.
    told = ("query", "ec2", "json", "cbor")
    for status, protocols in ((200, told), (403, CALLS)):
        cloud.faults.block(status, page, kind="text/plain")
        for ask in (CALLS[each] for each in protocols):
            with pytest.raises(AwsError, match=r"AWS|answer"):
                ask(patient.aws)


def test_a_proxy_that_blocks_is_one_line_for_the_user(cloud: World, gocd_tasks: CommandLine) -> None:
    cloud.faults.block(403, BLOCKED)
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 1
    assert one_error(done) == (
        "error: something between here and AWS answered ec2:DescribeInstances with a page (403, "
        '"Blocked by ACME"); nothing was changed. Check the network, HTTPS_PROXY, NO_PROXY and '
        "AWS_ENDPOINT_URL, then run the command again"
    )


@pytest.mark.parametrize("trouble", ["HealthUnavailable", "a page"])
def test_an_answer_that_fails_during_a_drain_does_not_end_it_with_a_put_back(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, trouble: str
) -> None:
    made = behind("application")

    def go_wrong(call: Call) -> None:
        if call.operation == "DeregisterTargets":
            if trouble == "a page":
                cloud.faults.block(403, BLOCKED, times=2)
            else:
                cloud.faults.fail("DescribeTargetHealth", 500, trouble, times=16)

    cloud.faults.after_call = go_wrong
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 0, done.stderr
    assert "RegisterTargets" not in changes(cloud)
    assert cloud.serving(made) == {pair.two.id}


def test_a_role_that_may_not_be_assumed_is_told_as_that(
    cloud: World, patient: Patient, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::123456789012:role/deployer"
    config = tmp_path / "config"
    config.write_text(
        f"[profile deployer]\nrole_arn = {role}\nsource_profile = agent\n"
        "[profile agent]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "deployer")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    cloud.faults.deny("sts:AssumeRole")
    with pytest.raises(AwsError, match="AWS refused sts:AssumeRole, which these credentials need") as it:
        patient.aws.call("elbv2", "describe_target_groups")

    assert not isinstance(it.value, Denied)
    assert "not authorized to perform: sts:AssumeRole" in it.value.what
