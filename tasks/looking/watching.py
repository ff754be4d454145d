"""Looked at again and again: live where a person watches, else a line for each thing that has changed."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from tasks.aws.errors import AwsError
from tasks.looking.look import Look
from tasks.looking.picture import Picture
from tasks.running.waiting import Wait

# Seconds for each AWS call that a look took: watching takes one a second at most, however much it sees.
A_CALL = 1.0

# Seconds between looks, and between those that AWS did not answer.
AT_LEAST, AFTER_NOTHING = 2.0, 15.0


def watch(look: Look, show: Callable[[Picture], None], wait: Wait) -> NoReturn:
    """Look until somebody has seen enough, and *show* each picture; a look that gets no answer is told of."""
    while True:
        began = wait.clock.now()
        try:
            picture = look.take()
        except AwsError as error:
            if not error.passing:
                raise
            wait.log.say(f"no word from AWS ({error.what})")
            wait.clock.sleep(AFTER_NOTHING)
            continue
        show(picture)
        pause = max(AT_LEAST, A_CALL * picture.calls - wait.since(began))
        wait.clock.sleep(pause)


class Changes:
    """What is new in each picture."""

    def __init__(self) -> None:
        self._before: set[str] = set()

    def of(self, facts: Sequence[str]) -> list[str]:
        """Return those of *facts* that the picture before did not have."""
        new = [each for each in facts if each not in self._before]
        self._before = set(facts)
        return new
