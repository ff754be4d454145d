"""One member of a release archive, and what makes it one that a release has no need of."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

# Linux: limits.h, NAME_MAX and PATH_MAX; the latter less what the release folder's own path may take.
LONGEST_NAME, LONGEST_PATH, DEEPEST = 255, 3000, 100

# Control characters and line separators.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What stands for bytes that are no UTF-8 (PEP 383).
NO_UTF8 = re.compile("[\ud800-\udfff]")

# Microsoft, "Maximum Path Length Limitation": Windows PowerShell writes no longer one, in UTF-16.
LONGEST_ON_WINDOWS, LONGEST_FOLDER_ON_WINDOWS = 259, 247

# Microsoft, "Naming Files, Paths, and Namespaces", and of the console "RtlIsDosDeviceName_U function".
WINDOWS_DEVICES = {
    *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
    *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"),
}
WINDOWS_SPECIAL = re.compile(r'[<>:"|?*]|[. ](/|$)')


class Kind(Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    HARD_LINK = "hard link"


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    Args:
        size: Bytes once unpacked.
        target: Where a link leads; a hard link's counts from the top of the archive.
        content: What is in a file that was asked for by its name, and is no longer than people write by hand.
        said: Whether the archive says which letters its name has, or leaves that to who unpacks it.
    """

    name: str
    kind: Kind
    size: int = 0
    target: str = ""
    content: bytes | None = None
    said: bool = True


# Whether the content of a member of that name is asked for.
Wanted = Callable[[str], bool]


def nothing(_: str) -> bool:
    """Ask for the members alone."""
    return False


class BadMember(Exception):
    """A release has no need of it; the reason fits after "ARCHIVE holds"."""


def check_member(member: Member, *, windows: bool, folder: str = "") -> None:
    """Judge *member* by what it says of itself.

    Args:
        folder: Where the release will lie on a Windows host.

    Raises:
        BadMember: Its name or where it leads is not inside the release, or cannot be on such a system.
    """
    check_path(member.name)
    if member.kind is Kind.LINK:
        _check_link(member)
    if member.kind is Kind.HARD_LINK and leaves(member.target):
        raise BadMember(f"{member.name!r}, a link out of the release folder")
    if windows:
        _check_on_windows(member, folder)


def check_path(name: str) -> None:
    """Refuse a path that leads out, or that no listing could show."""
    if NO_UTF8.search(name):
        raise BadMember(f"{bytes_of(name)}, a name that is no UTF-8")
    if UNPRINTABLE.search(name):
        raise BadMember(f"{name[:100]!r}, a name with control characters in it")
    if leaves(name):
        raise BadMember(f"{name[:100]!r}, which leaves the release folder")
    parts = name.split("/")
    too_long = len(name.encode()) > LONGEST_PATH or len(parts) > DEEPEST
    if too_long or any(len(part.encode()) > LONGEST_NAME for part in parts):
        raise BadMember(f"{name[:100]!r}..., a name that is too long")


def bytes_of(name: str) -> str:
    """Show a name that is no UTF-8, or the beginning of it, with the bytes that are none."""
    return ascii(name[:100]).replace("\\udc", "\\x")


def leaves(name: str, folder: str = "") -> bool:
    """Whether *name*, seen from *folder*, is outside; a backslash is a slash too, as it is on Windows."""
    name = name.replace("\\", "/")
    if not name or name.startswith("/") or re.match("[A-Za-z]:/", name):
        return True
    return posixpath.normpath(posixpath.join(folder, name)).split("/")[0] == ".."


def _check_link(link: Member) -> None:
    if NO_UTF8.search(link.target):
        raise BadMember(f"{link.name!r}, a link to a name that is no UTF-8")
    if UNPRINTABLE.search(link.target) or leaves(link.target, posixpath.dirname(link.name)):
        raise BadMember(f"{link.name!r}, a link out of the release folder")
    # After a name, which may be a link itself, nobody can tell from the text where ".." leads.
    parts = [part for part in link.target.split("/") if part not in ("", ".")]
    if ".." in parts and any(part != ".." for part in parts[: len(parts) - parts[::-1].index("..")]):
        raise BadMember(f"{link.name!r}, a link whose way has '..' after a name")


def _check_on_windows(member: Member, folder: str) -> None:
    if member.kind in (Kind.LINK, Kind.HARD_LINK):
        raise BadMember(f"{member.name!r}, a link, which a release for Windows cannot have")
    # Its leading "./" is no name.
    name = posixpath.normpath(member.name.replace("\\", "/"))
    # A device is one whatever its extension, and with blanks before that.
    devices = {part.split(".")[0].rstrip(" ").upper() for part in name.split("/")} & WINDOWS_DEVICES
    if name != "." and (devices or WINDOWS_SPECIAL.search(name)):
        raise BadMember(f"{member.name!r}, which is no name for a file on Windows")
    if not member.said:
        raise BadMember(
            # libarchive, issue 1629: its tar takes the bytes for those of a code page.
            f"{member.name!r}, a name that a tar has to say is UTF-8 for Windows to read it so; pack it with "
            "tar --format=pax, or send a .zip"
        )
    if folder:
        _check_length(name, member.kind, folder)


def _check_length(name: str, kind: Kind, folder: str) -> None:
    path = posixpath.join(folder, name)
    above = path if kind is Kind.FOLDER else posixpath.dirname(path)
    length = _units(path)
    if length > LONGEST_ON_WINDOWS or _units(above) > LONGEST_FOLDER_ON_WINDOWS:
        raise BadMember(
            f"{name[:100]!r}..., too long for Windows: on the instance its path has {length} characters, of "
            f"{LONGEST_ON_WINDOWS} at most ({LONGEST_FOLDER_ON_WINDOWS} of a folder); a shorter --install-to "
            "helps"
        )


def _units(path: str) -> int:
    return len(path.encode("utf-16-le")) // 2
