"""What a rollout would do to each server if it began now: the plan that it carries out, batch by batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.balancing.batch import Batch
from tasks.rollout.batches import batch_of, batches
from tasks.rollout.rolling import RolloutPlan
from tasks.rollout.turn import Turn
from tasks.status.settle import ask


@dataclass(frozen=True)
class Foreseen:
    """A plan, and how its servers answer now.

    Args:
        have: Ids of those that answer with the release already.
        unwell: What the others that would be skipped answer, by id.
        recorded: Whether a record on each of them must say so too.
    """

    plan: RolloutPlan
    have: frozenset[str]
    unwell: Mapping[str, str]
    recorded: bool

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        plan, number, going = self.plan, 0, 0
        for batch in batches(plan.servers, plan.size):
            yield from filter(None, (self._stays(each.instance) for each in batch if not each.away))
            named = batch_of(each for each in batch if each.away or not self._stays(each.instance))
            if named:
                number, going = number + 1, going + len(named)
                back = Batch(tuple(each for each in named if each.id in self.have))
                only = f" ({back.names} only to come back)" if back else ""
                yield f"batch {number} would be: {named.names}{only}"
        yield f"{plan.version} would go to {going} of {len(plan.servers)} servers, {plan.size} at a time"

    def _stays(self, instance: Instance) -> str:
        if instance.id in self.have:
            record = ", if its record says so too" if self.recorded else ""
            return f"{instance.name}: answers {self.plan.version} already; nothing would be done{record}"
        if instance.id in self.unwell:
            return f"{instance.name}: would be skipped, its status call {self.unwell[instance.id]}"
        return ""


def foresee(plan: RolloutPlan, turn: Turn, *, again: bool) -> Foreseen:
    """Ask every server how it is.

    Args:
        again: Whether those that have the release already would be deployed to as well.
    """
    everyone, questions = batch_of(plan.servers), turn.questions
    unwell = dict(ask(questions.alive, everyone))
    have = set()
    if questions.proves_version and not again:
        well = [each for each in everyone if each.id not in unwell]
        have = {each.id for each in well} - ask(questions.deployed, well).keys()
    return Foreseen(plan, frozenset(have), unwell, turn.deployer.keeps_records)
