"""Lead users from blue to green at their load balancer or by a name, in steps; or back."""

from typing import Annotated

from tasks import options
from tasks.environments.members import target_group_of
from tasks.environments.pair import role_of
from tasks.frame import Task, running
from tasks.locking.locks import Locking
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.numbers import count, seconds
from tasks.switching.arrival import arrive
from tasks.switching.by_name.lead import Proof, lead_by_name
from tasks.switching.by_name.name import NamePlan, find_name
from tasks.switching.by_name.plan import plan_back as plan_name_back
from tasks.switching.by_name.plan import plan_forth as plan_name_forth
from tasks.switching.evidence import AtShare, of_command, of_url
from tasks.switching.lead_back import NOTHING_TO_DO, lead_back
from tasks.switching.moving import Moving
from tasks.switching.plan import Place, Plan
from tasks.switching.plan_back import Over, plan_back
from tasks.switching.plan_forth import Wanted, plan_forth
from tasks.switching.silence import Patience
from tasks.switching.sizes import Sizes
from tasks.switching.steps import USUAL, parse_steps
from tasks.switching.switch import Going, switch
from tasks.switching.travellers import Travellers
from tasks.switching.watch import Watch
from tasks.traffic.options import Traffic
from tasks.traffic.so_far import ask_traffic


def command(
    green: Annotated[
        str | None,
        argument(
            "GREEN",
            "Where users are led to: a target group by name or ARN, or green:A,B for that of the clone among "
            "two environments that take turns; with --record a load balancer by name, or values for the "
            "record with commas between.",
        ),
    ] = None,
    load_balancer: Annotated[
        str | None,
        option(
            "--load-balancer", "Where users come in: an ALB or NLB by name or ARN; NAME:PORT is one listener."
        ),
    ] = None,
    listener: Annotated[str | None, option("--listener", "The same as the ARN of one listener.")] = None,
    record: Annotated[
        str | None, option("--record", "The name that users come by, whose records in Route 53 lead to blue.")
    ] = None,
    zone: Annotated[
        str | None, option("--zone", "The id of the hosted zone, where several have records of that name.")
    ] = None,
    from_: Annotated[
        str | None,
        option(
            "--from",
            "Who serves now, where that is not clear: a target group, or with --record a load balancer, a "
            "value or an identifier.",
        ),
    ] = None,
    steps: Annotated[
        str | None,
        option(
            "--steps",
            f"Percentages of users that green is given, one after the other: by default {USUAL}, and all at "
            "once by a record without weights.",
        ),
    ] = None,
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
    port: Annotated[
        int | None,
        option(
            "--port",
            "The port that blue serves on, where a record leads to addresses: its hosts' connections to it "
            "are counted.",
            count(1),
        ),
    ] = None,
    unproved: Annotated[
        bool,
        option("--unproved", "End as done where nothing tells whether blue is silent."),
    ] = False,
    back: Annotated[bool, option("--back", "Lead users back to where they were before.")] = False,
    timeout: options.Timeout = None,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Lead users from blue to green at their load balancer or by a name, in steps that are watched; or back.

    Example: gocd-tasks switch-traffic web-green --load-balancer web --steps 10,50,100
    """
    with running("switch-traffic", events, color) as task:
        if sum(map(bool, (load_balancer, listener, record))) != 1:
            raise Refused("give one of --load-balancer, --listener and --record")
        if zone and not record:
            raise Refused("--zone goes with --record")
        if green is None and not back:
            raise Refused("GREEN is missing: where users are led to")
        if port and not record:
            raise Refused("--port goes with --record")
        clock, patience = task.wait.clock, Patience(timeout, unproved)
        if record and green and role_of(green):
            raise Refused(
                f"{green} is a target group, and --record leads to a load balancer", "Name that one"
            )
        if record:
            proof = Proof(
                settle,
                Travellers(ask_traffic(traffic, clock), clock),
                lambda blue, to: _after(blue, to, check, status_url, task),
                patience,
                port,
            )
            _by_name(record, zone, green, from_, steps, enough, proof, back, dry_run, lock, lock_wait, task)
            return
        place = Place(load_balancer, listener)
        green = target_group_of(task.aws, green) if green else green
        locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
        if back or green is None:
            _back(place, green, enough, dry_run, locking, task)
            return
        wanted = Wanted(place, green, from_, parse_steps(steps or USUAL), enough)

        def planned() -> Plan | None:
            return plan_forth(task.aws, clock, wanted)

        plan = planned()
        if plan is None:
            task.log.say(NOTHING_TO_DO)
            return
        if dry_run:
            locking.tell(plan.locks)
            task.log.steps(plan.lines)
            return
        with locking.held(plan.locks) as locks:
            if locks.contended and (plan := planned()) is None:
                task.log.say(NOTHING_TO_DO)
                return
            sizes = Sizes(task.aws, plan.switch.sizes, task.log)
            moving = Moving(plan.courses, plan.record, plan.switch, locks.check, task.wait, sizes.release)
            task.log.steps(plan.notes)
            travellers = Travellers(ask_traffic(traffic, clock), clock)
            after = _after(plan.blue.name, plan.green.name, check, status_url, task)
            if plan.steps:
                travellers.begin()
                watch = Watch(plan.enough, [travellers.during], [travellers.after, *after], settle + plan.lag)
                within = plan.green.healthy_within
                going = Going(plan.blue, plan.green, plan.steps, watch, within, travellers.lost, sizes.hold)
                if plan.new:
                    moving.begin()
                switch(moving, going, task.wait)
            arrive(plan, moving, keep_sticky, patience, travellers.during, task.aws, task.wait)


def _back(
    place: Place, green: str | None, enough: int | None, dry_run: bool, locking: Locking, task: Task
) -> None:
    def planned() -> Plan | Over | None:
        return plan_back(task.aws, task.wait.clock, place, green, enough)

    plan = planned()
    if plan is None:
        task.log.say(NOTHING_TO_DO)
    elif dry_run:
        locking.tell(plan.locks)
        task.log.steps(plan.lines)
    else:
        lead_back(plan, planned, locking, task.aws, task.wait)


def _by_name(
    record: str,
    zone: str | None,
    green: str | None,
    blue: str | None,
    steps: str | None,
    enough: int | None,
    proof: Proof,
    back: bool,
    dry_run: bool,
    lock: options.LockChoice,
    lock_wait: float,
    task: Task,
) -> None:
    def planned() -> NamePlan | None:
        name = find_name(task.aws, record, zone)
        if back or green is None:
            return plan_name_back(task.aws, task.wait, name, green, enough)
        return plan_name_forth(task.aws, task.wait, name, green, blue, name.steps(steps), enough)

    locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
    plan = planned()
    if plan is None:
        task.log.say(NOTHING_TO_DO)
    elif dry_run:
        locking.tell(plan.locks)
        task.log.steps(plan.lines)
    else:
        lead_by_name(plan, planned, proof, locking, back, task.aws, task.wait)


def _after(blue: str, green: str, check: str | None, status_url: str | None, task: Task) -> list[AtShare]:
    after = [of_url(status_url)] if status_url else []
    if check:
        after.append(of_command(check, blue, green, task.wait))
    return after
