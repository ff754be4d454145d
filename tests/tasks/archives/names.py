"""Zips whose names are written as one program or another writes them."""

import io
import struct
import zipfile
import zlib

NAME = "Größe-日本.txt"
UNIX, DOS = 3, 0


def zip_named(
    name: bytes,
    *,
    says_utf8: bool = False,
    system: int = UNIX,
    second: bytes = b"",
    checksum: int | None = None,
) -> bytes:
    """Pack one file under the bytes *name*.

    Args:
        second: Info-ZIP's further name (APPNOTE.TXT 4.6.9), with the *checksum* of the first.
    """

    class Info(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:
            return name, 0x800 if says_utf8 else 0

    info = Info("given below")
    info.create_system, info.external_attr = system, 0o100644 << 16
    if second:
        of_first = zlib.crc32(name) if checksum is None else checksum
        info.extra = struct.pack("<HHBL", 0x7075, 5 + len(second), 1, of_first) + second
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, b"1.0")
    return packed.getvalue()


# As packed on Linux and macOS without a word, by Info-ZIP, by Python, and by what is written in Java or .NET.
READ_ALIKE = {
    "bytes": zip_named(NAME.encode()),
    "a second name": zip_named(NAME.encode(), second=NAME.encode()),
    "said to be UTF-8": zip_named(NAME.encode(), says_utf8=True),
    "said to be UTF-8, of DOS": zip_named(NAME.encode(), says_utf8=True, system=DOS),
}
