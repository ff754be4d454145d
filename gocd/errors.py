"""What can go wrong on the GoCD side, each in one line for a user."""

from pathlib import Path


class GoCDError(Exception):
    """Anything a user can cause: a bad file, a wrong name, a server that said no."""


class PipelineError(GoCDError):
    """A mistake in a pipeline file, and the line it is on."""

    def __init__(self, file: Path | str, line: int, text: str) -> None:
        super().__init__(f"{file}:{line}: {text}")
        self.file = file
        self.line = line
        self.text = text
