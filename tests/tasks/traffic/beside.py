"""Traffic under way beside what a test does, its JMeter's place taken by a program of the tests."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.program import CommandLine, Done
from tests.tasks.verify_traffic import standin_jmeter

# Requests a second.
RATE = 50


@contextmanager
def traffic_beside(gocd_tasks: CommandLine, url: str, folder: Path) -> Iterator[CommandLine]:
    """Give the command line where traffic to *url* is under way; no request of it may fail."""
    program = folder / "jmeter"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {standin_jmeter.__file__} "$@"\n')
    program.chmod(0o755)
    beside = replace(gocd_tasks, folder=folder)
    to = urlsplit(url)
    where = ("--property", f"host={to.hostname}", "--property", f"port={to.port}")
    begun = beside("verify-traffic", "--start", "--jmeter", str(program), *where, "--rate", str(RATE))
    assert begun.returncode == 0, begun.stderr
    try:
        yield beside
    finally:
        finish(beside)


def finish(beside: CommandLine) -> Done:
    """End the traffic, if it is under way still, and judge it."""
    return beside("verify-traffic", "--finish")
