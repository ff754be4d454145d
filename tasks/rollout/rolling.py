"""The rolling recipe in its three phases: gather the servers, deploy batch by batch, prove them all.

Source: the recipe "Concepts for Rolling Deployment strategy for applications in production environment".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tasks.aws.load_balancer import State
from tasks.batch import Batch
from tasks.deployment import DeploysMany
from tasks.errors import Cancelled, Refused, TaskError
from tasks.log import Log
from tasks.rollout.batches import BatchSize, check_fits, in_order
from tasks.rollout.fleet import Fleet, Server
from tasks.rollout.proof import Proof
from tasks.rollout.questions import ask
from tasks.rollout.stopping import Machines, stop_gracefully
from tasks.rollout.turn import Turn


@dataclass
class Progress:
    """What became of each server so far, by instance id.

    Args:
        deployed: Those that this run deployed to.
        had_it: Those that had the release already.
        skipped: Those that were not well before, and how.
        spared: Those that were skipped once and got a second turn.
    """

    deployed: set[str] = field(default_factory=set)
    had_it: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)

    @property
    def seen(self) -> set[str]:
        return self.deployed | self.had_it | set(self.skipped)


class RollingDeploy:
    """Deploys one release to everyone behind some load balancers.

    Args:
        again: Deploy also to servers that have the release already.
        max_stopped: How many servers without the release may be stopped at the end; more fail the run.
        held: Called before each batch; raises if the lock is no longer ours.
    """

    def __init__(
        self,
        fleet: Fleet,
        size: BatchSize,
        turn: Turn,
        proof: Proof,
        machines: Machines,
        *,
        max_stopped: int = 3,
        again: bool = False,
        held: Callable[[], None] = lambda: None,
    ) -> None:
        self._fleet = fleet
        self._size = size
        self._turn = turn
        self._proof = proof
        self._machines = machines
        self._max_stopped = max_stopped
        self._again = again
        self._held = held
        self._log: Log = turn.log
        self._version = turn.release.version
        self._known: dict[str, Server] = {}

    def run(self, *, dry_run: bool = False) -> None:
        """Go through the three phases.

        Raises:
            Refused: There is no server, or a batch too large; nothing was changed.
            TaskError: The rollout halted, or servers without the release were left.
        """
        start = self._turn.wait.clock.now()
        servers = self.gather()
        self._check_deployable(servers)
        size = self._size.of(len(servers))
        check_fits(in_order(servers), size, self._fleet.balancers, self._turn.floor)
        if dry_run:
            self._say_plan(servers, size)
            return
        progress = self.deploy(size)
        self.prove(progress)
        seconds = self._turn.wait.clock.now() - start
        self._log.say(
            f"{self._version} is on {len(progress.deployed | progress.had_it)} servers "
            f"({len(progress.deployed)} deployed to now), {seconds:.0f} s, {self._log.calls()} AWS calls"
        )

    def gather(self) -> list[Server]:
        """Find the active servers behind the load balancers.

        Raises:
            Refused: There is none.
        """
        names = ", ".join(balancer.title for balancer in self._fleet.balancers)
        self._log.say(f"Phase 1 of 3, gather: the servers behind {names}")
        self._fleet.gather(self._log)
        servers = [server for server in self._fleet.look() if self._active(server)]
        if not servers:
            raise Refused(f"there is no active server behind {names}", "Register one first")
        self._known = {server.instance.id: server for server in servers}
        for server in in_order(servers):
            words = "left outside by an earlier run" if server.away else _words(server)
            self._log.say(f"{server.instance.name}: {words}, {server.instance.zone}")
        return servers

    def deploy(self, size: int) -> Progress:
        """Take everyone through, *size* at a time; servers that come or go meanwhile are noticed.

        Raises:
            TaskError: Something halted it.
        """
        self._log.say(
            f"Phase 2 of 3, deploy: {self._version} to {len(self._known)} servers, {size} at a time"
        )
        progress = Progress()
        while True:
            self._held()
            waiting = [each for each in self._look_again() if each.instance.id not in progress.seen]
            if not waiting and not self._second_chance(progress):
                return progress
            if not waiting:
                continue
            self._take(in_order(waiting)[:size], progress)

    def prove(self, progress: Progress) -> None:
        """Compare every server with the release, and stop those that do not have it.

        Raises:
            TaskError: There are more of these than may be stopped; then none is.
        """
        servers = {server.instance.id: server for server in self._look_again()}
        everyone = Batch(tuple(server.instance for server in in_order(servers.values())))
        self._log.say(f"Phase 3 of 3, prove: version and deployed time of {len(everyone)} servers")
        wrong = self._proof.mismatched(everyone, progress.deployed, self._turn.wait, self._log)
        stopped = self._fleet.stopped
        odd = [each for each in everyone if each.id in wrong]
        for instance in odd:
            self._log.say(f"{instance.name}: does not have {self._version}: {wrong[instance.id]}")
        if len(odd) + len(stopped) > self._max_stopped:
            without = Batch((*stopped, *odd))
            raise TaskError(
                f"FAILED: {len(without)} servers do not have {self._version} ({without.names}), and no more "
                f"than {self._max_stopped} may be stopped, so none was"
            )
        for instance in odd:
            self._stop(servers[instance.id])
        self._settle_groups()

    def _take(self, servers: Sequence[Server], progress: Progress) -> None:
        batch = Batch(tuple(server.instance for server in servers))
        have = self._have_it(batch)
        inside = {each.instance.id for each in servers if each.instance.id in have and not each.away}
        for instance in batch:
            if instance.id in inside:
                self._log.say(f"{instance.name}: has {self._version} already; nothing to do")
        progress.had_it |= inside
        left = [each for each in servers if each.instance.id not in inside]
        # Whoever an interrupted run left outside is ours to heal, whatever it answers now.
        asked = [each.instance for each in left if not each.away]
        unwell = ask(self._turn.questions.alive, asked)
        for instance in asked:
            if instance.id in unwell:
                self._log.say(f"{instance.name}: skipped, its status call {unwell[instance.id]}")
                self._log.event("skipped", instance=instance.name, why=unwell[instance.id])
        progress.skipped |= unwell
        going = Batch(tuple(each.instance for each in left if each.instance.id not in unwell))
        if not len(going):
            return
        finished = Batch(tuple(each for each in going if each.id in have))
        self._log.say(f"Batch: {going.names}")
        parts = self._fleet.balancers_of(going, {each.instance.id: each for each in servers})
        try:
            self._turn.take(parts, finished)
        except (TaskError, Cancelled):
            self._log.event("halted", version=self._version)
            if progress.deployed:
                self._log.stands(f"{self._log.standing.state}; {self._count(progress)}")
            raise
        progress.had_it |= {each.id for each in finished}
        progress.deployed |= {each.id for each in going} - {each.id for each in finished}
        self._log.stands(self._count(progress))

    def _count(self, progress: Progress) -> str:
        have = len(progress.deployed | progress.had_it)
        return f"{have} of {len(self._known)} servers have {self._version}, the others what they had before"

    def _have_it(self, batch: Batch) -> set[str]:
        questions = self._turn.questions
        if self._again or not questions.proves_version:
            return set()
        differing = ask(questions.deployed, batch)
        answering = Batch(tuple(each for each in batch if each.id not in differing))
        return self._proof.has_it(answering, self._turn.wait, self._log)

    def _second_chance(self, progress: Progress) -> bool:
        """Whether any that were skipped are well by now, such as one that was only starting."""
        again = [key for key in progress.skipped if key in self._known and key not in progress.spared]
        skipped = [self._known[key].instance for key in again]
        unwell = ask(self._turn.questions.alive, skipped)
        well = [instance for instance in skipped if instance.id not in unwell]
        for instance in well:
            self._log.say(f"{instance.name}: is well by now, and gets its turn")
            del progress.skipped[instance.id]
            progress.spared.add(instance.id)
        return bool(well)

    def _look_again(self) -> list[Server]:
        now = {each.instance.id: each for each in self._fleet.look() if self._active(each)}
        for key, server in now.items():
            if key not in self._known:
                self._log.say(f"{server.instance.name}: joined meanwhile; it gets its turn as well")
        for key, server in self._known.items():
            if key not in now:
                self._log.say(f"{server.instance.name}: left the load balancer meanwhile; not waited for")
        self._known = now
        return list(now.values())

    def _active(self, server: Server) -> bool:
        if server.instance.state != "running":
            return False
        return server.away or server.state in (State.SERVING, State.UNHEALTHY, State.JOINING)

    def _stop(self, server: Server) -> None:
        turn = self._turn
        balancers = [each for each in self._fleet.balancers if each.address in server.places]
        touched = (turn.floor, turn.memory, turn.wait, turn.log)
        stop_gracefully(server.instance, balancers, self._machines, *touched)

    def _check_deployable(self, servers: Sequence[Server]) -> None:
        deployer, release = self._turn.deployer, self._turn.release
        instances = [server.instance for server in servers]
        if isinstance(deployer, DeploysMany):
            deployer.check_all(release, instances)
            return
        for instance in instances:
            deployer.check(release, instance)

    def _settle_groups(self) -> None:
        for balancer in self._fleet.balancers:
            balancer.restore_settings()

    def _say_plan(self, servers: Sequence[Server], size: int) -> None:
        order = in_order(servers)
        for number, begin in enumerate(range(0, len(order), size), 1):
            names = Batch(tuple(each.instance for each in order[begin : begin + size])).names
            self._log.say(f"batch {number} would be: {names}")
        self._log.say(f"{self._version} would go to {len(order)} servers, {size} at a time")


def _words(server: Server) -> str:
    return next(
        (each.words for each in server.members.values() if each.state is server.state), server.state.value
    )
