"""Finished runs judged on the command line, and what is refused before anything starts."""

import gzip
import json
import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.program import PROGRAM
from tests.tasks.traffic.jmeter.plans import PLAN, changed_plan
from tests.tasks.verify_traffic.conftest import VerifyTraffic

HEADER = "timeStamp,elapsed,label,responseCode,success\n"


def jtl(folder: Path, *lines: str, name: str = "run.jtl", tail: str = "") -> str:
    (folder / name).write_text(HEADER + "".join(f"{line}\n" for line in lines) + tail)
    return name


GOOD = ("1700000001000,5,home,200,true", "1700000001100,7,pay,200,true", "1700000001200,9,home,200,true")


def test_a_good_run_passes_and_leaves_its_evidence(verify_traffic: VerifyTraffic) -> None:
    words = ("--jtl", jtl(verify_traffic.folder, *GOOD), "--max-gap", "0.2", "--p95", "9")
    done = verify_traffic.gocd_tasks.installed("verify-traffic", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "verify: 3 samples, 0 errors, longest gap 102 ms, p95 9 ms",
        "verify: passed, all 5 criteria; the evidence is in traffic",
    ]
    out = verify_traffic.folder / "traffic"
    assert json.loads((out / "verdict.json").read_text())["passed"] is True
    assert ET.parse(out / "junit.xml").getroot().get("tests") == "5"
    assert "<td><span>max-gap</span></td>" in (out / "report.html").read_text()


def test_a_bad_run_fails_and_says_by_what(verify_traffic: VerifyTraffic) -> None:
    run = jtl(verify_traffic.folder, *GOOD, "1700000001300,9,home,503,false")
    done = verify_traffic("--jtl", run, "--p95", "8", "--out", "evidence", GOCD_TASKS_EVENTS="events.jsonl")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "verify: 4 samples, 1 error, longest gap 102 ms, p95 9 ms",
        "verify: failed: 1 failed (1 answered 503); at most 0 allowed",
        "verify: failed: p95 9 ms; at most 8 ms allowed",
    ]
    assert done.stderr == (
        "error: the traffic failed 2 of 4 criteria, the first: 1 failed (1 answered 503); at most 0 allowed; "
        "evidence/report.html shows it, beside verdict.json and junit.xml. Find out why before this release "
        "goes on\n"
    )
    judged = [
        event
        for event in map(json.loads, (verify_traffic.folder / "events.jsonl").read_text().splitlines())
        if event["state"] == "judged"
    ]
    assert [(event["passed"], event["samples"], event["lost"]) for event in judged] == [(False, 4, 1)]


def test_the_address_that_was_tested_is_named(verify_traffic: VerifyTraffic) -> None:
    rows = (
        "1795000000000,5,200,true,http://me:pw@10.0.0.9:8080/a",
        "1795000000100,7,503,false,http://10.0.0.9:8080/b?c=d",
    )
    text = "\n".join(["timeStamp,elapsed,responseCode,success,URL", *rows, ""])
    (verify_traffic.folder / "run.jtl").write_text(text)
    done = verify_traffic("--jtl", "run.jtl")

    assert done.stdout.startswith("verify: 2 samples of http://10.0.0.9:8080, 1 error, longest gap")
    assert done.stderr.startswith("error: the traffic to http://10.0.0.9:8080 failed 1 of 3 criteria, the")
    out = verify_traffic.folder / "traffic"
    assert "The traffic to http://10.0.0.9:8080 failed 1 of 3 criteria." in (out / "report.html").read_text()
    assert json.loads((out / "verdict.json").read_text())["addresses"] == ["http://10.0.0.9:8080"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "run.jtl cannot be read: No such file or directory"),
        (b"", "run.jtl has no samples, so nothing is proven"),
        (HEADER.encode(), "run.jtl has no samples, so nothing is proven"),
        (f"{HEADER}{GOOD[0]}\n1700000001100,7,pa".encode(), "run.jtl breaks off in line 3"),
        (f"{HEADER}{GOOD[0]}\nnonsense\n{GOOD[1]}\n".encode(), "run.jtl line 3 is not a result: nonsense"),
        (gzip.compress(f"{HEADER}{GOOD[0]}\n".encode() * 9, mtime=0)[:-9], "run.jtl breaks off in line"),
        (
            b"<testResults><sample ts='1700000000000' t='1' s='true' lb='a' rc='200'/>",
            "run.jtl breaks off in line 1",
        ),
    ],
)
def test_a_record_that_proves_nothing_fails(
    verify_traffic: VerifyTraffic, content: bytes | None, message: str
) -> None:
    if content is not None:
        (verify_traffic.folder / "run.jtl").write_bytes(content)
    done = verify_traffic("--jtl", "run.jtl", "--max-errors", "100")
    assert done.returncode == 1
    assert f"verify: failed: {message}" in done.stdout
    assert "Traceback" not in done.stderr
    failure = next(ET.parse(verify_traffic.folder / "traffic" / "junit.xml").iter("failure"))
    assert message in failure.attrib["message"]


