"""What a tag remembers of a target, and that it is what was to be remembered."""

from dataclasses import replace

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.load_balancer import Member, State
from tasks.aws.target import Target
from tasks.balancing.absences import PREFIX
from tasks.running.errors import Refused
from tests.fakes import EPOCH, FakeClock, FakeLoadBalancer, FakeMemory, instance
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair

ONE, WEB = instance(1), "target-group:web"


@pytest.mark.parametrize(
    "port",
    [
        8080,
        Target(8080, "10.0.0.5"),
        Target(8080, "10.0.0.5", "eu-west-1a"),
        Target(8080, "10.9.0.5", "all", "0x0123456789abcdef"),
        Target(8080, "fd00:1234:5678:9abc::1"),
        Target(8080, server_id="0x0123456789abcdef"),
    ],
)
@pytest.mark.parametrize("states", [(State.SERVING, State.SERVING), (State.SERVING, State.UNHEALTHY)])
def test_all_that_describes_a_target_is_read_back(port: int | Target, states: tuple[State, State]) -> None:
    memory = FakeMemory(by="rolling-deploy")
    left = memory.absence(Member(ONE.id, State.SERVING, "", (9090, port), states=states), EPOCH)
    again = FakeMemory()
    again.learn([replace(ONE, tags={PREFIX + WEB: str(left)})])

    assert left.ports == (9090, port)
    assert again.of(ONE, FakeLoadBalancer(FakeClock(), name="web")) == left


def test_more_than_a_tag_holds_is_refused_and_not_cut_off() -> None:
    memory = FakeMemory()
    ports = tuple(Target(8000 + each, f"10.0.0.{each}", "eu-west-1a") for each in range(10))
    absence = memory.absence(Member(ONE.id, State.SERVING, "", ports), EPOCH)
    with pytest.raises(Refused, match="on 10 ports, more than a tag can remember"):
        memory.remember({(ONE.id, WEB): absence})

    assert memory.addresses == []


SINCE = "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "value",
    [
        f"served=yes ports={port} since={SINCE}"
        for port in ("²", "1_000", "-1", "70000", "9" * 100, "x@10.0.0.5", "80,80-")
    ]
    + [f"served=yes ports=80 since={since}" for since in ("²", "yesterday", "0001-01-01T00:00:00+14:00")],
)
def test_a_tag_that_somebody_else_has_written_tells_of_an_absence_on_ports_that_nobody_knows(
    value: str,
) -> None:
    memory = FakeMemory()
    memory.learn([replace(ONE, tags={PREFIX + WEB: value, PREFIX: value})])
    left = memory.of(ONE, FakeLoadBalancer(FakeClock(), name="web"))

    assert memory.addresses == [WEB]
    assert left
    assert (left.ports, left.by, left.settled) == ((), "", False)
    assert list(memory.doubts) == [
        "Staging-1: its tag gocd-tasks:out-of:target-group:web cannot be read, so nobody knows on what ports "
        "it was; to have it back on the load balancer's own, and the tag gone: gocd-tasks attach-instance "
        "Staging-1 --load-balancer target-group:web"
    ]


def test_a_tag_that_can_be_read_leaves_no_doubt() -> None:
    memory = FakeMemory()
    memory.learn([replace(ONE, tags={PREFIX + WEB: f"served=yes ports=80 since={SINCE}", "Name": "x"})])

    assert list(memory.doubts) == []


def test_one_whose_tag_cannot_be_read_is_put_back_and_the_tag_is_gone(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application", drain=0)
    cloud.client("elbv2").deregister_targets(TargetGroupArn=made.arn, Targets=[{"Id": pair.one.id}])
    tag = {"Key": f"{PREFIX}target-group:staging", "Value": "since yesterday"}
    cloud.client("ec2").create_tags(Resources=[pair.one.id], Tags=[tag])
    done = gocd_tasks("attach-instance", "Staging-1", "--load-balancer", "all")

    assert done.returncode == 0, done.stderr
    assert f"Staging-1: its tag {tag['Key']} cannot be read, so nobody knows on what ports" in done.stdout
    assert cloud.serving(made) == {pair.one.id, pair.two.id}
    tags = cloud.client("ec2").describe_tags(Filters=[{"Name": "key", "Values": [tag["Key"]]}])["Tags"]
    assert tags == []
