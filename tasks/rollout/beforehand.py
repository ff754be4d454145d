"""Every server is asked before the first change: a question that nobody answers is at fault itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.batch import Batch
from tasks.balancing.floor import Floor
from tasks.rollout.batches import batch_of, batches
from tasks.rollout.fleet import Server
from tasks.rollout.questions import Questions
from tasks.running.errors import Refused
from tasks.running.log import Log
from tasks.running.quoting import listed
from tasks.status.check import FieldAbsent
from tasks.status.settle import ask

# Different answers in one line, before it says how many more there are.
TOLD = 4


def ask_everyone(
    servers: Sequence[Server],
    size: int,
    balancers: Sequence[LoadBalancer],
    questions: Questions,
    floor: Floor,
    log: Log,
) -> None:
    """Ask all *servers*, in their order, how they are, and say who is bad already.

    Whoever an interrupted run left outside is there to be healed first, and counts as bad for nothing.

    Args:
        size: How many leave at a time.

    Raises:
        Refused: Nobody answers, or nobody as the release is to answer; or those that do are too few, were a
            load balancer to take the others for healthy.
    """
    everyone = batch_of(servers)
    _refuse_one_address(questions, everyone)
    bad = ask(questions.alive, everyone)
    inside = batch_of(server for server in servers if not server.away)
    if inside and len(bad) == len(everyone):
        first = questions.alive(inside.instances[0])
        raise Refused(
            f"no server answers {first.expectation}: {grouped(inside, bad)}; asked, for one, at {first.url}",
            "See that --status-url has the service's own port and path; if all servers really are down, "
            "deploy to each with deploy-artifact",
        )
    for balancer in balancers:
        for where, here in _counted(servers, balancer):
            _refuse_too_few(here, where, bad, floor, batches(servers, size))
    if unwell := [each for each in inside if each.id in bad]:
        log.say(f"bad already: {grouped(unwell, bad)}")
    _refuse_absent_field(questions, [each for each in everyone if each.id not in bad])


def _refuse_one_address(questions: Questions, everyone: Batch) -> None:
    addresses = {questions.deployed(instance).url for instance in everyone}
    if len(everyone) > 1 and len(addresses) == 1:
        raise Refused(
            f"--status-url asks every server at one address, {addresses.pop()}, which tells of none of them",
            "Put {private_ip} or {name} into it",
        )


def _counted(servers: Sequence[Server], balancer: LoadBalancer) -> Iterator[tuple[str, Sequence[Server]]]:
    """Whom the floor is counted among: all of a load balancer's, or those of each zone that serves alone."""
    here = [server for server in servers if balancer.address in server.places]
    if not balancer.settings().zonal:
        yield balancer.name, here
        return
    for zone in sorted({server.instance.zone for server in here}):
        yield f"{balancer.name}, {zone} alone", [each for each in here if each.instance.zone == zone]


def _refuse_too_few(
    here: Sequence[Server],
    where: str,
    bad: Mapping[str, str],
    floor: Floor,
    turns: Iterable[Sequence[Server]],
) -> None:
    unwell = [each.instance for each in here if each.instance.id in bad and not each.away]
    if not unwell:
        return
    needed, ids = floor.needed(len(here)), {each.instance.id for each in here}
    well, are = len(here) - len(unwell), "is" if len(unwell) == 1 else "are"
    what = f"{len(unwell)} of {len(here)} servers in {where} {are} bad already ({grouped(unwell, bad)})"
    floor_is = f"and the floor is {needed}"
    if well < needed:
        raise Refused(f"{what}, which leaves {well}, {floor_is}", "Heal those first, or lower --min-healthy")
    for turn in turns:
        leaving = batch_of(each for each in turn if not each.away and each.instance.id in ids - bad.keys())
        if leaving and well - len(leaving) < needed:
            raise Refused(
                f"{what}; without {leaving.names} {well - len(leaving)} would be left, {floor_is}",
                "Heal those first, or lower --batch or --min-healthy",
            )


def _refuse_absent_field(questions: Questions, alive: Sequence[Instance]) -> None:
    answers = ask(questions.deployed, alive)
    if alive and all(isinstance(answers.get(each.id), FieldAbsent) for each in alive):
        raise Refused(
            f"no server answers as --expect-json asks: {grouped(alive, answers)}",
            "Name a field of their answers; if only the new release has it, deploy to one server first, with "
            "deploy-artifact",
        )


def grouped(instances: Iterable[Instance], words: Mapping[str, str]) -> str:
    """Return who answers what, those together that answer the same."""
    by_words: dict[str, list[Instance]] = {}
    for instance in instances:
        by_words.setdefault(words[instance.id], []).append(instance)
    told = (f"{Batch(tuple(same)).names}: {said}" for said, same in by_words.items())
    return listed(told, TOLD, "; ")
