"""The names of folders that options give."""

from pathlib import Path

import typer


def read_folder(text: str | Path) -> Path:
    """Read the name of a folder to write into.

    Raises:
        typer.BadParameter: It is empty, or cannot be a folder's.
    """
    # An empty name is what a shell makes of a variable that nobody has set.
    if text == "":
        raise typer.BadParameter("the name of a folder cannot be empty")
    path = Path(text)
    try:
        wrong = "is a file" if path.exists() and not path.is_dir() else ""
    except OSError as problem:
        wrong = f"cannot be one ({problem.strerror})"
    if wrong:
        raise typer.BadParameter(f"folder {text} {wrong}")
    return path
