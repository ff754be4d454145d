"""Where a rehearsal cannot run, and what is said there."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from gocd.templates.catalogue import TEMPLATES
from tasks.running.pipeline_files import read_pipeline_file


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


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_meant_by_its_name_unless_a_file_has_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    assert read_pipeline_file(name) == TEMPLATES[name].shipped

    (tmp_path / name).rmdir()
    (tmp_path / name).touch()
    assert read_pipeline_file(name) == Path(name)


@pytest.mark.parametrize(("given", "why"), [("stagin", "'stagin' does not exist"), (".", "'.' is a folder")])
def test_what_is_neither_a_file_nor_a_template_is_refused(given: str, why: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read_pipeline_file(given)

    assert refused.value.message == f"takes a file or one of {', '.join(TEMPLATES)}; {why}"
