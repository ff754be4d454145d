"""What Windows does with processes, done with processes of this machine."""

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

import psutil

# A process group of its own (learn.microsoft.com/windows/win32/procthread/process-creation-flags).
NEW_GROUP = 0x200


class Windows:
    """Begins processes and kills trees of them; it knows no signals and no sessions.

    Args:
        taskkill: Whether the system's program for it is there.
    """

    def __init__(self, *, taskkill: bool = True) -> None:
        self.flags: list[int] = []
        self.called: list[Sequence[str]] = []
        self._taskkill = taskkill

    def start(self, words: Sequence[str], *, creationflags: int, **streams: Any) -> subprocess.Popen[bytes]:
        assert set(streams) == {"stdin", "stdout", "stderr"}
        self.flags.append(creationflags)
        return subprocess.Popen(words, **streams)

    def call(self, words: Sequence[str]) -> int:
        """Be ``taskkill``, and return its exit code.

        Source: learn.microsoft.com/windows-server/administration/windows-commands/taskkill: /T takes the tree
        below as well, and a program without a window ends by force, /F, only.
        """
        self.called.append(words)
        program, *switches = (word.lower() for word in words)
        if program != "taskkill" or not self._taskkill:
            raise FileNotFoundError(words[0])
        if "/f" not in switches:
            return 1
        try:
            top = psutil.Process(int(switches[switches.index("/pid") + 1]))
        except psutil.NoSuchProcess:
            return 128
        for process in [*(top.children(recursive=True) if "/t" in switches else []), top]:
            process.kill()
        return 0

    def kill(self, process: int, _: int) -> None:
        """Be ``os.kill`` there: it ends the one process for good, whatever the signal."""
        os.kill(process, signal.SIGKILL)
