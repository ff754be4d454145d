"""verify-traffic holds its verdict against the load balancer's own counts."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tasks.running.errors import Refused
from tasks.traffic.cloudwatch import read_since
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer

# AWS, application/load-balancer-cloudwatch-metrics: what has the dimension TargetGroup.
OF_A_GROUP = (
    "RequestCount",
    "HTTPCode_Target_5XX_Count",
    "TargetConnectionErrorCount",
    "UnHealthyHostCount",
)
# Long enough ago for CloudWatch to have all of it.
START = datetime.now(timezone.utc) - timedelta(minutes=9)


@pytest.fixture
def jtl(tmp_path: Path) -> str:
    first = round(START.timestamp() * 1000)
    lines = [f"{first + 100 * number},5,home,200,true\n" for number in range(20)]
    (tmp_path / "run.jtl").write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(lines))
    return str(tmp_path / "run.jtl")


def publish(cloud: World, made: LoadBalancer, minute: int = 1, **values: float) -> None:
    """Put figures where AWS does: those that it counts for each target group with that dimension too."""
    balancer = {"Name": "LoadBalancer", "Value": made.load_balancer_arn.partition(":loadbalancer/")[2]}
    group = {"Name": "TargetGroup", "Value": made.arn.rpartition(":")[2]}
    moment = START + timedelta(minutes=minute)
    cloud.client("cloudwatch").put_metric_data(
        Namespace="AWS/ApplicationELB",
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": moment, "Value": value}
            for name, value in values.items()
            for dimensions in ([[balancer], [balancer, group]] if name in OF_A_GROUP else [[balancer]])
        ],
    )


def test_counts_of_zero_pass_and_silence_is_said(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    silent = gocd_tasks(*words)
    publish(cloud, made, RequestCount=20)
    counted = gocd_tasks(*words)

    assert (silent.returncode, counted.returncode) == (0, 0), silent.stderr + counted.stderr
    assert "5xx of instances: not known, CloudWatch has no traffic for that time yet" in silent.stdout
    assert "not known" not in counted.stdout


def test_a_failure_that_only_the_load_balancer_saw_fails_the_verdict(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    publish(cloud, made, RequestCount=20, HTTPCode_ELB_5XX_Count=3)
    out = tmp_path / "out"
    done = gocd_tasks("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(out))

    assert done.returncode == 1
    assert "verify: failed: staging-lb: 3 5xx of the load balancer's own; at most 0 allowed" in done.stdout
    assert json.loads((out / "verdict.json").read_text())["passed"] is False
    assert "3 5xx of the load balancer" in (out / "report.html").read_text()


def test_a_missing_permission_fails_and_names_the_action(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    behind("application")
    cloud.faults.deny("cloudwatch:GetMetricData")
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    done = gocd_tasks(*words)

    assert done.returncode == 1
    assert "AWS refused cloudwatch:GetMetricData" in done.stdout


def test_since_takes_a_time_or_an_event_file_and_nothing_else(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    publish(cloud, made, RequestCount=20, HTTPCode_ELB_5XX_Count=3)
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps({"time": datetime.now(timezone.utc).isoformat()}) + "\n")
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    later = gocd_tasks(*words, "--since", str(events))
    wrong = gocd_tasks(*words, "--since", "yesterday")

    assert later.returncode == 0, later.stdout
    assert wrong.returncode == 2
    assert "--since takes a time" in wrong.stderr


@pytest.mark.parametrize(
    "line", ['{"time": null}', '{"time": 7}', "[]", "7", '{"time": "2026-02-30"}', "[" * 2000]
)
def test_an_event_file_that_begins_with_no_time_is_refused(tmp_path: Path, line: str) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(f"{line}\n")

    with pytest.raises(Refused, match="--since takes a time"):
        read_since(str(events))


def second_group(cloud: World, made: LoadBalancer, name: str) -> LoadBalancer:
    """Give the same load balancer a further target group, on a port of its own."""
    elbv2 = cloud.client("elbv2")
    [group] = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=cloud.network.vpc)[
        "TargetGroups"
    ]
    forward = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
    elbv2.create_listener(
        LoadBalancerArn=made.load_balancer_arn, Protocol="HTTP", Port=81, DefaultActions=[forward]
    )
    return replace(made, arn=group["TargetGroupArn"])


def test_what_others_behind_the_same_load_balancer_lose_is_not_ours_where_aws_tells_them_apart(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    theirs = second_group(cloud, made, "theirs")
    publish(cloud, made, RequestCount=20)
    publish(cloud, theirs, RequestCount=90, HTTPCode_Target_5XX_Count=9)
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    done = gocd_tasks(*words)

    assert done.returncode == 0, done.stdout
    publish(cloud, made, HTTPCode_ELB_5XX_Count=2)
    shared = gocd_tasks(*words)
    assert shared.returncode == 1
    assert "staging-lb: 2 5xx of the load balancer's own, counted for its 2 target groups together" in (
        shared.stdout
    )


def test_of_a_load_balancer_with_several_groups_each_is_judged_by_its_own_counts(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    """And what is counted for all of them together is told once."""
    made = behind("application")
    green = second_group(cloud, made, "green")
    publish(cloud, made, RequestCount=20, UnHealthyHostCount=1)
    publish(cloud, green, RequestCount=90, HTTPCode_Target_5XX_Count=9)
    out = tmp_path / "out"
    done = gocd_tasks("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging-lb", "--out", str(out))
    criteria = json.loads((out / "verdict.json").read_text())["criteria"]
    told = [each["message"] for each in criteria if each["name"] == "cloudwatch"]

    assert done.returncode == 1
    assert sum("5xx of the load balancer's own" in message for message in told) == 1
    assert "staging: 0 5xx of instances; at most 0 allowed" in told
    assert "green: 9 5xx of instances; at most 0 allowed" in told
    assert "staging: 1 of its instances unhealthy at one time; not judged" in told


def test_what_cloudwatch_has_not_all_of_yet_is_not_taken_for_none(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, tmp_path: Path
) -> None:
    """Traffic of three minutes, of which CloudWatch has the first: load balancers tell once a minute."""
    made = behind("application")
    lines = [
        f"{round((START + timedelta(seconds=at)).timestamp() * 1000)},5,home,200,true" for at in range(180)
    ]
    jtl = tmp_path / "run.jtl"
    jtl.write_text("\n".join(["timeStamp,elapsed,label,responseCode,success", *lines, ""]))
    publish(cloud, made, 0, RequestCount=60)
    words = ("verify-traffic", "--jtl", str(jtl), "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    early = gocd_tasks(*words)
    until = START + timedelta(minutes=1)
    again = START + timedelta(minutes=3)

    assert early.returncode == 0
    assert (
        f"staging: 5xx of instances: none until {until:%H:%M} UTC, and CloudWatch has not all of the "
        f"traffic's time yet; judge again after {again + timedelta(minutes=4):%H:%M} UTC"
    ) in early.stdout
    publish(cloud, made, 3, RequestCount=60)
    assert "not all of" not in gocd_tasks(*words).stdout
    publish(cloud, made, 0, HTTPCode_Target_5XX_Count=2)
    assert "staging: 2 5xx of instances; at most 0 allowed" in gocd_tasks(*words).stdout
