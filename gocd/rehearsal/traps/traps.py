"""Traps rehearsed one after the other, each by two naive pipelines and by ours, and told in a table."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path

from gocd.errors import GoCDError
from gocd.rehearsal.own_folder import own_folder
from gocd.rehearsal.rehearsal import Telling
from gocd.rehearsal.standin_aws.cloud import check_machine
from gocd.rehearsal.standin_gocd.runs import Status
from gocd.rehearsal.traps.catalogue import TRAPS
from gocd.rehearsal.traps.outcome import Outcome
from gocd.rehearsal.traps.rehearsed_trap import check_programs, go_through
from gocd.rehearsal.traps.ways import Way

# In place of a name.
ALL = "all"

WIDEST = max(len(way.value) for way in Way)

Outcomes = Mapping[Way, Outcome]


@dataclass(frozen=True)
class ThroughTraps:
    """What came of each trap, by its name.

    Args:
        cancelled: Whether somebody ended it before its time.
    """

    outcomes: Mapping[str, Outcomes]
    cancelled: bool = False

    @property
    def passed(self) -> bool:
        """Whether each is a trap, and ours got through: both naive pipelines did harm, and ours did none."""
        return all(
            ended.safe if way is Way.OURS else ended.red
            for outcomes in self.outcomes.values()
            for way, ended in outcomes.items()
        )

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
        harmed = {way: sum(outcomes[way].red for outcomes in self.outcomes.values()) for way in Way}
        shares = [f"{way.value}: harm in {count} of {len(self.outcomes)}" for way, count in harmed.items()]
        return f"{', '.join(shares)}."


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
    with own_folder(folder, TRAPS) as empty:
        telling.stands(f"what an earlier rehearsal left in {folder} may be gone")
        empty()
        telling.stands(f"nothing of it runs any more, and what it wrote is in {folder}")
        return _rehearsed(list(TRAPS) if name == ALL else [name], folder, telling)


def _rehearsed(names: Sequence[str], folder: Path, telling: Telling) -> ThroughTraps:
    told: dict[str, Outcomes] = {}
    with _at_once() as pool:
        ended = {trap: {way: pool.submit(_gone_through, trap, way, folder) for way in Way} for trap in names}
        for trap, ways in ended.items():
            telling.say(f"{trap}: {TRAPS[trap].words}")
            outcomes = {}
            for way, future in ways.items():
                telling.show(f"{trap}: {way.value}")
                outcomes[way] = future.result()
                if outcomes[way].status is Status.CANCELLED:
                    return ThroughTraps(told, cancelled=True)
                telling.say(f"  {way.value:{WIDEST}}  {outcomes[way].words}")
                if outcomes[way].said:
                    telling.say(f"  {'':{WIDEST}}  {outcomes[way].said}")
            telling.say("")
            told[trap] = outcomes
    through = ThroughTraps(told)
    for line in (*through.table, "", through.verdict):
        telling.say(line)
    return through


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


def _gone_through(trap: str, way: Way, folder: Path) -> Outcome:
    return go_through(TRAPS[trap], way, folder / trap / way.name.lower())
