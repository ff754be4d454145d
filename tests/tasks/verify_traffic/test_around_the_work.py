"""Traffic begun by one task and finished by another: what is left of it however either of them ends.

JMeter's place is taken by a program that takes its command line and its orders, and asks a real server.
"""

import json
import os
import shutil
import signal
import threading

import pytest

from tests.tasks.traffic.jmeter.test_process import gone
from tests.tasks.verify_traffic.around import JOB, Service, Traffic

AGAIN = {**JOB, "GO_STAGE_COUNTER": "2"}


def test_traffic_lasts_from_one_task_to_another_and_is_judged_as_a_run_of_its_own(traffic: Traffic) -> None:
    # A job's folder may have what is called like our own packages.
    (traffic.folder / "tasks").mkdir()
    (traffic.folder / "tasks/__init__.py").write_text("raise SystemExit('not ours')")
    begun = traffic.begin("--max-gap", "5", "--dashboard")
    assert (begun.returncode, begun.stderr) == (0, "")
    assert begun.stdout.splitlines()[-1] == (
        "verify: JMeter runs and is answered, until verify-traffic --finish or for 14,400 s"
    )
    assert len(traffic.processes()) >= 2
    so_far = traffic("--judge-so-far", **JOB)
    assert (so_far.returncode, so_far.stderr) == (0, "")
    assert so_far.stdout.splitlines()[-1] == "verify: passed so far, all 4 criteria"

    done = traffic.finish()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "verify: passed, all 5 criteria; the evidence is in traffic"
    criteria = {
        each["name"]: each["limit"]
        for each in json.loads((traffic.out / "verdict.json").read_text())["criteria"]
    }
    assert criteria["max-gap"] == 5
    assert (traffic.out / "junit.xml").exists()
    assert (traffic.out / "report.html").exists()
    assert traffic.alone()
    assert "Command: Shutdown received" in (traffic.out / "jmeter-console.log").read_text()


def test_what_jmeter_pauses_for_while_it_gets_going_is_no_gap(traffic: Traffic) -> None:
    begun = traffic.begin("--max-gap", "1", "--property", "jmeter.manner=loads")
    assert (begun.returncode, begun.stderr) == (0, "")
    assert "verify: JMeter took 1.2 s to get going, in which no gap counts" in begun.stdout
    assert traffic("--judge-so-far", **JOB).returncode == 0

    done = traffic.finish()
    assert (done.returncode, done.stderr) == (0, "")


def test_traffic_that_is_not_answered_evenly_is_not_begun(traffic: Traffic) -> None:
    begun = traffic.begin("--max-gap", "0.5", "--property", "rate=1.5", "--timeout", "40")

    assert begun.returncode == 1
    assert "good answers do not come without a pause longer than 0.5 s before anything was" in begun.stderr
    assert "JMeter was ended, and nothing else was begun" in begun.stderr


def test_what_users_lost_in_between_fails_so_far_and_in_the_end(traffic: Traffic, service: Service) -> None:
    assert traffic.begin().returncode == 0
    service.status = 500
    samples = (traffic.out / "results.jtl").stat().st_size
    while (traffic.out / "results.jtl").stat().st_size < samples + 200:
        threading.Event().wait(0.02)
    so_far = traffic("--judge-so-far", **JOB)
    assert so_far.returncode == 1
    assert "the traffic failed 1 of 3 criteria so far, the first: " in so_far.stderr

    done = traffic.finish()
    assert done.returncode == 1
    assert "answered 500); at most 0 allowed" in done.stderr
    assert json.loads((traffic.out / "verdict.json").read_text())["passed"] is False


