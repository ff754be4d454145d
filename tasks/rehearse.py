"""Rehearse a pipeline file on this machine, under traffic, without AWS and without GoCD."""

import signal
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Cancelled, Refused
from tasks.running.numbers import Number, count, rate
from tasks.running.pipeline_files import read_pipeline_file
from tasks.status.pairs import read_pairs


class Platform(str, Enum):
    LINUX = "linux"
    WINDOWS = "windows"


class Kind(str, Enum):
    APPLICATION = "application"
    NETWORK = "network"
    CLASSIC = "classic"


def command(
    file: Annotated[
        Path | None,
        argument(
            "FILE",
            "The pipeline as code: a .gocd.yaml file, or a template by its name, such as staging.",
            parser=read_pipeline_file,
        ),
    ] = None,
    rate: Annotated[
        float, option("--rate", "Requests per second, all the way through.", rate(1, 100_000))
    ] = 400,
    speed: Annotated[
        float,
        option(
            "--speed",
            "Divides AWS's waits, and the file's parameters named *_seconds.",
            Number("a number", 0.1),
        ),
    ] = 30,
    kind: Annotated[
        Kind, option("--kind", "What a load balancer is where the pipeline does not say.")
    ] = Kind.APPLICATION,
    platform: Annotated[
        Platform, option("--platform", "What the machines run; windows needs a PowerShell on PATH.")
    ] = Platform.LINUX,
    fault: Annotated[
        str,
        option(
            "--fault",
            "deploy-fails, never-healthy, throttle, agent-killed, validate-fails, or bad-release: and how "
            "it is bad: starts-not, answers-500, wrong-version.",
        ),
    ] = "",
    trap: Annotated[
        str,
        option(
            "--trap",
            "Instead of FILE: send two naive pipelines and one of gocd-tasks through a trap of this name, or "
            "through all of them.",
        ),
    ] = "",
    list_traps: Annotated[bool, option("--list-traps", "Name the traps and end.")] = False,
    rerun: Annotated[bool, option("--rerun", "Run a stage that failed once more, as by hand.")] = False,
    turns: Annotated[
        int,
        option("--turns", "How often environments that take turns do so, each time anew.", count(1)),
    ] = 1,
    approve: Annotated[
        list[str] | None, option("--approve", "A manual stage that may run; repeatable.")
    ] = None,
    parameter: Annotated[
        list[str] | None, option("--parameter", "NAME=VALUE in place of the file's own; repeatable.")
    ] = None,
    secret: Annotated[
        list[str] | None, option("--secret", "NAME=VALUE of a secure variable; repeatable.")
    ] = None,
    artifact: Annotated[
        Path | None,
        option(
            "--artifact", "The release to roll out, instead of the sample's.", exists=True, dir_okay=False
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        option("--plan", "Send the traffic with this JMeter plan.", exists=True, dir_okay=False),
    ] = None,
    fleet: Annotated[
        int, option("--fleet", "Instances launched by hand, where the pipeline names none.", count(0, 1000))
    ] = 3,
    group_size: Annotated[
        int,
        option(
            "--group-size", "Members of an Auto Scaling group beside them; 0 for no group.", count(0, 1000)
        ),
    ] = 3,
    version: Annotated[
        str, option("--version", "The version that is rolled out; 2.0, or 0.84.0 of HERD.")
    ] = "",
    folder: Annotated[Path, options.folder("--folder", "Where logs, artifacts and figures are left.")] = Path(
        "rehearsal"
    ),
    agents: Annotated[
        list[str] | None,
        option(
            "--agents",
            "So many agents and no more, as 1, or 2:linux,docker with their resources; repeatable.",
        ),
    ] = None,
    serve: Annotated[
        bool,
        option(
            "--serve",
            "Serve GoCD's REST API on loopback, and trigger the pipeline there.",
            others=("--server",),
        ),
    ] = False,
    keep: Annotated[
        bool,
        option("--keep", "Stay in the foreground at the end, AWS running for trials by hand, until Ctrl-C."),
    ] = False,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Rehearse a pipeline on this machine, with real processes, sockets and traffic.

    Example: gocd-tasks rehearse staging

    Example: gocd-tasks rehearse --trap kept-connections
    """
    with running("rehearse", None, color) as task:
        if sys.platform == "win32":
            raise Refused(
                "a rehearsal does not run on Windows: its instances are processes of a Unix system",
                "Run it on Linux, or in the Windows Subsystem for Linux",
            )
        # Everything a rehearsal needs is heavy, and nothing else has use for it.
        try:
            from gocd.rehearsal.agents_given import read_agents  # noqa: PLC0415
            from gocd.rehearsal.kept import stay  # noqa: PLC0415
            from gocd.rehearsal.plan import Plan  # noqa: PLC0415
            from gocd.rehearsal.rehearsal import Telling, rehearse  # noqa: PLC0415
            from gocd.rehearsal.site import Fleet  # noqa: PLC0415
            from gocd.rehearsal.traps.traps import explained, rehearse_traps  # noqa: PLC0415
        except ImportError as error:
            raise Refused(f"a rehearsal needs {error.name}: pip install 'gocd-tasks[rehearsal]'") from error

        if list_traps:
            task.log.steps(explained())
            return
        telling = Telling(task.log.say, task.log.show, task.log.stands)
        if bool(file) == bool(trap):
            raise Refused("a rehearsal is of a pipeline FILE, or of a --trap")
        if file is None:
            through = rehearse_traps(trap, folder, telling)
            passed, cancelled = through.passed, through.cancelled
        else:
            from tasks.pipelines.program import program  # noqa: PLC0415

            rehearsal = Plan(
                file=file,
                folder=folder,
                rate=rate,
                speed=speed,
                kind=kind.value,
                platform=platform.value,
                version=version,
                parameters=read_pairs("--parameter", parameter or []),
                secrets=read_pairs("--secret", secret or []),
                approve=approve or [],
                artifact=artifact,
                users_plan=plan,
                fault=fault,
                fleet=Fleet(by_hand=fleet, members=group_size),
                rerun=rerun,
                turns=turns,
                agents=read_agents(agents or []),
                serve=serve,
                program=program(),
                keep=stay if keep else None,
            )
            rehearsed = rehearse(rehearsal, telling)
            passed, cancelled = rehearsed.passed, rehearsed.cancelled
        if cancelled:
            raise Cancelled(signal.SIGINT)
    if not passed:
        raise typer.Exit(1)
