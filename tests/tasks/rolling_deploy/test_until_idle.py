"""--until-idle: a drain of minutes ends when the last request has, and never before."""

import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from gocd.rehearsal.load.traffic import Traffic
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from gocd.samples.measurement import measure
from tests.program import CommandLine

pytestmark = pytest.mark.end_to_end

# How much faster than in life time passes: little, as real requests must take a part of it.
SPEED = 4

# What an Application Load Balancer has by default (AWS, application/edit-target-group-attributes).
DELAY = 300

# Real seconds of the request that is waited for: more than the 20 before which nothing is proof.
LONG = 24 / SPEED

# Seconds for which the load balancer keeps connections, which an instance cannot tell from used ones.
KEPT = 30


@pytest.fixture
def unhurried(cloud: World, gocd_tasks: CommandLine) -> CommandLine:
    """The command line and its AWS at that speed."""
    cloud.parts.settings.clock.run(SPEED)
    return replace(gocd_tasks, speed=SPEED)


@pytest.mark.exhaustive
def test_it_ends_with_the_last_request_and_not_with_the_delay(
    cloud: World, unhurried: CommandLine, sample: Service, tmp_path: Path
) -> None:
    idle, busy = (
        cloud.target_group(
            name,
            instances=[cloud.launch(f"{name}-{number}", service=sample) for number in (1, 2)],
            deregistration_delay=DELAY,
        )
        for name in ("idle", "busy")
    )
    for balancer in (idle, busy):
        cloud.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=balancer.load_balancer_arn,
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": str(KEPT)}],
        )
    jtl = tmp_path / "traffic.jtl"
    answers: list[tuple[float, int]] = []
    begin = time.monotonic()
    # Four in turn reach both instances.
    slow = [threading.Thread(target=_ask_slowly, args=(busy.url, begin, answers)) for _ in range(4)]
    for each in slow:
        each.start()

    with Traffic(idle.url, 50, jtl) as traffic:
        traffic.wait_until_flowing()
        start = time.monotonic()
        runs = {
            name: unhurried.start("detach-instance", f"{name}-1", "--load-balancer", name, "--until-idle")
            for name in ("idle", "busy")
        }
        ends = {}
        for name, run in runs.items():
            out, error = run.communicate(timeout=90)
            assert run.returncode == 0, out + error
            assert "no connection open, seen twice; the drain ends here" in out
            ends[name] = time.monotonic() - start
    for each in slow:
        each.join()

    # No proof before 20 s; two looks after that, long before the delay.
    assert 20 / SPEED < ends["idle"] < DELAY / SPEED / 4
    assert [status for _, status in answers] == [200] * 4
    assert start + ends["busy"] > begin + max(at for at, _ in answers)
    assert ends["busy"] < DELAY / SPEED / 3
    seen = measure(jtl)
    assert seen.sent > 300
    assert seen.lost == 0


def _ask_slowly(url: str, begin: float, answers: list[tuple[float, int]]) -> None:
    with urllib.request.urlopen(f"{url}slow?seconds={LONG}", timeout=60) as answer:
        answer.read()
        answers.append((time.monotonic() - begin, answer.status))
