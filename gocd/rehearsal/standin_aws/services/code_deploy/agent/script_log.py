"""What the scripts of one event say: a file on the instance, and the end of it for the API.

Source: aws-codedeploy-agent, hook_executor.rb (ScriptLog, log_script).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

# Characters that are reported, less one; whole lines only.
LIMIT = 2048


class ScriptLog:
    """Each line goes to *file* with the time, and stands in ``tail`` as long as there is room for it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: Sequence[bytes] = ()
        file.parent.mkdir(parents=True, exist_ok=True)

    @property
    def tail(self) -> bytes:
        return b"".join(self._lines)

    def add(self, line: bytes) -> None:
        """Add a line with its end; one too long for the tail leaves nothing in it."""
        lines = (*self._lines, line)
        kept = len(lines)
        room = LIMIT
        while kept and room > len(lines[kept - 1].decode(errors="replace")):
            kept -= 1
            room -= len(lines[kept].decode(errors="replace"))
        self._lines = lines[kept:]
        with self._file.open("ab") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S ", time.gmtime()).encode() + line)
