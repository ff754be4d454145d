"""Proof after a rollout: every server has the release, by its own record and by its own answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tasks.batch import Batch
from tasks.deployment import Deployer, KeepsRecords, Record, Release
from tasks.log import Log
from tasks.rollout.questions import Questions, wait_for_all
from tasks.waiting import Wait

# Seconds that a server may take to answer; it has been asked before, so this is for a lost packet.
PATIENCE = 10.0


@dataclass(frozen=True)
class Proof:
    """Compares the version and the deployed time of servers with the release.

    Args:
        started: When this run began: what it deployed itself cannot be recorded as older.
    """

    release: Release
    deployer: Deployer
    questions: Questions
    started: datetime

    def mismatched(self, batch: Batch, deployed_now: set[str], wait: Wait, log: Log) -> Mapping[str, str]:
        """Return who does not have the release, in words, by instance id.

        Args:
            deployed_now: Ids of those that this run deployed to.
        """
        if not len(batch):
            return {}
        differing = {}
        if isinstance(self.deployer, KeepsRecords):
            records = self._records(self.deployer, batch, deployed_now, wait, log)
            for instance in batch:
                log.say(f"{instance.name}: {records[instance.id].words}")
            differing = {key: each.words for key, each in records.items() if not each.matches}
        return {**differing, **wait_for_all(self.questions.deployed, batch, wait, PATIENCE, log)}

    def has_it(self, batch: Batch, wait: Wait, log: Log) -> set[str]:
        """Return the ids of those whose record, where one is kept, is of the release."""
        if not len(batch) or not isinstance(self.deployer, KeepsRecords):
            return {instance.id for instance in batch}
        records = self.deployer.differences(self.release, batch.instances, wait, log)
        return {key for key, record in records.items() if record.matches}

    def _records(
        self, deployer: KeepsRecords, batch: Batch, deployed_now: set[str], wait: Wait, log: Log
    ) -> Mapping[str, Record]:
        now = [each for each in batch if each.id in deployed_now]
        before = [each for each in batch if each.id not in deployed_now]
        records: dict[str, Record] = {}
        if now:
            records |= deployer.differences(self.release, now, wait, log, since=self.started)
        if before:
            records |= deployer.differences(self.release, before, wait, log)
        return records
