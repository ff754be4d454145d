"""The end of what a job has said, as its console on a GoCD server has it."""

from __future__ import annotations

import re

from gocd.client.asking import Server

# Bytes of the end that are kept, and of all of it that are read: a server has no way to send the end alone.
KEPT, LONGEST = 64_000, 100_000_000

# A tag of two characters, and the time of day there (GoCD, TaggedStreamConsumer, ConsoleOutputTransmitter).
_STAMP = re.compile(r"^(?:..\|)?\d\d:\d\d:\d\d\.\d{3} ?")


def end_of_console(
    server: Server, pipeline: str, counter: int, stage: str, stage_counter: int, job: str
) -> str:
    """Return the last lines, without the agent's stamps.

    Raises:
        ServerError: They cannot be had.
    """
    where = (pipeline, counter, stage, stage_counter, job, "cruise-output", "console.log")
    end = server.end_of(*where, most=KEPT, longest=LONGEST).decode("utf-8", "replace")
    lines = end.splitlines()
    # The first is whole only if nothing came before it.
    if len(end.encode()) >= KEPT:
        lines = lines[1:]
    return "\n".join(_STAMP.sub("", line) for line in lines)
