import os
import tarfile
from pathlib import Path

import pytest
import yaml

from gocd.errors import GoCDError
from gocd.rehearsal.sample.release import BREAKAGES, build_release, service_program


def test_the_same_version_gives_the_same_bytes_whenever_and_wherever(tmp_path: Path) -> None:
    first = build_release("1.0", tmp_path / "a")
    os.utime(first, (0, 0))
    second = build_release("1.0", tmp_path / "b")
    assert first.name == second.name == "app-1.0.tar.gz"
    assert first.read_bytes() == second.read_bytes()


def test_another_version_gives_other_bytes(tmp_path: Path) -> None:
    assert build_release("1.0", tmp_path).read_bytes() != build_release("2.0", tmp_path).read_bytes()


def test_files_belong_to_nobody(tmp_path: Path) -> None:
    with tarfile.open(build_release("2.0", tmp_path)) as archive:
        members = archive.getmembers()
        version = archive.extractfile("VERSION")
        service = archive.extractfile("service.py")
        assert version is not None
        assert service is not None
        assert version.read() == b"2.0\n"
        assert service.read() == service_program()
    assert [member.name for member in members if "/" not in member.name] == [
        "VERSION",
        "appspec.yml",
        "service.py",
    ]
    assert {(member.uid, member.gid, member.mtime, member.mode) for member in members} == {(0, 0, 0, 0o644)}


def test_every_script_that_the_appspec_names_is_there(tmp_path: Path) -> None:
    with tarfile.open(build_release("2.0", tmp_path)) as archive:
        names = archive.getnames()
        appspec = archive.extractfile("appspec.yml")
        assert appspec is not None
        read = yaml.safe_load(appspec)
    hooks = [script["location"] for scripts in read["hooks"].values() for script in scripts]
    assert sorted(hooks) == [name for name in names if name.startswith("scripts/")]
    assert read["files"] == [{"source": "/", "destination": "/srv/app/releases/2.0"}]


@pytest.mark.parametrize("broken", BREAKAGES)
def test_a_broken_release_carries_what_is_wrong_with_it(tmp_path: Path, broken: str) -> None:
    with tarfile.open(build_release("2.0", tmp_path, broken=broken)) as archive:
        mark = archive.extractfile("BROKEN")
        assert mark is not None
        assert mark.read().decode() == f"{broken}\n"


@pytest.mark.parametrize("version", ["", "../1.0", "1 0", "-1", ".", "1.0\n"])
def test_a_version_that_is_no_file_name_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(GoCDError, match="is not a version"):
        build_release(version, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_breakage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match="use one of starts-not, answers-500, users-get-500, errors-at-first"):
        build_release("1.0", tmp_path, broken="sulks")
