"""The file of a pipeline: what is in it, what GoCD would make of it, and how it gets there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gocd.errors import GoCDError
from gocd.files import write_whole
from gocd.finding import Finding
from gocd.lint.files import lint
from gocd.lint.program import Program
from gocd.reading.file import open_pipeline_file
from gocd.reading.located_yaml import text_of


def content_of(path: Path) -> str | None:
    """Return what is in *path*; None if there is no such file.

    Raises:
        UnreadableFile: It is there, and no text that a person would write.
    """
    return text_of(path) if path.exists() else None


def findings_in(text: str, path: Path, program: Program) -> Sequence[Finding]:
    """Return what is wrong with *text*, if it were in *path*, the one file of a repository.

    Args:
        program: What its calls are held against.
    """
    with TemporaryDirectory() as folder:
        there = Path(folder) / "pipeline.gocd.yaml"
        write_whole(there, text)
        return [replace(each, file=path) for each in lint([there], program)]


def doubts_there(path: Path, version: int) -> Iterator[str]:
    """Say what keeps GoCD from taking a file of *version* that is called *path*, and lies where that does.

    Source: the YAML plugin's PluginSettings.java and JsonConfigCollection.java
    """
    if not path.name.endswith((".gocd.yaml", ".gocd.yml")):
        yield f"{path.name}: GoCD takes *.gocd.yaml and *.gocd.yml, unless told otherwise"
    for each in sorted({*path.parent.glob("*.gocd.yaml"), *path.parent.glob("*.gocd.yml")} - {path}):
        # What is no pipeline file is none of ours.
        with suppress(GoCDError):
            other = open_pipeline_file(each).format_version
            if other not in (None, version):
                yield (
                    f"{each.name}, beside it, has format_version {other}: GoCD refuses all files of a "
                    f"repository that do not have the same (--format-version {other})"
                )
                return


def put(path: Path, text: str) -> None:
    """Write *text* into *path*, or into what that is a link to; whole, or not at all.

    Raises:
        GoCDError: It cannot be written.
    """
    try:
        write_whole(path.resolve(), text)
    except OSError as problem:
        raise GoCDError(f"{path} cannot be written ({problem.strerror})") from None
