"""Answers that lack a field, one after the other, on their way to whoever reads them."""

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import Session

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.answer import Answer
from tasks.aws.api import Aws
from tasks.aws.auto_scaling_group import find_groups
from tasks.aws.balancer_lookup import find_load_balancer
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_group import find_deployment_group, reached
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance, find_instance
from tasks.aws.parameter import Parameter
from tasks.aws.parameter_value import parameter_values
from tasks.aws.run_command import platforms
from tasks.aws.traffic_counts import count_failures
from tasks.running.errors import TaskError
from tests.fakes import FakeClock
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.conftest import MakeBalancer, Pair

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def members(shape: Any, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The names on the wire of all fields in *shape*, and in what is in it."""
    if shape is None or shape.name in seen:
        return
    for name, member in getattr(shape, "members", {}).items():
        told = member.serialization
        yield told.get("queryName") or told.get("name") or name
        yield from members(member, (*seen, shape.name))
    for inner in (getattr(shape, "member", None), getattr(shape, "value", None)):
        yield from members(inner, (*seen, shape.name))


class Proxy:
    """Asks AWS once for each answer, and gives it again with a field left out."""

    def __init__(self, aws: Aws) -> None:
        self.lacking = ""
        self.fields: set[str] = set()
        self._known: dict[object, tuple[int, dict[str, str], bytes]] = {}
        self._asked: object = None
        aws._open().register("before-send", self._ask)
        aws._open().register("before-parse", self._pass)

    def _ask(self, request: Any, **_: Any) -> AWSResponse | None:
        self._asked = (request.url, request.headers.get("X-Amz-Target"), request.body)
        if self._asked not in self._known:
            return None
        status, headers, body = self._known[self._asked]
        return AWSResponse(request.url, status, headers, Raw(body))

    def _pass(self, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        body = response_dict["body"]
        self._known.setdefault(
            self._asked, (response_dict["status_code"], dict(response_dict["headers"]), body)
        )
        self.fields |= {each for each in members(operation_model.output_shape) if each.encode() in body}
        response_dict["body"] = without(body, self.lacking) if self.lacking else body


class Raw(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def without(body: bytes, field: str) -> bytes:
    """The same length, as CBOR needs it, and no word that is only a part of a longer one."""
    name = rb"(?<![A-Za-z])" + field.encode() + rb"(?![A-Za-z])"
    return re.sub(name, b"Z" * len(field), body)


def balancer(aws: Aws, one: Instance, words: str) -> object:
    found = find_load_balancer(aws, words)
    return found.address, found.title, found.settings(), found.roster(one)


def scaling_group(aws: Aws, _: Instance) -> object:
    [found] = find_groups(aws, ["fleet"]).values()
    found.look_at(found.lifecycle)
    return {**vars(found), "_aws": "", "refresh": found.refresh()}


def lock(aws: Aws, _: Instance) -> object:
    seen = Parameter(aws, "/locks/one", "one", FakeClock()).look()
    return seen.version, seen.content, seen.write, seen.changed


def deployments(aws: Aws, _: Instance) -> object:
    code_deploy = CodeDeploy(aws)
    found = code_deploy.all("app", "first")
    return found, [code_deploy.deployment(each.id) for each in found]


def deployment_targets(aws: Aws, _: Instance) -> object:
    code_deploy = CodeDeploy(aws)
    return [code_deploy.targets(each) for each in code_deploy.ids("app", "first")]


def deployment_group(aws: Aws, _: Instance) -> object:
    found = find_deployment_group(aws, "app", "first")
    return found, reached(aws, found)


def counts(aws: Aws, _: Instance) -> object:
    return count_failures(aws, find_load_balancer(aws, "target-group:staging").metrics(), NOON, NOON)


READERS: dict[str, Callable[[Aws, Instance], object]] = {
    "instance": lambda aws, _: find_instance(aws, "Staging-1"),
    "target group": lambda aws, one: balancer(aws, one, "target-group:staging"),
    "behind a network load balancer": lambda aws, one: balancer(aws, one, "target-group:net"),
    "classic": lambda aws, one: balancer(aws, one, "classic:old"),
    "scaling group": scaling_group,
    "platforms": lambda aws, one: platforms(aws, [one]),
    "lock": lock,
    "parameters": lambda aws, _: parameter_values(aws, ["/locks/one"]),
    "deployments": deployments,
    "deployment targets": deployment_targets,
    "deployment group": deployment_group,
    "counts": counts,
}

CHECK = {"HealthCheckPath", "HealthCheckProtocol"}

# What AWS itself leaves out where there is none, so that its lack says something; and "Failed", which is a
# field as well as a status.
MAY_LACK: dict[str, set[str]] = {
    "target group": CHECK,
    "behind a network load balancer": CHECK,
    "deployments": {
        *("applicationName", "deploymentGroupName", "createTime", "completeTime", "revision", "s3Location"),
        *("bundleType", "errorInformation", "message", "Failed"),
    },
    "deployment targets": {
        *("instanceTarget", "lifecycleEvents", "startTime", "endTime"),
        *("diagnostics", "errorCode", "message"),
    },
    "deployment group": {"ec2TagFilters", "Key", "Value"},
}


@pytest.fixture
def world(cloud: World, pair: Pair, behind: MakeBalancer, sample: Service, aws: Aws) -> World:
    """One of everything that is read."""
    behind("application")
    behind("network", name="net")
    behind("classic", name="old")
    cloud.auto_scaling_group("fleet", size=1, service=sample, load_balancers=[cloud.target_group("web")])
    one = Parameter(aws, "/locks/one", "one", FakeClock())
    one.swap(one.look(), {"who": "me"})
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    client.create_deployment_group(
        applicationName="app",
        deploymentGroupName="first",
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        ec2TagFilters=[{"Key": "Name", "Value": "Staging-1", "Type": "KEY_AND_VALUE"}],
    )
    location = {"bucket": "releases", "key": "none.zip", "bundleType": "zip"}
    made = client.create_deployment(
        applicationName="app",
        deploymentGroupName="first",
        revision={"revisionType": "S3", "s3Location": location},
    )
    eventually(
        lambda: client.get_deployment(deploymentId=made["deploymentId"])["deploymentInfo"]["status"], "Failed"
    )
    return cloud


def test_a_field_that_is_left_out_is_an_error_or_nobodys_loss(world: World) -> None:
    aws = Aws(FakeClock(), lambda _: None)
    one, proxy = find_instance(aws, "Staging-1"), Proxy(aws)
    differing: dict[str, set[str]] = {}
    for name, read in READERS.items():
        proxy.lacking = ""
        proxy.fields.clear()
        whole = repr(read(aws, one))
        for field in sorted(proxy.fields):
            proxy.lacking = field
            try:
                told = repr(read(aws, one))
            except TaskError:
                continue
            if told != whole:
                differing.setdefault(name, set()).add(field)

    assert {name: fields - MAY_LACK.get(name, set()) for name, fields in differing.items()} == {
        name: set() for name in MAY_LACK
    }


SHAPE = Session().get_service_model("ssm").operation_model("GetParameter").output_shape
WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "the answer to ssm:GetParameter tells no Parameter.Version: something between here and AWS"),
        ({"Version": None}, "tells no Parameter.Version:"),
        ({"Version": "7"}, "tells '7' as Parameter.Version, which it cannot be"),
        ({"Version": True}, "tells True as Parameter.Version, which it cannot be"),
        ({"Version": 7.5}, "tells 7.5 as Parameter.Version, which it cannot be"),
        ({"Version": [7]}, "tells [7] as Parameter.Version, which it cannot be"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_told_with_its_place(told: Any, words: str) -> None:
    answer = Answer("ssm:GetParameter", SHAPE, {"Parameter": told})
    with pytest.raises(AwsError) as it:
        answer["Parameter"]["Version"]

    assert words in it.value.what
    assert (it.value.passing, it.value.refusal) == (True, False)


def test_what_aws_may_leave_out_is_nothing_and_still_never_of_another_kind() -> None:
    parameter = Answer(
        "ssm:GetParameter", SHAPE, {"Parameter": {"Version": 7, "Value": 5, "LastModifiedDate": WHEN}}
    )["Parameter"]

    assert (parameter.get("Name", "none"), parameter["LastModifiedDate"]) == ("none", WHEN)
    assert ("Name" in parameter, "Version" in parameter, len(parameter)) == (False, True, 3)
    with pytest.raises(AwsError, match=r"tells 5 as Parameter\.Value"):
        parameter.get("Value")


@pytest.mark.parametrize(
    "body",
    [
        '{"Parameter": "text"}',
        '{"Parameter": [null]}',
        '{"Parameter": {"LastModifiedDate": 1e400}}',
        '{"Parameter": {"LastModifiedDate": "the day after"}}',
        '{"Parameter": {"Value": "x", "Version": 1, "LastModifiedDate": NaN}}',
        '{"Parameter": ' + '{"Parameter": ' * 3000 + "1" + "}" * 3001,
        "[]",
        "null",
        "7",
        '"text"',
    ],
)
def test_an_answer_that_no_parser_can_read_is_one_whose_outcome_is_not_known(
    cloud: World, aws: Aws, body: str
) -> None:
    cloud.client("ssm").put_parameter(Name="/one", Value="1", Type="String")
    cloud.faults.spoil("GetParameter", lambda _: body.encode())
    with pytest.raises(AwsError) as it:
        Parameter(Aws(FakeClock(), lambda _: None), "/one", "one", FakeClock()).look()

    assert (it.value.passing, it.value.refusal) == (True, False)
    assert "ssm:GetParameter" in it.value.what


def test_a_number_that_is_none_in_an_answer_is_no_trouble_with_the_settings(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    behind("application")
    cloud.faults.spoil("DescribeTargetGroups", lambda body: body.replace(b"<Port>80", b"<Port>x"))
    with pytest.raises(AwsError, match="AWS's answer to elasticloadbalancing:DescribeTargetGroups could not"):
        find_load_balancer(Aws(FakeClock(), lambda _: None), "target-group:staging")


def test_a_list_that_never_ends_is_told_as_one(cloud: World, aws: Aws) -> None:
    def again(body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "NextToken": "1"}).encode()

    cloud.faults.spoil("DescribeInstanceInformation", again)
    one = Instance("i-0123456789abcdef0", "Staging-1", "10.0.0.1", "eu-west-1a", "running")
    with pytest.raises(AwsError, match="tells '1' as NextToken, which it cannot be"):
        platforms(aws, [one])
