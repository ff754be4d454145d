"""The artifact that a release comes as: a file, a folder, or an object in S3; always one checked archive."""

import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from weakref import finalize

from gocd.files import open_regular
from tasks.archives.archive import check_archive, sha256
from tasks.archives.packing import pack
from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tasks.running.errors import Refused


@dataclass(frozen=True)
class Artifact:
    """One archive, checked.

    Args:
        name: Its file name.
        kind: ``tar`` or ``zip``.
        sha256: Of the whole archive, in hexadecimal.
        content: The archive itself; a temporary one has no name on disk and goes with this process.
        address: Bucket and key, where it is in S3 already.
        etag: What S3 knows these contents by there.
        given: How it was asked for.
    """

    name: str
    kind: str
    sha256: str
    size: int
    content: IO[bytes]
    address: tuple[str, str] | None = None
    etag: str = ""
    given: str = ""

    def check_unchanged(self) -> None:
        """See that it still is what was checked: a file may have been written to since.

        Raises:
            Refused: It is not.
        """
        if sha256(self.content) != self.sha256:
            raise Refused(f"the artifact {self.given} has changed since it was looked at")


def open_artifact(
    aws: Aws, given: str, *, windows: bool = False, folder: str = "", own: Collection[str] = ()
) -> Artifact:
    """Return the artifact that *given* means, packed or fetched first where it has to be.

    Args:
        given: A path to an archive or folder, or ``s3://BUCKET/KEY``.
        folder: Where the release will lie on a Windows host.
        own: What is not the release's own at the top of that folder.

    Raises:
        Refused: There is none, or it holds what a release has no need of.
    """
    check = partial(check_archive, windows=windows, folder=folder, own=own)
    if "://" in given:
        bucket, key = _address(given)
        try:
            with _kept(_temporary()) as content:
                etag = ArtifactStore(aws, bucket).fetch(key, content)
                return _checked(content, given, key.rpartition("/")[2], check, (bucket, key), etag)
        except OSError as problem:
            why = problem.strerror or problem
            raise Refused(f"there is no room for {given} among the temporary files ({why})") from None
    path = Path(given)
    try:
        if path.is_dir():
            with _kept(_temporary()) as content:
                pack(path, content)
                return _checked(content, given, f"{path.resolve().name or 'release'}.tar.gz", check)
        with _kept(open_regular(path)) as content:
            return _checked(content, given, path.name, check)
    except FileNotFoundError:
        raise Refused(f"there is no artifact {given}") from None
    except OSError as problem:
        raise Refused(f"the artifact {given} cannot be read ({problem.strerror or problem})") from None


@contextmanager
def _kept(content: IO[bytes]) -> Iterator[IO[bytes]]:
    """Leave *content* open, unless there is something wrong with it."""
    with ExitStack() as opened:
        yield opened.enter_context(content)
        opened.pop_all()


def _checked(
    content: IO[bytes],
    given: str,
    name: str,
    check: Callable[[IO[bytes], str], str],
    address: tuple[str, str] | None = None,
    etag: str = "",
) -> Artifact:
    kind = check(content, given)
    digest = sha256(content)
    artifact = Artifact(name, kind, digest, content.seek(0, 2), content, address, etag, given)
    # Open for as long as anyone has use for it.
    finalize(artifact, content.close)
    return artifact


def _temporary() -> IO[bytes]:
    # It has no name, or on Windows goes with its last handle: not even a kill -9 leaves it behind.
    return tempfile.TemporaryFile()


def _address(given: str) -> tuple[str, str]:
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*[^/])", given, re.DOTALL)
    if not match:
        raise Refused(f"{given!r} is no artifact: use a file, a folder or s3://BUCKET/KEY")
    return match[1], match[2]