def test_limits_may_come_from_a_file_and_options_win(verify_traffic: VerifyTraffic) -> None:
    (verify_traffic.folder / "limits.yaml").write_text("p95: 1\nlabels:\n  pay:\n    p50: 6\n")
    run = jtl(verify_traffic.folder, *GOOD)
    done = verify_traffic("--jtl", run, "--thresholds", "limits.yaml", GOCD_TASKS_P95="9")
    assert done.returncode == 1
    assert "verify: failed: pay: p50 7 ms; at most 6 ms allowed\n" in done.stdout
    assert done.stdout.count("failed:") == 1


def test_files_of_several_machines_are_judged_as_one_run(verify_traffic: VerifyTraffic) -> None:
    first = jtl(verify_traffic.folder, GOOD[0], GOOD[2], name="1.jtl")
    second = jtl(verify_traffic.folder, GOOD[1], name="2.jtl")
    done = verify_traffic("--jtl", first, "--jtl", second, "--max-gap", "0.11")
    assert done.returncode == 0
    assert "verify: 3 samples, 0 errors, longest gap 102 ms, p95 9 ms\n" in done.stdout


def test_a_run_that_ended_long_before_its_time_fails(verify_traffic: VerifyTraffic) -> None:
    done = verify_traffic("--jtl", jtl(verify_traffic.folder, *GOOD), "--duration", "10", "--max-gap", "5")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "verify: 3 samples, 0 errors, longest gap 6.8 s, p95 9 ms",
        "verify: failed: traffic was sent for 0.2 s of the 10.0 s asked for; at least 7.0 s needed",
        "verify: failed: longest gap 6.791 s from 0.2 s on; at most 5 s allowed",
    ]


