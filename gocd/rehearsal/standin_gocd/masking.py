"""Secrets kept out of a job's console, exactly as far as an agent keeps them out."""

from collections.abc import Iterable

_MASK = "******"


class Masking:
    """Replaces secrets in single lines of output.

    A secret of several lines is never found in one line, and a changed one (encoded, escaped, split) is not
    found either: a rehearsal must show that leak, not hide it.
    Source: GoCD's SafeOutputStreamConsumer.java
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first, so that no secret is left half visible by a shorter one inside it.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def __call__(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return line
