"""Whether users are on an instance: what its load balancers themselves say, whatever a memory has."""

from collections.abc import Callable, Iterator, Sequence

from tasks.aws.errors import Denied
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.next_command import next_command
from tasks.balancing.reach import Reach
from tasks.running.errors import Refused, TaskError
from tasks.running.log import Log
from tasks.running.next_command import gocd_tasks


def refuse_users(
    instance: Instance,
    find: Callable[[], Sequence[LoadBalancer]],
    memory: Memory,
    log: Log,
    *,
    otherwise: str,
) -> None:
    """See that no load balancer has users on *instance*, is about to, or has some there still to be answered.

    Args:
        find: Finds the load balancers that it is registered with or still draining from.
        otherwise: The command that does not look.

    Raises:
        Refused: Users are on it, or nobody can see whether they are.
    """
    try:
        on_it = list(_users(find(), instance, memory, log))
    except TaskError as unseen:
        policy = f"The policy this command needs: {gocd_tasks('iam-policy', 'deploy-artifact')}"
        mend = policy if isinstance(unseen, Denied) else unseen.advice or "Run it again when that is mended"
        raise Refused(
            f"whether {instance.name} is serving users cannot be seen ({unseen.what})",
            f"{mend}; or, if it serves nobody: {otherwise}",
        ) from None
    if on_it:
        words = ", ".join(f"{member.words} in {balancer.name}" for balancer, member in on_it)
        out = next_command("detach-instance", Batch((instance,)), *(balancer for balancer, _ in on_it))
        raise Refused(
            f"{instance.name} is serving users ({words})",
            f"Take it out first: {out}; or, to cut off whoever is on it: {otherwise}",
        )


def _users(
    balancers: Sequence[LoadBalancer], instance: Instance, memory: Memory, log: Log
) -> Iterator[tuple[LoadBalancer, Member]]:
    for balancer in balancers:
        roster = balancer.roster(instance)
        member, away = roster.of(instance), memory.of(instance, balancer)
        reach = Reach(balancer.settings(), roster)
        # A drain may have been ended by the instance's own word, long before the load balancer's.
        draining = State.LEAVING in member.targets and not (away and away.settled)
        reached = State.JOINING in member.targets or any(map(reach.reaches, roster.all_of(instance)))
        if reached and not draining and balancer.passed_over():
            words = f"{member.words} in {balancer.name}, at weight 0 in every rule, so nobody is sent there"
            log.say(f"{instance.name}: {words}")
        elif reached or draining:
            yield balancer, member
        elif member.state not in (State.LEAVING, State.OUT):
            log.say(f"{instance.name}: {member.words} in {balancer.name}, which sends it nobody as it is")
