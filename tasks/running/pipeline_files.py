"""The names of pipeline files that commands are given: a file's own, or a template's."""

from pathlib import Path

from tasks.running.numbers import NotTaken


def read_pipeline_file(given: str | Path) -> Path:
    """Return the file that *given* names, or else the template of this name, which comes with this package.

    Raises:
        NotTaken: There is neither.
    """
    from gocd.templates.catalogue import TEMPLATES, shipped  # noqa: PLC0415

    path = Path(given)
    if path.is_file():
        return path
    if found := shipped(str(given)):
        return found
    wrong = "is a folder" if path.is_dir() else "does not exist"
    raise NotTaken(f"takes a file or one of {', '.join(TEMPLATES)}; {str(given)!r} {wrong}")
