"""``#{name}`` in a pipeline's strings, as GoCD replaces it."""

import re
from collections.abc import Mapping

from gocd.errors import GoCDError
from gocd.nearest import nearest

# The last branch takes whatever follows a lone "#", so that it can be named in the message.
_HASH = re.compile(r"#(?:(?P<escaped>#)|\{(?P<name>[^}]*)\}|(?P<open>\{)|)")


class WrongParameter(GoCDError):
    """A ``#`` that GoCD takes for no parameter of the pipeline, so many lines below the first of its text."""

    def __init__(self, line: int, what: str, instead: str = "") -> None:
        super().__init__(f"{what}; {instead}" if instead else what)
        self.line = line
        self.what = what
        self.instead = instead


def names_in(text: str) -> frozenset[str]:
    """The parameters that *text* asks for, whether they exist or not."""
    return frozenset(found["name"] for found in _HASH.finditer(text) if found["name"] is not None)


def whole(text: str) -> str:
    """The parameter that *text* is, if it is nothing else."""
    found = _HASH.fullmatch(text)
    return found["name"] or "" if found else ""


def substitute(text: str, parameters: Mapping[str, str]) -> str:
    """Replace every ``#{name}`` in *text* and turn ``##`` into ``#``.

    Values go in once and are not read again, so a ``#`` inside a value needs no escape.

    Raises:
        WrongParameter: A lone ``#``, an unknown name or an unclosed ``#{``.
    Source: GoCD's ParamStateMachine.java and ParamSubstitutionHandler.java
    """

    def replacement(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "#"
        line, shown = text.count("\n", 0, found.start()), _shown(text)
        if found["open"]:
            raise WrongParameter(line, f"'#{{' without its '}}' in {shown}")
        name = found["name"]
        if name is None:
            hint = "write '##' for '#', or '#{name}' for a parameter"
            raise WrongParameter(line, f"a lone '#' in {shown}", hint)
        if name not in parameters:
            known = f"the parameters are: {', '.join(parameters)}" if parameters else ""
            what = f"parameter '{name}' in {shown} is not defined"
            raise WrongParameter(line, what, nearest(name, parameters) or known)
        return parameters[name]

    return _HASH.sub(replacement, text)


def _shown(text: str) -> str:
    """The first line of *text* that holds a ``#``, short enough for a message."""
    line = next(line.strip() for line in text.splitlines() if "#" in line)
    return f"'{line[:77]}...'" if len(line) > 80 else f"'{line}'"
