"""A material checked out into a job's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

# What version control would not bring, or would be large and useless to a job.
_LEFT_OUT = frozenset(
    [
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache"),
    ]
)


def check_out(repository: Path, destination: Path, leave_out: Path) -> None:
    """Make *destination* a copy of *repository*, without *leave_out*, where a rehearsal keeps its own files.

    What was there before is gone, as after the ``git clean -dffx`` of GoCD's GitCommand.java.
    """
    own = leave_out.resolve()

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name in _LEFT_OUT or Path(folder, name).resolve() == own}

    shutil.rmtree(destination, ignore_errors=True)
    shutil.copytree(repository.resolve(), destination, symlinks=True, ignore=ignored)
