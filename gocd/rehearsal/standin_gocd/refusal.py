"""What a server refuses, with the status code and the words in which its REST API says so."""

from __future__ import annotations

from gocd.errors import GoCDError


class Refusal(GoCDError):
    """A request that cannot be.

    Source: GoCD's HttpOperationResult.java, where a message and another description become one text
    """

    def __init__(self, status: int, message: str, description: str = "") -> None:
        differs = description and description != message
        self.text = f"{message} {{ {description} }}" if differs else message
        super().__init__(self.text)
        self.status = status
        self.reason = description or message
        """What matters of it to a person."""


def not_found(kind: str, name: str) -> Refusal:
    """Say that there is none of that name.

    Source: GoCD's EntityType.java
    """
    return Refusal(404, f"{kind} with name '{name}' was not found!")
