"""The frame around every command: it turns an ending into one line and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from gocd.errors import GoCDError
from tasks.aws.errors import Denied
from tasks.running.clock import SystemClock
from tasks.running.console import Color, Console
from tasks.running.errors import Cancelled, Refused, TaskError
from tasks.running.events import EventFile
from tasks.running.log import Log


@contextmanager
def running(task: str, events: Path | None = None, color: Color = Color.AUTO) -> Iterator[Log]:
    """Give *task* its log; end it with one ``error:`` line and the exit code of the error.

    Raises:
        typer.Exit: With 1, 2, 3 or 128 + signal, as the error promises.
    """
    console = Console(color=color)
    clock = SystemClock()
    try:
        log = Log(console, EventFile(events, task, clock.wall), clock)
    except TaskError as error:
        console.error(f"{error.what}; nothing was changed")
        raise typer.Exit(error.exit_code) from None
    try:
        log.event("started")
        yield log
        log.event("ended", exit_code=0)
    except Cancelled as cancelled:
        _end(console, log, "cancelled", None, cancelled.exit_code)
    except Denied as error:
        policy = f"The policy this command needs: gocd-tasks iam-policy {task}"
        _end(console, log, error.what, policy, 1 if log.standing.changed else 2)
    except TaskError as error:
        code = 1 if isinstance(error, Refused) and log.standing.changed else error.exit_code
        _end(console, log, error.what, error.advice, code)
    except GoCDError as problem:
        _end(console, log, str(problem), None, 2)
    except Exception as unforeseen:
        log.event("ended", exit_code=getattr(unforeseen, "exit_code", 1))
        raise
    finally:
        console.settle()


def _end(console: Console, log: Log, what: str, advice: str | None, code: int) -> None:
    standing = log.standing
    sentences = [f"{what}; {standing.state}", standing.advice if advice is None else advice]
    line = ". ".join(sentence.rstrip(".") for sentence in sentences if sentence)
    console.error(" ".join(line.split()))
    log.event("ended", exit_code=code, error=line)
    raise typer.Exit(code)
