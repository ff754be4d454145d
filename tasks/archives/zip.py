"""The members of a zip archive, each unpacked to nowhere, because its own word on its size proves nothing."""

import copy
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from gocd.files import LONGEST_TEXT
from tasks.archives.member import BadMember, Kind, Member, Wanted, check_path, nothing

# Bytes of the list of members, which zipfile reads into memory as a whole.
LARGEST_LIST = 32 * 1024**2

# The end of a zip and, where that is too small for its numbers, the zip64 record and its locator:
# PKWARE, APPNOTE.TXT 4.3.14 to 4.3.16.
END, END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
LONGEST_COMMENT, LOCATOR_SIZE = 65_535, 20

# APPNOTE.TXT 4.4.4: whether a name is UTF-8; and 4.6.9: a second name for the member, with the checksum of
# the first, which some programs prefer to that.
UTF8, UNICODE_PATH, SECOND_NAME = 0x800, 0x7075, struct.Struct("<BL")

# APPNOTE.TXT 4.4.2: a zip says on what system it was made. Made on these (Unix, OS X), a name without a word
# on its letters is the bytes that the file had there; made elsewhere, it has those of some code page of DOS.
UNIX = {3, 19}

LONGEST_TARGET = 4096


def zip_members(file: IO[bytes], wanted: Wanted = nothing) -> Iterator[Member]:
    """Give each member of a zip archive.

    Args:
        wanted: Which members to give with what is in them.

    Raises:
        BadMember: A member is neither file, folder nor link, is encrypted, or is packed in a rare way.
        zipfile.BadZipFile, EOFError, OSError, zlib.error: It is damaged.
    """
    _check_list(file)
    with _opened(file) as archive:
        for info in archive.infolist():
            name = _name(info)
            check_path(name)
            if "\\" in name:
                raise BadMember(f"{name!r}, a name with a backslash; pack it with / between folders")
            kind = _kind(info)
            if info.flag_bits & 0x1:
                raise BadMember(f"{info.filename!r}, which is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadMember(f"{info.filename!r}, packed in a way that not every unzip knows")
            # Told before it is read: what is too large must not be unpacked even to nowhere.
            target = (
                archive.read(info).decode("utf-8", "surrogateescape")
                if kind is Kind.LINK and _short(info)
                else ""
            )
            read = kind is Kind.FILE and info.file_size <= LONGEST_TEXT and wanted(info.filename)
            content = archive.read(info) if read else None
            yield Member(name, kind, info.file_size, target, content)
            _read_through(archive, info)


def names_misread(file: IO[bytes]) -> bool:
    """Whether Info-ZIP's unzip, told to leave names as they are, would write some of this zip's otherwise.

    It takes those of a zip that was not made on Unix for a code page of DOS, whatever the zip says of them.
    """
    file.seek(0)
    with _opened(file) as archive:
        infos = archive.infolist()
        return any(not _bytes(info).isascii() and info.create_system not in UNIX for info in infos)


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except UnicodeDecodeError as problem:
        raise BadMember(f"{problem.object[:100]!r}, a name that is no UTF-8") from None


def _read_through(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    # zipfile compares names and checksums here. It stops at the size that was told, which other programs
    # do not: asked for one byte more, it shows whether there is one.
    one_more = copy.copy(info)
    one_more.file_size += 1
    unpacked = 0
    with archive.open(one_more) as content:
        while block := content.read(1024**2):
            unpacked += len(block)
    if unpacked != info.file_size:
        raise BadMember(f"{info.filename!r}, which is not as long as it says")


def _short(info: zipfile.ZipInfo) -> bool:
    if info.file_size > LONGEST_TARGET:
        raise BadMember(f"{info.filename!r}, a link out of the release folder")
    return True


def _name(info: zipfile.ZipInfo) -> str:
    """Return the one name that every program gives this member.

    zipfile itself cuts a name at a zero byte, and before Python 3.13 knows no second name.
    """
    first = _bytes(info)
    name = first.decode("utf-8", "surrogateescape")
    if (
        not name.isascii()
        and not info.flag_bits & UTF8
        and (info.create_system not in UNIX or not _is_utf8(first))
    ):
        raise BadMember(
            f"{info.orig_filename!r}, a name that each system reads in letters of its own; pack it with "
            "names in UTF-8 (7z -mcu=on does), or send a .tar.gz"
        )
    for checksum, second in _second_names(info.extra):
        if second != first:
            other = second.decode("utf-8", "backslashreplace")
            raise BadMember(f"{name!r} that is {other!r} as well; pack it anew")
        # Some programs then complain, some do not look.
        if checksum != zlib.crc32(first):
            raise BadMember(f"{name!r}, whose second name was made for another first one; pack it anew")
    return name


def _bytes(info: zipfile.ZipInfo) -> bytes:
    # Every byte is a letter in code page 437, which is what zipfile reads a name as.
    return info.orig_filename.encode("utf-8" if info.flag_bits & UTF8 else "cp437", "surrogateescape")


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _second_names(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field = extra[4 : 4 + size]
        if kind == UNICODE_PATH and len(field) >= SECOND_NAME.size:
            yield SECOND_NAME.unpack_from(field)[1], field[SECOND_NAME.size :]
        extra = extra[4 + size :]


def _kind(info: zipfile.ZipInfo) -> Kind:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode == stat.S_IFLNK:
        return Kind.LINK
    if info.is_dir() and mode in (0, stat.S_IFDIR):
        return Kind.FOLDER
    if not info.is_dir() and mode in (0, stat.S_IFREG):
        return Kind.FILE
    raise BadMember(f"{info.filename!r}, which is neither file, folder nor link")


def _check_list(file: IO[bytes]) -> None:
    length = file.seek(0, io.SEEK_END)
    start = max(0, length - END.size - LONGEST_COMMENT - LOCATOR_SIZE - END64.size)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + END.size > len(tail):
        raise zipfile.BadZipFile("it has no end")
    size = END.unpack_from(tail, at)[5]
    at64 = tail.rfind(b"PK\x06\x06", 0, at)
    if at64 >= 0 and at64 + END64.size <= len(tail):
        size = max(size if size != 0xFFFFFFFF else 0, END64.unpack_from(tail, at64)[8])
    file.seek(0)
    if size > LARGEST_LIST:
        raise BadMember(f"a list of members that is {size:,} bytes long; that is no release")
