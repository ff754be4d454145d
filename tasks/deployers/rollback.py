"""Going back to the release before: by hand, or because a new one is not well."""

from collections.abc import Callable

from tasks.aws.instances import Instance
from tasks.deployers.deployer import Deployer, GoesBack, Release, ReleaseFailed
from tasks.deployers.left_behind import LeftBehind
from tasks.running.errors import TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait
from tasks.status.check import Check, wait_for_status

# The check that proves a version, or None where there is nothing to ask.
CheckOf = Callable[[str], Check | None]


def go_back(
    deployer: GoesBack,
    instance: Instance,
    check_of: CheckOf,
    wait: Wait,
    log: Log,
    left: LeftBehind,
    *,
    to: str = "",
    leaving: str = "",
    status_timeout: float = 60,
) -> str:
    """Return *instance* to an earlier release, see that it answers there, and return its version.

    Args:
        to: The version to go to; the one before the current one if empty.
        leaving: Only if this version is the current one; any if empty.
        status_timeout: Seconds until it must answer as expected.

    Raises:
        TaskError: There is no such release, it does not start, or it is not well.
    """
    try:
        version = deployer.go_back(instance, wait, log, to=to, leaving=leaving)
    except ReleaseFailed as failed:
        left.tell(log, failed.runs)
        raise
    log.event("went-back", instance=instance.name, version=version)
    log.say(f"{instance.name}: {version} is running again")
    left.tell(log, f"{instance.name} runs {version}")
    if check := check_of(version):
        try:
            wait_for_status(check, instance.name, wait, status_timeout, log)
        except TimedOut as late:
            raise TaskError(f"{version} is running again, but is not well: {late.what}") from None
    return version


def what_runs_instead(
    release: Release,
    instance: Instance,
    deployer: Deployer,
    check_of: CheckOf,
    wait: Wait,
    log: Log,
    left: LeftBehind,
    *,
    status_timeout: float,
) -> str:
    """Go back from *release*, which is not well, if that is possible; return what runs then, in words."""
    if not isinstance(deployer, GoesBack):
        return f"{release.version} stays, because this way of deploying cannot go back"
    try:
        before = go_back(
            *(deployer, instance, check_of, wait, log, left),
            leaving=release.version,
            status_timeout=status_timeout,
        )
    except ReleaseFailed as failed:
        return f"{failed.what}; {failed.runs}"
    except TaskError as error:
        return error.what
    return f"{before} is running again"
