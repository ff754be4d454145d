"""``{private_ip}`` and the like, filled in where a site's URL, path or command names an instance."""

import re
from collections.abc import Mapping

from tasks.errors import Refused


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each ``{name}`` in *text* by its value; other braces stay as they are.

    Raises:
        Refused: A name in braces is close to nothing that can be filled in here.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            known = ", ".join(f"{{{each}}}" for each in values) or "nothing"
            raise Refused(f"{{{name}}} in {text!r} cannot be filled in; known here: {known}")
        return values[name]

    return re.sub(r"\{([a-z_]+)\}", value, text)
