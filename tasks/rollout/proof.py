"""Proof after a rollout: every server has the release, by its own record and by its own answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.balancing.batch import Batch
from tasks.deployers.deployer import Deployer
from tasks.deployers.record import Record, unread
from tasks.deployers.release import Release
from tasks.rollout.questions import Questions
from tasks.running.waiting import Wait
from tasks.status.check import NoAnswer
from tasks.status.settle import ask, wait_for_all

# Seconds that a server may take to answer; it has been asked before, so this is for a lost packet.
PATIENCE = 10.0


@dataclass(frozen=True)
class Findings:
    """What a comparison of servers with the release found, in words, by instance id.

    Args:
        wrong: They do not have it.
        unproved: It cannot be told whether they have it; they may be well and only out of reach from here.
    """

    wrong: dict[str, str]
    unproved: dict[str, str]


@dataclass(frozen=True)
class Proof:
    """Compares the version and the deployed time of servers with the release.

    Args:
        started: When this run began: what it deployed itself cannot be recorded as older.
        began: The same moment by the clock that never goes back.
    """

    release: Release
    deployer: Deployer
    questions: Questions
    started: datetime
    began: float

    def compare(self, batch: Batch, deployed_now: set[str], wait: Wait) -> Findings:
        """Have every server's record and answer compared, and say what each record says.

        A record that cannot be read proves nothing either way; then the answer alone decides, where it
        names the version.

        Args:
            deployed_now: Ids of those that this run deployed to.
        """
        findings = Findings({}, {})
        if not batch:
            return findings
        for key, words in self._answers(batch, deployed_now, wait).items():
            silent = isinstance(words, NoAnswer)
            (findings.unproved if silent else findings.wrong)[key] = words
        if not self.deployer.keeps_records:
            return findings
        records = self._records(batch, deployed_now, wait)
        for instance in batch:
            record = records[instance.id]
            wait.log.say(f"{instance.name}: {record.words}")
            if record.known and not record.matches:
                findings.wrong.setdefault(instance.id, record.words)
                findings.unproved.pop(instance.id, None)
            elif not record.known and not self.questions.proves_version:
                findings.unproved.setdefault(instance.id, record.words)
        return findings

    def _answers(self, batch: Batch, deployed_now: set[str], wait: Wait) -> dict[str, str]:
        """Who does not answer with the release; time to do so is for those that did a moment ago."""
        now = Batch(tuple(each for each in batch if each.id in deployed_now))
        others = [each for each in batch if each.id not in deployed_now]
        differing = dict(ask(self.questions.deployed, others))
        return differing | dict(wait_for_all(self.questions.deployed, now, wait, PATIENCE) if now else {})

    def has_it(self, batch: Batch, wait: Wait) -> set[str]:
        """Return the ids of those whose record, where one is kept, is of the release."""
        if not batch or not self.deployer.keeps_records:
            return {instance.id for instance in batch}
        records = self.deployer.records(self.release, batch.instances, wait)
        return {key for key, record in records.items() if record.matches}

    def _records(self, batch: Batch, deployed_now: set[str], wait: Wait) -> dict[str, Record]:
        records = self._read(batch, deployed_now, wait)
        if unread := Batch(tuple(each for each in batch if not records[each.id].known)):
            records |= self._read(unread, deployed_now, wait)
        return records

    def _read(self, batch: Batch, deployed_now: set[str], wait: Wait) -> dict[str, Record]:
        now = [each for each in batch if each.id in deployed_now]
        before = [each for each in batch if each.id not in deployed_now]
        records = {each.id: unread("nothing was told of it") for each in batch}
        if now:
            records |= self.deployer.records(self.release, now, wait, since=self._since(wait))
        if before:
            records |= self.deployer.records(self.release, before, wait)
        return records

    def _since(self, wait: Wait) -> datetime:
        """When this run began, by the earlier of the agent's times: its clock may have been set since."""
        return min(self.started, wait.clock.wall() - timedelta(seconds=wait.since(self.began)))
