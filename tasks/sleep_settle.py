"""Let things settle after an attach or a detach: a fixed sleep, or until a probe gives evidence."""

from typing import Annotated

from tasks import options
from tasks.aws.instances import find_instance
from tasks.frame import running
from tasks.options import option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.numbers import count, seconds
from tasks.status.check import find_check
from tasks.status.placeholders import fill, values_of
from tasks.status.settle import Evidence, settle_on_evidence, settle_quietly


def command(
    seconds: Annotated[float | None, option("--seconds", "Sleep for so long.", seconds())] = None,
    probe_url: Annotated[
        str | None, option("--probe-url", "Settle on evidence: what to ask, once a second.")
    ] = None,
    instance: Annotated[str | None, option("--instance", "The instance that the URL speaks of.")] = None,
    consecutive: Annotated[int, option("--consecutive", "Good answers in a row.", count(1))] = 5,
    at_least: Annotated[float, option("--at-least", "Seconds that pass in any case.", seconds())] = 0,
    at_most: Annotated[float, option("--at-most", "Seconds after which it has failed.", seconds())] = 120,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Let things settle after an attach or a detach.

    Example: gocd-tasks sleep-settle --seconds 60
    """
    with running("sleep-settle", events, color) as task:
        if (seconds is None) == (probe_url is None):
            raise Refused("give either --seconds or --probe-url")
        if probe_url is None:
            settle_quietly(seconds or 0, task.wait)
            return
        values = values_of(find_instance(task.aws, instance), None) if instance else {}
        evidence = Evidence(consecutive, at_least, at_most)
        settle_on_evidence(find_check(fill(probe_url, values)), evidence, task.wait)
