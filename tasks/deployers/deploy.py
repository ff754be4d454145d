"""A release onto one instance: placed, started, and seen to answer there, or taken off again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.deployers.answered import note_answered
from tasks.deployers.deployer import ReleaseFailed
from tasks.deployers.noted import Stage
from tasks.deployers.release import Release
from tasks.deployers.rollback import Destination, what_runs_instead
from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Wait
from tasks.status.check import wait_for_status


@dataclass(frozen=True)
class DeployPlan:
    """A release goes onto an instance.

    Args:
        rollback: Whether a release that is not well goes, and the one before it comes back.
        doubts: What is worth a word in the release, a line each.
    """

    release: Release
    destination: Destination
    rollback: bool = True
    doubts: Sequence[str] = ()

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        there, version = self.destination, self.release.version
        yield from self.doubts
        yield f"{there.instance.name}: would get {version} via {there.via}{there.then_asked(version)}"


def plan_deploy(release: Release, destination: Destination, *, rollback: bool = True) -> DeployPlan:
    """Plan a deployment.

    Raises:
        Refused: It cannot be deployed, or users are on the instance.
    """
    destination.deployer.check(release, destination.instance)
    destination.refuse_users()
    return DeployPlan(release, destination, rollback, destination.deployer.doubts(release))


def deploy(plan: DeployPlan, wait: Wait) -> None:
    """Carry out *plan*, and return once the release has been seen to answer on the instance itself.

    Raises:
        TaskError: The release is not running, or does not answer as it should.
    """
    release, there, log = plan.release, plan.destination, wait.log
    instance, aftermath = there.instance, there.aftermath
    start = wait.clock.now()
    log.steps(plan.doubts)
    aftermath.tell(log, f"{instance.name} may have either version")
    there.note([instance], release.version, Stage.BEGUN)
    try:
        there.deployer.deploy(release, instance, wait)
    except ReleaseFailed as failed:
        aftermath.tell(log, failed.runs)
        raise
    except TaskError as error:
        if not error.begun:
            aftermath.tell(log, f"{instance.name} runs what it ran before")
        raise
    aftermath.tell(log, f"{release.version} is installed")
    if check := there.check_of(release.version):
        try:
            wait_for_status(check, instance.name, wait, there.status_timeout)
        except TimedOut as late:
            log.say(f"{instance.name}: {release.version} is not well")
            runs = f"{release.version} stays for a look (--no-rollback)"
            if plan.rollback:
                runs = what_runs_instead(release, there, wait)
            aftermath.tell(log, runs)
            raise TaskError(f"{release.version} was installed but is not well: {late.what}") from None
        note_answered(there.deployer, release.version, [instance], there.note, wait)
    else:
        there.note([instance], release.version, Stage.INSTALLED)
    seconds = wait.since(start)
    log.say(f"{instance.name}: deployed {release.version} in {seconds:.0f} s, {log.calls()} AWS calls")
    log.event("deployed", instance=instance.name, version=release.version)
