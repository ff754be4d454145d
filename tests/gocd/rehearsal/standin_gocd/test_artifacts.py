import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.files import make_folder
from gocd.pipeline import Artifact
from gocd.rehearsal.standin_gocd.artifacts import publish, publish_all

FILES = ("out/a.txt", "out/sub/b.txt", "out/sub/deep/c.xml", "top.txt", "outer/d.txt", ".hidden", "out/CVS/x")
OUT = ("CVS/x", "a.txt", "sub/b.txt", "sub/deep/c.xml")


@pytest.fixture
def job_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pipelines" / "app"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "empty").mkdir()
    return folder


def files(folder: Path) -> list[str]:
    """What is there, but for what GoCD keeps of its own."""
    there = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in there if path.parts[0] != "cruise-output")


def below(folder: str, names: tuple[str, ...]) -> list[str]:
    return [f"{folder}/{name}" for name in names]


@pytest.mark.parametrize(
    ("source", "published"),
    [
        ("out", below("r/out", OUT)),
        ("out/a.txt", ["r/a.txt"]),
        ("out\\a.txt", ["r/a.txt"]),
        (" out/a.txt ", ["r/a.txt"]),
        ("out//a.txt", ["r/out/a.txt"]),
        ("out/*", below("r", OUT)),
        ("out/**/*.xml", ["r/sub/deep/c.xml"]),
        ("**/*.txt", ["r/out/a.txt", "r/out/sub/b.txt", "r/outer/d.txt", "r/top.txt"]),
        ("**/deep/**/c.xml", ["r/out/sub/deep/c.xml"]),
        ("*.txt", ["r/top.txt"]),
        ("*", ["r/.hidden", *below("r/out", OUT), "r/outer/d.txt", "r/top.txt"]),
        ("out/s?b/*.txt", ["r/sub/b.txt"]),
        ("o*t/a.txt", ["r/out/a.txt"]),
        ("empty", []),
    ],
)
def test_a_rule_keeps_the_path_after_its_literal_prefix(
    source: str, published: list[str], job_folder: Path, tmp_path: Path
) -> None:
    list(publish(Artifact("build", source, "r"), job_folder, tmp_path / "published"))

    assert files(tmp_path / "published") == published


@pytest.mark.parametrize(
    "source",
    ["none", "./out", "./out/a.txt", "out/.", "out/sub/../a.txt", "/out", "OUT", "out/{a,b}.txt", "dangling"],
)
def test_a_rule_that_matches_nothing_is_an_error(source: str, job_folder: Path, tmp_path: Path) -> None:
    (job_folder / "dangling").symlink_to("nowhere")

    with pytest.raises(GoCDError, match=r"The rule .* cannot match any resource under"):
        list(publish(Artifact("build", source), job_folder, tmp_path / "published"))


def test_a_rule_for_everything_publishes_the_jobs_folder_itself_beside_its_folders(
    job_folder: Path, tmp_path: Path
) -> None:
    list(publish(Artifact("build", "**", "r"), job_folder, tmp_path / "published"))

    found = files(tmp_path / "published")
    assert "r/pipelines/app/.hidden" in found
    assert "r/.hidden" not in found
    assert "r/out/sub/b.txt" in found


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


def test_links_are_published_as_what_they_lead_to(job_folder: Path, tmp_path: Path) -> None:
    (job_folder / "out/link.txt").symlink_to("a.txt")
    (job_folder / "linked").symlink_to("out/sub")
    published = tmp_path / "published"
    list(publish(Artifact("build", "out", "r"), job_folder, published))
    list(publish(Artifact("build", "linked/*.txt", "l"), job_folder, published))

    assert (published / "r/out/link.txt").read_text() == "out/a.txt"
    assert not (published / "r/out/link.txt").is_symlink()
    assert (published / "l/b.txt").read_text() == "out/sub/b.txt"


def test_a_pattern_looks_into_linked_folders_and_not_around_in_circles(
    job_folder: Path, tmp_path: Path
) -> None:
    (job_folder / "linked").symlink_to("out/sub")
    (job_folder / "outer/up").symlink_to("..")
    list(publish(Artifact("build", "**/b.txt"), job_folder, tmp_path / "published"))

    assert files(tmp_path / "published") == ["linked/b.txt", "out/sub/b.txt"]


def spoil_with_pipe(folder: Path) -> None:
    os.mkfifo(folder / "spoilt")


def spoil_with_link_to_nothing(folder: Path) -> None:
    (folder / "spoilt").symlink_to("nowhere")


def spoil_with_circle(folder: Path) -> None:
    (folder / "spoilt").symlink_to("../..")


def spoil_with_name(folder: Path) -> None:
    (folder / "app..tar").touch()


@pytest.mark.parametrize(
    "spoil", [spoil_with_pipe, spoil_with_link_to_nothing, spoil_with_circle, spoil_with_name]
)
@pytest.mark.parametrize("kind", ["build", "test"])
def test_a_folder_with_something_in_it_that_cannot_be_uploaded_fails_the_job(
    spoil: Callable[[Path], None], kind: str, job_folder: Path, tmp_path: Path
) -> None:
    spoil(job_folder / "out/sub")
    said: list[str] = []
    rules = [Artifact(kind, "out"), Artifact("build", "top.txt")]

    problem = publish_all(rules, job_folder, tmp_path / "published", said.append)

    assert "Failed to" in problem
    assert said[-1] == "Uploading finished. Failed to upload [out]."
    assert (tmp_path / "published/top.txt").is_file()


def test_what_is_no_file_is_nothing_that_a_pattern_means(job_folder: Path, tmp_path: Path) -> None:
    os.mkfifo(job_folder / "out/pipe")
    (job_folder / "zero").symlink_to("/dev/zero")
    list(publish(Artifact("build", "out/*"), job_folder, tmp_path / "published"))

    assert files(tmp_path / "published") == list(OUT)
    with pytest.raises(GoCDError, match="cannot match any resource"):
        list(publish(Artifact("build", "zero"), job_folder, tmp_path / "published"))


def test_what_was_published_is_listed_with_its_checksums(job_folder: Path, tmp_path: Path) -> None:
    published = tmp_path / "published"
    list(publish(Artifact("build", "out/sub", "r"), job_folder, published))
    list(publish(Artifact("build", "top.txt"), job_folder, published))

    lines = (published / "cruise-output/md5.checksum").read_text().splitlines()
    assert [line.split("=")[0] for line in lines] == ["r/sub/b.txt", "r/sub/deep/c.xml", "top.txt"]
    assert lines[-1].split("=")[1] == hashlib.md5(b"top.txt").hexdigest()


@pytest.mark.usefixtures("emptied_after")
def test_what_is_nested_too_deeply_to_be_copied_fails_the_job(job_folder: Path, tmp_path: Path) -> None:
    make_folder((job_folder / "deep").joinpath(*["d"] * 1200))
    with pytest.raises(GoCDError, match="nested too deeply"):
        list(publish(Artifact("build", "deep"), job_folder, tmp_path / "published"))
