"""The command as people and stages meet it: which files it takes, what it says, how it exits."""

import os
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
    assert done.stdout == (
        "report: made/report.html\n"
        "No request was lost, and traffic was measured for all of the rollout's 36 s.\n"
    )
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


@pytest.mark.parametrize("option", ["--events", "--jtl"])
@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_what_is_no_file_is_told_at_once(rollout: Path, option: str, name: str) -> None:
    os.mkfifo(rollout / "pipe")
    done = report(rollout, option, name)

    kind = "a named pipe" if name == "pipe" else "a device"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {name}: it is {kind} and no file; ")


def test_a_line_of_an_event_file_without_an_end_is_left_out(rollout: Path) -> None:
    file = rollout / "events/one/events.jsonl"
    file.write_bytes(b'{"x": "' + b"x" * (3 * 2**20) + b'"}\n' + file.read_bytes())
    done = report(rollout, "--events", str(file))

    assert done.returncode == 0
    page = (rollout / "report/report.html").read_text(encoding="utf-8")
    assert "events.jsonl: 1 line could not be read as events, and left out." in page
    assert "Staging-1" in page


@pytest.mark.parametrize("name", ["\udcff.jtl", "\N{RIGHT-TO-LEFT OVERRIDE}ltj.jtl"])
def test_a_file_may_have_a_name_that_is_no_text(rollout: Path, name: str) -> None:
    (rollout / "after.jtl").rename(rollout / name)
    done = report(rollout, "--jtl", name)

    assert (done.returncode, done.stderr) == (0, "")
    assert (rollout / "report/report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("emptied_after")
def test_a_page_is_made_in_a_folder_however_deep_and_in_place_of_a_link(rollout: Path) -> None:
    deep = "/".join(["d"] * 1200)
    (rollout / "precious").write_text("of somebody")
    (rollout / "made").mkdir()
    (rollout / "made/report.html").symlink_to(rollout / "precious")
    for out in (deep, "made"):
        done = report(rollout, "--jtl", "after.jtl", "--out", out)
        assert (done.returncode, done.stderr) == (0, "")

    assert (rollout / "precious").read_text() == "of somebody"


@pytest.mark.parametrize("out", ["", "after.jtl", "after.jtl/x", "/proc", "/dev/full/x", "\udcff" * 300])
def test_a_folder_that_cannot_be_written_is_told_in_words(rollout: Path, out: str) -> None:
    done = report(rollout, "--jtl", "after.jtl", "--out", out)

    assert done.returncode in (1, 2)
    assert (done.stderr.startswith("error: "), done.stderr.count("\n")) == (True, 1)
