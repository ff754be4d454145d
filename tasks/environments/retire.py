"""An environment that serves nobody, taken out of every rule, emptied and deleted."""

from collections.abc import Sequence

from tasks.aws.api import Aws
from tasks.aws.cloned_group import CLONE_OF, GroupEntry, all_clones, read_group
from tasks.aws.cloned_target_group import delete, remember, remembered
from tasks.aws.forward import Forward
from tasks.aws.group_deletion import deleted, empty
from tasks.aws.least_size import restore_least
from tasks.aws.listener import Listeners
from tasks.aws.stack import GOING, GONE, Stack, was_deleted
from tasks.aws.target_group import TargetGroup
from tasks.environments.first_order import unless_refused
from tasks.environments.retirement import Retirement
from tasks.environments.serving import Way
from tasks.hosts.idleness import SsmHosts
from tasks.running.errors import TaskError
from tasks.running.log import Log
from tasks.running.waiting import Missing, Wait, closely
from tasks.switching.connections import Connections
from tasks.switching.held_open import let_end


def retire(aws: Aws, plan: Retirement, wait: Wait, *, within: float, again: str) -> None:
    """Delete it, first of all out of every rule; safe to repeat.

    Args:
        within: Seconds until all of it must be gone.
        again: The command that goes on with it.

    Raises:
        TaskError: Somebody is led to it again, or AWS does not delete it.
    """
    name, log = plan.name, wait.log
    log.steps(plan.steps)
    if plan.serving.ways:
        _let_connections_end(aws, name, [each.group for each in plan.serving.ways], wait)
    changed = take_out(aws, plan.serving.ways, log, again)
    log.stands(f"{name} is being deleted", f"To go on: {again}")
    if isinstance(plan.found, Stack):
        with unless_refused(log, any_made=changed):
            _order_deletion(plan.found)
        _wait_until_deleted(plan.found, wait, within)
    else:
        with unless_refused(log, any_made=changed):
            for group in plan.target_groups:
                remember(aws, group.arn, group.name, name)
        _delete_group(aws, plan.found, wait, within)
        for group in plan.target_groups:
            delete(aws, group.arn, group.name)
            log.event("deleted", target_group=group.name)
    log.event("retired", environment=name)


def _let_connections_end(aws: Aws, name: str, groups: Sequence[TargetGroup], wait: Wait) -> None:
    hosts = Connections(aws, SsmHosts(aws, f"{name}: counting connections"), wait)
    delay = max(group.settings().drain for group in groups)
    let_end(name, lambda: hosts.of_groups([group.arn for group in groups]), delay, wait)


def clear_up(aws: Aws, name: str, kind: str, log: Log) -> bool:
    """Do what an earlier run left to do of one that is gone; whether there ever was one.

    Args:
        kind: ``stack`` or ``group``; empty for either.
    """
    leftovers = remembered(aws, name) if kind != "stack" else []
    for arn, called in leftovers:
        delete(aws, arn, called)
        log.say(f"{called}: deleted, as {name} is gone")
    return bool(leftovers) or (kind != "group" and was_deleted(aws, name))


def release_clones(aws: Aws, name: str, log: Log) -> bool:
    """Let the clones of a group that is gone become as small as it might; whether there are any."""
    clones = [each for each in all_clones(aws) if _source(each) == name]
    for clone in clones:
        usual = restore_least(aws, clone)
        if usual is not None:
            log.say(f"{clone.name}: may have {usual} instances again, as its source could")
    return bool(clones)


def take_out(aws: Aws, ways: Sequence[Way], log: Log, again: str) -> bool:
    """Take target groups out of rules that send them nothing, and return whether there was one to change.

    Raises:
        TaskError: One of them sends requests there again.
    """
    listeners = Listeners(aws)
    by_rule: dict[str, list[Way]] = {}
    changed = False
    for each in ways:
        by_rule.setdefault(each.rule.arn, []).append(each)
    for several in by_rule.values():
        rule, group = several[0].rule, several[0].group
        actions = listeners.actions(rule)
        forward = Forward.of(actions)
        arns = {each.group.arn for each in several}
        if forward is None or not arns & forward.weights.keys():
            continue
        if not forward.leads_to or arns & {*forward.leads_to}:
            raise TaskError(f"{rule.title} was changed just now, and sends requests to {group.name}")
        log.stands(f"{group.name} is being taken out of {rule.title}", f"To go on: {again}")
        left = {arn: weight for arn, weight in forward.weights.items() if arn not in arns}
        with unless_refused(log, any_made=changed):
            listeners.write(rule, actions, left)
        changed = True
    return changed


def _delete_group(aws: Aws, group: GroupEntry, wait: Wait, within: float) -> None:
    name = group.name
    empty(aws, group)

    def look() -> bool | Missing:
        now = read_group(aws, name)
        if now is None:
            return True
        if left := now.entry["Instances"]:
            return Missing(f"{name}: {len(left)} instances on their way out")
        if now.entry.get("Status") or not deleted(aws, name):
            return Missing(f"{name}: being deleted")
        return True

    wait.until_done(look, pace=closely, within=within)


def _order_deletion(stack: Stack) -> None:
    if stack.status != GOING:
        stack.delete()


def _wait_until_deleted(stack: Stack, wait: Wait, within: float) -> None:
    def look() -> bool | Missing:
        stack.look()
        return Missing(f"{stack.name}: {stack.status}") if stack.status == GOING else True

    wait.until_done(look, pace=closely, within=within)
    if stack.status != GONE:
        raise TaskError(f"{stack.name} is {stack.status}: {stack.first_failure('DELETE')}")


def _source(clone: GroupEntry) -> str:
    return clone.tags.get(CLONE_OF, "").rpartition("autoScalingGroupName/")[2]
