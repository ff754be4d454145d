"""``status`` as a release engineer types it at night: the real command line on the stand-in AWS."""

import json
import shlex
import signal
from typing import Any

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.running.clock import SystemClock
from tasks.switching.record import Record, Switch
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site, make_group
from tests.program import CommandLine, Done
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.locking.test_owner import VARIABLES
from tests.tasks.test_cli import changes, one_error

STATUS = "http://{private_ip}:8080/_status"
SINCE = "2026-01-01T00:00:00+00:00"
STAGE = "staging/12, stage Staging-2/2"
NOTHING = "next: nothing is out or unwell, so there is nothing to do"


def told(done: Done) -> list[str]:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def facts(done: Done) -> dict[str, Any]:
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def typed(line: str) -> list[str]:
    """The words after ``gocd-tasks`` of a line that says what to type next."""
    return shlex.split(line.removeprefix("next: ").rpartition(" (")[0])[1:]


def test_a_stage_that_took_an_instance_out_is_named_and_what_is_next_can_be_typed(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    behind("classic", "old")
    both = ("--load-balancer", "staging", "--load-balancer", "old")
    assert gocd_tasks("detach-instance", "Staging-1", *both, **VARIABLES).returncode == 0
    cloud.journal.clear()

    seen = told(gocd_tasks("status", "staging", "old", "--status-url", STATUS))

    assert changes(cloud) == []
    assert "staging (target group, port 8080): 1 healthy of 1, and 1 out" in seen
    one, two = (f"{each.name} ({each.id}, {each.private_ip}, {each.zone}): " for each in pair)
    [out] = [line for line in seen if line.startswith(one)]
    assert out.startswith(f"{one}out of old and staging, taken out by {STAGE} (20")
    assert out.endswith("; answers 200, version 1.0")
    assert f"{two}healthy in staging; healthy in old; answers 200, version 1.0" in seen
    assert {"target-group:staging: free", "classic:old: free"} <= {*seen}
    assert seen[-1].endswith(" (Staging-1 is out, and nobody is at work on it)")

    # Without a name all that is remembered is found, and what is typed next mends it.
    everything = told(gocd_tasks("status"))
    assert everything[-1] == seen[-1]
    assert gocd_tasks(*typed(seen[-1])).returncode == 0
    assert told(gocd_tasks("status"))[-1] == NOTHING
    assert told(gocd_tasks("status", "staging", "old"))[-1] == NOTHING


def test_a_pipeline_file_names_all_that_is_looked_at_and_its_own_status_call_is_made(
    gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    assert gocd_tasks("lock", "acquire", "target-group:staging", **VARIABLES).returncode == 0

    seen = facts(gocd_tasks("status", "pipelines/staging.gocd.yaml", "--output", "json", "--color", "always"))

    assert [each["address"] for each in seen["load_balancers"]] == ["target-group:staging"]
    assert [each["name"] for each in seen["instances"]] == ["Staging-1", "Staging-2"]
    assert {each["answers"]["fields"]["version"] for each in seen["instances"]} == {"1.0"}
    [held] = [each for each in seen["locks"] if each["held"]]
    assert (held["name"], held["by"]) == ("target-group:staging", "staging/12 for its whole run")
    assert [each["command"] for each in seen["next"]] == [
        "gocd-tasks lock release target-group:staging --force"
    ]
    as_option = facts(gocd_tasks("status", "--pipeline", "pipelines/staging.gocd.yaml", "--output", "json"))
    assert [each["id"] for each in as_option["instances"]] == [each.id for each in pair]


def test_what_may_not_be_seen_is_said_to_be_so_and_the_rest_is_seen(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer
) -> None:
    behind("application")
    behind("classic", "old")
    assert gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging").returncode == 0
    cloud.faults.deny("elasticloadbalancing:DescribeTargetHealth", "ssm:GetParameter")

    seen = told(gocd_tasks("status", "staging", "old"))

    assert "staging (target group, port 8080): who is in it may not be seen" in seen
    assert "old (classic load balancer): 2 healthy of 2" in seen
    assert not [line for line in seen if line.endswith(": free")]
    unseen = [line for line in seen if line.startswith("not to be seen: ")]
    assert unseen[0] == (
        "not to be seen: who is in target-group:staging (AWS refused "
        "elasticloadbalancing:DescribeTargetHealth on staging (AccessDenied))"
    )
    assert "not to be seen: whether target-group:staging is locked (AWS refused ssm:GetParameter" in unseen[1]
    assert seen[-1].endswith("(Staging-1 is out, and nobody can see whether somebody is at work on it)")


def test_members_of_a_group_a_stopped_one_and_one_that_is_not_well_are_each_told_why(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, sample: Service
) -> None:
    staging = behind("application")
    members = cloud.auto_scaling_group("web", size=2, service=sample, load_balancers=[staging])
    ours, theirs = members
    assert gocd_tasks("detach-instance", ours.id, "--load-balancer", "staging").returncode == 0
    cloud.client("autoscaling").enter_standby(
        AutoScalingGroupName="web", InstanceIds=[theirs.id], ShouldDecrementDesiredCapacity=True
    )
    assert gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging").returncode == 0
    cloud.client("ec2").stop_instances(InstanceIds=[pair.one.id])
    (pair.two.root / "srv/app/current/BROKEN").write_text("answers-500\n")
    assert not cloud.restart(pair.two)
    eventually(lambda: cloud.parts.healthy(staging), set())

    seen = told(gocd_tasks("status", "staging"))

    assert seen[0] == (
        "staging (target group, port 8080): 0 healthy of 1, and 2 out; no target is healthy, so it sends to "
        "the others as well"
    )
    told_of = {line.partition(" (")[0].partition(": ")[0]: line for line in seen[1:5]}
    assert "Standby in Auto Scaling group web" in told_of[ours.id]
    assert told_of[theirs.id].endswith(
        ": Standby in Auto Scaling group web; registered with none of these load balancers"
    )
    assert "stopped; out of staging" in told_of["Staging-1"]
    assert (
        "unhealthy in staging, as it answers its health check with another code than expected "
        "(Target.ResponseCodeMismatch, Health checks failed with these codes: [500])" in told_of["Staging-2"]
    )
    steps = [line.removeprefix("next: ") for line in seen if line.startswith("next: ")]
    attach = "--load-balancer target-group:staging"
    assert {each.rpartition(" (")[0] for each in steps} == {
        f"aws ec2 start-instances --instance-ids {pair.one.id}",
        f"gocd-tasks attach-instance Staging-1 {attach}",
        "gocd-tasks check-status --instance Staging-2 --url 'http://{private_ip}:8080/_status'",
        f"gocd-tasks attach-instance {ours.id} {attach}",
        f"gocd-tasks attach-instance {theirs.id} {attach}",
    }
    back = gocd_tasks("attach-instance", theirs.id, "--load-balancer", "target-group:staging")
    assert back.returncode == 0, back.stderr


def test_two_that_are_called_so_are_both_told_and_a_name_of_nothing_is_refused_with_the_nearest(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    twin = cloud.launch("Staging-1")

    both = facts(gocd_tasks("status", "Staging-1", "--output", "json"))
    nothing = gocd_tasks("status", "stagin")

    assert {each["id"] for each in both["instances"]} == {pair.one.id, twin.id}
    assert nothing.returncode == 2
    assert one_error(nothing) == (
        "error: no load balancer or instance is called stagin in eu-west-1; nothing was changed. "
        "Did you mean staging?"
    )


def test_watching_tells_in_a_log_only_what_has_changed_and_asks_no_more_than_once_a_second(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    staging = behind("application", drain=300)
    cloud.journal.clear()
    running = gocd_tasks.start("status", "staging", "--watch")
    first = [running.stdout.readline() for _ in range(5)]
    looks = len(cloud.journal.calls)
    eventually(lambda: len(cloud.journal.calls) > 3 * looks, True)
    cloud.client("elbv2").deregister_targets(TargetGroupArn=staging.arn, Targets=[{"Id": pair.one.id}])
    changed = running.stdout.readline()
    running.send_signal(signal.SIGINT)
    rest, error = running.communicate()

    assert first[0] == "staging (target group, port 8080): 2 healthy of 2\n"
    assert first[-1] == f"{NOTHING}\n"
    assert changed == "staging (target group, port 8080): 1 healthy of 2\n"
    assert not {*first} & {*rest.splitlines(keepends=True)}
    assert (running.returncode, error) == (130, "error: cancelled; nothing was changed\n")


def test_weights_and_the_switch_that_stands_are_told_with_both_ways_on(
    cloud: World, gocd_tasks: CommandLine, aws: Aws
) -> None:
    blue = cloud.target_group("blue")
    site = Site(cloud, blue, make_group(cloud, "green"), listener_of(cloud, blue))
    site.listen(site.forward(90, 10))
    record = Record(aws, SystemClock(), "blue-lb", "green")
    record.write(Switch("blue", "green", {"abc": {"blue": 1}}, "go", SINCE, at=10, heads=(50,)))

    seen = told(gocd_tasks("status", "blue-lb"))

    assert "HTTP:80 of blue-lb: leads to blue 90, green 10" in seen
    assert (
        "switch to green at blue-lb: under way, green has 10 % of the users of blue-lb, on its way to 50 % "
        "(begun by go at 2026-01-01 00:00:00 UTC)"
    ) in seen
    at = "--load-balancer blue-lb"
    on = f"next: gocd-tasks switch-traffic green {at} (to go on with the switch)"
    back = f"next: gocd-tasks switch-traffic --back {at} (or to have blue serve all users again)"
    assert seen[-2:] == told(gocd_tasks("status"))[-2:] == [on, back]


def listener_of(cloud: World, balancer: LoadBalancer) -> str:
    [listener] = cloud.client("elbv2").describe_listeners(LoadBalancerArn=balancer.load_balancer_arn)[
        "Listeners"
    ]
    return str(listener["ListenerArn"])
