"""Faults that a rehearsal can be given, each as it happens to people."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gocd.errors import GoCDError
from gocd.pipeline import Exec
from gocd.rehearsal.built_site import BuiltSite
from gocd.rehearsal.sample.release import BREAKAGES
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_gocd.assignment import StartedTask

# Seconds into a task at which its agent is lost: the order is given, its effect not yet seen.
INTO_THE_TASK = 2.0

# The share of AWS calls that is throttled.
THROTTLED = 0.5

# Before the name of a breakage that the sample's releases know.
BAD_RELEASE = "bad-release:"
VALIDATE_FAILS = "validate-fails"

OnTaskStart = Callable[[StartedTask], None]


def _deploy_fails(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """The first instance's service does not start, once."""
    built.instances[0].fail_next_start()
    return lambda _: None


def _never_healthy(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """From its attach on, the load balancers cannot reach the first instance; a security group does that."""
    first = built.instances[0]

    def cut_off(started: StartedTask) -> None:
        if {"attach-instance", first.name} <= _words(started):
            aws.faults.unreachable(first.id)

    return cut_off


def _throttle(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """Half of all AWS calls are throttled, all the way through."""
    aws.faults.throttle(THROTTLED)
    return lambda _: None


def _agent_killed(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """The agent dies in the middle of the first detach or upgrade; GoCD gives the job to another one."""
    killed = threading.Event()

    def kill_once(started: StartedTask) -> None:
        if {"detach-instance", "upgrade-herd"} & _words(started) and not killed.is_set():
            killed.set()
            timer = threading.Timer(INTO_THE_TASK, started.kill)
            timer.daemon = True
            timer.start()

    return kill_once


def _undrained(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """The first instance's service is restarted while it still serves, as a deploy without a detach would."""
    done = threading.Event()

    def restart_once(started: StartedTask) -> None:
        if {"detach-instance", built.instances[0].name} <= _words(started) and not done.is_set():
            done.set()
            aws.restart(built.instances[0])

    return restart_once


def _words(started: StartedTask) -> set[str]:
    return set(started.task.command_line) if isinstance(started.task, Exec) else set()


def _bad_release(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """The release itself is bad, in the way that is named; every instance would get it."""
    return lambda _: None


def _validate_fails(aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """HERD's ValidateService script refuses the new version; its users stay with the old one."""
    return lambda _: None


def breakage(fault: str) -> str | None:
    """Return how the release that is rolled out shall be broken, if *fault* is about that."""
    return fault.removeprefix(BAD_RELEASE) if fault.startswith(BAD_RELEASE) else None


FAULTS: dict[str, Callable[[StandInAWS, BuiltSite], OnTaskStart]] = {
    "deploy-fails": _deploy_fails,
    "never-healthy": _never_healthy,
    "throttle": _throttle,
    "agent-killed": _agent_killed,
    "undrained": _undrained,
    VALIDATE_FAILS: _validate_fails,
    **{BAD_RELEASE + name: _bad_release for name in BREAKAGES},
}


def inject(fault: str, aws: StandInAWS, built: BuiltSite) -> OnTaskStart:
    """Make ready for *fault*, if any, and return what must be told of every task that starts."""
    return FAULTS[fault](aws, built) if fault else lambda _: None


def explain(fault: str) -> str:
    """Say in one sentence what *fault* does.

    Raises:
        GoCDError: There is no such fault.
    """
    if fault not in FAULTS:
        raise GoCDError(f"there is no fault {fault!r}; there are: {', '.join(FAULTS)}")
    return (FAULTS[fault].__doc__ or "").strip()
