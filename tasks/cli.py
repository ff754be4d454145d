"""The command line: every command by name, signals, and usage errors in one line."""

import gc
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Annotated, NoReturn

import typer

from gocd.secrets import secret_values
from gocd.task_variables import nearest, unknown
from tasks.contents import Contents, Subcommands
from tasks.frame import CALLED, CommandLine
from tasks.options import Command
from tasks.running.clock import Clock, SystemClock
from tasks.running.console import Console, set_up_streams
from tasks.running.errors import Cancelled, Refused
from tasks.running.fault import DEBUG, traceback_of, what_failed

# What asks a command to stop. On Windows SIGTERM never comes: an agent there ends its tasks without a word.
CANCELS = {signal.SIGTERM, signal.SIGINT}
if sys.platform == "win32":
    CANCELS.add(signal.SIGBREAK)

# The modules that have them, each a ``command`` of its own or an ``app`` of several.
COMMANDS = {
    "detach-instance": "tasks.detach_instance",
    "deploy-artifact": "tasks.deploy_artifact",
    "rolling-deploy": "tasks.rolling_deploy",
    "sleep-settle": "tasks.sleep_settle",
    "attach-instance": "tasks.attach_instance",
    "check-status": "tasks.check_status",
    "iam-policy": "tasks.iam_policy",
    "verify-traffic": "tasks.verify_traffic",
    "clone-environment": "tasks.clone_environment",
    "switch-traffic": "tasks.switch_traffic",
    "retire-environment": "tasks.retire_environment",
    "upgrade-herd": "tasks.upgrade_herd",
    "watch-deployment": "tasks.watch_deployment",
    "status": "tasks.show_status",
    "lock": "tasks.lock",
    "rehearse": "tasks.rehearse",
    "report": "tasks.report",
    "pipeline": "tasks.pipeline",
}


def command_line(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Put the command line together of the commands with these *names*."""
    app = typer.Typer(
        name="gocd-tasks",
        help="Deploy without downtime from GoCD to EC2 behind AWS load balancers.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        cls=Contents,
    )
    # With a callback, one command alone is still called by its name.
    app.callback()(_front)
    for name in names:
        module = import_module(COMMANDS[name])
        if hasattr(module, "app"):
            for each in module.app.registered_commands:
                each.cls = Command
            app.add_typer(module.app, name=name, cls=Subcommands)
        else:
            app.command(name, cls=Command)(module.command)
    return app


def asked_for(words: Sequence[str]) -> list[str]:
    """Return the command that *words* begin with, as importing others takes time; all for a misspelt one."""
    name = next((word for word in words if not word.startswith("-")), "")
    return [name] if name in COMMANDS else list(COMMANDS) if name else []


def _tell_version(wanted: bool) -> None:
    if wanted:
        # No other command asks what is installed before it has to.
        from importlib.metadata import version  # noqa: PLC0415

        Console().line(f"gocd-tasks {version('gocd-tasks')}")
        raise typer.Exit


def _front(
    told: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None: ...


def run(arguments: list[str] | None = None, clock: Clock | None = None) -> int:
    """Run one command and return its exit code; the usage error of a person is one line.

    Args:
        arguments: The words after the program's name; by default those of the process.
        clock: What the command's time goes by; by default the system's.
    """
    heed_cancels()
    words = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    secrets = secret_values(words, os.environ)
    console = Console(secrets=secrets)
    CALLED.set(CommandLine(words, clock or SystemClock(), secrets))
    try:
        # What follows -- is a command of the site's own.
        if "--help" not in words[: [*words, "--"].index("--")]:
            _refuse_unknown(os.environ)
        app = command_line(asked_for(words))
        return int(app(args=words, prog_name="gocd-tasks", standalone_mode=False) or 0)
    except typer.TyperException as problem:
        if isinstance(problem, typer.BadParameter):
            problem.param_hint = _where_given(problem)
        if line := " ".join(problem.format_message().split()):
            console.error(f"{line.rstrip('.')}; nothing was changed. See: gocd-tasks {_named(words)}--help")
        return problem.exit_code
    except Refused as refused:
        advice = refused.advice or f"See: gocd-tasks {_named(words)}--help"
        console.error(f"{refused.what}; nothing was changed. {advice}")
        return refused.exit_code
    except typer.Exit as ended:
        return int(ended.exit_code)
    except Cancelled as cancelled:
        console.error("cancelled; nothing was changed")
        return cancelled.exit_code
    except (Exception, SystemExit) as unforeseen:  # noqa: BLE001 - outside of the frame, and ends as in it
        return _unforeseen(unforeseen, words, console)


def main(clock: Clock | None = None) -> NoReturn:
    """Run as a process of its own, by *clock* where it is not the system's.

    botocore's service models are hundreds of thousands of small objects: not looking through them
    for garbage, and leaving them to the kernel at the end, saves a third of a short command's time.
    """
    gc.disable()
    set_up_streams()
    code = 1
    try:
        code = run(clock=clock)
    except Cancelled as cancelled:
        code = cancelled.exit_code
    except BaseException as unforeseen:  # noqa: BLE001 - telling of another failed, as without any memory
        os.write(2, f"error: gocd-tasks failed ({type(unforeseen).__name__}) and cannot say how\n".encode())
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def _unforeseen(error: BaseException, words: Sequence[str], console: Console) -> int:
    # What Typer makes of a reader that went away before it had all of the help.
    if not isinstance(error, SystemExit):
        if shown := DEBUG.get() or "--debug" in words:
            console.trace(traceback_of(error))
        report = "the traceback above" if shown else "the traceback that --debug shows"
        console.error(f"{what_failed(error)}; nothing was changed. Report it with {report}")
    return 1


def heed_cancels() -> None:
    """Have what asks this process to stop end what it does as ``Cancelled``."""
    for number in CANCELS:
        signal.signal(number, _cancel)


def _cancel(number: int, _: FrameType | None) -> None:
    # GoCD signals every process of a task once; a shell in between may pass its own on as well.
    # The clean-up that the first one starts must not be cut short by an echo of it.
    for each in CANCELS:
        signal.signal(each, signal.SIG_IGN)
    raise Cancelled(number)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse what looks like an option's variable and is none: misspelt, it would count for nothing."""
    if names := unknown(environment):
        meant = [each for name in names if (each := nearest(name))]
        raise Refused(
            f"no command knows {', '.join(names)}, which the environment has",
            f"Did you mean {', '.join(meant)}?" if meant else None,
        )


def _where_given(problem: typer.BadParameter) -> str:
    """Name the option or argument, or the variable if that is where its value came from."""
    if problem.param is None or problem.ctx is None:
        raise AssertionError("Typer tells whose value was bad")
    param, source = problem.param, problem.ctx.get_parameter_source(problem.param.name or "")
    name = param.opts[0] if param.param_type_name == "option" else param.human_readable_name
    if source and source.name == "ENVIRONMENT":
        return str(param.envvar)
    if source and source.name == "COMMANDLINE":
        return name
    return f"{name} (or {param.envvar} in the environment)"


def _named(words: Sequence[str]) -> str:
    return next((f"{word} " for word in words if word in COMMANDS), "")
