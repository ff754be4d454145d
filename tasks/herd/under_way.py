"""The upgrade of HERD that is under way already, and whether it is the one that is wanted."""

from tasks.aws.api import Aws
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment
from tasks.herd.invocation import AFTER_SILENCE
from tasks.herd.stack import Herd, Upgrades, read_upgrades, running_deployment
from tasks.running.errors import Refused, TimedOut
from tasks.running.log import Log
from tasks.running.next_command import gocd_tasks
from tasks.running.waiting import Missing, Wait, closely


def upgrade_under_way(herd: Herd, wanted: str, aws: Aws, wait: Wait) -> Deployment | None:
    """Return the deployment that an earlier run has started for the *wanted* version, if it is not over.

    Raises:
        Refused: What is under way is for another version, or may be.
    """
    found = running_deployment(aws, herd)
    upgrades = read_upgrades(aws, herd)
    if found is None:
        return _about_to_begin(herd, wanted, upgrades, aws, wait)
    watch = f"Watch it, then run the command again: {gocd_tasks('watch-deployment', found.id)}"
    if found.rolls_back:
        raise Refused(f"{found.id} is rolling back {found.rolls_back}", watch)
    version = upgrades.version_of(found)
    if not version:
        raise Refused(f"{found.id} is under way, and SSM does not tell for which version", watch)
    if version != wanted:
        raise Refused(f"{found.id} is upgrading HERD to {version}", watch)
    return _joined(found, version, wait.log)


def _joined(deployment: Deployment, version: str, log: Log) -> Deployment:
    log.say(f"{deployment.id}: upgrades HERD to {version} already; joining it")
    return deployment


def _about_to_begin(herd: Herd, wanted: str, upgrades: Upgrades, aws: Aws, wait: Wait) -> Deployment | None:
    """Wait for the deployment of an invocation that is still running, because the run that sent it died."""
    asked = upgrades.asked_for(wanted)
    if asked is None:
        return None
    # A clock of the agent's that is slow must not lengthen the wait.
    age = max((wait.clock.wall() - asked).total_seconds(), 0.0)
    if age >= AFTER_SILENCE:
        return None

    def look() -> Deployment | Missing:
        recent = read_upgrades(aws, herd).recent
        # Both times are SSM's: what was recorded before this request is of another one.
        begun = CodeDeploy(aws).known(recent.value) if recent and recent.modified >= asked else None
        return begun or Missing(f"{wanted} was asked for {age:.0f} s ago, and its deployment has not begun")

    try:
        begun = wait.until_done(look, pace=closely, within=AFTER_SILENCE - age)
    except TimedOut:
        return None
    # It may have failed by now; then this run is there to try again.
    return None if begun.ended else _joined(begun, wanted, wait.log)