@pytest.mark.exhaustive
def test_limits_may_be_added_when_it_is_finished(traffic: Traffic) -> None:
    assert traffic.begin("--max-gap", "5").returncode == 0
    done = traffic.finish("--min-samples", "1000000")
    assert done.returncode == 1
    assert "at least 1,000,000 needed" in done.stderr
    assert "failed 1 of 5 criteria" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--property", "jmeter.manner=no-heap"),
            "JMeter exited 1: Error occurred during initialization of VM; ",
        ),
        (
            ("--property", "jmeter.manner=stuck", "--timeout", "50"),
            "JMeter did not start within 50 s; it said last: Loading plug-ins; ",
        ),
        (("--property", "port=1"), "failed ("),
        pytest.param(
            ("--property", "duration=0"),
            "JMeter ended before a request was answered; ",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            ("--property", "jmeter.manner=idle", "--timeout", "50"),
            "no request has ended yet after ",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_traffic_that_is_not_answered_is_not_begun(
    traffic: Traffic, words: tuple[str, ...], said: str
) -> None:
    begun = traffic.begin(*words)
    assert begun.returncode == 1
    assert said in begun.stderr
    assert "JMeter was ended, and nothing else was begun" in begun.stderr
    assert traffic.alone()

    done = traffic.finish()
    assert (done.returncode, done.stderr.partition(";")[0]) == (
        2,
        "error: no traffic is under way into traffic",
    )


def test_a_cancel_before_it_is_answered_leaves_no_jmeter(traffic: Traffic) -> None:
    words = ("--start", *traffic.asked, "--property", "port=1")
    starting = traffic.gocd_tasks.start("verify-traffic", *words, **JOB)
    while "no request has succeeded" not in starting.stdout.readline():
        assert starting.returncode is None
    starting.send_signal(signal.SIGTERM)
    assert starting.wait() == 143
    assert traffic.alone()
    assert not traffic.state.exists()


def test_a_cancel_before_jmeter_is_there_leaves_nothing(traffic: Traffic) -> None:
    own = traffic.folder / "own"
    own.mkdir()
    words = ("verify-traffic", "--start", *traffic.asked)
    starting = traffic.gocd_tasks.start(*words, **JOB, TMPDIR=str(own))
    while not traffic.processes():
        assert starting.returncode is None
    starting.send_signal(signal.SIGTERM)
    assert starting.wait(30) == 143
    assert traffic.alone()
    assert list(own.iterdir()) == []


def test_users_who_lose_requests_already_are_told_of_before_anything_is_changed(
    traffic: Traffic, service: Service
) -> None:
    service.first = 500
    begun = traffic.begin()
    assert begun.returncode == 1
    assert (
        "users lose requests before anything was changed: 1 failed (1 answered 500); at most 0 allowed"
        in begun.stderr
    )
    assert traffic.alone()
    service.first = 500
    assert traffic.begin("--max-errors", "1").returncode == 0
    assert traffic.finish().returncode == 0


def test_a_cancelled_task_between_leaves_a_verdict_and_no_jmeter(traffic: Traffic) -> None:
    assert traffic.begin().returncode == 0
    between = traffic.gocd_tasks.start("sleep-settle", "--seconds", "1000", **JOB)
    between.stdout.readline()
    between.send_signal(signal.SIGTERM)
    out, errors = between.communicate()
    assert between.wait() == 143
    assert "verify: passed, all 4 criteria; the evidence is in traffic" in out
    assert errors == "error: cancelled; nothing was changed\n"
    assert traffic.alone()
    assert json.loads((traffic.out / "verdict.json").read_text())["passed"] is True


@pytest.mark.exhaustive
def test_what_a_person_began_outlives_a_task_that_is_broken_off(traffic: Traffic) -> None:
    assert traffic("--start", *traffic.asked).returncode == 0
    between = traffic.gocd_tasks.start("sleep-settle", "--seconds", "1000")
    between.stdout.readline()
    between.send_signal(signal.SIGINT)
    out, _ = between.communicate()
    assert "verify: JMeter runs on into traffic; it ends with gocd-tasks verify-traffic --finish" in out
    assert traffic("--finish").returncode == 0


def test_jmeter_whose_job_died_ends_by_itself(traffic: Traffic) -> None:
    assert traffic.begin("--at-most", "2").returncode == 0
    assert traffic.alone()
    done = traffic.finish()
    assert done.returncode == 1
    assert "the traffic was not finished after 2 s (--at-most): JMeter was ended" in done.stderr


def test_another_start_ends_what_an_earlier_one_left_and_judges_its_own_alone(
    traffic: Traffic, service: Service
) -> None:
    assert traffic.begin().returncode == 0
    service.status = 500
    threading.Event().wait(0.2)
    earlier = traffic.processes()
    service.status = service.first = 200
    again = traffic.begin(**AGAIN)
    assert again.returncode == 0
    assert "verify: JMeter still runs for rolling/7/deploy/1/deploy, which did not finish it" in again.stdout
    assert all(gone(each.pid) for each in earlier)
    done = traffic.finish(**AGAIN)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_start_ends_what_a_job_that_is_over_left_in_another_folder(traffic: Traffic) -> None:
    assert traffic.begin("--out", "before").returncode == 0
    earlier = traffic.processes()
    assert "verify: JMeter still runs for rolling/7/deploy/1/deploy" in traffic.begin(**AGAIN).stdout
    assert all(gone(each.pid) for each in earlier)
    assert traffic.finish(**AGAIN).returncode == 0


@pytest.mark.exhaustive
def test_a_job_may_have_traffic_of_two_plans(traffic: Traffic) -> None:
    assert traffic.begin("--out", "one").returncode == 0
    assert "still runs" not in traffic.begin("--out", "two").stdout
    assert traffic.finish("--out", "one").returncode == 0
    assert traffic.finish("--out", "two").returncode == 0


def test_what_an_earlier_run_of_the_stage_left_is_ended_and_not_judged(traffic: Traffic) -> None:
    assert traffic.begin().returncode == 0
    done = traffic.finish(**AGAIN)
    assert done.returncode == 1
    assert "was begun by rolling/7/deploy/1/deploy: it was ended, and is not judged" in done.stderr
    assert not (traffic.out / "verdict.json").exists()
    assert traffic.alone()


def test_jmeter_ends_once_its_folder_is_taken_away(traffic: Traffic) -> None:
    """As a stage does that cleans its workspace before it runs again."""
    assert traffic.begin().returncode == 0
    shutil.rmtree(traffic.out)
    assert traffic.alone()
    assert not traffic.out.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_jmeter_does_not_outlive_a_kill_of_what_keeps_it(traffic: Traffic, number: signal.Signals) -> None:
    assert traffic.begin().returncode == 0
    os.kill(traffic.process(), number)
    assert traffic.alone()
    done = traffic.finish()
    assert done.returncode == 1
    assert "JMeter, and what kept it, was killed" in done.stderr


@pytest.mark.exhaustive
def test_jmeter_that_does_not_let_its_requests_end_is_told_to_stop(traffic: Traffic) -> None:
    assert traffic.begin("--property", "jmeter.manner=slow").returncode == 0
    done = traffic.finish()
    assert (done.returncode, done.stderr) == (0, "")
    assert traffic.alone()


@pytest.mark.exhaustive
def test_jmeter_that_takes_no_orders_is_killed_and_has_failed(traffic: Traffic) -> None:
    assert traffic.begin("--property", "jmeter.manner=deaf").returncode == 0
    done = traffic.finish()
    assert done.returncode == 1
    assert "JMeter did not end when it was told to, and was killed" in done.stderr
    assert traffic.alone()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--start", "--finish"), "--start and --finish do not go together"),
        (("--finish", "--jtl", "run.jtl"), "--finish and --jtl do not go together"),
        (("--start", "--duration", "60"), "--start takes no --duration: it lasts until --finish"),
        (("--judge-so-far",), "no traffic is under way into traffic"),
        (("--finish",), "no traffic is under way into traffic"),
    ],
)
def test_what_makes_no_sense_is_refused(traffic: Traffic, words: tuple[str, ...], said: str) -> None:
    done = traffic(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not traffic.out.exists()
