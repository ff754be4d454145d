"""Random steps that both kinds of host take alike."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.hosts.script import shell_script
from tests.tasks.hosts.bash_host import SHELL, running_host
from tests.tasks.hosts.host import running
from tests.tasks.hosts.powershell_host import needs_powershell
from tests.tasks.hosts.powershell_worker import Worker
from tests.tasks.hosts.story import Story
from tests.tasks.hosts.walk import Walk, walk

SEED = "1"


@needs_powershell
@pytest.mark.parametrize(
    "steps", [10, pytest.param(500, marks=[pytest.mark.exhaustive, pytest.mark.timeout(900)])]
)
def test_random_steps_come_to_the_same_on_both_kinds(worker: Worker, steps: int) -> None:
    assert walk(worker, SEED, steps) == ""


@pytest.mark.exhaustive
def test_a_script_that_differs_is_found_with_the_steps_that_show_it(tmp_path: Path) -> None:
    """Another shell script stands for the other kind: one that keeps a release less."""
    fewer = replace(
        SHELL,
        write=lambda steps, values: shell_script(steps, values).replace("$((keep + 1))", "$((keep + 0))"),
    )
    with ExitStack() as stack:
        stories = []
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            host = running(folder, fewer) if number else running_host(folder)
            stories.append(Story(stack.enter_context(host)))
        found = Walk(SEED, *stories).steps(60)

    lines = found.splitlines()
    assert lines[0] == "the two scripts differ:"
    assert lines[1].startswith("1. ")
    assert "  releases:" in lines
