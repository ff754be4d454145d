"""Files of others are opened at once or refused, and ours are written whole or not at all."""

import os
import socket
from io import BufferedReader, BytesIO
from pathlib import Path

import pytest

from gocd.files import (
    ShortLines,
    TooLong,
    make_folder,
    open_regular,
    open_to_append,
    read_bounded,
    write_whole,
)


@pytest.fixture(params=["pipe", "pipe that a link leads to", "socket", "device", "folder"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "x"
    if request.param == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
        return path, "it is a socket and no file"
    if request.param == "device":
        return Path("/dev/zero"), "it is a device and no file"
    if request.param == "folder":
        return tmp_path, "it is a folder and no file"
    os.mkfifo(path)
    if request.param != "pipe":
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    return path, "it is a named pipe and no file"


def test_what_is_no_file_is_told_at_once_and_never_read(no_file: tuple[Path, str]) -> None:
    path, words = no_file
    with pytest.raises(OSError, match=words) as refused:
        open_regular(path)

    assert refused.value.filename == str(path)


def test_what_is_no_file_is_never_written_to(no_file: tuple[Path, str]) -> None:
    path, words = no_file
    with pytest.raises(OSError, match=words):
        open_to_append(path)


def test_a_file_is_added_to_and_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for line in (b"one\n", b"two\n"):
        with open_to_append(path) as file:
            file.write(line)
    with open_regular(path) as read:
        assert read.readlines() == [b"one\n", b"two\n"]

    assert read_bounded(path, 8) == b"one\ntwo\n"
    with pytest.raises(TooLong, match="it has more than 7 bytes"):
        read_bounded(path, 7)


def test_lines_pass_that_are_short_enough_and_a_longer_one_does_not() -> None:
    def passed(content: bytes) -> bytes:
        return b"".join(BufferedReader(ShortLines(BufferedReader(BytesIO(content)), 10), 4))

    assert (
        passed(b"x" * 10 + b"\n" + b"y" * 9 + b"\n" + b"z" * 10)
        == b"x" * 10 + b"\n" + b"y" * 9 + b"\n" + b"z" * 10
    )
    with pytest.raises(TooLong, match="a line of it has more than 10 bytes"):
        passed(b"short\n" + b"x" * 100 + b"\n")


@pytest.mark.usefixtures("emptied_after")
def test_a_folder_is_made_however_deep(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 1200)
    make_folder(deep)
    make_folder(deep)

    assert deep.is_dir()
    (deep / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(deep / "file")


def test_a_text_takes_the_place_of_what_was_there_and_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("of somebody")
    (tmp_path / "page").symlink_to(tmp_path / "precious")
    write_whole(tmp_path / "page", "new: \udcff")

    assert (tmp_path / "page").read_bytes() == b"new: \\udcff"
    assert (tmp_path / "precious").read_text() == "of somebody"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["page", "precious"]


def test_a_text_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    (folder / "kept").mkdir(parents=True)
    with pytest.raises(OSError, match="page") as failed:
        write_whole(folder, "new")

    assert failed.value.filename == str(folder)
    assert (folder / "kept").is_dir()
    assert [each.name for each in tmp_path.iterdir()] == ["page"]
