"""Many instances at once through SSM: as many AWS calls as for one, and each judged by itself."""

import json
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.machines.instances import Instance as Host
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance, find_instance
from tasks.aws.run_command import Platform, RunCommand, platforms
from tasks.aws.script_result import ScriptResult
from tasks.deployers.deployer import ReleaseFailed, Settings
from tasks.deployers.release import Release
from tasks.deployers.ssm import SsmDeployer
from tasks.running.clock import SystemClock
from tasks.running.errors import Cancelled, Refused
from tasks.running.waiting import Wait
from tests.fakes import FakeClock, Stage, instance
from tests.program import ShortSleeps
from tests.tasks.hosts.host import zip_of

RESTART = "systemctl restart app"


class Site:
    """Four instances, and what deploys to them."""

    def __init__(self, cloud: World, aws: Aws, hosts: list[Host], folder: Path) -> None:
        self.cloud, self.aws, self.hosts, self.folder = cloud, aws, hosts, folder
        self.stage = Stage()
        self.wait = Wait(ShortSleeps(), self.stage.log)
        self.instances = [find_instance(aws, host.id) for host in hosts]
        self.deployer = self.deploys_with(RESTART)

    def deploys_with(self, restart: str) -> SsmDeployer:
        settings = Settings("releases", "/srv/app", restart, 5, 60, [])
        return SsmDeployer(self.aws, "/srv/app", settings)

    def release(self, version: str, broken: str | None = None) -> Release:
        return Release("app", version, str(build_release(version, self.folder, broken=broken)))

    def deploy(self, release: Release, deployer: SsmDeployer | None = None) -> dict[str, str]:
        ways = deployer or self.deployer
        failures = ways.deploy_all(release, self.instances, self.wait)
        return {self.name(key): failure.what for key, failure in failures.items()}

    def records(self, release: Release, **since: object) -> dict[str, tuple[bool, str]]:
        found = self.deployer.records(release, self.instances, self.wait, **since)  # type: ignore[arg-type]
        return {self.name(key): (record.matches, record.words) for key, record in found.items()}

    def name(self, key: str) -> str:
        return next(each.name for each in self.instances if each.id == key)

    def calls(self) -> dict[str, int]:
        made = [call for call in self.cloud.journal.calls if not call.presigned]
        return {call.operation: len(self.cloud.journal.of(call.operation)) for call in made}

    def current(self) -> list[str]:
        return [(host.root / "srv/app/current").readlink().name for host in self.hosts]


@pytest.fixture
def site(cloud: World, aws: Aws, sample: Service, tmp_path: Path) -> Site:
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    hosts = [cloud.launch(f"Web-{number}", service=sample) for number in range(1, 5)]
    site = Site(cloud, aws, hosts, tmp_path)
    cloud.journal.clear()
    return site


def test_all_get_the_release_by_one_order(site: Site) -> None:
    release = site.release("2.0")
    site.deployer.check_all(release, site.instances)
    failures = site.deploy(release)
    calls = site.calls()

    assert failures == {}
    assert site.current() == ["2.0"] * 4
    assert calls.pop("ListCommandInvocations") >= 2
    in_s3 = {"HeadBucket": 1, "HeadObject": 2, "PutObject": 2}
    assert calls == {"DescribeInstanceInformation": 1, "SendCommand": 1, **in_s3}
    [order] = site.cloud.client("ssm").list_commands()["Commands"]
    assert (order["MaxConcurrency"], order["MaxErrors"], order["TargetCount"]) == ("100%", "100%", 4)
    assert "4 instances: installing 2.0 to /srv/app" in site.stage.lines
    assert not [line for line in site.stage.lines if "|" in line]


