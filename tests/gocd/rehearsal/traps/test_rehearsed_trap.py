"""Whole traps, as a person rehearses them."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from gocd.rehearsal.traps.catalogue import NO_TRAP, TRAPS
from gocd.rehearsal.traps.rehearsed_trap import go_through
from gocd.rehearsal.traps.ways import Way


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TRAPS)
def test_naive_pipelines_do_harm_in_a_trap_and_ours_does_none(name: str, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("gocd-tasks")), "rehearse", "--trap", name]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path / "r")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1].endswith("gocd-tasks: harm in 0 of 1.")


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", Way)
def test_without_a_trap_a_naive_pipeline_gets_through_as_ours_does(way: Way, tmp_path: Path) -> None:
    # This process may have a stand-in AWS already, and there is room for one in each.
    with ProcessPoolExecutor(1, get_context("spawn")) as another:
        ended = another.submit(go_through, NO_TRAP, way, tmp_path / "r").result()
    assert ended.words == "0 lost, rolled out"
