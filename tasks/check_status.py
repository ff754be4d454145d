"""Ask a service how it is, until it answers as expected."""

from typing import Annotated

from tasks import options
from tasks.aws.instances import Instance, find_instance
from tasks.clock import SystemClock
from tasks.console import Color
from tasks.lookup import connect
from tasks.options import option
from tasks.placeholders import fill
from tasks.running import running
from tasks.status_check import find_check, parse_fields, wait_for_status
from tasks.waiting import Wait

Url = Annotated[
    str,
    option(
        "--url",
        "What to ask; {instance_id}, {name} and {private_ip} are filled in for --instance.",
        "STATUS_URL",
    ),
]
Version = Annotated[
    str | None,
    option(
        "--version",
        "The release's version; by default the label of the running pipeline.",
        "GO_PIPELINE_LABEL",
    ),
]
ExpectStatus = Annotated[int, option("--expect-status", "The HTTP status it must answer.", min=100, max=599)]
ExpectJson = Annotated[
    list[str] | None,
    option(
        "--expect-json",
        "KEY=VALUE in the JSON answer; dots for depth, {version} filled in; repeatable.",
    ),
]
StatusTimeout = Annotated[
    float, option("--status-timeout", "Seconds until it must have answered as expected.", min=0)
]


def values_of(instance: Instance, version: str | None) -> dict[str, str]:
    """Return what can be filled in for one instance and the version that it shall have."""
    return {
        "instance_id": instance.id,
        "name": instance.name,
        "private_ip": instance.private_ip,
        "version": version or "",
    }


def command(
    url: Url,
    instance: Annotated[str | None, option("--instance", "The instance that the URL speaks of.")] = None,
    version: Version = None,
    expect_status: ExpectStatus = 200,
    expect_json: ExpectJson = None,
    status_timeout: StatusTimeout = 60,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Ask a service how it is, until it answers as expected; exit 3 if it never does.

    Example: gocd-tasks check-status --instance Staging-1 --url http://{private_ip}:8080/_status
    """
    with running("check-status", events, color) as log:
        found = find_instance(connect(log), instance) if instance else None
        values = values_of(found, version) if found else {"version": version or ""}
        fields = parse_fields([fill(pair, values) for pair in expect_json or []])
        check = find_check(fill(url, values), expect_status, fields)
        wait_for_status(check, found.name if found else url, Wait(SystemClock(), log), status_timeout, log)
