"""The command line: every command by name, signals, and usage errors in one line."""

import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from tasks import (
    attach_instance,
    check_status,
    deploy_artifact,
    detach_instance,
    iam_policy,
    lock,
    rehearse,
    report,
    rolling_deploy,
    sleep_settle,
    upgrade_herd,
    verify_traffic,
    watch_deployment,
)
from tasks.console import Console
from tasks.errors import Cancelled

app = typer.Typer(
    name="gocd-tasks",
    help="Deploy without downtime from GoCD to EC2 behind AWS load balancers.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command("detach-instance")(detach_instance.command)
app.command("deploy-artifact")(deploy_artifact.command)
app.command("rolling-deploy")(rolling_deploy.command)
app.command("sleep-settle")(sleep_settle.command)
app.command("attach-instance")(attach_instance.command)
app.command("check-status")(check_status.command)
app.command("iam-policy")(iam_policy.command)
app.command("verify-traffic")(verify_traffic.command)
app.command("upgrade-herd")(upgrade_herd.command)
app.command("watch-deployment")(watch_deployment.command)
app.add_typer(lock.app, name="lock")
app.command("rehearse")(rehearse.command)
app.command("report")(report.command)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; the usage error of a person is one line."""
    signal.signal(signal.SIGTERM, _cancel)
    signal.signal(signal.SIGINT, _cancel)
    try:
        return int(app(args=arguments, prog_name="gocd-tasks", standalone_mode=False) or 0)
    except typer.TyperException as problem:
        line = " ".join(problem.format_message().split())
        if line:
            Console().error(f"{line.rstrip('.')}; nothing was changed. See: gocd-tasks {_command()} --help")
        return problem.exit_code
    except typer.Exit as ended:
        return int(ended.exit_code)
    except Cancelled as cancelled:
        Console().error("cancelled; nothing was changed")
        return cancelled.exit_code


def main() -> NoReturn:
    """Run as a process of its own.

    botocore's service models are hundreds of thousands of small objects: not looking through them
    for garbage, and leaving them to the kernel at the end, saves a third of a short command's time.
    """
    gc.disable()
    code = 1
    try:
        code = run()
    except Exception:  # noqa: BLE001 - a bug of ours: shown whole, and exit 1
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _cancel(number: int, _: FrameType | None) -> None:
    # GoCD signals every process of a task once; a shell in between may pass its own on as well.
    # The clean-up that the first one starts must not be cut short by an echo of it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Cancelled(number)


def _command() -> str:
    known = {command.name for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    return next((word for word in sys.argv[1:] if word in known), "")
