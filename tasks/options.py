"""The options that commands share, each declared once; every one can come from a variable."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_params_convertors_ctx_param_name_from_function

from gocd.task_variables import variable
from tasks.running.console import Color
from tasks.running.fault import DEBUG
from tasks.running.folders import read_folder
from tasks.running.numbers import MILLISECONDS, PERCENT, NotTaken, Number, count, rate, seconds

# As long as the label of a pipeline can be (GoCD, PipelineLabel.java).
LONGEST_NAME = 255

# Longer no script may run (Systems Manager, AWS-RunShellScript, executionTimeout).
TWO_DAYS = 172_800


def option(
    name: str, text: str, takes: Number | None = None, *, others: Sequence[str] = (), **settings: Any
) -> Any:
    """Declare an option that also comes from the environment variable of its own name, and from no other.

    GoCD hands values to a stage that way: ``--load-balancer`` is ``GOCD_TASKS_LOAD_BALANCER``; an empty
    variable counts as absent, because a pipeline must declare what a trigger may set.

    Args:
        others: More names that it goes by on a command line.
    """
    if takes:
        settings |= {"parser": takes.read, "metavar": takes.metavar}
        text = takes.described(text)
    return typer.Option(name, *others, envvar=variable(name), help=text, **settings)


def folder(name: str, text: str) -> Any:
    """Declare an option that names a folder to write into, which need not be there yet."""
    return option(name, text, parser=read_folder, metavar="DIRECTORY")


def argument(name: str, text: str, **settings: Any) -> Any:
    """Declare an argument that also comes from the environment variable of its own name."""
    return typer.Argument(metavar=name, envvar=variable(name), help=text, **settings)


def _switch(wanted: bool) -> None:
    DEBUG.set(wanted)


def _declare(
    debug: Annotated[
        bool,
        option(
            "--debug",
            "Show where an error came from, for a report of it.",
            callback=_switch,
            is_eager=True,
            expose_value=False,
        ),
    ] = False,
) -> None: ...


class Command(TyperCommand):
    """A command with ``--debug`` among its options."""

    def __init__(self, *words: Any, params: list[Any] | None = None, **settings: Any) -> None:
        debug, *_ = get_params_convertors_ctx_param_name_from_function(_declare)
        super().__init__(*words, params=[*(params or []), *debug], **settings)


def or_label(version: str | None) -> str | None:
    """Return *version*, or else the label of the running pipeline, if there is one."""
    given = os.environ.get("GO_PIPELINE_LABEL") or None if version is None else version
    return None if given is None else a_name(given)


def a_name(given: str) -> str:
    """Return what was *given*, which names of other things are made of.

    Raises:
        NotTaken: It has characters that nobody sees, or is too long.
    """
    if len(given) > LONGEST_NAME or not given.isprintable():
        raise NotTaken(
            f"takes a name on one line, no longer than {LONGEST_NAME} characters, not {given[:50]!r}"
        )
    return given


Instance = Annotated[
    str, argument("INSTANCE", "Instance id, Name tag, private IP or private DNS name; must mean one.")
]
_NAMED = (
    "Target group (name or ARN), classic load balancer, or ALB/NLB with one target group; repeatable. "
    "target-group:NAME and classic:NAME settle a doubt, KIND:NAME is of a kind that the site has added"
)
LoadBalancers = Annotated[
    list[str], option("--load-balancer", f"{_NAMED}; 'all' is every one it is registered with.")
]
FleetLoadBalancers = Annotated[list[str], option("--load-balancer", f"{_NAMED}.")]
MinHealthy = Annotated[
    str,
    option("--min-healthy", "Refuse if fewer healthy instances would be left: a count, or a share as 50%."),
]
UntilIdle = Annotated[
    bool,
    option(
        "--until-idle",
        "End the drain as soon as the instance itself (asked through SSM) has no connection left, 20 s at "
        "the earliest, behind a Network Load Balancer 120 s.",
    ),
]
Lag = Annotated[
    float | None,
    option(
        "--lag",
        "Seconds after the order in which a load balancer may still send new requests; by default 20, of a "
        "Network Load Balancer 120.",
        seconds(),
    ),
]
ConnectionsWithin = Annotated[
    float | None,
    option(
        "--connections-within",
        "Seconds after the order from which connections may be cut that a Network Load Balancer leaves "
        "open; by default the instance itself (asked through SSM) must show that there are none.",
        seconds(),
    ),
]
RequireDrain = Annotated[
    float,
    option(
        "--require-drain",
        "Refuse a load balancer that cuts off requests in flight sooner than after so many seconds.",
        seconds(),
    ),
]
Timeout = Annotated[
    float | None,
    option(
        "--timeout", "Seconds to wait; by default what the load balancer's settings allow for.", seconds()
    ),
]
WhileServing = Annotated[
    bool,
    option("--while-serving", "Deploy also to an instance that users are on, and do not look for them."),
]
DryRun = Annotated[bool, option("--dry-run", "Look, say what would change, and change nothing.")]
Events = Annotated[
    Path | None, option("--events", "Append what happens to this file, a JSON line an event.", dir_okay=False)
]
ColorChoice = Annotated[Color, option("--color", "Colour the output; auto colours only a terminal.")]
Version = Annotated[
    str | None,
    option(
        "--version",
        "The release's version; by default the label of the running pipeline.",
        callback=or_label,
    ),
]
ExpectJson = Annotated[
    list[str] | None,
    option(
        "--expect-json",
        "KEY=VALUE in the JSON answer; dots for depth, {version} filled in; repeatable.",
    ),
]
StatusTimeout = Annotated[
    float, option("--status-timeout", "Seconds until it must have answered as expected.", seconds())
]
LockChoice = Annotated[
    str,
    option(
        "--lock",
        "The deployment lock: auto takes one for each load balancer, none takes none, or a NAME of your own.",
    ),
]
LockWait = Annotated[
    float, option("--lock-wait", "Seconds to wait for a lock that somebody else holds.", seconds())
]
DeploymentTimeout = Annotated[
    float | None,
    option(
        "--timeout", "Seconds until it must be over; by default 3600 and the waits set up for it.", seconds()
    ),
]
StopOnCancel = Annotated[
    bool, option("--stop-on-cancel", "When cancelled, stop the deployment too, and have it rolled back.")
]

# How a release is placed.
Artifact = Annotated[
    str | None,
    argument("ARTIFACT", "The release: a .tar.gz, .tar.xz or .zip, a folder, or s3://BUCKET/KEY."),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- CMD...]",
        help="For --via command: {instance_id} {name} {private_ip} {artifact} {version}.",
    ),
]
Via = Annotated[str, option("--via", "How: ssm, codedeploy, command, or one that a site has added.")]
Application = Annotated[
    str,
    option(
        "--application",
        "The folder in the bucket; codedeploy: the application's name.",
        callback=a_name,
    ),
]
Bucket = Annotated[
    str | None, option("--bucket", "The S3 bucket that it passes through; not for s3:// artifacts.")
]
InstallTo = Annotated[
    str | None, option("--install-to", "ssm: the folder on the instance, holding releases/ and current.")
]
Restart = Annotated[
    str | None, option("--restart", "ssm: the command on the instance that starts the release.")
]
WindowsInstallTo = Annotated[
    str | None, option("--windows-install-to", "ssm: --install-to on those that run Windows.")
]
WindowsRestart = Annotated[
    str | None, option("--windows-restart", "ssm: --restart on those that run Windows.")
]
RestartWithin = Annotated[
    float | None,
    option(
        "--restart-within",
        "ssm: seconds after which a restart is ended that has not; by default half of what is left of "
        "--deploy-timeout, the other half being for the release before.",
        seconds(1),
    ),
]
Owner = Annotated[
    str | None,
    option(
        "--owner",
        "ssm, on Linux: USER[:GROUP] whom a release's files are given to; by default whoever has the release "
        "that is current.",
    ),
]
KeepReleases = Annotated[int, option("--keep-releases", "ssm: how many stay there.", count(2))]
DeploymentGroup = Annotated[
    str | None,
    option("--deployment-group", "codedeploy: the group that holds one instance alone; {name} works."),
]
DeployTimeout = Annotated[
    float, option("--deploy-timeout", "Seconds for the placing.", seconds(30, TWO_DAYS))
]
StatusUrl = Annotated[
    str | None, option("--status-url", "Then ask this, such as http://{private_ip}:8080/_status.")
]

# What traffic is held to: each limit by its own name, or a file of them.
MaxErrors = Annotated[
    int | None, option("--max-errors", "Failed samples allowed; 0 unless a rate is allowed.", count())
]
MaxErrorRate = Annotated[
    float | None, option("--max-error-rate", "Failed samples allowed, in percent.", PERCENT)
]
MaxGap = Annotated[
    float | None, option("--max-gap", "Seconds allowed in which no request succeeds.", seconds())
]
P50 = Annotated[
    float | None, option("--p50", "Milliseconds that half of the answers may take.", MILLISECONDS)
]
P90 = Annotated[
    float | None, option("--p90", "Milliseconds that 90 % of the answers may take.", MILLISECONDS)
]
P95 = Annotated[
    float | None, option("--p95", "Milliseconds that 95 % of the answers may take.", MILLISECONDS)
]
P99 = Annotated[
    float | None, option("--p99", "Milliseconds that 99 % of the answers may take.", MILLISECONDS)
]
MinThroughput = Annotated[
    float | None, option("--min-throughput", "Requests per second that must succeed.", rate())
]
MinSamples = Annotated[
    int | None, option("--min-samples", "Samples there must be; at least 1 in any case.", count(1))
]
ThresholdFile = Annotated[
    Path | None,
    option(
        "--thresholds",
        "YAML file of the same limits by name, and under 'labels' for samples of a label; options win.",
        dir_okay=False,
    ),
]
