"""``pipeline graph`` shows pipelines, or writes a picture of them."""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.gocd.graph.flows import TEXT
from tests.program import CommandLine


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    """The command line, in a folder with a pipeline, with no AWS to ask."""
    (tmp_path / "a.gocd.yaml").write_text(TEXT)
    return CommandLine({"PATH": os.environ["PATH"]}, tmp_path)


def test_it_is_text_for_a_terminal_and_svg_for_a_file_of_that_name(here: CommandLine) -> None:
    shown = here("pipeline", "graph", "a.gocd.yaml")
    written = here("pipeline", "graph", "a.gocd.yaml", "--out", "a.svg")
    asked = here("pipeline", "graph", "a.gocd.yaml", "--format", "svg")

    assert (shown.returncode, shown.stderr, shown.stdout.splitlines()[0]) == (0, "", "build   (group apps)")
    assert (written.returncode, written.stdout) == (0, "graph: a.svg\n")
    assert (here.folder / "a.svg").read_text() == asked.stdout
    assert ElementTree.fromstring(asked.stdout).tag.endswith("svg")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.yaml",), "none.yaml cannot be read: No such file"),
        (("a.gocd.yaml", "--out", "a.gocd.yaml"), "--out a.gocd.yaml is the pipeline itself"),
        (("b.gocd.yaml",), "b.gocd.yaml:1: no colon after 'pipelines'"),
        (("c.gocd.yaml",), "there is no pipeline in c.gocd.yaml"),
        (("a.gocd.yaml", "--out", "nowhere/a.svg"), "nowhere/a.svg cannot be written: No such file"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    words: tuple[str, ...], said: str, here: CommandLine
) -> None:
    (here.folder / "b.gocd.yaml").write_text("pipelines\n  a: b\n")
    (here.folder / "c.gocd.yaml").write_text("format_version: 10\n")
    done = here("pipeline", "graph", *words)

    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (here.folder / "a.gocd.yaml").read_text() == TEXT
