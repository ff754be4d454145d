"""Back to users, and out again if the traffic under way shows that they are hurt."""

from tasks.balancing.attach import AttachPlan, attach
from tasks.balancing.detach import detach
from tasks.balancing.detach_plan import plan_detach
from tasks.balancing.ending import Ending
from tasks.balancing.floor import Floor, FloorBroken
from tasks.balancing.lag import planned_again
from tasks.balancing.next_command import next_command
from tasks.running.errors import TaskError
from tasks.running.waiting import Wait
from tasks.traffic.so_far import Users, UsersHurt


def come_back(
    plan: AttachPlan, users: Users, floor: Floor, ending: Ending, wait: Wait, *, timeout: float | None = None
) -> None:
    """Carry out *plan*, and return once its batch serves, and serves users well as far as anybody knows.

    Args:
        ending: When the drain is over, should it have to leave again.
        timeout: Seconds to wait until healthy; by default what the health check settings allow for.

    Raises:
        UsersHurt: It does not; it was taken out again, if the floor allows that. Where users were as badly
            off before, it serves.
        TaskError: It does not come to serve.
    """
    before = users.ask()
    attach(plan, wait, timeout=timeout)
    # As many as share the requests of a load balancer at most.
    among = len(plan.batch) + max((len(roster.members) for _, roster in plan.seen), default=0)
    try:
        users.see(plan.batch, among, before, wait)
    except UsersHurt as hurt:
        wait.log.say(hurt.what)
        if hurt.since:
            raise _taken_out(hurt, plan, users, floor, ending, wait) from None
        raise


def _taken_out(
    hurt: UsersHurt, plan: AttachPlan, users: Users, floor: Floor, ending: Ending, wait: Wait
) -> UsersHurt:
    """Take the batch out, and return the error for all that users had lost when it was."""
    batch, balancers, log = plan.batch, plan.balancers, wait.log
    names = ", ".join(balancer.name for balancer in balancers)
    back = f"Find out why, then: {next_command('attach-instance', batch, *balancers)}"
    trouble: TaskError | None = None
    try:
        leaving = planned_again(lambda: plan_detach(batch, balancers, floor, plan.memory, wait, ending), wait)
        detach(leaving, floor, plan.memory, wait, back_if_cancelled=False)
    except FloorBroken as broken:
        serves = batch.with_verb("serves", "serve")
        log.stands(f"{serves} in {names} all the same, as {broken.what}", broken.advice or "")
    except TaskError as error:
        trouble = error
    else:
        log.stands(f"{batch.with_verb('was', 'were')} taken out of {names} again", back)
    return users.again(hurt, trouble)
