"""What counts as proof that a server has the release, and what as proof that it has not."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from tasks.aws.instances import Instance
from tasks.balancing.batch import Batch
from tasks.deployers.record import Record, compared, facts
from tasks.deployers.release import Release
from tasks.rollout.proof import Findings, Proof
from tasks.rollout.questions import Questions
from tasks.running.waiting import Wait
from tests.fakes import Stage, instance
from tests.tasks.rollout.fakes import Answer, Hosts

ONE = instance(1)


class RecordingHosts(Hosts):
    """Each keeps the record that was written when it was deployed to."""

    keeps_records = True

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}

    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        super().deploy(release, instance, wait)
        self.kept[instance.id] = facts(release, "digest", wait.clock.wall())

    def records(
        self, release: Release, instances: Sequence[Instance], wait: Wait, since: datetime | None = None
    ) -> dict[str, Record]:
        return {
            each.id: compared(f"record {self.kept[each.id]}", release, "digest", since) for each in instances
        }


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
@pytest.mark.parametrize("before", [True, False])
def test_a_clock_that_is_set_meanwhile_makes_no_deployment_an_older_one(seconds: float, before: bool) -> None:
    stage, hosts = Stage(), RecordingHosts()
    release = Release("app", "2.0", "app.tar.gz")
    questions = Questions(
        lambda each: Answer(hosts, each), lambda each: Answer(hosts, each, "2.0"), proves_version=True
    )
    earlier = stage.clock.wall()
    stage.clock.sleep(60)
    proof = Proof(release, hosts, questions, stage.clock.wall(), stage.clock.now())
    stage.clock.sleep(60)
    stage.clock.set_by = seconds if before else 0
    hosts.deploy(release, ONE, stage.wait)
    stage.clock.set_by = seconds

    assert proof.compare(Batch((ONE,)), {ONE.id}, stage.wait) == Findings({}, {})
    assert stage.lines[-1].startswith("Staging-1: 2.0, deployed 20")
    stage.clock.set_by = 0
    hosts.kept[ONE.id] = facts(release, "digest", earlier)
    assert "before this deployment" in proof.compare(Batch((ONE,)), {ONE.id}, stage.wait).wrong[ONE.id]