def test_one_that_fails_holds_nobody_back_and_says_why(site: Site) -> None:
    site.deploy(site.release("1.1"))
    site.cloud.journal.clear()
    site.hosts[1].fail_next_start()
    site.hosts[2].command_ends = ("Failed", "Undeliverable")
    failures = site.deployer.deploy_all(site.release("2.0"), site.instances, site.wait)
    said = {site.name(key): failure for key, failure in failures.items()}

    assert {name: failure.what for name, failure in said.items()} == {
        "Web-2": "installing 2.0 on Web-2 failed: 2.0 did not start",
        "Web-3": "installing 2.0 on Web-3 failed: SSM could not reach it",
    }
    runs = {name: failure.runs for name, failure in said.items() if isinstance(failure, ReleaseFailed)}
    assert runs == {"Web-2": "1.1 is running again", "Web-3": "Web-3 runs what it ran before"}
    assert site.current() == ["2.0", "1.1", "1.1", "2.0"]
    # Only the one that ran and failed is asked for all that it said.
    assert site.calls()["GetCommandInvocation"] == 1
    assert [line for line in site.stage.lines if line.startswith("Web-2: | Job for app.service failed")]


def test_what_cannot_be_reached_is_refused_before_anything_changes(site: Site) -> None:
    site.hosts[0].agent_online = site.hosts[3].agent_online = False
    with pytest.raises(Refused) as refused:
        site.deployer.check_all(site.release("2.0"), site.instances)

    assert refused.value.what == (
        "the SSM agent of Web-1 is ConnectionLost, not Online; "
        "the SSM agent of Web-4 is ConnectionLost, not Online"
    )
    assert "SendCommand" not in site.calls()


def test_an_order_that_is_not_taken_is_an_error_for_all(site: Site) -> None:
    site.cloud.faults.deny("ssm:SendCommand")
    with pytest.raises(Refused, match="AWS refused ssm:SendCommand on 4 instances"):
        site.deploy(site.release("2.0"))


class LosesAnAnswer(Aws):
    """AWS gets every call; its first answer to an order does not come back."""

    lost = False

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Mapping[str, Any]:
        answer = super().call(service, operation, subject, **parameters)
        if operation == "send_command" and not self.lost:
            self.lost = True
            raise AwsError("AWS cannot be reached for ssm:SendCommand", passing=True)
        return answer


def test_a_lost_answer_is_looked_up_and_nobody_gets_the_order_twice(site: Site) -> None:
    site.aws = LosesAnAnswer(SystemClock(), lambda _: None)

    assert site.deploy(site.release("2.0"), site.deploys_with(RESTART)) == {}
    assert site.calls()["SendCommand"] == site.calls()["ListCommands"] == 1


@pytest.mark.parametrize("spoil", [lambda body: body[:40], lambda body: body.replace(b"CommandId", b"Id")])
def test_an_order_whose_answer_cannot_be_read_is_looked_up_as_one_that_is_lost(
    site: Site, spoil: Callable[[bytes], bytes]
) -> None:
    site.cloud.faults.spoil("SendCommand", spoil)

    assert site.deploy(site.release("2.0"), site.deploys_with(RESTART)) == {}
    assert site.calls()["SendCommand"] == site.calls()["ListCommands"] == 1


def test_a_signal_stops_it_everywhere(site: Site) -> None:
    def signal_at_the_third_look(call: Call) -> None:
        if len(site.cloud.journal.of("ListCommandInvocations")) == 3:
            looked.append(call)

    looked: list[Call] = []
    site.cloud.faults.after_call = signal_at_the_third_look

    class Interrupted(ShortSleeps):
        def sleep(self, seconds: float) -> None:
            if looked:
                raise Cancelled(signal.SIGTERM)
            super().sleep(seconds)

    wait = Wait(Interrupted(), site.stage.log)
    site.stage.log.stands("4 instances may have either version", "Run again")
    with pytest.raises(Cancelled):
        site.deploys_with("sleep 60").deploy_all(site.release("2.0"), site.instances, wait)

    assert site.calls()["CancelCommand"] == 1
    assert site.stage.log.standing.state == (
        "installing 2.0 was told to stop; which release is current on 4 instances is not known; "
        "a restart goes on; "
        "4 instances may have either version"
    )


