"""SSM Run Command: one script on instances, each judged by its own invocation.

The calls grow with time, with the number of fifties of instances, and with failures; never with instances.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.command_order import MOST, Order, Platform, pages, subject
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.parts import parts
from tasks.aws.script_result import ScriptResult
from tasks.running.errors import Refused, TimedOut
from tasks.running.waiting import Missing, Wait

__all__ = ["Platform", "RunCommand", "by_platform", "platforms", "subject"]


def platforms(aws: Aws, instances: Sequence[Instance]) -> dict[str, Platform | Refused]:
    """Return by id what each instance runs, as SSM knows it, or why no script can run on it now."""
    known: dict[str, Mapping[str, Any]] = {}
    for some in parts(instances, MOST):
        told = pages(
            aws,
            "describe_instance_information",
            "InstanceInformationList",
            subject(some),
            Filters=[{"Key": "InstanceIds", "Values": [each.id for each in some]}],
        )
        known.update({entry["InstanceId"]: entry for entry in told})
    return {each.id: _platform(each, known.get(each.id)) for each in instances}


def by_platform(
    instances: Sequence[Instance], known: Mapping[str, Platform | Refused]
) -> dict[Platform, list[Instance]]:
    """Return the instances that a script can run on, by what they run."""
    hosts: dict[Platform, list[Instance]] = {}
    for each in instances:
        platform = known[each.id]
        if isinstance(platform, Platform):
            hosts.setdefault(platform, []).append(each)
    return hosts


class RunCommand:
    """Sends one script to instances and follows it.

    Args:
        hosts: The instances, by what they run.
        timeout: Seconds that the script may run.
    """

    def __init__(self, aws: Aws, hosts: Mapping[Platform, Sequence[Instance]], timeout: float) -> None:
        self._timeout = timeout
        self._orders = {
            platform: [Order(aws, some, platform) for some in parts(instances, MOST)]
            for platform, instances in hosts.items()
        }

    def run(self, scripts: Mapping[Platform, str], wait: Wait, words: str) -> dict[str, ScriptResult]:
        """Run the platform's script on each instance and return how it ended there, by id.

        Args:
            words: What is being done, for the lines that show progress.

        Raises:
            AwsError: AWS took no order at all, or cannot tell of a single instance what became of it.
        """
        orders = self._sent(scripts, wait)
        asked = sum(len(order.instances) for order in orders)

        def look() -> Missing | None:
            for order in orders:
                if order.waiting_for:
                    order.look(wait.clock.now())
            left = sum(len(order.waiting_for) for order in orders)
            ended = f": {asked - left} of {asked} ended" if asked > 1 else ""
            strange = "".join(f"; {order.strange}" for order in orders if order.strange)
            return Missing(f"{words}{ended}{strange}") if left else None

        start = wait.clock.now()
        try:
            # Delivery may take as long as running does before SSM itself gives up.
            wait.until_done(
                look, pace=lambda elapsed: 1.0 if elapsed < 30 else 3.0, within=2 * self._timeout + 60
            )
        except TimedOut:
            elapsed = wait.clock.now() - start
            _give_up(orders, ScriptResult(f"it has not ended after {elapsed:.0f} s", late=True))
        except AwsError as error:
            if not any(order.outcomes for order in orders):
                raise
            _give_up(orders, ScriptResult(f"what became of it is not known ({error.what})"))
        return {key: ended for order in orders for key, ended in order.outcomes.items()}

    def cancel(self) -> bool:
        """Ask SSM to stop the script, which may have ended meanwhile; return whether there was one."""
        told, failure = False, None
        for orders in self._orders.values():
            for order in orders:
                try:
                    told = order.cancel() or told
                except AwsError as error:
                    failure = error
        if failure:
            raise failure
        return told

    def _sent(self, scripts: Mapping[Platform, str], wait: Wait) -> list[Order]:
        taken = False
        for platform, orders in self._orders.items():
            for order in orders:
                try:
                    order.send(scripts[platform], self._timeout, wait)
                    taken = True
                except AwsError as error:
                    if not taken:
                        error.begun = not error.refusal
                        raise
                    # Those that have their order go on, and must be followed.
                    order.give_up(ScriptResult(error.what, began=error.passing))
        return [order for each in self._orders.values() for order in each]


def _give_up(orders: Iterable[Order], ended: ScriptResult) -> None:
    for order in orders:
        order.give_up(ended)


def _platform(instance: Instance, known: Mapping[str, Any] | None) -> Platform | Refused:
    if not known:
        return Refused(
            f"{instance.name} is not managed by SSM",
            "Check that its SSM agent runs and that its role has AmazonSSMManagedInstanceCore",
        )
    if known["PingStatus"] != "Online":
        return Refused(
            f"the SSM agent of {instance.name} is {known['PingStatus']}, not Online",
            "Start its SSM agent, or wait until SSM sees it again",
        )
    system = known["PlatformType"]
    if system.upper() not in Platform.__members__:
        return Refused(f"{instance.name} runs {system}; --via ssm serves Linux and Windows")
    return Platform[system.upper()]
