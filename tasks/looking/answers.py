"""What instances answer themselves, at this moment."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.running.errors import Refused
from tasks.status.check import NoAnswer, StatusCheck, Told, find_check
from tasks.status.placeholders import fill, values_of
from tasks.status.settle import AT_A_TIME


@dataclass(frozen=True)
class Question:
    """What each instance is asked.

    Args:
        url: With ``{private_ip}`` and the like in it.
        fields: Dotted names in its JSON answer.
    """

    url: str
    fields: Sequence[str]

    def ask(self, instance: Instance) -> Told | NoAnswer | str:
        """Ask an instance once; words where it answers nothing, or cannot be asked."""
        try:
            check = find_check(fill(self.url, values_of(instance, "")))
            if isinstance(check, StatusCheck):
                return check.told(self.fields)
            return check.missing() or f"answers {check.expectation}"
        except Refused as unasked:
            return unasked.what


def ask_all(question: Question, instances: Iterable[Instance]) -> dict[str, Told | NoAnswer | str]:
    """Ask those of *instances* that run, all at the same time; return their answers by id."""
    asked = [each for each in instances if each.state == "running" and each.private_ip]
    if not asked:
        return {}
    with ThreadPoolExecutor(min(AT_A_TIME, len(asked))) as asking:
        return dict(zip((each.id for each in asked), asking.map(question.ask, asked), strict=True))
