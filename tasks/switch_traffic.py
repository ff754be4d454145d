"""Lead users from blue to green at their load balancer, in steps; or back."""

from typing import Annotated

from tasks import options
from tasks.frame import Task, running
from tasks.locking.locks import Locking
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.numbers import count, seconds
from tasks.switching.arrival import arrive
from tasks.switching.evidence import AtShare, of_command, of_url
from tasks.switching.moving import Moving
from tasks.switching.plan import Place, Plan
from tasks.switching.plan_back import plan_back
from tasks.switching.plan_forth import Wanted, plan_forth
from tasks.switching.steps import parse_steps
from tasks.switching.switch import Going, go_back, switch
from tasks.switching.travellers import Travellers
from tasks.switching.watch import Watch
from tasks.traffic.options import Traffic
from tasks.traffic.so_far import ask_traffic


def command(
    green: Annotated[
        str | None, argument("GREEN", "The target group that users are led to: its name or ARN.")
    ] = None,
    load_balancer: Annotated[
        str | None,
        option(
            "--load-balancer", "Where users come in: an ALB or NLB by name or ARN; NAME:PORT is one listener."
        ),
    ] = None,
    listener: Annotated[str | None, option("--listener", "The same as the ARN of one listener.")] = None,
    from_: Annotated[
        str | None,
        option("--from", "The target group that serves now, where that is not clear; its name or ARN."),
    ] = None,
    steps: Annotated[
        str, option("--steps", "Percentages of users that green is given, one after the other.")
    ] = "10,50,100",
    settle: Annotated[float, option("--settle", "Seconds that each step is watched.", seconds())] = 60,
    check: Annotated[
        str | None,
        option(
            "--check",
            "A command that must succeed after each step: {share}, {green} and {blue} are filled in.",
        ),
    ] = None,
    status_url: Annotated[
        str | None, option("--status-url", "A URL that must answer 200 after each step.")
    ] = None,
    enough: Annotated[
        int | None,
        option(
            "--enough",
            "Healthy targets that green needs for all users, and fewer for fewer; by default as many as blue "
            "has now.",
            count(1),
        ),
    ] = None,
    traffic: Traffic = None,
    keep_sticky: Annotated[
        bool,
        option(
            "--keep-sticky", "Do not wait for clients whose cookie keeps them with blue: leave them there."
        ),
    ] = False,
    back: Annotated[bool, option("--back", "Lead users back to where they were before.")] = False,
    timeout: options.Timeout = None,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Lead users from blue to green at their load balancer, in steps that are watched; or back.

    Example: gocd-tasks switch-traffic web-green --load-balancer web --steps 10,50,100
    """
    with running("switch-traffic", events, color) as task:
        if bool(load_balancer) == bool(listener):
            raise Refused("give either --load-balancer or --listener")
        place = Place(load_balancer, listener)
        clock = task.wait.clock
        if back:
            wanted = None
        elif green is None:
            raise Refused("GREEN is missing: the target group that users are led to")
        else:
            wanted = Wanted(place, green, from_, parse_steps(steps), enough)

        def planned() -> Plan | None:
            if wanted:
                return plan_forth(task.aws, clock, wanted)
            return plan_back(task.aws, clock, place, green, enough)

        plan = planned()
        locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
        if plan is None:
            task.log.say("nothing to do: users are there already")
            return
        if dry_run:
            locking.tell(plan.locks)
            task.log.steps(plan.lines)
            return
        with locking.held(plan.locks) as locks:
            if locks.contended and (plan := planned()) is None:
                task.log.say("nothing to do: users are there already")
                return
            moving = Moving(plan.courses, plan.record, plan.switch, locks.check, task.wait)
            if back:
                go_back(moving, plan.enough, task.wait)
                return
            task.log.steps(plan.notes)
            travellers = Travellers(ask_traffic(traffic, clock), clock)
            after = _after(plan, check, status_url, task)
            if plan.steps:
                travellers.begin()
                watch = Watch(plan.enough, [travellers.during], [travellers.after, *after], settle + plan.lag)
                within = plan.green.healthy_within
                going = Going(plan.blue, plan.green, plan.steps, watch, within, travellers.lost)
                if plan.new:
                    moving.begin()
                switch(moving, going, task.wait)
            arrive(plan, moving, keep_sticky, timeout, task.aws, task.wait)


def _after(plan: Plan, check: str | None, status_url: str | None, task: Task) -> list[AtShare]:
    after = [of_url(status_url)] if status_url else []
    if check:
        after.append(of_command(check, plan.blue.name, plan.green.name, task.wait))
    return after
