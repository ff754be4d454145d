"""A program of the site's own: found beforehand, run without a shell, its output going straight to ours."""

import shutil
import subprocess
from collections.abc import Sequence

from tasks.running.errors import Refused, TimedOut
from tasks.running.process_tree import System, this_system
from tasks.running.waiting import Missing, Wait


class SiteProgram:
    """A program by the first of its words.

    Args:
        option: What it was given by, for example ``--via command``.
        system: What stops it; by default this machine's own.

    Raises:
        Refused: There is no such program on this agent.
    """

    def __init__(self, words: Sequence[str], option: str, system: System | None = None) -> None:
        if not words:
            raise Refused(f"{option} needs the command")
        found = shutil.which(words[0])
        if found is None:
            raise Refused(f"{option}: there is no command {words[0]} on this agent")
        # Windows itself finds no script by its bare name.
        self._program = found
        self._system = system or this_system()

    def run(self, words: Sequence[str], doing: str, wait: Wait, within: float) -> int:
        """Run it with these words, the first of which is its name, and return its exit code.

        Args:
            doing: Told while it runs.
            within: Seconds; it is stopped then.

        Raises:
            TimedOut: It ran longer.
        """
        # Nothing of its output is held back, and nothing of it is lost.
        with subprocess.Popen([self._program, *words[1:]], stdin=subprocess.DEVNULL) as process:
            try:
                wait.until_done(
                    lambda: Missing(doing) if process.poll() is None else None,
                    pace=lambda _: 0.2,
                    within=within,
                )
            except BaseException as ending:
                if process.poll() is None:
                    self._system.stop(process.pid)
                process.wait()
                if isinstance(ending, TimedOut):
                    raise TimedOut(f"{words[0]} ran longer than {within:.0f} s and was stopped") from None
                raise
        return process.returncode


def ending_of(code: int) -> str:
    """Tell how a program ended that did not end well."""
    return f"exited {code}" if code > 0 else "was killed"
