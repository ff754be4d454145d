"""What is made of the end of a script: of what it says behind its mark, and of nothing else."""

import pytest

from tasks.aws.run_command import Platform
from tasks.aws.script_result import ScriptResult
from tasks.deployers.deployer import ReleaseFailed
from tasks.deployers.ending import Ending
from tasks.running.errors import TimedOut
from tests.fakes import instance

FAILED = "installing 2.0 on Staging-1 failed: "
STOPPED = "it ran too long and was stopped"


def ending(result: ScriptResult, platform: Platform = Platform.LINUX) -> Ending:
    return Ending(instance(1), platform, result, "5f3c ", "installing 2.0")


def test_a_verdict_has_two_parts_whatever_is_in_them() -> None:
    said = (
        "noise\nopen line5f3c a; b did not start (x; y); 5f3c c; d is running again\nfailed to run commands"
    )
    end = ending(ScriptResult("it exited 1", "", said))

    assert isinstance(end.failure, ReleaseFailed)
    assert end.failure.what == f"{FAILED}a; b did not start (x; y)"
    assert end.failure.runs == "c; d is running again"
    assert end.lines[1] == "open linea; b did not start (x; y); c; d is running again"


@pytest.mark.parametrize(
    "said", ["2.0 did not start; 1.0 is running again", "5f3d 2.0 did not start; 5f3d 1.0 is running again"]
)
def test_what_has_no_mark_is_no_verdict(said: str) -> None:
    end = ending(ScriptResult("it exited 137", "running 9.9 from /srv/app", said))

    assert end.failure
    assert not isinstance(end.failure, ReleaseFailed)
    assert end.failure.what == f"{FAILED}it exited 137 ({said})"
    assert end.running == ""


def test_a_version_is_told_whatever_is_in_it() -> None:
    assert ending(ScriptResult(None, "5f3c running 1.0 from here 5f3c from /srv/a from b\n")).running == (
        "1.0 from here"
    )


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        (Platform.LINUX, "systemctl restart NAME, or nohup COMMAND"),
        (Platform.WINDOWS, "Start-Process COMMAND"),
    ],
)
def test_a_release_whose_start_left_the_output_open_is_told_to_be_in_and_how_to_start_it(
    platform: Platform, line: str
) -> None:
    end = ending(ScriptResult(STOPPED, "5f3c running 2.0 5f3c from /srv/app/releases/2.0\n"), platform)

    assert isinstance(end.failure, ReleaseFailed)
    assert end.failure.what.startswith(
        f"{FAILED}2.0 was started, but something started with it holds the output that SSM reads to its end, "
        f"so {STOPPED}; start it so: "
    )
    assert line in end.failure.what
    assert end.failure.runs == "2.0 is current there"


def test_a_failure_that_was_told_stands_although_the_output_was_left_open() -> None:
    end = ending(ScriptResult(STOPPED, "", "5f3c 2.0 did not start; 5f3c 1.0 is running again\n"))

    assert isinstance(end.failure, ReleaseFailed)
    assert end.failure.runs == "1.0 is running again"


def test_of_a_time_out_on_windows_it_is_said_that_what_was_started_may_still_run() -> None:
    stopped = ScriptResult(STOPPED, "working")

    assert str(ending(stopped).failure) == f"{FAILED}{STOPPED}"
    assert str(ending(stopped, Platform.WINDOWS).failure) == (
        f"{FAILED}{STOPPED} (SSM ends only the script there; what that started may still run)"
    )


def test_what_has_not_ended_is_timed_out() -> None:
    end = ending(ScriptResult("it has not ended after 1860 s", late=True))

    assert isinstance(end.failure, TimedOut)
    assert str(end.failure) == "installing 2.0 on Staging-1: it has not ended after 1860 s"
