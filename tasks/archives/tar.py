"""The members of a tar archive, read as a stream and so strictly that no other tar sees more in it."""

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Iterator
from typing import IO, Any

from gocd.files import LONGEST_TEXT
from tasks.archives.member import BadMember, Kind, Member, Wanted, nothing

# Bytes of a header that carries a long name or attributes, which tarfile reads into memory as a whole.
LARGEST_HEADER = 1024**2

# What a file begins with that one of these packed.
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}

HEADERS = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}


def tar_members(file: IO[bytes], wanted: Wanted = nothing) -> Iterator[Member]:
    """Give each member of a tar archive, which may be packed with gzip, xz or bzip2.

    Args:
        wanted: Which members to give with what is in them.

    Raises:
        BadMember: A member is neither file, folder nor link.
        tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error: It is damaged.
    """
    ended = False
    stored = 0

    class Strict(tarfile.TarInfo):
        """Ends at the end's own mark; tarfile takes a damaged header in the middle for the end as well."""

        @classmethod
        def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
            nonlocal ended, stored
            try:
                info = super().frombuf(buf, encoding, errors)
            except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
                ended = True
                raise
            except tarfile.HeaderError as problem:
                raise tarfile.ReadError(f"a damaged header: {problem}") from None
            if info.size < 0 or (info.type in HEADERS and info.size > LARGEST_HEADER):
                raise tarfile.ReadError(f"a header that says it is {info.size:,} bytes long")
            stored = info.size
            return info

    with (
        _unpacked(file) as stream,
        tarfile.open(fileobj=stream, mode="r|", tarinfo=Strict, errorlevel=1) as archive,
    ):
        for info in archive:
            # Of what it has read, tarfile remembers every member; a stream has no use for that.
            archive.members = []  # type: ignore[attr-defined]
            # A sparse file has two sizes: what is in the archive, and what comes of it.
            size = max(info.size, stored)
            read = info.isreg() and size <= LONGEST_TEXT and wanted(info.name)
            text = archive.extractfile(info) if read else None
            said = info.name.isascii() or "path" in info.pax_headers
            yield Member(info.name, _kind(info), size, info.linkname, text.read() if text else None, said)
        if not ended:
            raise tarfile.ReadError("it has no end")
        while stream.read(1024**2):
            pass


def packed_with(file: IO[bytes]) -> str:
    """Return the name of the program that packed what *file* holds from here on, or ""."""
    start = file.read(6)
    file.seek(-len(start), 1)
    return next((program for mark, program in PACKED.items() if start.startswith(mark)), "")


def _unpacked(file: IO[bytes]) -> Any:
    program = packed_with(file)
    if program == "gzip":
        return gzip.GzipFile(fileobj=file)
    if program == "bzip2":
        return bz2.BZ2File(file)
    if program == "xz":
        return lzma.LZMAFile(file)
    return _Plain(file)


class _Plain:
    """The file as it is; leaving it does not close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read = file.read

    def __enter__(self) -> "_Plain":
        return self

    def __exit__(self, *_: object) -> None:
        return


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.isfile():
        return Kind.FILE
    if info.isdir():
        return Kind.FOLDER
    if info.issym():
        return Kind.LINK
    if info.islnk():
        return Kind.HARD_LINK
    raise BadMember(f"{info.name!r}, which is neither file, folder nor link")
