"""Whole traps, as a person rehearses them."""

import subprocess
import sys
from pathlib import Path

import pytest

from gocd.rehearsal.traps.catalogue import TRAPS


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TRAPS)
def test_naive_pipelines_do_harm_in_a_trap_and_ours_does_none(name: str, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("gocd-tasks")), "rehearse", "--trap", name]
    done = subprocess.run(
        [*command, "--folder", "r"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1].endswith("gocd-tasks: harm in 0 of 1.")
