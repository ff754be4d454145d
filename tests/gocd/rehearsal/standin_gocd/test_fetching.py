from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.pipeline import Artifact, Fetch
from gocd.rehearsal.standin_gocd.artifacts import publish
from gocd.rehearsal.standin_gocd.fetching import fetch


class Fetching:
    """A job of pipeline ``app`` that fetches what stage ``s`` of it has published."""

    def __init__(self, folder: Path) -> None:
        self.published, self.job_folder = folder / "published", folder / "next"
        self.said: list[str] = []
        self.waited: list[float] = []
        out = folder / "job" / "out"
        for name in ("a.txt", "sub/b.txt"):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(name)
            (out / name).chmod(0o755)
        list(publish(Artifact("build", "out"), out.parent, self.published))

    def __call__(self, source: str, *, is_file: bool = False, pipeline: str = "") -> list[str]:
        task = Fetch("s", "j", source, pipeline, is_file, "d")
        fetch(task, "app", self.published, self.job_folder, self.said.append, self.waited.append)
        there = (path for path in (self.job_folder / "d").rglob("*") if path.is_file())
        return sorted(path.relative_to(self.job_folder / "d").as_posix() for path in there)


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path)


def test_a_folder_keeps_its_last_part_and_takes_the_server_five_seconds(fetching: Fetching) -> None:
    assert fetching("out/sub") == ["app_s_j_md5.checksum", "sub/b.txt"]
    assert fetching.waited == [5]


def test_a_file_goes_into_the_destination_at_once(fetching: Fetching) -> None:
    assert fetching("out/a.txt", is_file=True) == ["a.txt", "app_s_j_md5.checksum"]
    assert fetching.waited == []


def test_the_list_of_checksums_is_named_after_the_job_that_published(fetching: Fetching) -> None:
    assert "build_s_j_md5.checksum" in fetching("out/a.txt", is_file=True, pipeline="build")


def test_what_is_fetched_is_executable_for_nobody(fetching: Fetching) -> None:
    fetching("out")
    fetching("out/a.txt", is_file=True)

    for name in ("a.txt", "out/a.txt", "out/sub/b.txt"):
        assert not (fetching.job_folder / "d" / name).stat().st_mode & 0o111


@pytest.mark.parametrize(("source", "is_file"), [("none", False), ("out/a.txt", False), ("out", True)])
def test_what_was_not_published_is_asked_for_four_times_in_75_seconds(
    source: str, is_file: bool, fetching: Fetching
) -> None:
    with pytest.raises(GoCDError, match=r"Failed to save artifact \[.*\] to \[d\]: no such f"):
        fetching(source, is_file=is_file)

    assert sum(fetching.waited) == 75
    assert len([line for line in fetching.said if line.startswith("Could not fetch artifact")]) == 3


def test_a_job_that_published_nothing_has_no_list_of_checksums(fetching: Fetching, tmp_path: Path) -> None:
    fetching.published = tmp_path / "nothing"
    with pytest.raises(GoCDError):
        fetching("out")

    assert "[WARN] The md5checksum property file was not found on the server." in fetching.said
