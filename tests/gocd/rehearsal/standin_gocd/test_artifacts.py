import os
from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.files import make_folder
from gocd.pipeline import Artifact, Fetch
from gocd.rehearsal.standin_gocd.artifacts import fetch, matching, publish

FILES = ("out/a.txt", "out/sub/b.txt", "out/sub/deep/c.xml", "top.txt", "outer/d.txt")


@pytest.fixture
def job_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("source", "published"),
    [
        ("out", ["r/out/a.txt", "r/out/sub/b.txt", "r/out/sub/deep/c.xml"]),
        ("./out", ["r/out/a.txt", "r/out/sub/b.txt", "r/out/sub/deep/c.xml"]),
        ("out/a.txt", ["r/a.txt"]),
        ("out/*", ["r/a.txt", "r/sub/b.txt", "r/sub/deep/c.xml"]),
        ("out/**/*.xml", ["r/sub/deep/c.xml"]),
        ("**/*.txt", ["r/out/a.txt", "r/out/sub/b.txt", "r/outer/d.txt", "r/top.txt"]),
        ("*.txt", ["r/top.txt"]),
        ("out/s?b/*.txt", ["r/sub/b.txt"]),
    ],
)
def test_a_rule_keeps_the_path_after_its_literal_prefix(
    source: str, published: list[str], job_folder: Path, tmp_path: Path
) -> None:
    list(publish(Artifact("build", source, "r"), job_folder, tmp_path / "published"))

    assert files(tmp_path / "published") == published


@pytest.mark.parametrize("source", ["out/**", "out/"])
def test_a_rule_for_everything_below_publishes_subfolders_twice(
    source: str, job_folder: Path, tmp_path: Path
) -> None:
    list(publish(Artifact("build", source, "r"), job_folder, tmp_path / "published"))

    found = files(tmp_path / "published")
    assert "r/out/sub/deep/c.xml" in found
    assert "r/sub/deep/c.xml" in found


def test_without_a_destination_artifacts_go_to_the_top_and_tests_to_testoutput(
    job_folder: Path, tmp_path: Path
) -> None:
    list(publish(Artifact("build", "top.txt"), job_folder, tmp_path / "published"))
    list(publish(Artifact("test", "out/sub/deep/c.xml"), job_folder, tmp_path / "published"))

    assert files(tmp_path / "published") == ["testoutput/c.xml", "top.txt"]


def test_a_rule_that_matches_nothing_is_an_error(job_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match=r"The rule \[none\] cannot match any resource under"):
        list(publish(Artifact("build", "none"), job_folder, tmp_path / "published"))


def test_a_star_stays_within_one_folder(job_folder: Path) -> None:
    assert [path.name for path in matching(job_folder, "out/*.xml")] == []
    assert [path.name for path in matching(job_folder, "out/**/c.xml")] == ["c.xml"]
    assert [path.name for path in matching(job_folder, "o*")] == ["out", "outer"]


def test_a_fetched_folder_keeps_its_last_part_only(job_folder: Path, tmp_path: Path) -> None:
    fetch(Fetch("s", "j", "out/sub", destination="d"), job_folder, tmp_path / "next")

    assert files(tmp_path / "next") == ["d/sub/b.txt", "d/sub/deep/c.xml"]


def test_a_fetched_file_goes_into_the_destination(job_folder: Path, tmp_path: Path) -> None:
    fetch(Fetch("s", "j", "out/a.txt", is_file=True, destination="d"), job_folder, tmp_path / "next")

    assert files(tmp_path / "next") == ["d/a.txt"]


def test_what_is_fetched_is_executable_for_nobody(job_folder: Path, tmp_path: Path) -> None:
    for name in ("out/a.txt", "out/sub/b.txt"):
        (job_folder / name).chmod(0o755)
    published, folder = tmp_path / "published", tmp_path / "next"
    list(publish(Artifact("build", "out"), job_folder, published))
    fetch(Fetch("s", "j", "out"), published, folder)
    fetch(Fetch("s", "j", "out/a.txt", is_file=True), published, folder)

    for name in ("a.txt", "out/a.txt", "out/sub/b.txt"):
        assert not (folder / name).stat().st_mode & 0o111


@pytest.mark.parametrize("source", ["none", "out/a.txt"])
def test_fetching_what_is_not_there_as_a_folder_is_an_error(
    source: str, job_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(GoCDError, match=r"Failed to save artifact \[.*no such folder was published"):
        fetch(Fetch("s", "j", source), job_folder, tmp_path / "next")


def test_what_is_no_file_is_never_published_and_fails_the_job(job_folder: Path, tmp_path: Path) -> None:
    os.mkfifo(job_folder / "out/pipe")
    (job_folder / "zero").symlink_to("/dev/zero")
    for source in ("out", "out/*", "zero"):
        with pytest.raises(GoCDError, match=r"Failed to copy .* and no file"):
            list(publish(Artifact("build", source), job_folder, tmp_path / "published"))


@pytest.mark.usefixtures("emptied_after")
def test_what_is_nested_too_deeply_to_be_copied_fails_the_job(job_folder: Path, tmp_path: Path) -> None:
    make_folder((job_folder / "deep").joinpath(*["d"] * 1200))
    with pytest.raises(GoCDError, match="nested too deeply"):
        list(publish(Artifact("build", "deep"), job_folder, tmp_path / "published"))
