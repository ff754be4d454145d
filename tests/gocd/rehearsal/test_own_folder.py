"""What a rehearsal's folder may be, and what becomes of what is in it."""

import os
from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.rehearsal.own_folder import MARK, TITLE, own_folder

NAMES = ("artifacts", "report.html")


def rehearsed(folder: Path) -> None:
    """As a rehearsal in *folder* would leave it."""
    with own_folder(folder, NAMES) as empty:
        empty()
        (folder / "artifacts").mkdir()
        (folder / "artifacts/old").touch()
        (folder / "report.html").touch()


def refused(folder: Path) -> str:
    with pytest.raises(GoCDError) as problem, own_folder(folder, NAMES):
        pass
    return str(problem.value)


def inside(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


LEFT = [MARK, "artifacts", "artifacts/old", "report.html"]


def test_what_an_earlier_rehearsal_made_is_deleted_once_that_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    rehearsed(folder)
    with own_folder(folder, ["other"]) as empty:
        assert inside(folder) == LEFT
        empty()
        assert inside(folder) == [MARK]
        (folder / "other").touch()
    with own_folder(folder, NAMES) as empty:
        empty()

    assert inside(folder) == [MARK]


@pytest.mark.parametrize("strange", ["notes.txt", "-rf", "\udcff", "artifacts2"])
def test_what_no_rehearsal_made_is_named_and_nothing_is_deleted(strange: str, tmp_path: Path) -> None:
    rehearsed(tmp_path / "r")
    (tmp_path / "r" / strange).touch()
    said = refused(tmp_path / "r")

    shown = "'\\udcff'" if strange == "\udcff" else strange
    assert f"r is not a rehearsal's alone: it holds {shown}; name another with --folder" in said
    assert inside(tmp_path / "r") == sorted([*LEFT, strange])


@pytest.mark.parametrize("mark", ["", "notes.txt\n", "\0" * 100, f"{TITLE}!\nnotes.txt\n"])
def test_a_file_that_is_called_like_the_mark_does_not_make_a_folder_a_rehearsals(
    mark: str, tmp_path: Path
) -> None:
    (tmp_path / MARK).write_text(mark)
    (tmp_path / "notes.txt").touch()
    said = refused(tmp_path)

    assert f"is not empty and not of a rehearsal: it holds {MARK}, notes.txt; name another" in said
    assert inside(tmp_path) == [MARK, "notes.txt"]


def test_a_mark_names_nothing_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / MARK).write_text(f"{TITLE}\n../notes\n..\n.\n\n/tmp\n{tmp_path}/notes\n")
    rehearsed(tmp_path / "r")

    assert (tmp_path / "notes").exists()
    assert inside(tmp_path / "r") == LEFT


def test_a_link_in_place_of_what_a_rehearsal_made_is_strange(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    rehearsed(tmp_path / "r")
    (tmp_path / "r/report.html").unlink()
    (tmp_path / "r/report.html").symlink_to(tmp_path / "precious")

    assert "it holds report.html" in refused(tmp_path / "r")


def test_a_file_that_is_needed_is_never_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    rehearsed(folder)
    (tmp_path / "mine").touch()
    (tmp_path / "link").symlink_to(folder / "artifacts/old")
    for needed in (folder / "artifacts/old", folder / "report.html", tmp_path / "link"):
        with (
            pytest.raises(GoCDError, match=f"{needed} is of an earlier rehearsal in"),
            own_folder(folder, NAMES, needed=[tmp_path / "mine", needed]),
        ):
            pass
    with own_folder(folder, NAMES, needed=[tmp_path / "mine"]):
        assert inside(folder) == LEFT


def test_many_strange_files_are_told_in_one_line(tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"n{number}").touch()

    assert "it holds n1, n2, n3 and 2 more;" in refused(tmp_path)


def test_a_second_rehearsal_in_one_folder_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    rehearsed(folder)
    with own_folder(folder, NAMES):
        assert f"another rehearsal runs in {folder}; wait for its end" in refused(folder)
        (tmp_path / "link").symlink_to(folder)
        assert "another rehearsal runs" in refused(tmp_path / "link")
    assert inside(folder) == LEFT
    rehearsed(folder)


def test_a_link_to_a_folder_means_that_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    rehearsed(tmp_path / "link")
    rehearsed(tmp_path / "link")

    assert inside(tmp_path / "real") == LEFT


def test_the_present_folder_may_be_one_if_it_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rehearsed(Path())
    rehearsed(Path())

    assert inside(tmp_path) == LEFT


@pytest.mark.parametrize("folder", ["/", "/proc", "/dev/null", "/dev/null/r", "/proc/r", "r" * 300])
def test_a_folder_that_cannot_be_one_is_refused_in_words(folder: str) -> None:
    said = refused(Path(folder))

    assert "is not empty and not of a rehearsal" in said or "cannot be used (" in said
    assert len(folder) > 255 or not Path(folder, MARK).exists()


def test_links_that_lead_nowhere_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "nowhere").symlink_to("absent")
    (tmp_path / "circle").symlink_to("circle")

    for name in ("nowhere", "circle"):
        assert f"{name} cannot be used (" in refused(tmp_path / name)
    assert not (tmp_path / "absent").exists()


@pytest.mark.usefixtures("emptied_after")
def test_a_folder_1200_deep_is_one_as_any_other(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["d"] * 1200)
    rehearsed(folder)
    rehearsed(folder)

    assert sorted(os.listdir(folder)) == [MARK, "artifacts", "report.html"]  # noqa: PTH208


def test_a_refusal_leaves_no_folder_behind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "cannot be used (" in refused(tmp_path / "a/b" / ("x" * 300))
    assert inside(tmp_path) == ["file"]
