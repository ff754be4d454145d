"""Going back to the release before: by hand, or because a new one is not well."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.deployers.aftermath import Aftermath
from tasks.deployers.answered import note_answered
from tasks.deployers.deployer import CannotGoBack, Deployer, ReleaseFailed
from tasks.deployers.noted import Note, Stage, nowhere
from tasks.deployers.release import Release
from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Wait
from tasks.status.check import Check, wait_for_status

# The check that proves a version, or None where there is nothing to ask.
CheckOf = Callable[[str], Check | None]


@dataclass(frozen=True)
class Destination:
    """An instance, how releases get there, and how they prove themselves on it.

    Args:
        via: The deployer's name.
        check_of: What to ask the instance for a version.
        status_timeout: Seconds until it must answer as expected.
        note: Notes how far a release has come there.
        no_users: Refuses if users are on the instance, whatever load balancers of these addresses send there.
    """

    instance: Instance
    via: str
    deployer: Deployer
    check_of: CheckOf
    aftermath: Aftermath
    status_timeout: float = 60
    note: Note = nowhere
    no_users: Callable[[Collection[str]], None] = lambda _: None

    def refuse_users(self) -> None:
        """See that what changes there is not what users are answered by.

        Raises:
            Refused: It is.
        """
        self.no_users(self.deployer.takes_out_of(self.instance))

    def then_asked(self, version: str) -> str:
        """What follows once *version* is there, in words that follow others."""
        check = self.check_of(version)
        return f", then {check.url}" if check else ""


@dataclass(frozen=True)
class RollbackPlan:
    """An instance goes back.

    Args:
        to: The version to go to; the one before the current one if empty.
        leaving: Only if this version is the current one; any if empty.
    """

    destination: Destination
    to: str = ""
    leaving: str = ""

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        there = self.destination
        where = f"{self.to or 'the release before'} via {there.via}{there.then_asked(self.to)}"
        yield f"{there.instance.name}: would go back to {where}"


def plan_rollback(destination: Destination, to: str) -> RollbackPlan:
    """Plan to go back by hand.

    Raises:
        Refused: There is nothing to go back to, or users are on the instance.
    """
    destination.deployer.check_back(to, destination.instance)
    destination.refuse_users()
    return RollbackPlan(destination, to)


def roll_back(plan: RollbackPlan, wait: Wait) -> str:
    """Carry out *plan*, see that the earlier release answers there, and return its version.

    Raises:
        CannotGoBack: This way of deploying cannot.
        TaskError: There is no such release, it does not start, or it is not well.
    """
    there, log = plan.destination, wait.log
    instance, aftermath = there.instance, there.aftermath
    aftermath.tell(log, f"{instance.name} may have either version")
    try:
        version = there.deployer.go_back(instance, wait, to=plan.to, leaving=plan.leaving)
    except ReleaseFailed as failed:
        aftermath.tell(log, failed.runs)
        raise
    except TaskError as error:
        if not error.begun:
            aftermath.tell(log, f"{instance.name} runs what it ran before")
        raise
    there.note([instance], version, Stage.BACK)
    log.event("went-back", instance=instance.name, version=version)
    log.say(f"{instance.name}: {version} is running again")
    aftermath.tell(log, f"{instance.name} runs {version}")
    if check := there.check_of(version):
        try:
            wait_for_status(check, instance.name, wait, there.status_timeout)
        except TimedOut as late:
            raise TaskError(f"{version} is running again, but is not well: {late.what}") from None
        note_answered(there.deployer, version, [instance], there.note, wait)
    return version


def what_runs_instead(release: Release, destination: Destination, wait: Wait) -> str:
    """Go back from *release*, which is not well, if that is possible; return what runs then, in words."""
    try:
        before = roll_back(RollbackPlan(destination, leaving=release.version), wait)
    except CannotGoBack:
        return f"{release.version} stays, because this way of deploying cannot go back"
    except ReleaseFailed as failed:
        return f"{failed.what}; {failed.runs}"
    except TaskError as error:
        return error.what
    return f"{before} is running again"
