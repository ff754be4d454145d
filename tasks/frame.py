"""The frame around every command: what it is handed, and its ending as one line and an exit code."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import typer

from gocd.errors import GoCDError
from tasks.aws.api import Aws
from tasks.aws.errors import Denied
from tasks.running.clock import Clock, SystemClock
from tasks.running.console import Color, Console
from tasks.running.errors import Cancelled, Refused, TaskError
from tasks.running.events import EventFile
from tasks.running.fault import DEBUG, traceback_of, what_failed
from tasks.running.log import Log
from tasks.running.next_command import gocd_tasks
from tasks.running.waiting import Wait


@dataclass(frozen=True)
class CommandLine:
    """What the program was called with.

    Args:
        words: Those after the program's name.
        clock: What its time goes by.
        secrets: What of them, and of the environment, is never shown.
    """

    words: Sequence[str]
    clock: Clock
    secrets: Collection[str] = ()


CALLED: ContextVar[CommandLine] = ContextVar("called")


class Task:
    """What one command is handed.

    Attributes:
        name: The command's.
        words: The command line as it was typed, after the program's name.
        log: What it tells.
        wait: How it waits, by the clock of the process.
    """

    def __init__(self, name: str, words: Sequence[str], log: Log, clock: Clock) -> None:
        self.name = name
        self.words = words
        self.log = log
        self.wait = Wait(clock, log)

    @cached_property
    def aws(self) -> Aws:
        """AWS, opened when it is first asked for; its calls are counted in what the log tells."""
        aws = Aws(self.wait.clock, self.log.say)
        self.log.calls = lambda: aws.calls
        return aws


@contextmanager
def running(
    name: str, events: Path | None = None, color: Color = Color.AUTO, *, data_alone: bool = False
) -> Iterator[Task]:
    """Hand out what the command *name* needs; end it with one ``error:`` line and the error's exit code.

    Args:
        data_alone: Whether the output is for programs, and lines for people go beside it.

    Raises:
        typer.Exit: With 1, 2, 3 or 128 + signal, as the error promises.
    """
    called = CALLED.get(CommandLine((), SystemClock()))
    console = Console(color=color, secrets=called.secrets, data_alone=data_alone)
    try:
        file = EventFile(events, name, called.clock.wall, secrets=called.secrets)
        log = Log(console, file, called.clock)
    except TaskError as error:
        console.error(f"{error.what}; nothing was changed")
        raise typer.Exit(error.exit_code) from None
    end = Ending(console, log, events)
    try:
        yield Task(name, called.words, log, called.clock)
        if console.lost and not log.standing.changed:
            raise TaskError(f"what this command has to say could not be written ({console.lost})")
        log.event("ended", exit_code=0)
    except typer.Exit as ended:
        log.event("ended", exit_code=ended.exit_code)
        raise
    except Cancelled as cancelled:
        # Few commands are cancelled, and fewer beside traffic.
        from tasks.traffic.cancelled import finish_cancelled  # noqa: PLC0415

        finish_cancelled(Wait(called.clock, log))
        end(cancelled, "cancelled", None, cancelled.exit_code)
    except Denied as error:
        policy = f"The policy this command needs: {gocd_tasks('iam-policy', name)}"
        # With the policy alone, whatever is out stays out.
        advice = ". ".join(filter(None, (policy, log.standing.advice)))
        end(error, error.what, advice, 1 if log.standing.changed else 2)
    except TaskError as error:
        code = 1 if isinstance(error, Refused) and log.standing.changed else error.exit_code
        end(error, error.what, error.advice, code)
    except GoCDError as problem:
        end(problem, str(problem), None, 1 if log.standing.changed else 2)
    except (Exception, SystemExit) as unforeseen:  # noqa: BLE001 - whatever it is, it ends in one line
        end.unforeseen(unforeseen)
    finally:
        console.settle()


@dataclass(frozen=True)
class Ending:
    """How a command ends badly: one line, an event, and an exit code.

    Args:
        events: The event file, if there is one.
    """

    console: Console
    log: Log
    events: Path | None

    def __call__(
        self, error: BaseException, what: str, advice: str | None, code: int, **facts: str
    ) -> NoReturn:
        standing = self.log.standing
        sentences = [f"{what}; {standing.state}", standing.advice if advice is None else advice]
        line = ". ".join(sentence.rstrip(".") for sentence in sentences if sentence)
        if DEBUG.get():
            self.console.trace(traceback_of(error))
        self.console.error(" ".join(line.split()))
        self.log.event("ended", exit_code=code, error=line, **facts)
        raise typer.Exit(code)

    def unforeseen(self, error: BaseException) -> NoReturn:
        """End in *error*, which nobody foresaw: its traceback is kept for a report."""
        if DEBUG.get():
            report = "Report it with the traceback above"
        elif self.events:
            report = f"Report it with the traceback in {self.events}"
        else:
            report = "To report it, run the command again with --debug, which shows its traceback"
        steps = [each.rstrip(".") for each in (self.log.standing.advice, report) if each]
        self(error, what_failed(error), ". ".join(steps), 1, traceback=traceback_of(error))
