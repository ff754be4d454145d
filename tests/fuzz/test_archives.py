"""Release archives, tar and zip: made up of members that are wrong, and torn in their bytes."""

import bz2
import gzip
import io
import lzma
import posixpath
import tarfile
import warnings
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.archives.archive import check_archive, members
from tasks.running.errors import Refused
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import TEXTS, Draw, spoilt_bytes

NAMES = (
    "app",
    "bin/app",
    "./bin/../app",
    "bin",
    ".",
    "",
    "/etc/x",
    "../x",
    "a/../../x",
    "C:/x",
    "a\\..\\..\\x",
)
names = st.one_of(
    # Most are well, or nothing is reached behind them.
    *[st.text("abc", min_size=1, max_size=4)] * 3,
    st.sampled_from(NAMES),
    st.sampled_from([text for text in TEXTS if text != "\ud800"]),
    st.text(max_size=12),
)
TYPES = tuple(bytes([code]) for code in (*b"01234567SLKxgXD", 0, 255))
PACKED = (*[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED] * 4, zipfile.ZIP_LZMA)
# What a header may say of its own length.
SIZES = (0, 1, 511, 512, 513, 10**6, 8**11 - 1, 2**62)
BLOCK = 512


@st.composite
def tars(draw: Draw) -> bytes:
    """Give a tar whose headers have true checksums, and may lie about all else."""
    made = io.BytesIO()
    for _ in range(draw(st.integers(1, 4))):
        info = tarfile.TarInfo(draw(names))
        info.type, info.linkname = (
            draw(st.sampled_from((*[tarfile.REGTYPE] * len(TYPES), *TYPES))),
            draw(names),
        )
        info.size = draw(st.sampled_from(SIZES))
        info.pax_headers = draw(
            st.dictionaries(st.sampled_from(("path", "linkpath", "size", "x")), names, max_size=2)
        )
        form = draw(st.sampled_from((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)))
        made.write(info.tobuf(form, "utf-8", "surrogatepass"))
        content = draw(st.sampled_from((b"", b"x", b"11 path=/x\n", b"30 path=../../x\n", b"9" * 600)))
        made.write(content + bytes(-len(content) % BLOCK))
    return made.getvalue() + bytes(draw(st.sampled_from((0, 512, 1024, 10_240))))


@st.composite
def zips(draw: Draw) -> bytes:
    """Give a zip of members of any name, kind and attributes."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as archive:
        # Of a name that is there twice.
        warnings.simplefilter("ignore", UserWarning)
        for _ in range(draw(st.integers(1, 4))):
            info = zipfile.ZipInfo("x")
            info.filename = draw(names)
            info.external_attr = (
                draw(st.sampled_from((0o100644, 0o100755, 0, 0o120777, 0o40755, 0o10644))) << 16
            )
            info.compress_type = draw(st.sampled_from(PACKED))
            info.extra = draw(
                st.sampled_from(
                    (b"", b"", b"", b"up\x09\x00\x01\0\0\0\0../x", b"\x01\x00\x08\x00" + b"\xff" * 8)
                )
            )
            archive.writestr(
                info, draw(st.sampled_from((b"", b"x", b"../../x", b"app", b"0" * 50_000, b"\xff\xfe")))
            )
    return made.getvalue()


def whole_tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in (("bin/app", b"app" * 300), ("x" * 120, b""), ("VERSION", b"1.0\n")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def whole_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bin/app", b"app" * 300)
        archive.writestr("VERSION", b"1.0\n")
    return made.getvalue()


TAR, ZIP = whole_tar(), whole_zip()
archives = st.one_of(
    tars(),
    tars().map(gzip.compress),
    zips(),
    spoilt_bytes(TAR).map(gzip.compress),
    spoilt_bytes(TAR, gzip.compress(TAR), bz2.compress(TAR), lzma.compress(TAR)),
    spoilt_bytes(ZIP),
)


@pytest.mark.parametrize("content", [TAR, gzip.compress(TAR), ZIP])
def test_a_whole_archive_is_taken(content: bytes) -> None:
    assert check_archive(io.BytesIO(content), "app", windows=True) in ("tar", "zip")


@given(archives, st.booleans())
def test_an_archive_stays_in_its_folder_or_is_refused(content: bytes, windows: bool) -> None:
    file = io.BytesIO(content)

    kind = read(lambda: check_archive(file, "app", windows=windows), Refused)

    if kind is not None:
        assert not [name for name in names_in(content, kind) if leaves(name)]
        assert list(members(file, kind))


def names_in(content: bytes, kind: str) -> list[str]:
    opened: Any = zipfile.ZipFile if kind == "zip" else tarfile.open
    with opened(io.BytesIO(content)) if kind == "zip" else opened(fileobj=io.BytesIO(content)) as archive:
        return list(archive.namelist() if kind == "zip" else archive.getnames())


def leaves(name: str) -> bool:
    return posixpath.isabs(name) or posixpath.normpath(name).split("/")[0] == ".."
