"""Programs on instances, written so that they can be run at once.

A program that this process wrote itself may still be busy (execve(2), ETXTBSY): whatever another thread
starts at that moment holds the file open for writing until its own program begins. So another process
writes it.
"""

import subprocess
from pathlib import Path


def place(program: Path, content: bytes) -> None:
    """Write an executable file, in place of one that may be there.

    Raises:
        OSError: It cannot be written.
    """
    done = subprocess.run(
        ["install", "-m", "755", "/dev/stdin", str(program)],
        input=content,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip())
