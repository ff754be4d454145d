"""Scripts of hooks, looked into before they are sent."""

import pytest

from tasks.codedeploy.appspec.findings import Findings
from tasks.codedeploy.appspec.scripts import judge_scripts


def judged(*lines: str, end: str = "\n") -> Findings:
    findings = Findings("appspec.yml")
    judge_scripts(
        {"scripts/start.sh": "".join(f"{line}{end}" for line in ("#!/bin/sh", *lines)).encode()}, findings
    )
    return findings


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("java -jar app.jar &", "java -jar app.jar"),
        ("  nohup ./app --port 80 &   # for ever", "./app --port 80"),
        ("./app > app.log &", "./app"),
        ("./app 2>errors.log &", "./app"),
        ("cd /srv && ./app&", "cd /srv && ./app"),
    ],
)
def test_what_is_left_in_the_background_with_an_output_open_is_worth_a_word(line: str, command: str) -> None:
    [told] = judged("set -e", line).doubts

    assert str(told) == (
        "scripts/start.sh:3: what it leaves in the background holds its output open, and CodeDeploy fails it "
        f"for that; write nohup {command} > /var/log/app.log 2>&1 < /dev/null &"
    )


@pytest.mark.parametrize(
    "lines",
    [
        ["./app > /dev/null 2>&1 &"],
        ["./app 2>/dev/null >/dev/null &"],
        ["./app &> app.log &"],
        ["./app >& app.log &"],
        ["exec > /var/log/start.log 2>&1", "./app &"],
        ["./app &", "wait $!"],
        ["(", "  ./app &", ") > /dev/null 2>&1"],
        ["cat <<END", "a line &", "END"],
        ["a &&", "b"],
        ["# ./app &"],
        ["case x in x) y ;&", "esac"],
        ["systemctl restart app"],
    ],
)
def test_what_leaves_no_output_open_is_not(lines: list[str]) -> None:
    assert judged(*lines).doubts == []


def test_a_script_with_the_line_ends_of_windows_is_refused_as_its_interpreter_is_not_found() -> None:
    [told] = judged("systemctl restart app", end="\r\n").faults

    assert str(told) == (
        "scripts/start.sh:1: its lines end as on Windows (CR LF), so that its interpreter is not found; "
        "write them with LF: sed -i 's/\\r$//' scripts/start.sh"
    )
