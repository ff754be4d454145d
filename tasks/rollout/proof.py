"""Proof after a rollout: every server has the release, by its own record and by its own answer."""

from dataclasses import dataclass
from datetime import datetime

from tasks.balancing.batch import Batch
from tasks.deployers.deployer import Deployer, KeepsRecords, Record, Release
from tasks.rollout.questions import Questions, ask, wait_for_all
from tasks.running.log import Log
from tasks.running.waiting import Wait

# Seconds that a server may take to answer; it has been asked before, so this is for a lost packet.
PATIENCE = 10.0


@dataclass(frozen=True)
class Findings:
    """What a comparison of servers with the release found, in words, by instance id.

    Args:
        wrong: They do not have it.
        unproved: It cannot be told whether they have it.
    """

    wrong: dict[str, str]
    unproved: dict[str, str]


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

    def compare(self, batch: Batch, deployed_now: set[str], wait: Wait, log: Log) -> Findings:
        """Have every server's record and answer compared, and say what each record says.

        A record that cannot be read proves nothing either way; then the answer alone decides, where it
        names the version.

        Args:
            deployed_now: Ids of those that this run deployed to.
        """
        findings = Findings({}, {})
        if not len(batch):
            return findings
        findings.wrong.update(self._answers(batch, deployed_now, wait, log))
        if not isinstance(self.deployer, KeepsRecords):
            return findings
        records = self._records(self.deployer, batch, deployed_now, wait, log)
        for instance in batch:
            record = records[instance.id]
            log.say(f"{instance.name}: {record.words}")
            if record.known and not record.matches:
                findings.wrong.setdefault(instance.id, record.words)
            elif not record.known and not self.questions.proves_version:
                findings.unproved[instance.id] = record.words
        return findings

    def _answers(self, batch: Batch, deployed_now: set[str], wait: Wait, log: Log) -> dict[str, str]:
        """Who does not answer with the release; time to do so is for those that did a moment ago."""
        now = Batch(tuple(each for each in batch if each.id in deployed_now))
        others = [each for each in batch if each.id not in deployed_now]
        differing = dict(ask(self.questions.deployed, others))
        return differing | dict(
            wait_for_all(self.questions.deployed, now, wait, PATIENCE, log) if now else {}
        )

    def has_it(self, batch: Batch, wait: Wait, log: Log) -> set[str]:
        """Return the ids of those whose record, where one is kept, is of the release."""
        if not len(batch) or not isinstance(self.deployer, KeepsRecords):
            return {instance.id for instance in batch}
        records = self.deployer.differences(self.release, batch.instances, wait, log)
        return {key for key, record in records.items() if record.matches}

    def _records(
        self, deployer: KeepsRecords, batch: Batch, deployed_now: set[str], wait: Wait, log: Log
    ) -> dict[str, Record]:
        records = self._read(deployer, batch, deployed_now, wait, log)
        if unread := Batch(tuple(each for each in batch if not records[each.id].known)):
            records |= self._read(deployer, unread, deployed_now, wait, log)
        return records

    def _read(
        self, deployer: KeepsRecords, batch: Batch, deployed_now: set[str], wait: Wait, log: Log
    ) -> dict[str, Record]:
        now = [each for each in batch if each.id in deployed_now]
        before = [each for each in batch if each.id not in deployed_now]
        records: dict[str, Record] = {}
        if now:
            records |= deployer.differences(self.release, now, wait, log, since=self.started)
        if before:
            records |= deployer.differences(self.release, before, wait, log)
        return records
