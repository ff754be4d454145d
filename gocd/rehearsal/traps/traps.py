"""Traps rehearsed one after the other, each by two naive pipelines and by ours, and told in a table."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TypeVar

from gocd.errors import GoCDError
from gocd.rehearsal.own_folder import own_folder
from gocd.rehearsal.rehearsal import Telling
from gocd.rehearsal.standin_aws.cloud import check_machine
from gocd.rehearsal.standin_gocd.runs import Status
from gocd.rehearsal.traps.catalogue import NO_TRAP, TRAPS
from gocd.rehearsal.traps.outcome import Outcome
from gocd.rehearsal.traps.rehearsed_trap import check_programs, go_through
from gocd.rehearsal.traps.trap import Trap
from gocd.rehearsal.traps.ways import Way

# In place of a name.
ALL = "all"

# Seconds between two looks at what has come of a way; a signal is handled no later.
LOOK = 0.1

Result = TypeVar("Result")

WIDEST = max(len(way.value) for way in Way)

Outcomes = Mapping[Way, Outcome]


@dataclass(frozen=True)
class ThroughTraps:
    """What came of each trap, by its name, and of the same ways where there is none.

    A way that fails there fails for another reason than the traps, and its harm in them shows nothing.

    Args:
        cancelled: Whether somebody ended it before its time.
    """

    outcomes: Mapping[str, Outcomes]
    cancelled: bool = False

    @property
    def passed(self) -> bool:
        """Whether each is a trap, and ours got through: both naive pipelines did harm, and ours did none."""
        return self.are_tried and all(
            ended.safe if way is Way.OURS else ended.red
            for outcomes in self._traps
            for way, ended in outcomes.items()
        )

    @property
    def are_tried(self) -> bool:
        """Whether every way gets through where there is no trap."""
        return not self._astray

    @property
    def table(self) -> list[str]:
        """All of it side by side, a line each, as a simple table of reStructuredText."""
        rows = [["trap", *(way.value for way in Way)]]
        rows += [
            [name, *(ended.words for ended in outcomes.values())] for name, outcomes in self.outcomes.items()
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        rule = "  ".join("=" * width for width in widths)
        lines = [
            "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return [rule, lines[0], rule, *lines[1:], rule]

    @property
    def verdict(self) -> str:
        """What the table shows, in a sentence."""
        if not self.are_tried:
            return f"No trap was tried: without one, {' and '.join(self._astray)} did not get through."
        harmed = {way: sum(outcomes[way].red for outcomes in self._traps) for way in Way}
        shares = [f"{way.value}: harm in {count} of {len(self._traps)}" for way, count in harmed.items()]
        return f"{', '.join(shares)}."

    @property
    def _traps(self) -> list[Outcomes]:
        return [outcomes for name, outcomes in self.outcomes.items() if name != NO_TRAP.name]

    @property
    def _astray(self) -> list[str]:
        """The ways that do not even get through without a trap."""
        return [way.value for way, ended in self.outcomes[NO_TRAP.name].items() if not ended.through]


def explained() -> list[str]:
    """Name each trap and say in a sentence what it is, a line each."""
    width = max(map(len, TRAPS))
    return [f"{name:{width}}  {trap.words}" for name, trap in TRAPS.items()]


def rehearse_traps(name: str, folder: Path, telling: Telling) -> ThroughTraps:
    """Rehearse the trap of this *name*, or ``all``, in each way, and tell what came of it.

    Raises:
        GoCDError: There is no such trap, or something that a rehearsal needs is missing.
    """
    if name not in (*TRAPS, ALL):
        raise GoCDError(f"there is no trap {name!r}; there are: {', '.join([*TRAPS, ALL])}")
    check_machine()
    check_programs()
    with own_folder(folder, [NO_TRAP.name, *TRAPS]) as empty:
        telling.stands(f"what an earlier rehearsal left in {folder} may be gone")
        empty()
        telling.stands(f"nothing of it runs any more, and what it wrote is in {folder}")
        return _rehearsed([NO_TRAP, *(TRAPS.values() if name == ALL else [TRAPS[name]])], folder, telling)


def _rehearsed(traps: Sequence[Trap], folder: Path, telling: Telling) -> ThroughTraps:
    told: dict[str, Outcomes] = {}
    with _at_once() as pool:
        begun = [{way: pool.submit(_gone_through, trap.name, way, folder) for way in Way} for trap in traps]
        for trap, ways in zip(traps, begun, strict=True):
            telling.say(f"{trap.name}: {trap.words}")
            outcomes = {}
            for way, future in ways.items():
                telling.show(f"{trap.name}: {way.value}")
                outcomes[way] = come(future)
                if outcomes[way].status is Status.CANCELLED:
                    return ThroughTraps(told, cancelled=True)
                telling.say(f"  {way.value:{WIDEST}}  {outcomes[way].words}")
                if outcomes[way].said:
                    telling.say(f"  {'':{WIDEST}}  {outcomes[way].said}")
            telling.say("")
            told[trap.name] = outcomes
            through = ThroughTraps(told)
            if not through.are_tried:
                break
    for line in (*through.table, "", through.verdict):
        telling.say(line)
    return through


def come(future: Future[Result]) -> Result:
    """Wait for what comes of *future*, or a signal whose handler raises, in whichever thread it arrives."""
    while not future.done():
        wait([future], LOOK)
    return future.result()


@contextmanager
def _at_once() -> Iterator[ProcessPoolExecutor]:
    """Give a process for each way: moto has room for one rehearsal in each, and they mostly wait."""
    pool = ProcessPoolExecutor(
        len(Way),
        mp_context=get_context("spawn"),
        # Ctrl-C reaches all of them; only a running pipeline has an answer to it.
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        yield pool
    except BaseException:
        for process in active_children():
            # Its rehearsal is cancelled by that, and ends whatever it has started.
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _gone_through(name: str, way: Way, folder: Path) -> Outcome:
    return go_through(TRAPS.get(name, NO_TRAP), way, folder / name / way.name.lower())
