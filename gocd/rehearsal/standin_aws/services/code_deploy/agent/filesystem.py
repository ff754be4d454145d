"""An instance's files, as its agent sees them."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileSystem:
    """The file system whose ``/`` is the folder *root*."""

    root: Path

    def real(self, path: str) -> Path:
        """Give where *path* is on this machine; no ``..`` leads out of the instance."""
        return inside(self.root, path)

    def told(self, path: Path) -> str:
        """Give the path that the instance knows something by."""
        return "/" + str(path.relative_to(self.root)).removeprefix(".")

    def holds(self, path: Path) -> bool:
        """Whether *path*, all links followed, is one of the instance's own."""
        real = os.path.realpath(path)
        return real.startswith(os.path.realpath(self.root) + os.sep)


def inside(folder: Path, path: str) -> Path:
    """Give where *path* is if *folder* is the root of all, so that no ``..`` leads out of it."""
    return folder / posixpath.normpath(f"/{path}").lstrip("/")
