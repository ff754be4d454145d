"""A program that was placed can be run at once, whatever other threads start at that moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines.executable import place

# What a process opens for writing, its threads' new processes hold open for a moment.
OPENED = """
import os, sys
from pathlib import Path

from gocd.rehearsal.standin_aws.machines.executable import place

written = []

def hook(event, told):
    if event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR):
        written.append(str(told[0]))

sys.addaudithook(hook)
Path(sys.argv[1] + ".beside").write_bytes(b"")
place(Path(sys.argv[1]), b"#!/bin/sh\\necho here\\n")
print(*(path for path in written if path.startswith(sys.argv[1])))
"""


def test_a_program_is_never_open_for_writing_in_the_process_that_runs_it(tmp_path: Path) -> None:
    program = tmp_path / "program"
    done = subprocess.run(
        [sys.executable, "-c", OPENED, str(program)], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [f"{program}.beside"]
    assert subprocess.run([program], capture_output=True, check=True).stdout == b"here\n"


def test_one_that_is_there_is_replaced_even_while_it_is_open(tmp_path: Path) -> None:
    program = tmp_path / "program"
    place(program, b"#!/bin/sh\necho before\n")

    with program.open("ab"):
        place(program, b"#!/bin/sh\necho after\n")
        assert subprocess.run([program], capture_output=True, check=True).stdout == b"after\n"


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        place(tmp_path / "nowhere/program", b"")
