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
OF_A_GROUP = ("RequestCount", "HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")
START = datetime.now(timezone.utc) - timedelta(minutes=4)


@pytest.fixture
def jtl(tmp_path: Path) -> str:
    first = round(START.timestamp() * 1000)
    lines = [f"{first + 100 * number},5,home,200,true\n" for number in range(20)]
    (tmp_path / "run.jtl").write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(lines))
    return str(tmp_path / "run.jtl")


def publish(cloud: World, made: LoadBalancer, **values: float) -> None:
    """Put figures where AWS does: those that it counts for each target group with that dimension too."""
    balancer = {"Name": "LoadBalancer", "Value": made.load_balancer_arn.partition(":loadbalancer/")[2]}
    group = {"Name": "TargetGroup", "Value": made.arn.rpartition(":")[2]}
    moment = START + timedelta(minutes=1)
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
    assert "verify: failed: staging: 3 5xx of the load balancer's own; at most 0 allowed" in done.stdout
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


def test_what_others_behind_the_same_load_balancer_lose_is_not_ours_where_aws_tells_them_apart(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    elbv2 = cloud.client("elbv2")
    [theirs] = elbv2.create_target_group(Name="theirs", Protocol="HTTP", Port=80, VpcId=cloud.network.vpc)[
        "TargetGroups"
    ]
    forward = {"Type": "forward", "TargetGroupArn": theirs["TargetGroupArn"]}
    elbv2.create_listener(
        LoadBalancerArn=made.load_balancer_arn, Protocol="HTTP", Port=81, DefaultActions=[forward]
    )
    publish(cloud, made, RequestCount=20)
    publish(cloud, replace(made, arn=theirs["TargetGroupArn"]), RequestCount=90, HTTPCode_Target_5XX_Count=9)
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    done = gocd_tasks(*words)

    assert done.returncode == 0, done.stdout
    publish(cloud, made, HTTPCode_ELB_5XX_Count=2)
    shared = gocd_tasks(*words)
    assert shared.returncode == 1
    assert "2 5xx of the load balancer's own, counted for its 2 target groups together" in shared.stdout
