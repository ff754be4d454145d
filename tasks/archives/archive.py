"""A release archive, looked through before anything trusts it."""

import hashlib
import io
import lzma
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import IO

from tasks.archives.member import BadMember, Kind, Member, Wanted, check_member, nothing
from tasks.archives.tar import packed_with, tar_members
from tasks.archives.zip import zip_members
from tasks.running.errors import Refused

# Bytes, and a ratio of unpacked to packed: far more than a release has, far less than a disk.
LARGEST_UNPACKED = 20 * 1024**3
LARGEST_RATIO = 200
ALWAYS_ALLOWED = 10 * 1024**2
MOST_MEMBERS = 200_000

# Windows Server 2022 and before: its "tar --version" lists zlib alone.
UNKNOWN_ON_WINDOWS = {"bzip2", "xz"}


def check_archive(
    file: IO[bytes], name: str, *, windows: bool = False, folder: str = "", own: Collection[str] = ()
) -> str:
    """Refuse an archive that could write outside its release folder, or fill the disk.

    Everything in it is read once, as a stream, so memory stays flat whatever its size.

    Args:
        name: What to call it in messages.
        windows: Whether it is for Windows, where more names are special and links need privileges.
        folder: Where the release will lie on a Windows host, which takes no long paths.
        own: What is not the release's own at the top of that folder.

    Returns:
        ``zip`` or ``tar``; a tar may be packed with gzip, xz or bzip2.

    Raises:
        Refused: It is no archive, is damaged, or holds something that a release has no need of.
    """
    packed = file.seek(0, io.SEEK_END)
    file.seek(0)
    kind = "zip" if file.read(2) == b"PK" else "tar"
    try:
        file.seek(0)
        if windows and (program := packed_with(file)) in UNKNOWN_ON_WINDOWS:
            raise Refused(
                f"{name} is packed with {program}, which the tar of many a Windows cannot unpack",
                "Send a .zip, or a .tar.gz",
            )
        _check_members(members(file, kind), packed, windows=windows, folder=folder, own=own)
    except BadMember as bad:
        raise Refused(f"{name} holds {bad}") from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as problem:
        raise Refused(f"{name} is not a whole archive, tar or zip ({problem})") from None
    except (ValueError, NotImplementedError, RuntimeError, OverflowError) as problem:
        raise Refused(f"{name} is an archive that cannot be read ({problem})") from None
    file.seek(0)
    return kind


def members(file: IO[bytes], kind: str, wanted: Wanted = nothing) -> Iterator[Member]:
    """Give each member of an archive that is a ``zip`` or a ``tar``; the *wanted* ones with their content."""
    file.seek(0)
    yield from (zip_members if kind == "zip" else tar_members)(file, wanted)


def sha256(file: IO[bytes]) -> str:
    """Return the SHA-256 of a whole file in hexadecimal."""
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1024**2):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _check_members(
    members: Iterator[Member], packed: int, *, windows: bool, folder: str, own: Collection[str]
) -> None:
    places = _Places(str.casefold if windows else str, own)
    unpacked = 0
    for count, member in enumerate(members, 1):
        check_member(member, windows=windows, folder=folder)
        unpacked += member.size
        if unpacked > LARGEST_UNPACKED or unpacked > ALWAYS_ALLOWED + packed * LARGEST_RATIO:
            raise BadMember(f"{unpacked:,} bytes or more once unpacked; that is no release")
        places.take(member)
        if max(count, len(places)) > MOST_MEMBERS:
            raise BadMember(f"more than {MOST_MEMBERS:,} files; that is no release")
    if Kind.FILE not in places.kinds:
        raise BadMember("no file; that is no release")


class _Places:
    """Which paths are taken, and by what; only a hash of each, so that long names cost no memory."""

    def __init__(self, fold: Callable[[str], str], own: Collection[str]) -> None:
        self._fold = fold
        self._own = own
        self._taken: dict[int, Kind] = {}
        self.kinds: set[Kind] = set()

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, member: Member) -> None:
        """Note where *member* goes.

        Raises:
            BadMember: Its place is taken or not its own, or is reached through a link or a file.
        """
        path = self._path(member.name)
        if path.partition("/")[0] in self._own:
            raise BadMember(
                f"{member.name!r}, where the record of a deployment is kept; give it another name"
            )
        for end, character in enumerate(path):
            if character == "/" and self._taken.setdefault(hash(path[:end]), Kind.FOLDER) is not Kind.FOLDER:
                raise BadMember(f"{member.name!r}, which would be written through a link or a file")
        if (
            member.kind is Kind.HARD_LINK
            and self._taken.get(hash(self._path(member.target))) is not Kind.FILE
        ):
            raise BadMember(f"{member.name!r}, a hard link to no file before it")
        kind = Kind.FILE if member.kind is Kind.HARD_LINK else member.kind
        if path == "." and kind is not Kind.FOLDER:
            raise BadMember(f"{member.name!r} in place of the release folder")
        # A folder may well be named twice, or be there before its own entry.
        if hash(path) in self._taken and not self._taken[hash(path)] is kind is Kind.FOLDER:
            raise BadMember(f"{member.name!r} twice")
        self._taken[hash(path)] = kind
        self.kinds.add(kind)

    def _path(self, name: str) -> str:
        return posixpath.normpath(self._fold(name.replace("\\", "/")))
