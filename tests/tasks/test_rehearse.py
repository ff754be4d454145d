"""Where a rehearsal cannot run, and what is said there."""

import subprocess
import sys
from pathlib import Path


def test_on_windows_a_rehearsal_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "some.gocd.yaml"
    file.touch()
    script = f"""
import sys
import tasks.rehearse
from tasks.cli import run
sys.platform = "win32"
sys.exit(run(["rehearse", {str(file)!r}]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("error: a rehearsal does not run on Windows")
    assert "nothing was changed" in line