@pytest.mark.exhaustive
def test_every_instance_says_what_is_current_and_since_when(site: Site) -> None:
    release = site.release("2.0")
    assert site.records(release) == dict.fromkeys(
        ["Web-1", "Web-2", "Web-3", "Web-4"], (False, "no release.json")
    )
    start = site.wait.clock.wall()
    site.deploy(release)
    site.cloud.journal.clear()
    (site.hosts[1].root / "srv/app/current/release.json").write_text("not\nours")
    record = json.loads((site.hosts[2].root / "srv/app/current/release.json").read_text())
    record["sha256"] = "0" * 64
    (site.hosts[2].root / "srv/app/current/release.json").write_text(json.dumps(record))
    site.hosts[3].agent_online = False
    found = site.records(release, since=start)
    deployed = f"2.0, deployed {start:%Y-%m-%d %H:}"

    matches, words = found["Web-1"]
    assert matches
    assert words.startswith(deployed)
    assert words.endswith(" UTC")
    assert found["Web-2"] == (False, "its release.json was not written by --via ssm")
    assert found["Web-3"][0] is False
    assert found["Web-3"][1].endswith(" UTC, from another archive")
    assert found["Web-4"] == (
        False,
        "its record cannot be read: the SSM agent of Web-4 is ConnectionLost, not Online",
    )
    assert site.calls()["SendCommand"] == 1
    assert "GetCommandInvocation" not in site.calls()


@pytest.mark.exhaustive
def test_an_earlier_deployment_of_the_same_does_not_match_and_a_new_one_does(site: Site) -> None:
    release = site.release("2.0")
    site.deploy(release)
    later = site.wait.clock.wall()

    for matches, words in site.records(release, since=later).values():
        assert not matches
        assert words.endswith(", before this deployment")
    assert all(matches for matches, _ in site.records(release).values())
    site.deploy(release)
    assert all(matches for matches, _ in site.records(release, since=later).values())
    future = site.wait.clock.wall() + timedelta(seconds=1)
    assert not any(matches for matches, _ in site.records(release, since=future).values())


@pytest.mark.exhaustive
def test_another_release_does_not_match(site: Site) -> None:
    site.deploy(site.release("2.0"))

    for matches, words in site.records(site.release("2.1")).values():
        assert not matches
        assert words.startswith("2.0, deployed ")


def test_records_that_aws_does_not_let_be_read_say_so(site: Site) -> None:
    site.cloud.faults.deny("ssm:SendCommand")
    found = site.records(site.release("2.0"))

    assert set(found.values()) == {
        (
            False,
            "its record cannot be read: AWS refused ssm:SendCommand on 4 instances (AccessDeniedException)",
        )
    }


MakeMany = Callable[[int], list[Instance]]


@pytest.fixture
def many(cloud: World, aws: Aws) -> MakeMany:
    def make(number: int) -> list[Instance]:
        hosts = [cloud.launch(f"Bare-{each}") for each in range(number)]
        return [Instance(each.id, each.name, each.private_ip, each.zone, "running") for each in hosts]

    return make


def test_more_than_fifty_are_two_orders_and_all_are_judged(cloud: World, aws: Aws, many: MakeMany) -> None:
    instances = many(53)
    stage = Stage()
    cloud.journal.clear()
    known = platforms(aws, instances)
    command = RunCommand(aws, {Platform.LINUX: instances}, 30)
    failing = instances[51].id
    script = f'echo "on $INSTANCE_ID"; [ "$INSTANCE_ID" != {failing} ]'
    outcomes = command.run({Platform.LINUX: script}, Wait(SystemClock(), stage.log), "trying")

    assert set(known.values()) == {Platform.LINUX}
    assert len(cloud.journal.of("DescribeInstanceInformation")) == len(cloud.journal.of("SendCommand")) == 2
    assert len(cloud.journal.of("GetCommandInvocation")) == 1
    assert {key for key, ended in outcomes.items() if ended.problem} == {failing}
    assert all(outcomes[each.id].output == f"on {each.id}\n" for each in instances)
    assert outcomes[failing].problem == "it exited 1"


class Tells(Aws):
    """An SSM that takes an order for Staging-1 and Staging-2, and lists of it what *listed* says."""

    def __init__(self, clock: FakeClock, listed: Callable[[], list[dict[str, Any]]]) -> None:
        super().__init__(clock, lambda _: None)
        self._listed = listed

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Mapping[str, Any]:
        if operation == "send_command":
            return {"Command": {"CommandId": "1"}}
        assert operation == "list_command_invocations"
        return {"CommandInvocations": self._listed()}


