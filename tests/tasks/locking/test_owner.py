"""Who can no longer be at work, and who only looks so."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.locking.owner import Owner

VARIABLES = {
    "GO_SERVER_URL": "https://gocd.example.com/go",
    "GO_PIPELINE_NAME": "staging",
    "GO_PIPELINE_COUNTER": "12",
    "GO_PIPELINE_LABEL": "2.0",
    "GO_STAGE_NAME": "Staging-2",
    "GO_STAGE_COUNTER": "2",
    "GO_JOB_NAME": "deploy",
}
HERE = Owner.here({})
JOB = Owner.here(VARIABLES)


def of_another_process(process: subprocess.Popen[bytes]) -> Owner:
    """The owner that *process* itself would have told."""
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return replace(HERE, process=process.pid, started=stat.rpartition(")")[2].split()[19])


@pytest.fixture
def process() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_a_job_says_what_gocd_told_it() -> None:
    assert JOB.words == f"staging/12, stage Staging-2/2 on {JOB.host}"
    assert JOB.whole_run().words == "staging/12 for its whole run"
    assert JOB.whole_run().is_whole_run
    assert not JOB.is_whole_run


def test_the_lock_holds_no_login_to_the_server() -> None:
    with_login = {**VARIABLES, "GO_SERVER_URL": "https://agent:hunter2@gocd.example.com/go"}

    assert Owner.here(with_login).server == "https://***@gocd.example.com/go"


def test_a_person_is_named_with_the_process() -> None:
    assert HERE.words == f"{HERE.user}@{HERE.host}, process {os.getpid()}"
    assert HERE.whole_run().words == f"{HERE.user}@{HERE.host}, by hand"


def test_where_there_is_no_proc_no_process_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On Windows, asking with signal 0 would be a Ctrl-C to this very process.
    monkeypatch.setattr("tasks.locking.owner.PROC", tmp_path)
    here = Owner.here({})

    assert (here.process, here.machine, here.started) == (os.getpid(), "", "")
    assert not replace(here, process=2**22 + 1).process_is_gone(here)


@pytest.mark.parametrize("owner", [HERE, JOB, HERE.whole_run(), JOB.whole_run()])
def test_an_owner_is_read_as_it_was_written(owner: Owner) -> None:
    assert Owner.read({**owner.facts(), "state": "held", "of_a_later_version": 1}) == owner


def test_a_process_that_ended_is_gone_and_one_that_lives_is_not(process: subprocess.Popen[bytes]) -> None:
    owner = of_another_process(process)
    assert not owner.process_is_gone(HERE)
    assert not HERE.process_is_gone(HERE)

    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # Its parent has not asked for its end yet, so its id is still taken.
    assert owner.process_is_gone(HERE)
    process.wait()

    assert owner.process_is_gone(HERE)


def test_another_process_with_the_same_id_is_not_taken_for_it() -> None:
    assert replace(HERE, started="1").process_is_gone(HERE)


def test_process_ids_of_another_machine_or_container_prove_nothing() -> None:
    elsewhere = replace(HERE, machine="another start of a kernel", started="1")

    assert not elsewhere.process_is_gone(HERE)
    assert not replace(HERE, machine="", started="1").process_is_gone(replace(HERE, machine=""))


def test_what_is_held_without_a_process_is_not_given_up_for_the_lack_of_one() -> None:
    assert not HERE.whole_run().process_is_gone(HERE)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"stage": "Staging-1", "stage_counter": 1}, "GoCD has gone on to stage Staging-2 of the same run"),
        ({"stage": "Staging-1", "stage_counter": 7}, "GoCD has gone on to stage Staging-2 of the same run"),
        ({"stage_counter": 1}, "GoCD runs stage Staging-2 again"),
        ({}, "GoCD has given job deploy out again"),
        ({"job": "another"}, ""),
        ({"stage_counter": 3}, ""),
        ({"counter": 11}, ""),
        ({"pipeline": "production"}, ""),
        ({"server": "https://other.example.com/go"}, ""),
        ({"pipeline": "", "counter": 0}, ""),
    ],
)
def test_gocd_runs_one_stage_of_a_run_at_a_time_and_a_job_once(changes: dict[str, object], why: str) -> None:
    holder = replace(JOB, process=1, machine="another", **changes)  # type: ignore[arg-type]

    assert holder.superseded_by(JOB) == why


def test_neither_a_whole_run_nor_a_person_is_ever_superseded() -> None:
    assert replace(JOB, stage="Staging-1").whole_run().superseded_by(JOB) == ""
    assert replace(JOB, stage="Staging-1").superseded_by(JOB.whole_run()) == ""
    assert HERE.superseded_by(HERE) == ""


def test_a_run_is_the_same_on_one_server_and_a_person_on_one_host() -> None:
    assert JOB.same_run(replace(JOB, stage="another", host="agent-7", user="go"))
    assert not JOB.same_run(replace(JOB, server="https://other.example.com/go"))
    assert not JOB.same_run(HERE)
    assert HERE.same_run(HERE.whole_run())
    assert not HERE.same_run(replace(HERE, user="another"))
    assert not HERE.same_run(replace(HERE, host="another"))
