"""Where load balancers lead users to, of several target groups, and the switches that are remembered."""

from collections.abc import Collection

from tasks.aws.api import Aws
from tasks.aws.listener import Balancer, Listeners
from tasks.aws.parameter import names_under
from tasks.looking.picture import Led, SeenSwitch
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.switching.by_name.name import word
from tasks.switching.record import PATH, Record, records


def led_by(aws: Aws, arn: str, name: str) -> list[Led]:
    """Return each rule of a load balancer that leads to more than one target group."""
    balancer = Balancer(arn, name, network="/net/" in arn, address="")
    return [
        Led(name, rule.title, rule.named) for rule in Listeners(aws).rules(balancer) if len(rule.named) > 1
    ]


def switches_at(aws: Aws, clock: Clock, place: str) -> list[SeenSwitch]:
    """Return what is remembered of switches at one place."""
    return [seen for each in records(aws, clock, place) if (seen := _seen(each))]


def switches_everywhere(aws: Aws, clock: Clock, names: Collection[str] = ()) -> list[SeenSwitch]:
    """Return what is remembered of switches at all places, or by these *names* in DNS, if given."""
    wanted = {word(each) for each in names}
    found = []
    for parameter in names_under(aws, PATH, recursive=True):
        place, _, name = parameter.removeprefix(f"{PATH}/").rpartition("/")
        meant = not wanted or place.rpartition("/")[2] in wanted
        if place and meant and (seen := _seen(Record(aws, clock, place, name))):
            found.append(seen)
    return found


def _seen(record: Record) -> SeenSwitch | None:
    try:
        switch = record.read()
    except Refused as unread:
        return SeenSwitch(record.place, None, unread.what)
    return SeenSwitch(record.place, switch) if switch else None
