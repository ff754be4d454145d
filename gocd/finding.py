"""What is wrong with a pipeline file, as values that a command can list."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Level(Enum):
    """What GoCD makes of it."""

    ERROR = "error"
    """It refuses the file, or ``gocd-tasks`` refuses a call in it."""
    WARNING = "warning"
    """It takes the file, and does not do what it says."""


@dataclass(frozen=True)
class Finding:
    """One mistake, where it is, and what to write in its place; lines and columns begin at 1."""

    level: Level
    file: Path
    line: int
    column: int
    what: str
    instead: str = ""

    @property
    def text(self) -> str:
        return f"{self.what}; {self.instead}" if self.instead else self.what

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"
