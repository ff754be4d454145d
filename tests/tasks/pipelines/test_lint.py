"""``pipeline lint`` tells what is wrong, in three forms, and by its exit code; nothing runs."""

import json
import os
from pathlib import Path

import pytest

from gocd.finding import Level
from gocd.lint.files import lint
from tests.program import CommandLine

PIPELINE = """\
format_version: 10
pipelines:
  staging:
    group: apps
    materials: {app: {git: 'https://example.com/app'}}
    stages:
      - one:
          tasks:
            - exec: {command: ls}
"""
WARNED = PIPELINE.replace("command: ls}", "command: ls, run_if: always}")
REFUSED = PIPELINE.replace("    group: apps\n", "")


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    """The command line, in a folder of its own, with no AWS to ask."""
    return CommandLine({"PATH": os.environ["PATH"]}, tmp_path)


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (PIPELINE, (), 0),
        (PIPELINE, ("--strict",), 0),
        (WARNED, (), 0),
        (WARNED, ("--strict",), 1),
        (REFUSED, (), 1),
    ],
)
def test_it_fails_because_of_errors_and_if_asked_of_warnings(
    text: str, words: tuple[str, ...], code: int, here: CommandLine
) -> None:
    (here.folder / "a.gocd.yaml").write_text(text)
    done = here("pipeline", "lint", "a.gocd.yaml", *words)

    assert (done.returncode, done.stderr) == (code, "")


def test_a_line_is_a_finding_and_the_last_one_the_sum(here: CommandLine) -> None:
    (here.folder / "a.gocd.yaml").write_text(WARNED)
    done = here("pipeline", "lint", "a.gocd.yaml", "none.gocd.yaml")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "a.gocd.yaml:9:35: warning: 'always' is not a run_if, in place of which GoCD takes passed; "
        "choose one of passed, failed, any",
        "none.gocd.yaml:1:1: error: cannot be read: No such file or directory",
        "2 files: 1 error, 1 warning",
    ]


def test_json_has_all_of_a_finding_and_nothing_beside(here: CommandLine) -> None:
    (here.folder / "a.gocd.yaml").write_text(REFUSED)
    done = here("pipeline", "lint", "a.gocd.yaml", "--format", "json")

    assert json.loads(done.stdout) == {
        "findings": [
            {
                "level": "error",
                "file": "a.gocd.yaml",
                "line": 3,
                "column": 3,
                "what": "pipeline 'staging' has no group",
                "instead": "write 'group: NAME'",
            }
        ]
    }


def test_on_github_a_finding_is_an_annotation(here: CommandLine) -> None:
    (here.folder / "a.gocd.yaml").write_text(REFUSED)
    done = here("pipeline", "lint", "a.gocd.yaml", "--format", "github")

    told = "pipeline 'staging' has no group; write 'group: NAME'"
    assert done.stdout.splitlines()[0] == f"::error file=a.gocd.yaml,line=3,col=3::{told}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "cannot be read: it is a folder and no file"),
        ("pipe", "cannot be read: it is a named pipe and no file"),
        ("none", "cannot be read: No such file or directory"),
        ("large", "cannot be read: it has more than 524,288 bytes"),
        ("latin", "is not UTF-8 text"),
        ("empty", "the file is empty"),
        ("marked", "a byte-order mark before the first word; save it as UTF-8 without one"),
        ("nothing", "the file is empty"),
        ("deep", "nested too deeply to be read"),
        ("binary", "a character that YAML does not allow: 0x0"),
    ],
)
def test_what_is_no_pipeline_file_is_one_finding(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    contents = {
        "large": b"a" * 10 * 1024**2,
        "latin": b"a: \xe9\n",
        "empty": b"",
        "marked": b"\xef\xbb\xbfformat_version: 10\n",
        "nothing": b"# nothing\n",
        "deep": b"[" * 5000 + b"]" * 5000,
        "binary": b"a: b\0\n",
    }
    if name in contents:
        (tmp_path / name).write_bytes(contents[name])
    [finding] = lint([tmp_path / name], None)

    assert (finding.level, finding.line, finding.text) == (Level.ERROR, 1, said)


def test_no_file_at_all_is_refused(here: CommandLine) -> None:
    done = here("pipeline", "lint")

    assert (done.returncode, done.stdout) == (2, "")
    assert "Missing argument FILE..." in done.stderr


@pytest.mark.parametrize(
    "name", ['token=a"b', "token=a\\", 'password=\\"', "https://u:p@h/\\", 'a "b" \u2028 \x1b', "é😀"]
)
def test_json_is_json_whatever_is_masked_in_it(name: str, here: CommandLine) -> None:
    done = here("pipeline", "lint", name, "--format", "json", TOKEN='geheim"geheim')

    [finding] = json.loads(done.stdout)["findings"]
    assert finding["what"] == "cannot be read: No such file or directory"
