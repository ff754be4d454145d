"""What a person sees while JMeter runs, and that it does not run for ever."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from gocd.samples.jtl import COLUMNS
from tasks.running.clock import SystemClock
from tasks.running.waiting import Wait
from tasks.traffic.jmeter.found import JMeter
from tasks.traffic.jmeter.recording import Recording, errors_logged, record
from tests.fakes import Stage
from tests.tasks.traffic.jmeter.plans import PLAN


class HurriedClock(SystemClock):
    """Twenty seconds pass in one."""

    def now(self) -> float:
        return time.monotonic() * 20


class RacingClock(SystemClock):
    """Three minutes pass in one second."""

    def now(self) -> float:
        return time.monotonic() * 200


def recorded(
    folder: Path, script: str, within: float | None = None, clock: SystemClock | None = None
) -> tuple[str, list[str]]:
    """Have a script stand where JMeter's own would; return what went wrong and what was told."""
    program = folder / "jmeter"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    stage = Stage()
    recording = Recording(PLAN, folder, {"host": "10.0.0.9"}, within=within)
    problem = record(recording, JMeter((str(program),), "JMeter"), Wait(clock or HurriedClock(), stage.log))
    return problem, stage.lines


def test_a_silent_jmeter_is_told_of_every_half_minute(tmp_path: Path) -> None:
    problem, lines = recorded(tmp_path, f"head -c 2100000 /dev/zero > {tmp_path}/results.jtl; sleep 4.5")
    assert problem == ""
    said_at = [0, *(int(line.split()[3]) for line in lines)]
    assert [line.partition(",")[0] for line in lines] == ["verify: JMeter runs"] * len(lines)
    assert len(lines) >= 2
    assert all(later - sooner >= 25 for sooner, later in pairwise(said_at))
    assert lines[0].endswith("s, 2.1 MB recorded")


def test_one_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    started = time.monotonic()
    problem, _ = recorded(tmp_path, "exec sleep 60", within=15)
    assert problem == "JMeter did not end within 15 s and was stopped"
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("echo one; echo two; echo three; echo four; ", "it said last: two / three / four"),
        ("", "it said nothing"),
    ],
)
def test_one_that_never_starts_is_stopped_and_told_with_its_last_lines(
    tmp_path: Path, says: str, told: str
) -> None:
    problem, _ = recorded(tmp_path, f"{says}exec sleep 60", clock=RacingClock())
    assert problem == f"JMeter did not start within 180 s and was stopped; {told}"


def test_one_that_starts_slowly_is_waited_for(tmp_path: Path) -> None:
    start = f"sleep 0.2; echo now; touch {tmp_path}/results.jtl; sleep 1.5"
    assert recorded(tmp_path, start, clock=RacingClock())[0] == ""


def test_its_last_words_are_told_with_its_exit_code(tmp_path: Path) -> None:
    problem, lines = recorded(tmp_path, "echo one; echo; echo out of memory >&2; exit 7")
    assert problem == "JMeter exited 7: one / out of memory"
    assert lines == ["JMeter: one", "JMeter: out of memory"]


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        (
            "CannotResolveClassException: kg.apc.jmeter.perfmon.PerfMonSampler",
            "it lacks the class kg.apc.jmeter.perfmon.PerfMonSampler, most likely of the plug-in "
            "jpgc-perfmon (Servers Performance Monitoring): put its jar into {home}/lib/ext, or name it with "
            "--property search_paths=JAR",
        ),
        (
            "java.lang.NoClassDefFoundError: com/example/Sampler",
            "it lacks the class com.example.Sampler, of a plug-in or of the plan's own: put its jar into "
            "{home}/lib/ext, or name it with --property search_paths=JAR",
        ),
        (
            "CannotResolveClassException: org.apache.jmeter.protocol.tcp.sampler.TCPSampler",
            "it lacks the class org.apache.jmeter.protocol.tcp.sampler.TCPSampler, a part of JMeter itself: "
            "take a whole one, said by JMETER_HOME, where the extra has none of it",
        ),
        (
            "IllegalArgumentException: guiclass attribute is not found",
            "IllegalArgumentException: guiclass att",
        ),
        (
            "BUG! exception in phase semantic analysis Unsupported class file major version 65",
            "its Groovy cannot read the classes of Java 21: run it with an older Java, said by JAVA_HOME",
        ),
    ],
)
def test_what_jmeter_lacks_for_a_plan_is_told_with_where_it_goes(
    tmp_path: Path, words: str, lacking: str
) -> None:
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "jmeter.properties").touch()
    problem, _ = recorded(home / "bin", f"echo Cause:; echo '{words}'; echo; echo ------; exit 1")

    assert problem.startswith(f"JMeter cannot run the plan: {lacking.format(home=home)}")


@pytest.mark.parametrize(
    "words",
    [
        "Error occurred starting thread group :users, error message:Invalid duration 0",
        "Uncaught Exception java.lang.OutOfMemoryError: Java heap space in thread users 1-7",
    ],
)
def test_a_plan_that_ran_in_part_did_not_run(tmp_path: Path, words: str) -> None:
    problem, _ = recorded(tmp_path, f"touch {tmp_path}/results.jtl; echo '{words}'; echo ... end of run")
    assert problem == f"JMeter did not run the whole plan: {words}"


def test_what_an_earlier_run_left_does_not_pass_for_this_one(tmp_path: Path) -> None:
    (tmp_path / "results.jtl").write_text(f"{','.join(COLUMNS)}\n")
    problem, _ = recorded(tmp_path, "echo done")
    assert problem == "JMeter exited 0 and left no results.jtl: done"


def test_jmeter_is_told_where_and_how_to_record(tmp_path: Path) -> None:
    _, [told, *settings] = recorded(tmp_path, 'printf \'%s \' "$@"; echo; cat "${9}"')
    words = told.removeprefix("JMeter: ").split()
    assert words[:7] == [
        *("-n", "-t", str(PLAN)),
        *("-l", str(tmp_path / "results.jtl")),
        *("-j", str(tmp_path / "jmeter.log")),
    ]
    assert words[7] == "-q"
    assert len(words) == 9
    assert r"JMeter: host=10\u002e0\u002e0\u002e9" in settings
    assert r"JMeter: jmeter\u002esave\u002esaveservice\u002eoutput\u005fformat=csv" in settings


def test_its_properties_are_for_nobody_else_to_read_and_gone_in_the_end(tmp_path: Path) -> None:
    _, [told] = recorded(tmp_path, 'stat -c "%a %n" "${9}"')
    _, mode, path = told.split()

    assert mode == "600"
    assert not Path(path).is_relative_to(tmp_path)
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (None, []),
        ("a INFO one\nb ERROR two\nc INFO three\n", ["b ERROR two"]),
        ("".join(f"line {number}\n" for number in range(9)), [f"line {number}" for number in range(4, 9)]),
    ],
)
def test_of_its_log_the_errors_are_told_or_else_the_end(
    tmp_path: Path, log: str | None, told: list[str]
) -> None:
    if log is not None:
        (tmp_path / "jmeter.log").write_text(log)
    assert errors_logged(tmp_path) == told
