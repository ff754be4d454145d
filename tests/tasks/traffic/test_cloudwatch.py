"""verify-traffic holds its verdict against the load balancer's own counts."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer

START = datetime.now(timezone.utc) - timedelta(minutes=4)


@pytest.fixture
def jtl(tmp_path: Path) -> str:
    first = round(START.timestamp() * 1000)
    lines = [f"{first + 100 * number},5,home,200,true\n" for number in range(20)]
    (tmp_path / "run.jtl").write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(lines))
    return str(tmp_path / "run.jtl")


def publish(cloud: World, arn: str, **values: float) -> None:
    dimension = {"Name": "LoadBalancer", "Value": arn.partition(":loadbalancer/")[2]}
    moment = START + timedelta(minutes=1)
    cloud.client("cloudwatch").put_metric_data(
        Namespace="AWS/ApplicationELB",
        MetricData=[
            {"MetricName": name, "Dimensions": [dimension], "Timestamp": moment, "Value": value}
            for name, value in values.items()
        ],
    )


def test_counts_of_zero_pass_and_silence_is_said(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    silent = gocd_tasks(*words)
    publish(cloud, made.load_balancer_arn, RequestCount=20)
    counted = gocd_tasks(*words)

    assert (silent.returncode, counted.returncode) == (0, 0), silent.stderr + counted.stderr
    assert "5xx of instances: not known, CloudWatch has no traffic for that time yet" in silent.stdout
    assert "not known" not in counted.stdout


def test_a_failure_that_only_the_load_balancer_saw_fails_the_verdict(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, jtl: str, tmp_path: Path
) -> None:
    made = behind("application")
    publish(cloud, made.load_balancer_arn, RequestCount=20, HTTPCode_ELB_5XX_Count=3)
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
    publish(cloud, made.load_balancer_arn, RequestCount=20, HTTPCode_ELB_5XX_Count=3)
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps({"time": datetime.now(timezone.utc).isoformat()}) + "\n")
    words = ("verify-traffic", "--jtl", jtl, "--cloudwatch", "staging", "--out", str(tmp_path / "out"))
    later = gocd_tasks(*words, "--since", str(events))
    wrong = gocd_tasks(*words, "--since", "yesterday")

    assert later.returncode == 0, later.stdout
    assert wrong.returncode == 2
    assert "--since takes a time" in wrong.stderr