def test_until_there_is_a_new_verdict_there_is_none(verify_traffic: VerifyTraffic) -> None:
    assert verify_traffic("--jtl", jtl(verify_traffic.folder, *GOOD)).returncode == 0
    verdict = verify_traffic.folder / "traffic" / "verdict.json"
    assert verdict.exists()
    verdict.write_text("old")
    verify_traffic(str(PLAN), "--property", "host=127.0.0.1", "--jmeter", "/bin/false")
    assert json.loads(verdict.read_text())["passed"] is False


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.jmx", "--jtl", "b.jtl"], "give either a plan to run or, with --jtl, finished runs to judge"),
        (["none.jmx"], "the plan none.jmx cannot be read (No such file or directory)"),
        ([str(PLAN), "--property", "host"], "--property takes NAME=VALUE, not host"),
        (
            [str(PLAN), "--property", "hots=h"],
            "does not read the property hots: --property hots would change",
        ),
        ([str(PLAN), "--duration", "9"], "verify.jmx needs a value for the property host"),
        ([str(PLAN), "--jmeter", "nowhere"], "--jmeter nowhere is no program on this agent"),
        ([str(PLAN), "--max-gap", "nan"], "--max-gap takes seconds, 0 or more, not 'nan'"),
        (["--jtl", "b.jtl", "--thresholds", "bad.yaml"], "bad.yaml:1: there is no limit 'p59'"),
        (["--jtl", "b.jtl", "--out", "/proc/nowhere"], "--out /proc/nowhere cannot be written"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_starts(
    verify_traffic: VerifyTraffic, words: list[str], message: str
) -> None:
    (verify_traffic.folder / "bad.yaml").write_text("p59: 1\n")
    done = verify_traffic(*words)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert "nothing was changed" in line
    assert not (verify_traffic.folder / "traffic").exists()


def test_a_plan_with_a_typo_is_refused(verify_traffic: VerifyTraffic) -> None:
    plan = changed_plan(verify_traffic.folder, "</ThreadGroup>", "</ThreadGruop>")
    done = verify_traffic(str(plan))
    assert done.returncode == 2
    assert "changed.jmx is not a test plan: it is not XML (mismatched tag: line" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--jtl", "pipe"), 1, "pipe cannot be read: it is a named pipe and no file"),
        (("--jtl", "/dev/zero"), 1, "/dev/zero cannot be read: it is a device and no file"),
        (("pipe",), 2, "the plan pipe cannot be read (it is a named pipe and no file)"),
        (
            ("--jtl", "run.jtl", "--thresholds", "pipe"),
            2,
            "pipe cannot be read: it is a named pipe and no file",
        ),
        (("--jtl", "run.jtl", "--since", "pipe"), 2, "--since takes a time such as"),
        (("--jtl", "run.jtl", "--since", "deep.json"), 2, "--since takes a time such as"),
        (("unknown.jmx",), 2, "unknown.jmx is in an encoding that cannot be read (unknown encoding: foo)"),
    ],
)
def test_what_is_no_file_that_can_be_read_is_told_at_once(
    verify_traffic: VerifyTraffic, words: tuple[str, ...], code: int, said: str
) -> None:
    folder = verify_traffic.folder
    os.mkfifo(folder / "pipe")
    jtl(folder, *GOOD)
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "unknown.jmx").write_text("<?xml version='1.0' encoding='foo'?><jmeterTestPlan/>")
    done = verify_traffic(*words)

    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert said in done.stderr


def test_a_line_of_3_gb_in_a_small_file_is_refused_in_constant_memory(verify_traffic: VerifyTraffic) -> None:
    piece = gzip.compress(b"x" * 2**20)
    with (verify_traffic.folder / "bomb.jtl.gz").open("wb") as file:
        file.write(gzip.compress(HEADER.encode()))
        # As many members of one gzip file.
        for _ in range(3000):
            file.write(piece)
    done = verify_traffic("--jtl", "bomb.jtl.gz", GOCD_TASKS_EVENTS="events.jsonl")

    assert done.returncode == 1
    assert "bomb.jtl.gz is not a JTL: a line of it has more than 16,777,216 bytes" in done.stderr


def test_what_a_folder_has_in_place_of_the_evidence_is_left_as_it_is(verify_traffic: VerifyTraffic) -> None:
    out = verify_traffic.folder / "traffic"
    (out / "report.html/kept").mkdir(parents=True)
    (out / "verdict.json").touch()
    done = verify_traffic("--jtl", jtl(verify_traffic.folder, *GOOD))

    why = "--out traffic cannot be written: report.html is a folder there"
    assert (done.returncode, done.stderr) == (2, f"error: {why}; nothing was changed\n")
    assert (out / "report.html/kept").is_dir()
    assert (out / "verdict.json").exists()


def test_evidence_that_cannot_be_left_does_not_hide_the_verdict(verify_traffic: VerifyTraffic) -> None:
    """No file may grow to more than a kilobyte, as where a disk is nearly full."""
    run = jtl(verify_traffic.folder, *GOOD)
    words = ["bash", "-c", 'ulimit -f 1; exec "$0" "$@"', str(PROGRAM), "verify-traffic", "--jtl", run]
    done = subprocess.run(words, cwd=verify_traffic.folder, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("error: traffic/")
    assert done.stderr.endswith(
        " cannot be written (File too large); the traffic passed, and of its evidence not all is in traffic. "
        "Make room and judge it again\n"
    )
    assert not [path for path in (verify_traffic.folder / "traffic").iterdir() if path.suffix == ".new"]
