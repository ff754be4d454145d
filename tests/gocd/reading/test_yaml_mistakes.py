"""What is no YAML is told by the line that a person has to mend, and what to write there."""

from pathlib import Path

import pytest

from gocd.errors import PipelineError
from gocd.reading.located_yaml import parse_located_yaml

TEXT = """\
format_version: 10
pipelines:
  staging:
    group: apps
    parameters:
      lb: "web"
      url: "http://{private_ip}:8080/"
      restart: systemctl restart app
    stages:
      - deploy:
          jobs:
            one:
              tasks:
                - exec:
                    command: gocd-tasks
                    arguments: [detach-instance, "#{lb}"]
                - exec: {command: ls, arguments: ["-l"]}
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "what", "instead"),
    [
        ("    group: apps", "\tgroup: apps", 4, "a tab, which YAML does not take", "write blanks"),
        ("      lb:", "    \tlb:", 6, "a tab", "write blanks"),
        ("group: apps", "group apps", 4, "no colon after 'group'", "write 'group: apps'"),
        ("group: apps", "group:apps", 4, "no blank after the colon of 'group'", "write 'group: apps'"),
        ("- deploy:", "- deploy", 10, "no colon after 'deploy'", "write 'deploy:'"),
        ("          jobs:", "          jobs", 11, "no colon after 'jobs'", "write 'jobs:'"),
        (
            "restart: systemctl",
            "restart systemctl",
            8,
            "no colon after 'restart'",
            "write 'restart: systemctl",
        ),
        ('lb: "web"', 'lb: "web', 6, "a quote that is not closed until line 7", "close it on its line"),
        ('["-l"]', '["-l]', 17, "a quote that is not closed", "close it on its line"),
        ("restart: sys", "restart: 'sys", 8, "a quote that is not closed", "close it on its line"),
        ('instance, "#{lb}"]', 'instance, "#{lb}"', 16, "a '[' that is not closed on its line", "with ']'"),
        ('ce, "#{lb}"]', "ce, #{lb}]", 16, "'#{lb}]' is a comment, so that the '['", 'quotes: "#{lb}"'),
        ("ls, arguments", "#{lb}, arguments", 17, "is a comment, so that the '{'", 'quotes: "#{lb}"'),
        (
            'url: "http://{private_ip}:8080/"',
            "url: {private_ip}:8080",
            7,
            "begins with '{'",
            "'{private_ip}:8080'",
        ),
        ('lb: "web"', 'lb: "web" 1', 6, "text after the closing", "put all of it in quotes"),
        ("      url", "       url", 7, "'url:' is indented by 7 blanks", "the same"),
        ("      url", "     url", 7, "'url:' is indented by 5 blanks", "the same"),
        ("    group", "   group", 4, "'group:' is indented by 3 blanks", "the same"),
        ("                - exec:\n", "               - exec:\n", 14, "'-' is indented by 15", "the same"),
        ("systemctl restart", "systemctl: restart", 8, "a second colon", "write 'systemctl: restart app'"),
        ("systemctl restart app", "*restart", 8, "there is no '&restart' above it", "'*restart'"),
        ("systemctl restart app", "*.sh", 8, "cannot begin with '*'", "write '*.sh'"),
        ("systemctl restart app", "&& app", 8, "cannot begin with '&'", "write '&& app'"),
        ("systemctl restart app", "@app", 8, "cannot begin with '@'", "write '@app'"),
        ("systemctl restart app", "%app", 8, "cannot begin with '%'", "write '%app'"),
        (
            "systemctl restart app",
            '"C:\\srv\\app"',
            8,
            "begins an escape, and this is none",
            "in single quotes",
        ),
        ("group: apps", "group: - apps", 4, "a list's '-' on the line of its key", "a line of its own"),
        (
            "    group: apps",
            "    stages:\n    group: apps",
            10,
            "duplicate key 'stages'",
            "on line 4 already",
        ),
    ],
)
def test_the_line_to_mend_is_told_with_what_to_write(
    before: str, after: str, line: int, what: str, instead: str
) -> None:
    assert before in TEXT
    with pytest.raises(PipelineError) as caught:
        parse_located_yaml(TEXT.replace(before, after, 1), Path("a.gocd.yaml"))

    finding = caught.value.finding
    assert (finding.line, what in finding.what, instead in finding.instead) == (line, True, True), finding


@pytest.mark.parametrize(
    "text", ["a: [b\n", "a: {b: c\n", "a: 'b\n", "- a\nb: c\n", "a: !\n  ?\n b", "]", "a:\n  - b\n c: d\n"]
)
def test_whatever_else_is_no_yaml_is_told_by_a_line_of_it(text: str) -> None:
    with pytest.raises(PipelineError) as caught:
        parse_located_yaml(text, Path("a.gocd.yaml"))

    assert 1 <= caught.value.finding.line <= text.count("\n") + 1
    assert "while " not in caught.value.finding.what
