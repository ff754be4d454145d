"""The command as people and stages meet it: which files it takes, what it says, how it exits."""

from pathlib import Path

import pytest

from tests.gocd.report.rollouts import rolled, write_events, write_jtl
from tests.program import CommandLine, Done


def gocd_tasks(folder: Path) -> CommandLine:
    return CommandLine({"PATH": "/usr/bin:/bin"}, folder)


def report(folder: Path, *words: str, **variables: str) -> Done:
    return gocd_tasks(folder)("report", *words, **variables)


@pytest.fixture
def rollout(tmp_path: Path) -> Path:
    """A folder as a job finds it that has fetched the events of two others."""
    for job in ("one", "two"):
        (tmp_path / "events" / job).mkdir(parents=True)
    write_events(tmp_path / "events/one/events.jsonl", rolled("Staging-1"))
    write_events(tmp_path / "events/two/events.jsonl", rolled("Staging-2", at=25))
    write_jtl(tmp_path / "during.jtl", 46)
    write_jtl(tmp_path / "after.jtl", 5, start=50)
    return tmp_path


def test_a_page_is_made_and_the_verdict_is_the_last_line(rollout: Path) -> None:
    words = ("--events", "events", "--jtl", "during.jtl", "--jtl", "after.jtl", "--out", "made")
    done = gocd_tasks(rollout).installed("report", *words)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "report: made/report.html\nNo request was lost.\n"
    page = (rollout / "made/report.html").read_text(encoding="utf-8")
    assert "Rollout staging/12" in page
    assert "510" in page
    command = "gocd-tasks report --events events --jtl during.jtl --jtl after.jtl --out made"
    assert f"<code>{command}</code>" in page


def test_a_page_that_shows_losses_is_a_page_all_the_same(rollout: Path) -> None:
    write_jtl(rollout / "during.jtl", 46, lost={5: "503"})
    done = report(rollout, "--events", "events", "--jtl", "during.jtl")

    assert done.returncode == 0
    assert done.stdout == "report: report/report.html\n10 of 460 requests were lost.\n"


@pytest.mark.parametrize(
    "given", ["events/*/events.jsonl", "events/**/*.jsonl", "events/**", "events", "{}/events/*/e*"]
)
def test_files_are_named_by_pattern_or_folder_without_a_shell(rollout: Path, given: str) -> None:
    done = report(rollout, "--events", given.format(rollout), "--jtl", "*g.jtl")

    assert done.returncode == 0
    assert "Staging-2: draining" in (rollout / "report/report.html").read_text(encoding="utf-8")


def test_options_come_from_the_environment(rollout: Path) -> None:
    given = {"EVENTS": "events/one events/two", "JTL": "during.jtl", "OUT": "there", "TITLE": "Friday"}
    done = report(rollout, **{f"GOCD_TASKS_{name}": value for name, value in given.items()})

    assert done.returncode == 0
    assert "<strong>Friday</strong>" in (rollout / "there/report.html").read_text(encoding="utf-8")


def test_events_alone_prove_nothing(rollout: Path) -> None:
    done = report(rollout, "--events", "events")

    assert done.returncode == 0
    assert done.stdout.endswith("No traffic was measured, so nothing is proven.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give --events or --jtl, or both"),
        (["--events", "nowhere.jsonl"], "--events nowhere.jsonl: there is no such file"),
        (["--events", "*.nothing"], "--events *.nothing: there is no such file"),
        (["--events", "events", "--jtl", "none/**"], "--jtl none/**: there is no such file"),
        (["--events", "events", "--out", "during.jtl"], "--out"),
    ],
)
def test_a_bad_request_is_refused_in_one_line(rollout: Path, words: list[str], said: str) -> None:
    done = report(rollout, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (rollout / "report").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "there is no sample in broken.jtl"),
        ("timeStamp,elapsed,responseCode,success\n", "there is no sample in broken.jtl"),
        ("<html>no results</html>", "broken.jtl"),
        ("when,what\n1,2\n", "broken.jtl"),
    ],
)
def test_traffic_that_cannot_be_read_fails_and_is_on_the_page(rollout: Path, content: str, said: str) -> None:
    (rollout / "broken.jtl").write_text(content)
    done = report(rollout, "--events", "events", "--jtl", "during.jtl", "--jtl", "broken.jtl")
    page = (rollout / "report/report.html").read_text(encoding="utf-8")

    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "No request was lost, but not all that was measured could be read." in page
    assert "broken.jtl" in page


def test_event_files_without_an_event_fail(rollout: Path) -> None:
    (rollout / "empty.jsonl").touch()
    done = report(rollout, "--events", "empty.jsonl", "--jtl", "during.jtl")

    assert done.returncode == 1
    assert "there is no event in empty.jsonl" in done.stderr


def test_a_page_that_cannot_be_written_is_one_line(rollout: Path) -> None:
    done = report(rollout, "--events", "events", "--out", "during.jtl/report")

    assert done.returncode == 1
    assert "during.jtl" in done.stderr
    assert len(done.stderr.splitlines()) == 1
