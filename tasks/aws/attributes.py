"""What is set on a load balancer or a target group: texts by name, whatever they mean."""

from collections.abc import Mapping, Sequence

from tasks.aws.errors import incomplete, senseless


class Attributes(dict[str, str]):
    """What the answer to *action* tells; asked for by its name, one that is missing is an AwsError."""

    def __init__(self, action: str, told: Sequence[Mapping[str, str]]) -> None:
        super().__init__((each["Key"], each["Value"]) for each in told)
        self._action = action

    def __missing__(self, name: str) -> str:
        raise incomplete(self._action, name)

    def number(self, name: str, default: str | None = None, **words: int) -> int:
        """Return a whole number, or what one of these *words* that may stand in its place means."""
        text = self[name] if default is None else self.get(name, default)
        if text in words:
            return words[text]
        if not (text.isascii() and text.isdecimal() and len(text) <= 9):
            raise senseless(self._action, name, text)
        return int(text)
