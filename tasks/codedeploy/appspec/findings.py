"""What is found in an appspec, each with the line that it stands in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tasks.running.quoting import clipped, one_line

# Characters that a finding may quote of another's text.
QUOTED = 80


class Finding(NamedTuple):
    """Where it is, and what to write there instead."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        return one_line(f"{self.file}:{self.line}: {self.words}")


@dataclass
class Findings:
    """What is wrong with a release, and what is worth a word although CodeDeploy takes it.

    Args:
        file: The appspec's name.
    """

    file: str
    faults: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)

    def fault(self, line: int, words: str, file: str = "") -> None:
        """Note what the agent would fail for, or read as another thing than is written."""
        self.faults.append(Finding(file or self.file, line, words))

    def doubt(self, line: int, words: str, file: str = "") -> None:
        """Note what the agent takes and hardly anybody means."""
        self.doubts.append(Finding(file or self.file, line, words))

    @property
    def in_order(self) -> Sequence[Finding]:
        return sorted(set(self.faults), key=lambda each: (each.file != self.file, each))


def quoted(text: object) -> str:
    """Show another's text in a finding."""
    return clipped(one_line(str(text)), QUOTED) or "nothing"
