"""A release archive, looked through before anything trusts it."""

import hashlib
import posixpath
import tarfile
from pathlib import Path

from tasks.errors import Refused

# Bytes, and a ratio of unpacked to packed: far more than a release has, far less than a disk.
LARGEST_UNPACKED = 20 * 1024**3
LARGEST_RATIO = 200
MOST_MEMBERS = 200_000


def check_archive(path: Path) -> None:
    """Refuse a tar archive that could write outside its release folder, or fill the disk.

    The archive is read as a stream, so memory stays flat whatever its size.

    Raises:
        Refused: It is no tar archive, is damaged, or holds something that a release has no need of.
    """
    try:
        packed = path.stat().st_size
        with tarfile.open(path, "r|*") as archive:
            unpacked = 0
            for count, member in enumerate(archive, 1):
                _check_member(path, member)
                unpacked += member.size
                if unpacked > LARGEST_UNPACKED or unpacked > 10 * 1024**2 + packed * LARGEST_RATIO:
                    raise Refused(f"{path} would unpack to more than {unpacked:,} bytes; that is no release")
                if count > MOST_MEMBERS:
                    raise Refused(f"{path} holds more than {MOST_MEMBERS:,} files; that is no release")
    except FileNotFoundError:
        raise Refused(f"there is no artifact {path}") from None
    except IsADirectoryError:
        raise Refused(f"{path} is a folder; pack it as .tar.gz first") from None
    except (tarfile.TarError, EOFError, OSError) as problem:
        raise Refused(f"{path} is not a whole tar archive ({problem})") from None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1024**2):
            digest.update(block)
    return digest.hexdigest()


def _check_member(path: Path, member: tarfile.TarInfo) -> None:
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise Refused(f"{path} holds {member.name!r}, which is neither file, folder nor link")
    if _leaves(member.name):
        raise Refused(f"{path} holds {member.name!r}, which leaves the release folder")
    if member.issym() and _leaves(member.linkname, posixpath.dirname(member.name)):
        raise Refused(f"{path} holds {member.name!r}, a link out of the release folder")
    if member.islnk() and _leaves(member.linkname):
        raise Refused(f"{path} holds {member.name!r}, a link out of the release folder")


def _leaves(name: str, folder: str = "") -> bool:
    if name.startswith("/") or "\0" in name:
        return True
    return posixpath.normpath(posixpath.join(folder, name)).split("/")[0] == ".."
