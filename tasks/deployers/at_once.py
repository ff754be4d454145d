"""Deploying to several servers at the same time, each in a thread of its own; a cancel reaches them all."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from datetime import datetime

from tasks.aws.instances import Instance
from tasks.running.clock import Clock
from tasks.running.errors import Cancelled, TaskError
from tasks.running.undisturbed import undisturbed
from tasks.running.waiting import Wait

# Seconds in which a thread that sleeps learns of a cancel.
NOTICED = 0.5


class SharedClock:
    """A clock whose sleepers all wake when a command is cancelled; a signal reaches the main thread alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cancelled: Cancelled | None = None

    def cancel(self, cancelled: Cancelled) -> None:
        self._cancelled = cancelled

    def now(self) -> float:
        return self._clock.now()

    def wall(self) -> datetime:
        return self._clock.wall()

    def sleep(self, seconds: float) -> None:
        """Sleep, and have whoever sleeps end as the main thread does.

        Raises:
            Cancelled: The command was.
        """
        end = self._clock.now() + seconds
        while True:
            if self._cancelled:
                raise self._cancelled
            if (left := end - self._clock.now()) <= 0:
                return
            self._clock.sleep(min(left, NOTICED))


def deploy_at_once(
    most: int, instances: Sequence[Instance], wait: Wait, deploy: Callable[[Instance, Wait], None]
) -> Mapping[str, TaskError]:
    """Deploy to all of them, *most* at the same time, and return by instance id what went wrong.

    Args:
        deploy: Deploys to one of them; its wait tells on the same log, with a progress of its own.

    Raises:
        Cancelled: All that had begun have come to their end by then.
    """
    if not instances:
        return {}
    clock = SharedClock(wait.clock)

    def attempt(instance: Instance) -> TaskError | None:
        try:
            deploy(instance, Wait(clock, wait.log.beside()))
        except TaskError as failure:
            return failure
        return None

    with ThreadPoolExecutor(min(most, len(instances))) as threads:
        try:
            with undisturbed():
                running = {each.id: threads.submit(attempt, each) for each in instances}
            # In short turns: whichever thread the system hands a signal to, its handler runs soon.
            while futures_wait(running.values(), NOTICED).not_done:
                pass
        except Cancelled as cancelled:
            clock.cancel(cancelled)
            threads.shutdown(cancel_futures=True)
            raise
    return {key: failure for key, each in running.items() if (failure := each.result())}
