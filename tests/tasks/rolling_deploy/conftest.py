"""What tests of rolling-deploy share: a fleet behind one load balancer, in a hurry."""

import json
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World
from tasks.deployers import noted
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine, Done, Running

GROUP = "members"
READING = ("Describe", "Get", "List", "Head")
# Operations by which a rollout changes what it must leave as it was, and deploys.
CHANGING = {
    *("RegisterTargets", "DeregisterTargets", "SendCommand", "StopInstances", "EnterStandby", "ExitStandby"),
    *("UpdateAutoScalingGroup", "SuspendProcesses", "ResumeProcesses", "CreateOrUpdateTags", "CreateTags"),
}


@dataclass
class Fleet:
    """Servers launched by hand and, in an Auto Scaling group, its members, all behind *balancer*."""

    cloud: World
    gocd_tasks: CommandLine
    folder: Path
    service: Service
    balancer: LoadBalancer
    servers: list[Instance]
    members: list[Instance] = field(default_factory=list)
    signalled: list[Call] = field(default_factory=list)

    @property
    def everyone(self) -> list[Instance]:
        return [*self.servers, *self.members]

    def words(
        self, *more: str, version: str = "2.0", broken: str | None = None, status: bool = True
    ) -> list[str]:
        release = build_release(version, self.folder / (broken or "well"), broken=broken)
        asked = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")
        return [
            *("rolling-deploy", str(release), "--load-balancer", "fleet", "--version", version),
            *("--bucket", "releases", "--install-to", "/srv/app", "--restart", "systemctl restart app"),
            *(asked if status else ()),
            *("--settle", "0", "--status-timeout", "5", *more),
        ]

    def roll(self, *more: str, version: str = "2.0", broken: str | None = None, status: bool = True) -> Done:
        return self.gocd_tasks(*self.words(*more, version=version, broken=broken, status=status))

    def launch(self, name: str, zone: str) -> Instance:
        return self.cloud.launch(name, zone=zone, service=self.service)

    def break_(self, *instances: Instance) -> None:
        """Have these answer everything with 500, and wait until the load balancer knows it."""
        for each in instances:
            (each.root / "srv/app/current/BROKEN").write_text("answers-500\n")
            assert not self.cloud.restart(each)
        eventually(lambda: {self.health().get(each.id) for each in instances}, {"unhealthy"})

    def have_users_get_500(self, *instances: Instance) -> None:
        """Have these answer everybody but the load balancer with 500."""
        # Unhealthy first: a restart that the load balancer has yet to notice would pass for one that is over.
        self.break_(*instances)
        for each in instances:
            (each.root / "srv/app/current/BROKEN").write_text("users-get-500\n")
            assert not self.cloud.restart(each)
        eventually(lambda: {self.health().get(each.id) for each in instances}, {"healthy"})

    def lose_again(self, instance: Instance) -> None:
        """Have this one go back to 1.0 when everybody has the release."""
        registered: list[Call] = []

        def hook(call: Call) -> None:
            if call.operation in {"RegisterTargets", "ExitStandby"}:
                registered.append(call)
                if len(registered) == len(self.everyone):
                    current = instance.root / "srv/app/current"
                    current.unlink()
                    current.symlink_to("releases/1.0")
                    assert not self.cloud.restart(instance)

        self.cloud.faults.after_call = hook

    def health(self) -> dict[str, str]:
        """What the load balancer says of each server, by id."""
        told = self.cloud.client("elbv2").describe_target_health(TargetGroupArn=self.balancer.arn)
        return {
            each["Target"]["Id"]: each["TargetHealth"]["State"] for each in told["TargetHealthDescriptions"]
        }

    def versions(self) -> dict[str, str]:
        """What each server itself answers, by id: a version, a status code, or nothing."""
        return {each.id: answer(each) for each in self.everyone}

    def power(self, instance: Instance) -> str:
        [told] = self.cloud.client("ec2").describe_instances(InstanceIds=[instance.id])["Reservations"]
        return str(told["Instances"][0]["State"]["Name"])

    def standing(self) -> dict[str, Any]:
        """All that a rollout changes and must leave as it was; the versions are what it is for."""
        groups = self.cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        tags = [t for t in self.cloud.client("ec2").describe_tags()["Tags"] if t["Key"] != noted.TAG]
        return {
            "health": self.health(),
            "tags": sorted((t["ResourceId"], t["Key"]) for t in tags if t["Key"].startswith("gocd-tasks:")),
            "groups": [
                {
                    "sizes": (each["MinSize"], each["DesiredCapacity"], each["MaxSize"]),
                    "suspended": each["SuspendedProcesses"],
                    "tags": sorted(tag["Key"] for tag in each["Tags"]),
                    "members": {one["InstanceId"]: one["LifecycleState"] for one in each["Instances"]},
                }
                for each in groups
            ],
        }

    def installs(self, instance: Instance) -> int:
        """How often a release was installed on it."""
        scripts = (instance.root / "var/lib/amazon/ssm").glob("*/_script.sh")
        return sum("# Installs one release" in script.read_text() for script in scripts)

    def changes(self) -> list[str]:
        return [call.operation for call in self.cloud.journal.calls if call.operation in CHANGING]

    def starts(self, *more: str) -> Running:
        return self.gocd_tasks.start(*self.words(*more))

    def started_and_signalled(
        self, at: Callable[[Call], bool], number: signal.Signals, *more: str, before: bool = False
    ) -> Done:
        """Start a rollout and signal it at the first call that *at* picks, before or after its effect."""
        running: Future[Running] = Future()
        answered = threading.Event()
        sent = self.signalled = []

        def strike(call: Call) -> None:
            if not sent and at(call):
                sent.append(call)
                if before:
                    # Its sender is gone by then, and the call would take effect all the same.
                    faults.deny(call.action)
                running.result().send_signal(number)
                if number == signal.SIGKILL:
                    running.result().wait()

        def after(call: Call) -> None:
            if not before:
                strike(call)
            if call in sent:
                answered.set()

        faults = self.cloud.faults
        faults.before_call, faults.after_call = strike if before else None, after
        running.set_result(self.starts(*more))
        out, error = running.result().communicate(timeout=120)
        # The fault lasts as long as the call that it is for.
        assert not sent or answered.wait(60)
        faults.clear()
        return Done(running.result().args, running.result().wait(), out, error)


