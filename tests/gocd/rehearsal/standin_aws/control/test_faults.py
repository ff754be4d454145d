import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session
import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import get


def client(cloud: World, service: str, *, attempts: int = 1) -> Any:
    """Open a client as a task would: from the environment's values, without standing out."""
    return botocore.session.Session().create_client(
        service,
        region_name=cloud.region,
        endpoint_url=cloud.endpoint_url,
        aws_access_key_id="AKIA",
        aws_secret_access_key="secret",
        config=botocore.config.Config(retries={"total_max_attempts": attempts}),
    )


CALLS: dict[str, Callable[[Any], Any]] = {
    "elbv2": lambda c: c.describe_target_groups(),
    "elb": lambda c: c.describe_load_balancers(),
    "ec2": lambda c: c.describe_instances(),
    "ssm": lambda c: c.describe_instance_information(),
    "s3": lambda c: c.list_buckets(),
    "autoscaling": lambda c: c.describe_auto_scaling_groups(),
}


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("elbv2", "Throttling"),
        ("elb", "Throttling"),
        ("autoscaling", "Throttling"),
        ("ec2", "RequestLimitExceeded"),
        ("ssm", "ThrottlingException"),
        ("s3", "SlowDown"),
    ],
)
def test_each_service_words_throttling_its_own_way(cloud: World, service: str, code: str) -> None:
    cloud.faults.throttle(1.0)

    with pytest.raises(botocore.exceptions.ClientError) as refused:
        CALLS[service](client(cloud, service))
    assert refused.value.response["Error"]["Code"] == code
    assert [call.outcome for call in cloud.journal.calls] == [code]


def test_throttling_a_share_of_calls_lets_a_patient_client_through(cloud: World) -> None:
    cloud.faults.throttle(0.5, seed=2)
    patient = client(cloud, "elbv2", attempts=10)
    patient.describe_target_groups()

    assert cloud.journal.calls[-1].outcome == "ok"


@pytest.mark.parametrize(
    ("service", "action", "code"),
    [
        ("elbv2", "elasticloadbalancing:DescribeTargetGroups", "AccessDenied"),
        ("ec2", "ec2:DescribeInstances", "UnauthorizedOperation"),
        ("ssm", "ssm:*", "AccessDeniedException"),
    ],
)
def test_a_denied_action_is_refused_in_awss_words(cloud: World, service: str, action: str, code: str) -> None:
    cloud.faults.deny(action)

    with pytest.raises(botocore.exceptions.ClientError) as refused:
        CALLS[service](client(cloud, service))
    error = refused.value.response["Error"]
    assert error["Code"] == code
    assert "user/deployer is not authorized to perform: " in error["Message"]


def test_a_call_that_moto_does_not_model_is_an_error_a_client_can_read(cloud: World) -> None:
    unmodelled: dict[str, Callable[[Any], Any]] = {
        "ec2": lambda c: c.describe_spot_datafeed_subscription(),
        "ssm": lambda c: c.describe_activations(),
        "elbv2": lambda c: c.describe_trust_stores(),
    }
    for service, ask in unmodelled.items():
        with pytest.raises(botocore.exceptions.ClientError, match="not modelled by the stand-in AWS"):
            ask(client(cloud, service))


def test_a_gap_inside_moto_is_an_error_a_client_can_read(cloud: World) -> None:
    odd = urllib.request.Request(cloud.endpoint_url, headers={"Authorization": "none"})
    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(odd)

    told = failed.value.read().decode()
    assert "<Code>InternalFailure</Code><Message>s3 ListBuckets failed inside the stand-in AWS" in told


def test_the_hooks_run_just_before_and_just_after_a_call_takes_effect(cloud: World) -> None:
    moments: list[tuple[str, int, int]] = []

    def parameters() -> int:
        return len(cloud.client("ssm").describe_parameters()["Parameters"])

    def before(call: Call) -> None:
        moments.append(("before", call.number, parameters()))

    def after(call: Call) -> None:
        moments.append(("after", call.number, parameters()))

    cloud.faults.before_call, cloud.faults.after_call = before, after
    client(cloud, "ssm").put_parameter(Name="lock", Value="mine", Type="String")

    assert moments == [("before", 1, 0), ("after", 1, 1)]


def test_calls_that_arrange_a_world_are_not_in_the_journal_and_meet_no_fault(cloud: World) -> None:
    cloud.faults.throttle(1.0)
    cloud.client("ec2").describe_instances()

    assert cloud.journal.calls == []


def test_the_journal_names_actions_as_iam_does(cloud: World) -> None:
    client(cloud, "elb").describe_load_balancers()
    client(cloud, "s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client(cloud, "s3").put_object(Bucket="releases", Key="k", Body=b"x")
    client(cloud, "s3").head_object(Bucket="releases", Key="k")

    assert [call.action for call in cloud.journal.calls] == [
        "elasticloadbalancing:DescribeLoadBalancers",
        "s3:CreateBucket",
        "s3:PutObject",
        "s3:GetObject",
    ]
    assert [call.number for call in cloud.journal.calls] == [1, 2, 3, 4]


def test_a_call_whose_answer_is_lost_has_taken_effect_and_is_a_failure_of_awss(cloud: World) -> None:
    cloud.faults.lose_answers("CreateTargetGroup", "InternalFailure")

    with pytest.raises(botocore.exceptions.ClientError) as lost:
        client(cloud, "elbv2").create_target_group(Name="web", TargetType="lambda")
    assert lost.value.response["Error"]["Code"] == "InternalFailure"
    assert lost.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert [call.outcome for call in cloud.journal.calls] == ["InternalFailure"]

    cloud.faults.clear()
    assert [
        each["TargetGroupName"] for each in client(cloud, "elbv2").describe_target_groups()["TargetGroups"]
    ] == ["web"]


def test_a_call_that_aws_fails_at_takes_no_effect_and_the_next_one_does(cloud: World) -> None:
    cloud.faults.fail("CreateTargetGroup", 500, "InternalError")

    with pytest.raises(botocore.exceptions.ClientError) as failed:
        client(cloud, "elbv2").create_target_group(Name="web", TargetType="lambda")
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    client(cloud, "elbv2").create_target_group(Name="web", TargetType="lambda")
    assert [call.outcome for call in cloud.journal.calls] == ["InternalError", "ok"]


def test_aws_never_hears_of_a_call_that_a_proxy_answers(cloud: World) -> None:
    cloud.faults.block(403, "<html>Blocked</html>", times=1)

    assert get(cloud.endpoint_url) == "403"
    assert cloud.journal.calls == []
    client(cloud, "s3").list_buckets()
    assert [call.operation for call in cloud.journal.calls] == ["ListBuckets"]


def test_a_spoilt_answer_takes_effect_and_arrives_as_something_else(cloud: World) -> None:
    ssm = client(cloud, "ssm")
    cloud.faults.spoil("PutParameter", lambda body: body.replace(b"Version", b"Revision"), times=1)
    first, second = (
        ssm.put_parameter(Name="/spoilt", Value=value, Type="String", Overwrite=True) for value in "12"
    )

    assert ("Version" in first, second["Version"]) == (False, 2)
    assert ssm.get_parameter(Name="/spoilt")["Parameter"]["Value"] == "2"
