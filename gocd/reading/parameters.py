"""``#{name}`` in a pipeline's strings, as GoCD replaces it."""

import re
from collections.abc import Mapping

from gocd.errors import GoCDError

# The last branch takes whatever follows a lone "#", so that it can be named in the message.
_HASH = re.compile(r"#(?:(?P<escaped>#)|\{(?P<name>[^}]*)\}|(?P<open>\{)|)")


def substitute(text: str, parameters: Mapping[str, str]) -> str:
    """Replace every ``#{name}`` in *text* and turn ``##`` into ``#``.

    Values go in once and are not read again, so a ``#`` inside a value needs no escape.

    Raises:
        GoCDError: A lone ``#``, an unknown name or an unclosed ``#{``.
    Source: GoCD's ParamStateMachine.java and ParamSubstitutionHandler.java
    """

    def replacement(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "#"
        if found["open"]:
            raise GoCDError(f"'#{{' without its '}}' in {_shown(text)}")
        name = found["name"]
        if name is None:
            raise GoCDError(
                f"a lone '#' in {_shown(text)}: write '##' for '#', or '#{{name}}' for a parameter"
            )
        if name not in parameters:
            known = f"; the parameters are: {', '.join(parameters)}" if parameters else ""
            raise GoCDError(f"parameter '{name}' in {_shown(text)} is not defined{known}")
        return parameters[name]

    return _HASH.sub(replacement, text)


def _shown(text: str) -> str:
    """The first line of *text* that holds a ``#``, short enough for a message."""
    line = next(line.strip() for line in text.splitlines() if "#" in line)
    return f"'{line[:77]}...'" if len(line) > 80 else f"'{line}'"
