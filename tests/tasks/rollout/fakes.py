"""A fleet in memory: servers that run a version, answer by it, and drain and join by a fake clock."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tasks.aws.instances import Handle, Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.ending import NO_SOONER, Ending
from tasks.balancing.share import Share
from tasks.deployers.deployer import Deployer
from tasks.deployers.release import Release
from tasks.hosts.idleness import Hosts as IdleHosts
from tasks.rollout.deploying import Deploying
from tasks.rollout.fleet import SIGNATURE, Fleet
from tasks.rollout.proof import Proof
from tasks.rollout.proving import Proving
from tasks.rollout.questions import Questions
from tasks.rollout.rolling import RolloutPlan, plan_rollout, roll_out
from tasks.rollout.turn import Settle, Turn
from tasks.running.errors import Refused, TaskError
from tasks.running.waiting import Wait
from tasks.status.check import NoAnswer
from tasks.testing import DeployerCase
from tasks.traffic.so_far import NOBODY
from tests.fakes import EPOCH, FakeClock, FakeMemory, Stage, floor, instance


@dataclass
class Hosts(Deployer):
    """What runs on each instance, and whether it answers."""

    versions: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    out_of_reach: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    cannot_install: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    installed: list[str] = field(default_factory=list)
    stopped_ones: list[str] = field(default_factory=list)
    on_install: Callable[[Instance], None] = lambda _: None

    # A way of deploying.
    def check(self, release: Release, instance: Instance) -> None:
        if not release.artifact:
            raise Refused("there is no artifact")

    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        self.on_install(instance)
        wait.clock.sleep(2)
        if instance.id in self.cannot_install:
            raise TaskError(f"installing {release.version} on {instance.name} failed: disk full")
        self.installed.append(instance.name)
        self.versions[instance.id] = release.version
        if release.version in self.broken:
            self.silent.add(instance.id)
        else:
            self.silent.discard(instance.id)

    # Whoever turns instances off.
    def stop(self, instance: Instance) -> None:
        self.stopped_ones.append(instance.name)

    def stopped(self, instance: Instance) -> bool:
        return instance.name in self.stopped_ones


def case_of(hosts: Hosts) -> DeployerCase:
    """The contract's case of a way of deploying in memory."""

    @contextmanager
    def failing(instance: Instance) -> Iterator[None]:
        hosts.cannot_install.add(instance.id)
        yield
        hosts.cannot_install.remove(instance.id)

    return DeployerCase(
        deployer=hosts,
        earlier=Release("app", "2.0", "app.tar.gz"),
        release=Release("app", "3.0", "app.tar.gz"),
        undeployable=Release("app", "3.0", ""),
        instances=[instance(1), instance(2)],
        runs=lambda each: hosts.versions.get(each.id, "1.0"),
        failing=failing,
        clock=FakeClock(),
    )


@dataclass(frozen=True)
class Answer:
    """The status check of one instance."""

    hosts: Hosts
    instance: Instance
    version: str = ""

    @property
    def url(self) -> str:
        return f"http://{self.instance.private_ip}/_status"

    @property
    def expectation(self) -> str:
        return f"200, version {self.version}"

    def missing(self) -> str | None:
        self.hosts.asked.append(self.instance.name)
        if self.instance.id in self.hosts.out_of_reach:
            return NoAnswer("cannot be reached (connection refused)")
        if self.instance.id in self.hosts.silent:
            return "answers 503, not 200"
        found = self.hosts.versions.get(self.instance.id, "1.0")
        return None if self.version in ("", found) else f"answers version {found}, not {self.version}"


@dataclass
class Directory:
    instances: list[Instance]
    outside: list[Instance] = field(default_factory=list)

    def called(self, handles: Iterable[Handle]) -> Sequence[Instance]:
        wanted = set(handles)
        return [each for each in self.instances if wanted & set(each.handles)]

    def out_of(self, address: str) -> Sequence[Instance]:
        return self.outside


ALONE, BRIEFLY = Share(1, percent=False), Settle(10)


class Rollout:
    """A rollout of 2.0 to servers behind one load balancer."""

    def __init__(self, servers: Sequence[Instance], serving: Mapping[str, bool] | None = None) -> None:
        self.stage = Stage()
        self.hosts = Hosts()
        self.stage.balancer.serve(*servers)
        self.directory = Directory(list(servers))
        self.memory = FakeMemory(by=SIGNATURE)
        self.lock: Callable[[Sequence[LoadBalancer]], bool] = lambda _: False
        self.users = NOBODY

    def _lock(self, balancers: Sequence[LoadBalancer]) -> bool:
        return self.lock(balancers)

    def leave_outside(self, instance: Instance, by: str = SIGNATURE) -> None:
        """As an earlier run left it: out of the load balancer, and remembered."""
        member = self.stage.balancer.members.pop(instance.id)
        absence = replace(self.memory.absence(member, EPOCH), by=by)
        tags = {f"gocd-tasks:out-of:{self.stage.balancer.address}": str(absence)}
        self.directory.outside.append(replace(instance, tags=tags))

    def plan(self, size: Share = ALONE, *, require_drain: float = 0) -> RolloutPlan:
        return plan_rollout(self._fleet(), size, replace(self._turn(), require_drain=require_drain))

    def run(
        self,
        size: Share = ALONE,
        *,
        minimum: int = 1,
        max_stopped: int = 3,
        again: bool = False,
        settle: Settle = BRIEFLY,
        hosts: IdleHosts | None = None,
    ) -> None:
        turn, fleet = self._turn(minimum, settle, hosts), self._fleet()
        proof = Proof(
            turn.release, self.hosts, turn.questions, self.stage.clock.wall(), self.stage.clock.now()
        )
        deploying = Deploying(turn, proof, again=again, lock=self._lock)
        proving = Proving(turn, proof, self.hosts, max_stopped)
        roll_out(plan_rollout(fleet, size, turn), fleet, deploying, proving)

    def _fleet(self) -> Fleet:
        return Fleet([self.stage.balancer], self.directory, self.memory)

    def _turn(self, minimum: int = 1, settle: Settle = BRIEFLY, hosts: IdleHosts | None = None) -> Turn:
        return Turn(
            release=Release("app", "2.0", "app.tar.gz"),
            deployer=self.hosts,
            questions=Questions(
                lambda instance: Answer(self.hosts, instance),
                lambda instance: Answer(self.hosts, instance, "2.0"),
                proves_version=True,
            ),
            floor=floor(minimum),
            memory=self.memory,
            wait=self.stage.wait,
            settle=settle,
            status_timeout=20,
            ending=Ending(hosts, until_idle=True) if hosts else NO_SOONER,
            users=self.users,
        )

    @property
    def batches(self) -> list[str]:
        return [line.removeprefix("Batch: ") for line in self.stage.lines if line.startswith("Batch: ")]

    def says(self, words: str) -> bool:
        return any(words in line for line in self.stage.lines)
