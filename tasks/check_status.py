"""Ask a service how it is, until it answers as expected."""

from typing import Annotated

from tasks import options
from tasks.environments.members import instances_of
from tasks.frame import running
from tasks.options import option
from tasks.running.console import Color
from tasks.running.numbers import Number, seconds
from tasks.status.check import find_check, parse_fields, wait_for_status
from tasks.status.kept_connection import prove_that_connections_are_kept
from tasks.status.placeholders import fill, values_of

HTTP_STATUS = Number("an HTTP status", 100, 599, whole=True)

Url = Annotated[
    str,
    option(
        "--url",
        "What to ask; {instance_id}, {name} and {private_ip} are filled in for --instance.",
    ),
]
ExpectStatus = Annotated[int, option("--expect-status", "The HTTP status it must answer.", HTTP_STATUS)]


def command(
    url: Url,
    instance: Annotated[
        str | None,
        option(
            "--instance",
            "The instance that the URL speaks of; or all of an environment: stack:NAME, group:NAME, or "
            "green:A,B for the clone among two that take turns.",
        ),
    ] = None,
    version: options.Version = None,
    expect_status: ExpectStatus = 200,
    expect_json: options.ExpectJson = None,
    status_timeout: options.StatusTimeout = 60,
    keep_alive: Annotated[
        float | None,
        option(
            "--keep-alive",
            "Then see that it keeps an idle connection for so many seconds, as its load balancer does.",
            seconds(),
        ),
    ] = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Ask a service how it is, until it answers as expected; exit 3 if it never does.

    Example: gocd-tasks check-status --instance Staging-1 --url http://{private_ip}:8080/_status
    """
    with running("check-status", events, color) as task:
        for found in instances_of(task.aws, instance) if instance else [None]:
            values = values_of(found, version) if found else {"version": version or ""}
            fields = parse_fields([fill(pair, values) for pair in expect_json or []])
            check = find_check(fill(url, values), expect_status, fields)
            subject = found.name if found else url
            wait_for_status(check, subject, task.wait, status_timeout)
            if keep_alive:
                prove_that_connections_are_kept(fill(url, values), subject, task.wait, keep_alive)