MakeFleet = Callable[..., Fleet]


@pytest.fixture
def fleet(cloud: World, gocd_tasks: CommandLine, sample: Service, tmp_path: Path) -> MakeFleet:
    """Makes a fleet: servers by hand in the zones given in turn, and members of a group; all serve 1.0."""
    place = {"LocationConstraint": "eu-west-1"}

    def make(
        servers: int = 0,
        *,
        members: int = 0,
        min_size: int = 0,
        zones: Collection[str] = ("eu-west-1a", "eu-west-1b"),
        drain: int = 1,
        cross_zone: bool | None = None,
        kind: str = "application",
    ) -> Fleet:
        cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
        launched = [
            cloud.launch(f"Fleet-{number + 1}", zone=[*zones][number % len(zones)], service=sample)
            for number in range(servers)
        ]
        balancer = cloud.target_group(
            "fleet",
            kind="network" if kind == "network" else "application",
            instances=launched,
            deregistration_delay=drain,
            cross_zone=cross_zone,
        )
        grouped = (
            cloud.auto_scaling_group(
                *(GROUP,),
                size=members,
                min_size=min_size,
                service=sample,
                load_balancers=[balancer],
                zones=[*zones],
            )
            if members
            else []
        )
        return Fleet(cloud, gocd_tasks, tmp_path, sample, balancer, launched, grouped)

    return make


def answer(instance: Instance) -> str:
    try:
        with urllib.request.urlopen(f"http://{instance.private_ip}:8080/_status", timeout=30) as told:
            return str(json.load(told)["version"])
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError:
        return "nothing"


def change(number: int) -> Callable[[Call], bool]:
    """Pick the change of this number, from 0, where locks count too."""
    changes: list[Call] = []

    def picks(call: Call) -> bool:
        if not call.presigned and not call.operation.startswith(READING):
            changes.append(call)
            return len(changes) == number + 1
        return False

    return picks
