"""What nobody foresaw ends in one line, with all that a report of it needs, and nothing left half done."""

import errno
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from gocd.rehearsal.standin_aws.world import World
from tasks.frame import running
from tasks.running.fault import DEBUG
from tests.program import PROGRAM, CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.running.test_plugins_broken import Site
from tests.tasks.test_cli import one_error


@pytest.fixture
def debug() -> Iterator[None]:
    token = DEBUG.set(True)
    yield
    DEBUG.reset(token)


def again() -> None:
    again()


def fails(problem: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise problem

    return fail


def ended(fail: Callable[[], None], events: Path | None = None, state: str = "") -> int:
    """Fail in a command that stands so, and return its exit code."""
    try:
        with running("detach-instance", events) as task:
            if state:
                task.log.stands(state, "To put it back: attach it")
            fail()
    except typer.Exit as ending:
        return ending.exit_code
    return 0


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (fails(KeyError("TargetHealth")), "this is a fault in gocd-tasks itself, KeyError: 'TargetHealth'"),
        (fails(ValueError("a\nb\x1b[2J")), "this is a fault in gocd-tasks itself, ValueError: a b [2J"),
        (fails(AssertionError()), "this is a fault in gocd-tasks itself, AssertionError"),
        (fails(SystemExit(0)), "this is a fault in gocd-tasks itself, SystemExit: 0"),
        (fails(MemoryError()), "there is not enough memory"),
        (fails(OSError(errno.ENOSPC, "No space left on device", "x.jtl")), "x.jtl: No space left on device"),
        (again, "this is a fault in gocd-tasks itself, RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_what_nobody_foresaw_is_one_line_with_the_state_and_the_next_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fail: Callable[[], None], said: str
) -> None:
    file = tmp_path / "events.jsonl"
    code = ended(fail, file, "Staging-1 is out of staging")
    [line] = capsys.readouterr().err.splitlines()
    last = json.loads(file.read_text().splitlines()[-1])

    assert code == 1
    assert line.startswith(f"error: {said}")
    assert line.endswith(
        f"; Staging-1 is out of staging. To put it back: attach it. Report it with the traceback in {file}"
    )
    assert (last["state"], last["exit_code"]) == ("ended", 1)
    assert last["traceback"].startswith("Traceback (most recent call last):")
    assert "test_fault.py" in last["traceback"]
    assert len(last["traceback"].splitlines()) < 200


def test_without_an_event_file_the_line_leads_to_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(fails(KeyError("x"))) == 1
    assert capsys.readouterr().err.endswith(
        "; nothing was changed. To report it, run the command again with --debug, which shows its traceback\n"
    )


def test_debug_shows_the_traceback_before_the_line(capsys: pytest.CaptureFixture[str], debug: None) -> None:
    ended(fails(KeyError("x\x1b[2J")))
    first, *_, last = capsys.readouterr().err.splitlines()

    assert first == "Traceback (most recent call last):"
    assert last.startswith("error: this is a fault in gocd-tasks itself, KeyError:")
    assert last.endswith("Report it with the traceback above")


@pytest.mark.parametrize(
    ("words", "variables"), [(("--debug",), {}), ((), {"GOCD_TASKS_DEBUG": "1"})], ids=["option", "variable"]
)
def test_every_command_takes_debug(
    gocd_tasks: CommandLine, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    done = gocd_tasks("check-status", "--url", "nonsense", *words, **variables)
    plain = gocd_tasks("check-status", "--url", "nonsense")

    assert "Traceback (most recent call last):" in done.stderr
    assert done.stderr.splitlines()[-1] == one_error(plain)
    assert done.returncode == plain.returncode == 2


ODD = """
from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind, Member, Roster, Settings, State

class Odd(LoadBalancer):
    kind, name = "odd", "one"

    def settings(self):
        return Settings(drain=1, tells_idle=True, drained_within=5, healthy_within=5)

    left = False

    def roster(self, *instances):
        if self.left:
            raise KeyError("a state that nobody knows")
        return Roster(tuple(Member(each, State.SERVING) for each in ("IDS",)))

    def register(self, places):
        print(f"registered: {places[0].instance.name}")

    def deregister(self, places):
        DEREGISTER

class Kind(LoadBalancerKind):
    def __init__(self, aws): ...

    def all(self):
        return [Odd()]
"""


@pytest.mark.parametrize("failure", ["KeyError('x')", "SystemExit(0)"])
def test_a_detach_that_had_begun_is_put_back_whatever_breaks(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, tmp_path: Path, failure: str
) -> None:
    made = behind("application", drain=300)
    ids = f'{pair.one.id}", "{pair.two.id}'
    code = ODD.replace("IDS", ids).replace("DEREGISTER", f"raise {failure}")
    Site(tmp_path).installs("odd", "[gocd_tasks.load_balancers]\nodd = odd:Kind\n", code)
    both = ("--load-balancer", "target-group:staging", "--load-balancer", "odd:one")
    done = gocd_tasks.installed("detach-instance", "Staging-1", *both, PYTHONPATH=str(tmp_path))

    assert done.returncode == 1
    assert "failed unforeseen, with nothing deployed yet, putting it back" in done.stdout
    assert one_error(done).startswith("error: odd:Kind, which odd has added, failed: ")
    assert "; Staging-1 was put back and serves as before. " in done.stderr
    assert cloud.journal.of("DeregisterTargets")
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


def test_what_cannot_be_looked_at_is_registered_again_all_the_same(
    gocd_tasks: CommandLine, pair: Pair, tmp_path: Path
) -> None:
    ids = f'{pair.one.id}", "{pair.two.id}'
    code = ODD.replace("IDS", ids).replace("DEREGISTER", "self.left = True")
    Site(tmp_path).installs("odd", "[gocd_tasks.load_balancers]\nodd = odd:Kind\n", code)
    words = ("detach-instance", "Staging-1", "--load-balancer", "odd:one")
    done = gocd_tasks.installed(*words, PYTHONPATH=str(tmp_path))

    assert done.returncode == 1
    assert "registered: Staging-1" in done.stdout
    assert "; Staging-1 is being put back into one. To see to it: gocd-tasks attach-instance" in (
        one_error(done)
    )


def test_events_that_cannot_be_written_any_more_stop_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    with running("detach-instance", file) as task:
        file.unlink()
        file.mkdir()
        task.log.event("leaving")
        task.log.say("draining")
        task.log.event("detached")

    told, after = capsys.readouterr().out.splitlines()
    assert told.startswith("events: none are recorded from here on (")
    assert after == "draining"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("iam-policy", "lock"),
            "what this command has to say could not be written (No space left on device)",
        ),
        (("--help",), "No space left on device"),
    ],
)
def test_an_answer_that_is_lost_is_no_success(words: tuple[str, ...], said: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {said}")
    assert "; nothing was changed" in line


def test_a_reader_that_goes_away_before_the_help_is_told_hears_nothing_more() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [PROGRAM, "--help"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("closed", [1, 2])
def test_a_command_that_nobody_can_hear_ends_as_any_other(tmp_path: Path, closed: int) -> None:
    words = (PROGRAM, "sleep-settle", "--seconds", "0", "--events", tmp_path / "events.jsonl")
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *words],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert '"exit_code": 0' in (tmp_path / "events.jsonl").read_text()
