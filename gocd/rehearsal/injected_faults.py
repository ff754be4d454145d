"""Faults that a rehearsal can be given, each as it happens to people."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gocd.errors import GoCDError
from gocd.pipeline import Exec
from gocd.rehearsal.built_site import BuiltSite
from gocd.rehearsal.sample.release import BREAKAGES
from gocd.rehearsal.site import ON_FLEETS
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.assignment import StartedTask

# The share of AWS calls that is throttled.
THROTTLED = 0.5

# Before the name of a breakage that the sample's releases know.
BAD_RELEASE = "bad-release:"
VALIDATE_FAILS = "validate-fails"

# The tasks that an agent dies in, and the calls after which it does: an order is given, its effect not yet
# seen; the last one is the first look at an upgrade.
KILLED_IN = {"detach-instance", ON_FLEETS, "upgrade-herd"}
KILLED_AFTER = {"DeregisterTargets", "DeregisterInstancesFromLoadBalancer", "EnterStandby", "GetDeployment"}

# The calls that put an instance back.
PUTTING_BACK = {"RegisterTargets", "RegisterInstancesWithLoadBalancer", "ExitStandby"}

OnTaskStart = Callable[[StartedTask], None]


def _deploy_fails(aws: World, built: BuiltSite) -> OnTaskStart:
    """The service of one instance, the first or one amid a fleet, does not start, once."""
    built.faulty.fail_next_start()
    return lambda _: None


def _never_healthy(aws: World, built: BuiltSite) -> OnTaskStart:
    """Once back, one instance, the first or one amid a fleet, is cut off from its load balancers."""

    # A security group does that.
    def cut_off(call: Call) -> None:
        if call.operation in PUTTING_BACK and built.faulty.id in call.parameters.values():
            aws.faults.unreachable(built.faulty.id)

    aws.faults.before_call = cut_off
    return lambda _: None


def _throttle(aws: World, built: BuiltSite) -> OnTaskStart:
    """Half of all AWS calls are throttled, all the way through."""
    aws.faults.throttle(THROTTLED)
    return lambda _: None


def _agent_killed(aws: World, built: BuiltSite) -> OnTaskStart:
    """The agent dies as the first instances leave, or amid an upgrade; another one gets its job."""
    doomed: list[StartedTask] = []
    killed = threading.Event()

    def choose(started: StartedTask) -> None:
        if _words(started) & KILLED_IN and not doomed:
            doomed.append(started)

    def kill_once(call: Call) -> None:
        if doomed and call.operation in KILLED_AFTER and not killed.is_set():
            killed.set()
            doomed[0].kill()

    aws.faults.after_call = kill_once
    return choose


def _undrained(aws: World, built: BuiltSite) -> OnTaskStart:
    """One instance, the first or one amid a fleet, is restarted while it serves, as without a detach."""
    done = threading.Event()
    to_one = {"detach-instance", built.faulty.name}

    def restart_once(started: StartedTask) -> None:
        words = _words(started)
        if (to_one <= words or ON_FLEETS in words) and not done.is_set():
            done.set()
            aws.restart(built.faulty)

    return restart_once


def _words(started: StartedTask) -> set[str]:
    return set(started.task.command_line) if isinstance(started.task, Exec) else set()


def _bad_release(aws: World, built: BuiltSite) -> OnTaskStart:
    """The release itself is bad, in the way that is named; every instance would get it."""
    return lambda _: None


def _validate_fails(aws: World, built: BuiltSite) -> OnTaskStart:
    """HERD's ValidateService script refuses the new version; its users stay with the old one."""
    return lambda _: None


def breakage(fault: str) -> str | None:
    """Return how the release that is rolled out shall be broken, if *fault* is about that."""
    return fault.removeprefix(BAD_RELEASE) if fault.startswith(BAD_RELEASE) else None


FAULTS: dict[str, Callable[[World, BuiltSite], OnTaskStart]] = {
    "deploy-fails": _deploy_fails,
    "never-healthy": _never_healthy,
    "throttle": _throttle,
    "agent-killed": _agent_killed,
    "undrained": _undrained,
    VALIDATE_FAILS: _validate_fails,
    **{BAD_RELEASE + name: _bad_release for name in BREAKAGES},
}


def inject(fault: str, aws: World, built: BuiltSite) -> OnTaskStart:
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
