import io
import tarfile
from pathlib import Path

import pytest

from tasks import archive
from tasks.archive import check_archive, sha256
from tasks.errors import Refused


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def packed(folder: Path, *members: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    path = folder / "app.tar"
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for each in members:
            tar.addfile(each, io.BytesIO(b"\0" * each.size))
    return path


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2", "w"])
def test_an_honest_release_passes(tmp_path: Path, mode: str) -> None:
    members = [
        member("bin", tarfile.DIRTYPE),
        member("bin/app", size=1000),
        member("bin/current", tarfile.SYMTYPE, "app"),
        member("lib/up", tarfile.SYMTYPE, "../bin/app"),
        member("./..dotted", size=1),
        member("hard", tarfile.LNKTYPE, "bin/app"),
    ]

    check_archive(packed(tmp_path, *members, mode=mode))


@pytest.mark.parametrize(
    ("hostile", "words"),
    [
        (member("../evil"), "leaves the release folder"),
        (member("a/../../evil"), "leaves the release folder"),
        (member("/etc/passwd"), "leaves the release folder"),
        (member(".."), "leaves the release folder"),
        (member("out", tarfile.SYMTYPE, "/etc"), "link out"),
        (member("out", tarfile.SYMTYPE, "../etc"), "link out"),
        (member("a/b/out", tarfile.SYMTYPE, "../../../etc"), "link out"),
        (member("out", tarfile.LNKTYPE, "/etc/passwd"), "link out"),
        (member("out", tarfile.LNKTYPE, "../passwd"), "link out"),
        (member("disk", tarfile.BLKTYPE), "neither file"),
        (member("tty", tarfile.CHRTYPE), "neither file"),
        (member("pipe", tarfile.FIFOTYPE), "neither file"),
    ],
)
def test_what_reaches_out_of_the_release_is_refused(
    tmp_path: Path, hostile: tarfile.TarInfo, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        check_archive(packed(tmp_path, member("app", size=10), hostile))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="that is no release"):
        check_archive(packed(tmp_path, member("zeros", size=60_000_000)))


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 10)
    with pytest.raises(Refused, match="more than 10 files"):
        check_archive(packed(tmp_path, *[member(f"f{n}") for n in range(11)]))


def test_what_is_no_whole_archive_is_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path, member("app", size=100_000))
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole.read_bytes()[:60])
    text = tmp_path / "text.tar.gz"
    text.write_text("hello")
    empty = tmp_path / "empty.tar.gz"
    empty.touch()

    for path in (cut, text, empty):
        with pytest.raises(Refused, match="not a whole tar archive"):
            check_archive(path)


def test_a_missing_file_and_a_folder_are_refused_in_their_own_words(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no artifact"):
        check_archive(tmp_path / "none.tar.gz")
    with pytest.raises(Refused, match="is a folder"):
        check_archive(tmp_path)


def test_the_checksum_is_that_of_sha256sum(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")

    assert sha256(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
