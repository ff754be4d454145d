"""Delete the environment that users have left, once it serves nobody and was kept for long enough."""

from typing import Annotated

from tasks import options
from tasks.environments.environment import look_up, missing, parted
from tasks.environments.pair import named, role_of
from tasks.environments.retire import clear_up, release_clones, retire
from tasks.environments.retirement import Retirement, TooSoon, plan_retirement
from tasks.frame import running
from tasks.locking.locks import Locking
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.next_command import gocd_tasks
from tasks.running.numbers import seconds
from tasks.running.waiting import Missing

# Seconds between two looks whether it was left for long enough.
LOOKS = 30.0


def command(
    blue: Annotated[
        str,
        argument(
            "BLUE",
            "A stack or an Auto Scaling group; stack:NAME and group:NAME settle a doubt; blue:A,B is the "
            "one of two that take turns.",
        ),
    ],
    keep_for: Annotated[
        float,
        option("--keep-for", "Seconds since users were led away in which it is kept.", seconds()),
    ] = 3600,
    wait: Annotated[
        bool, option("--wait", "Wait for that time to be over, in place of refusing what is too early.")
    ] = False,
    delete_state: Annotated[
        bool, option("--delete-state", "Delete databases, buckets and volumes of the stack too.")
    ] = False,
    timeout: Annotated[float, option("--timeout", "Seconds until all of it must be gone.", seconds())] = 3600,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Delete an environment that serves nobody: looked at, not assumed.

    Its target groups leave every rule before its instances go. Who was cloned from it goes on as it is.

    Example: gocd-tasks retire-environment blue --keep-for 3600
    """
    with running("retire-environment", events, color) as task:
        again = gocd_tasks(*task.words)
        taking_turns = role_of(blue)
        blue = named(task.aws, blue)
        kind, name = parted(blue)

        def planned() -> Retirement | None:
            found = look_up(task.aws, blue)
            if found is None:
                return None
            return plan_retirement(
                task.aws, found, task.wait.clock, keep_for=keep_for, delete_state=delete_state
            )

        def in_time() -> Retirement | Missing | None:
            try:
                return planned()
            except TooSoon as early:
                return Missing(early.what)

        if wait:
            plan = task.wait.until_done(
                in_time,
                pace=lambda elapsed: min(LOOKS, max(1.0, keep_for - elapsed)),
                within=keep_for + LOOKS,
            )
        else:
            plan = planned()
        if dry_run:
            if plan is None and not taking_turns:
                raise missing(blue, task.aws)
            task.log.steps(plan.steps if plan else [f"{name}: is not there; nothing to do"])
            return
        if plan is not None:
            rules = dict.fromkeys(each.rule.lock for each in plan.serving.ways)
            locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
            with locking.held([f"environment:{name}", *rules]) as locks:
                if locks.contended:
                    plan = planned()
                locks.check()
                if plan is not None:
                    retire(task.aws, plan, task.wait, within=timeout, again=again)
        known = plan is not None or clear_up(task.aws, name, kind, task.log)
        if kind != "stack":
            known = release_clones(task.aws, name, task.log) or known
        # Of a pair it is known that there was one.
        if not known and not taking_turns:
            raise missing(blue, task.aws)
        gone = "gone" if plan else "gone already; nothing to do"
        task.log.say(f"{name}: {gone}, {task.log.calls()} AWS calls")
