"""Runs whose truth is known, and what JMeter writes of them in each form that it can be told to.

The order of rows, the names of parts and the sums of transactions are JMeter's: CSVSaveService.java,
SampleResult.java, HTTPSamplerBase.java, TransactionController.java, TransactionSampler.java.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from xml.sax.saxutils import quoteattr

from gocd.samples.outcome import COLUMNS

START_MS = 1_700_000_000_000
JMETERS = COLUMNS[:-1]
IN_XML = {
    "timeStamp": "ts",
    "elapsed": "t",
    "label": "lb",
    "responseCode": "rc",
    "responseMessage": "rm",
    "threadName": "tn",
    "success": "s",
    "bytes": "by",
    "IdleTime": "it",
    "Hostname": "hn",
}


@dataclass
class Result:
    """One result as JMeter has it in memory; *within* are its sub-results."""

    label: str
    due_ms: int
    elapsed_ms: int
    succeeded: bool
    thread: str
    message: str = "OK"
    idle_ms: int = 0
    size: int = 0
    within: list[Result] = field(default_factory=list)
    is_transaction: bool = False

    @property
    def ended_ms(self) -> int:
        return self.due_ms + self.elapsed_ms + self.idle_ms

    def row(self) -> dict[str, str]:
        return {
            "timeStamp": str(self.due_ms),
            "elapsed": str(self.elapsed_ms),
            "label": self.label,
            "responseCode": "200" if self.succeeded else "500",
            "responseMessage": self.message,
            "threadName": self.thread,
            "success": str(self.succeeded).lower(),
            "bytes": str(self.size),
            "IdleTime": str(self.idle_ms),
            "Connect": "0",
        }


@dataclass
class Run:
    """What was sent, in the order in which it ended: requests, transactions with theirs, or only a sum.

    Args:
        generate_parent: Whether transactions have their requests as sub-results, or follow them.
        threads: How many users at a time.
    """

    results: list[Result]
    generate_parent: bool
    threads: int

    def requests(self, *, subresults: bool) -> list[Result]:
        """Return what counts: a transaction only where its requests are not recorded."""
        if self.generate_parent and subresults:
            return [
                each
                for result in self.results
                for each in (result.within if result.is_transaction else [result])
            ]
        return [each for each in self.results if self.generate_parent or not each.is_transaction]

    def transactions(self) -> list[Result]:
        return [each for each in self.results if each.is_transaction]


def run(chance: Random, threads: int) -> Run:
    """Make a run of some users, each of whom does some things one after the other."""
    generate_parent = chance.random() < 0.5
    results = [
        result
        for user in range(1, threads + 1)
        for result in _user(chance, f"users 1-{user}", generate_parent)
    ]
    # A transaction is told behind the requests that end with it.
    return Run(sorted(results, key=lambda each: each.ended_ms), generate_parent, threads)


def _user(chance: Random, thread: str, generate_parent: bool) -> Iterator[Result]:
    now = START_MS + chance.randrange(300)
    for _ in range(chance.randint(2, 6)):
        if chance.random() < 0.4:
            transaction = _transaction(chance, thread, now, timers=chance.random() < 0.5)
            now = transaction.ended_ms
            if not generate_parent:
                yield from transaction.within
                transaction.within = []
            yield transaction
        else:
            request = _request(chance, thread, now)
            now = request.ended_ms
            yield request
        if chance.random() < 0.7:
            now += chance.randint(1, 400)


def _request(chance: Random, thread: str, now: int) -> Result:
    # Names that look like those of parts, of requests that follow each other at once.
    label = chance.choice(("home", "page", "step", "step-0", "step-1", "GET /-0"))
    elapsed = chance.randint(1, 200)
    request = Result(label, now, elapsed, chance.random() < 0.85, thread, size=chance.randint(1, 9999))
    if chance.random() < 0.4:
        at = now
        for part in range(chance.randint(1, 4)):
            took = chance.randint(0, (request.ended_ms - at) // 2)
            request.within.append(Result(f"{label}-{part}", at, took, chance.random() < 0.9, thread))
            if chance.random() < 0.2:
                # A frame: its own parts are counted from 0 again.
                request.within[-1].within.append(Result(f"{label}-0", at, took, True, thread))
            at += took
    return request


def _transaction(chance: Random, thread: str, now: int, timers: bool) -> Result:
    # JMeter waits before the first request as well, which is not a part of the time that it tells.
    at, within = now if timers else now + chance.choice((0, 0, 900)), []
    for number in range(chance.randint(1, 3)):
        if number:
            at += chance.randint(0, 90)
        within.append(_request(chance, thread, at))
        at = within[-1].ended_ms
    at += chance.choice((0, 0, 30))
    failing = sum(not each.succeeded for each in within)
    message = f"Number of samples in transaction : {len(within)}, number of failing samples : {failing}"
    took = at - now if timers else sum(each.elapsed_ms for each in within)
    size = sum(each.size for each in within)
    return Result(
        f"buy {len(within)}",
        now,
        took,
        not failing,
        thread,
        message,
        at - now - took,
        size,
        within,
        is_transaction=True,
    )


def as_csv(
    results: Sequence[Result],
    columns: Sequence[str] = JMETERS,
    delimiter: str = ",",
    *,
    header: bool = True,
    subresults: bool = True,
) -> str:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    if header:
        rows.writerow(columns)
    for result in results:
        for each in _through(result) if subresults else [result]:
            row = each.row()
            rows.writerow([row.get(name, "") for name in columns])
    return text.getvalue()


def _through(result: Result) -> Iterator[Result]:
    yield result
    for each in result.within:
        yield from _through(each)


def as_xml(results: Sequence[Result], *, threads: bool = True, subresults: bool = True) -> str:
    names = {name: short for name, short in IN_XML.items() if threads or name != "threadName"}

    def element(result: Result) -> str:
        row = result.row()
        told = " ".join(f"{short}={quoteattr(row[name])}" for name, short in names.items() if name in row)
        tag = "sample" if result.is_transaction else "httpSample"
        return f"<{tag} {told}>{''.join(map(element, result.within if subresults else ()))}</{tag}>\n"

    head = '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n'
    return f"{head}{''.join(map(element, results))}</testResults>\n"
