"""What a task tells while it works: lines, progress, events, and where things stand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tasks.running.clock import Clock
from tasks.running.console import Console
from tasks.running.events import EventFile, Fact

# GoCD warns after five minutes without output; a person at night loses trust much sooner.
SILENCE = 30.0


@dataclass(frozen=True)
class Standing:
    """Where things stand: what an error line must say if the task ends here.

    Args:
        state: The state that things are in, for example "Staging-1 is draining from staging".
        advice: What to do next, a whole sentence.
        changed: Whether anything was changed yet.
    """

    state: str = "nothing was changed"
    advice: str = ""
    changed: bool = False


class Log:
    """What one command tells.

    Attributes:
        standing: Where things stand now.
        live: Whether a person watches a terminal.
        again: What to run next whatever happens, a sentence; empty if that depends on where things stand.
        calls: Counts the AWS calls made so far.
    """

    def __init__(self, console: Console, events: EventFile, clock: Clock) -> None:
        self.standing = Standing()
        self.calls: Callable[[], int] = lambda: 0
        self.again = ""
        self.live = console.live
        self._console = console
        self._events = events
        self._clock = clock
        self._spoke_at = clock.now()
        self._last_words = ""

    def beside(self) -> "Log":
        """Return a log for a thread of its own: the same lines and events, another progress and standing."""
        log = Log(self._console, self._events, self._clock)
        log.calls = self.calls
        return log

    def say(self, line: str) -> None:
        """Print one whole line."""
        self._console.line(line)
        self._spoke_at = self._clock.now()
        self._last_words = ""

    def data(self, text: str) -> None:
        """Print one line for programs, and nothing for people beside it."""
        self._console.data(text)

    def steps(self, steps: Iterable[str]) -> None:
        """Print what would be done, a line a step."""
        for step in steps:
            self.say(step)

    def progress(self, words: str, numbers: str) -> None:
        """Show *words* with *numbers*: live on a terminal, else when the words change and every 30 s."""
        line = f"{words}, {numbers}"
        self.show(line)
        if self.live:
            return
        if words != self._last_words or self._clock.now() - self._spoke_at >= SILENCE:
            self.say(line)
            self._last_words = words

    def show(self, *lines: str) -> None:
        """Show *lines* in place where a person watches; nowhere else."""
        if self.live:
            self._console.moving(*lines)

    def event(self, state: str, **facts: Fact) -> None:
        """Record what changed in the event file; one that cannot be written any more holds nothing up."""
        try:
            self._events.record(state, **facts, calls=self.calls())
        except OSError as problem:
            # What was begun in AWS must still be finished.
            self._events.lost = True
            self.say(f"events: none are recorded from here on ({problem})")

    def stands(self, state: str, advice: str = "", *, changed: bool = True) -> None:
        """Note the state that a failure from here on would leave behind."""
        self.standing = Standing(state, self.again or advice, changed)

    def restored(self, state: str) -> None:
        """Note that all is as it was before the command, although it went through changes."""
        self.standing = Standing(state, self.again)
