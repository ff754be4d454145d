"""README's tutorial, by the lines that it gives: from nothing to a pipeline that heals, here."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gocd.rehearsal.sample.running import eventually

ROOT = Path(__file__).parents[1]

# Seconds for a whole run of the pipeline.
PATIENCE = 400.0


def blocks() -> list[str]:
    """The lines to type of each step."""
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    [body] = re.findall(
        r"^From nothing to a running pipeline\n-+\n(.*?)^Install on agents$", text, re.M | re.S
    )
    return [block.replace("\n   ", "\n").strip() for block in re.findall(r"::\n\n((?:   .+\n)+)", body)]


class Shell:
    """A terminal in a folder, with the installed program on its PATH and next to nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {"PATH": path, "HOME": str(folder), "GOCD_TASKS_RATE": "50"}

    def type(self, lines: str, code: int = 0) -> str:
        done = subprocess.run(
            ["bash", "-ec", lines],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == code, (lines, done.stdout[-2000:], done.stderr)
        return done.stdout + done.stderr

    @contextmanager
    def running(self, line: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
        with (
            output.open("wb") as file,
            subprocess.Popen(
                ["bash", "-c", f"exec {line}"], cwd=self.folder, env=self.environ, stdout=file, stderr=file
            ) as process,
        ):
            try:
                yield process
            finally:
                process.send_signal(signal.SIGINT)


def said_in(stage: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in stage.rglob("console.log"))


def kill_as(line: str, folder: Path) -> None:
    """Kill what *line* would, but only what runs below *folder*: a Web-3 of others is none of ours."""
    *_, pattern = shlex.split(line)
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=True).stdout
    own = [int(pid) for pid in found.split() if Path(f"/proc/{pid}/cwd").resolve().is_relative_to(folder)]
    assert own
    for pid in own:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_from_nothing_to_a_pipeline_that_heals(tmp_path: Path) -> None:
    made, asked, kill, look, again = blocks()
    shell = Shell(tmp_path)
    *before, rehearse = made.splitlines()
    assert "nothing was found" in shell.type("\n".join(before))
    log, watched = tmp_path / "rehearsal.log", tmp_path / "watch.log"
    with shell.running(rehearse, log):
        assert eventually(lambda: "until Ctrl-C" in log.read_text(), within=PATIENCE), log.read_text()
        [url] = set(re.findall(r"http://127\.0\.0\.1:\d+/go", log.read_text()))
        export, preflight, trigger = asked.splitlines()
        shell.environ["GOCD_TASKS_SERVER"] = url
        assert re.sub(r":\d+/", ":1/", export) == "export GOCD_TASKS_SERVER=http://127.0.0.1:1/go"
        assert "valid" in shell.type(preflight)

        with shell.running(trigger, watched) as watch:
            console = tmp_path / "rehearsal/artifacts/web/2/Web-3/1"
            assert eventually(lambda: "draining" in said_in(console), within=PATIENCE), watched.read_text()
            kill_as(kill, tmp_path)
            assert watch.wait(PATIENCE) == 1
        assert "gocd-tasks pipeline rerun-stage web/2/Web-3" in watched.read_text().splitlines()[-1]

        said = shell.type(look)
        assert re.search(r"^Web-3 .*: (out of web|draining).*web/2, stage Web-3/1", said, re.M), said
        assert said.splitlines()[-1].startswith("next: gocd-tasks attach-instance Web-3"), said

        rerun, status = again.splitlines()
        assert shell.type(rerun).splitlines()[-1].startswith("web/2: passed")
        said = shell.type(f"{look.splitlines()[0]}\n{status}")
        assert "web (target group, port 8080): 3 healthy of 3" in said
    assert "No request was lost." in log.read_text()
