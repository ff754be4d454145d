"""A material checked out into a job's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from gocd.errors import GoCDError
from gocd.rehearsal.removal import remove

# What version control would not bring, or would be large and useless to a job.
_LEFT_OUT = frozenset(
    [
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache"),
    ]
)


def check_out(repository: Path, job_folder: Path, destination: str, leave_out: Path) -> None:
    """Make *destination* in *job_folder* a copy of *repository*, without a rehearsal's own *leave_out*.

    What was there before is gone, as after the ``git clean -dffx`` of GoCD's GitCommand.java.

    Raises:
        GoCDError, OSError: It cannot be copied.
    """
    own = leave_out.resolve()

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name in _LEFT_OUT or _stays(Path(folder, name), own)}

    target = job_folder / destination
    remove(target, job_folder.parent)
    try:
        shutil.copytree(repository.resolve(), target, symlinks=True, ignore=ignored)
    except RecursionError:
        raise GoCDError(f"{repository} is nested too deeply to be checked out") from None


def _stays(path: Path, own: Path) -> bool:
    # Pipes and sockets are nothing that version control knows.
    known = path.is_symlink() or path.is_dir() or path.is_file()
    return not known or path.resolve() == own
