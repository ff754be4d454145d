"""The second phase: every server gets its turn, and one that is not well gets a second one at the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.batch import Batch
from tasks.rollout.batches import batch_of, in_order, next_batch
from tasks.rollout.fleet import Fleet, Server
from tasks.rollout.proof import Proof
from tasks.rollout.turn import Turn
from tasks.running.log import Standing
from tasks.status.settle import ask


@dataclass
class Progress:
    """What became of each server so far, by instance id.

    Args:
        deployed: Those that this run deployed to.
        had_it: Those that had the release already.
        skipped: Those that were not well before, and how.
        spared: Those that were skipped once and get a second turn.
    """

    deployed: set[str] = field(default_factory=set)
    had_it: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)

    @property
    def seen(self) -> set[str]:
        return self.deployed | self.had_it | set(self.skipped)


@dataclass(frozen=True)
class Deploying:
    """Takes a fleet through its turns.

    Args:
        again: Deploy also to servers that have the release already.
        lock: Called before each batch with the load balancers of the fleet; returns whether one of them was
            not locked before, and raises if one cannot be, or is no longer.
    """

    turn: Turn
    proof: Proof
    again: bool = False
    lock: Callable[[Sequence[LoadBalancer]], bool] = lambda _: False

    def run(self, fleet: Fleet, size: int) -> Progress:
        """Take everyone through, *size* at a time; servers that come or go meanwhile are noticed.

        Raises:
            TaskError: Something halted it.
        """
        progress = Progress()
        while True:
            # In the order of all, not of those left: it is then the one that was announced.
            servers = in_order(self._seen(fleet))
            waiting = [each for each in servers if each.instance.id not in progress.seen]
            if waiting:
                self._take(next_batch(waiting, size), fleet, progress)
            elif not self._second_chance(servers, progress):
                return progress

    def _seen(self, fleet: Fleet) -> list[Server]:
        """The servers, seen while whatever they are behind is locked."""
        servers = fleet.look_again(self.turn.log)
        while self.lock(fleet.balancers):
            servers = fleet.look_again(self.turn.log)
        return servers

    def _take(self, servers: Sequence[Server], fleet: Fleet, progress: Progress) -> None:
        have = self._have_it(batch_of(servers))
        inside = batch_of(each for each in servers if each.instance.id in have and not each.away)
        for instance in inside:
            self.turn.log.say(f"{instance.name}: has {self.turn.release.version} already; nothing to do")
            progress.had_it.add(instance.id)
        unwell = self._unwell([each for each in servers if each.instance.id not in progress.had_it])
        progress.skipped |= unwell
        going = batch_of(each for each in servers if each.instance.id not in progress.seen)
        if not going:
            return
        finished = Batch(tuple(each for each in going if each.id in have))
        log = self.turn.log
        log.say(f"Batch: {going.names}")
        before = log.standing
        try:
            self.turn.take(going, fleet.balancers_of(servers[0]), finished)
        except BaseException as why:
            log.event("halted", version=self.turn.release.version, why=str(why))
            self._tell_all(before, going, fleet, progress)
            raise
        progress.had_it |= {each.id for each in finished}
        progress.deployed |= {each.id for each in going} - progress.had_it
        self.turn.log.stands(self._count(fleet.ids, progress))

    def _have_it(self, batch: Batch) -> set[str]:
        questions = self.turn.questions
        if self.again or not questions.proves_version:
            return set()
        differing = ask(questions.deployed, batch)
        answering = Batch(tuple(each for each in batch if each.id not in differing))
        return self.proof.has_it(answering, self.turn.wait)

    def _unwell(self, servers: Sequence[Server]) -> dict[str, str]:
        """Who does not answer as it should before anything is done to it, and is therefore skipped.

        Whoever an interrupted run left outside is ours to heal, whatever it answers now.
        """
        asked = batch_of(each for each in servers if not each.away)
        unwell = dict(ask(self.turn.questions.alive, asked))
        for instance in asked:
            if words := unwell.get(instance.id):
                self.turn.log.say(f"{instance.name}: skipped, its status call {words}")
                self.turn.log.event("skipped", instance=instance.name, why=words)
        return unwell

    def _second_chance(self, servers: Sequence[Server], progress: Progress) -> bool:
        """Whether any that were skipped are well by now, such as one that was only starting."""
        skipped = batch_of(
            each for each in servers if each.instance.id in progress.skipped.keys() - progress.spared
        )
        unwell = ask(self.turn.questions.alive, skipped)
        well = [instance for instance in skipped if instance.id not in unwell]
        for instance in well:
            self.turn.log.say(f"{instance.name}: is well by now, and gets its turn")
            progress.spared.add(instance.id)
            del progress.skipped[instance.id]
        return bool(well)

    def _tell_all(self, before: Standing, going: Batch, fleet: Fleet, progress: Progress) -> None:
        """Have a line on this batch say as well how all others are."""
        log = self.turn.log
        if not before.changed or log.standing == before:
            return
        if log.standing.changed:
            others = self._count(fleet.ids - {each.id for each in going}, progress, "other servers")
        else:
            # A batch that was put back is among those who are as they were.
            others = self._count(fleet.ids, progress)
        log.stands(f"{log.standing.state}; {others}")

    def _count(self, ids: set[str], progress: Progress, called: str = "servers") -> str:
        have, version = len((progress.deployed | progress.had_it) & ids), self.turn.release.version
        rest = ", the others what they had before" if have < len(ids) else ""
        return f"{have} of {len(ids)} {called} have {version}{rest}"