def listed(number: int, status: str) -> dict[str, Any]:
    plugin = {"ResponseCode": 0, "Output": ""}
    return {
        "InstanceId": f"i-{number}",
        "Status": status,
        "StatusDetails": status,
        "CommandPlugins": [plugin],
    }


def followed(stage: Stage, answers: Callable[[], list[dict[str, Any]]]) -> dict[str, ScriptResult]:
    pair = [instance(1), instance(2)]
    command = RunCommand(Tells(stage.clock, answers), {Platform.LINUX: pair}, 60)
    return command.run({Platform.LINUX: "true"}, stage.wait, "2 instances: trying")


def test_one_that_ssm_never_lists_has_not_begun() -> None:
    stage = Stage()
    outcomes = followed(stage, lambda: [listed(1, "Success")])

    assert outcomes["i-1"].problem is None
    assert (outcomes["i-2"].problem, outcomes["i-2"].began) == ("SSM has not taken it up", False)
    assert 60 <= stage.clock.now() < 65


def test_one_that_never_ends_is_late_and_the_others_are_judged() -> None:
    stage = Stage()
    outcomes = followed(stage, lambda: [listed(1, "Success"), listed(2, "InProgress")])

    assert outcomes["i-1"].problem is None
    assert outcomes["i-2"].late
    assert outcomes["i-2"].problem == "it has not ended after 180 s"
    assert "2 instances: trying: 1 of 2 ended, 30 s of up to 180 s" in stage.lines


def test_a_status_that_nobody_knows_is_neither_an_end_nor_a_success() -> None:
    stage = Stage()

    def answers() -> list[dict[str, Any]]:
        return [listed(1, "Success" if stage.clock.now() > 40 else "Parked"), listed(2, "Parked")]

    outcomes = followed(stage, answers)

    assert outcomes["i-1"].problem is None
    assert outcomes["i-2"].late
    known = "SSM calls it 'Parked', which is not known here"
    assert outcomes["i-2"].problem == f"it has not ended after 180 s ({known})"
    assert any("0 of 2 ended; SSM calls Staging-1 'Parked', which is" in line for line in stage.lines)


def test_when_aws_cannot_be_asked_any_more_what_was_heard_still_counts() -> None:
    stage = Stage()

    def answers() -> list[dict[str, Any]]:
        if stage.clock.now() > 5:
            raise AwsError("AWS refused ssm:ListCommandInvocations (AccessDenied)", code="AccessDenied")
        return [listed(1, "Success"), listed(2, "InProgress")]

    outcomes = followed(stage, answers)

    assert outcomes["i-1"].problem is None
    assert outcomes["i-2"].began
    assert "is not known (AWS refused ssm:ListCommandInvocations" in str(outcomes["i-2"].problem)


def test_many_refusals_name_a_few(site: Site) -> None:
    for host in site.hosts:
        host.platform = "MacOS"
    strangers = [instance(number) for number in range(1, 4)]
    with pytest.raises(Refused) as refused:
        site.deployer.check_all(site.release("2.0"), [*site.instances, *strangers])

    assert refused.value.what.count("runs MacOS") == 4
    assert refused.value.what.endswith("Staging-1 is not managed by SSM and 2 more")


def test_windows_is_read_in_powershell(site: Site, tmp_path: Path) -> None:
    for host in site.hosts:
        host.platform, host.command_ends = "Windows", ("Success", "Success")
    archive = tmp_path / "app.zip"
    archive.write_bytes(zip_of({"app.exe": (0, b"2.0")}))
    release = Release("app", "2.0", str(archive))
    words = "--install-to '/srv/app' is no folder with a drive, and Web-1 runs Windows"
    assert site.records(release)["Web-1"] == (False, f"its record cannot be read: {words}")

    settings = Settings("releases", r"C:\srv\app", RESTART, 5, 60, [])
    site.deployer = SsmDeployer(site.aws, r"C:\srv\app", settings)
    found = site.records(release)
    [order] = site.cloud.client("ssm").list_commands()["Commands"]

    assert set(found.values()) == {(False, "its record cannot be read: it printed nothing")}
    assert order["DocumentName"] == "AWS-RunPowerShellScript"
