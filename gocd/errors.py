"""What can go wrong on the GoCD side, each in one line for a user."""

from pathlib import Path

from gocd.finding import Finding


class GoCDError(Exception):
    """Anything a user can cause: a bad file, a wrong name, a server that said no."""


class UnreadableFile(GoCDError):
    """A file that is not there, or is no text that a person would write."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.reason = reason


class PipelineError(GoCDError):
    """A mistake in a pipeline file, for which GoCD refuses it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding

    @property
    def line(self) -> int:
        return self.finding.line

    @property
    def text(self) -> str:
        return self.finding.text
