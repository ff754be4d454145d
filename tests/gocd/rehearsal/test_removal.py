from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.files import make_folder
from gocd.rehearsal.removal import remove


def test_what_is_deleted_goes_with_all_that_is_in_it_however_deep(tmp_path: Path) -> None:
    make_folder((tmp_path / "own/made").joinpath(*["d"] * 1200))
    (tmp_path / "own/made/d/file").touch()
    remove(tmp_path / "own/made", tmp_path / "own")
    remove(tmp_path / "own/made", tmp_path / "own")

    assert list((tmp_path / "own").iterdir()) == []


def test_a_link_is_deleted_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/notes").touch()
    (tmp_path / "own/made").mkdir(parents=True)
    for link in ("own/itself", "own/made/inside"):
        (tmp_path / link).symlink_to(tmp_path / "precious")
    for name in ("itself", "made"):
        remove(tmp_path / "own" / name, tmp_path / "own")

    assert list((tmp_path / "own").iterdir()) == []
    assert (tmp_path / "precious/notes").exists()


@pytest.mark.parametrize("name", ["", "..", "../precious", "made/../../precious", "link/notes", "made/.."])
def test_nothing_outside_is_ever_deleted(name: str, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/notes").touch()
    (tmp_path / "own/made").mkdir(parents=True)
    (tmp_path / "own/link").symlink_to(tmp_path / "precious")
    with pytest.raises(GoCDError, match="is left alone"):
        remove(tmp_path / "own" / name, tmp_path / "own")

    assert (tmp_path / "precious/notes").exists()
    assert (tmp_path / "own/made").exists()


def test_what_cannot_be_deleted_is_named(tmp_path: Path) -> None:
    # A file system of the kernel's own lets nobody delete, whoever asks.
    with pytest.raises(GoCDError, match=r"/proc/.* cannot be deleted \("):
        remove(Path("/proc/self/task"), Path("/proc/self"))
