"""Flows fit a terminal."""

from pathlib import Path

from gocd.graph.text import text_of
from tests.gocd.graph.flows import TEXT, flows

SHOWN = """\
build   (group apps)

  code: git https://example.com/code, branch master
    |
    v
  compile
      compile: make

release   (group apps, lock lockOnFailure)

  build: pipeline build, stage compile (starts nothing)
  scripts: git https://example.com/scripts, branch main (not polled)
    |
   [by hand, by anna, role ops]
    v
  out
      first: verify-traffic --start, detach-instance A, ls, script task
        <- app.zip of build/compile/compile
      second (on 2 agents): lock status, report
    |
   (only after success)
    v
  report
      report
        <- events/a, events/b of out/first
"""


def test_what_runs_after_what_is_read_from_top_to_bottom(tmp_path: Path) -> None:
    assert "\n".join([*text_of(flows(tmp_path)), ""]) == SHOWN


def test_no_line_is_wider_than_a_terminal_whatever_the_names(tmp_path: Path) -> None:
    long = (
        TEXT.replace("first", "f" * 200).replace("events/a", "e/" * 120 + "a").replace(" A,", f" {'A' * 90},")
    )
    lines = text_of(flows(tmp_path, long))

    assert max(map(len, lines)) <= 80
    assert "".join(line.strip() for line in lines).count("f" * 200) == 2


def test_a_template_stands_for_its_stages(tmp_path: Path) -> None:
    [flow] = flows(
        tmp_path,
        "format_version: 10\npipelines: {p: {group: g, template: t, materials: {m: {git: 'https://e/r'}}}}",
    )

    assert text_of([flow])[-1] == "  the stages of template t"
