"""``{private_ip}`` and the like, filled in where a site's URL, path or command names an instance."""

import re
from collections.abc import Mapping

from tasks.aws.instances import Instance
from tasks.running.errors import Refused


def of_instance(instance: Instance) -> dict[str, str]:
    """Return what can be filled in for one instance."""
    return {"instance_id": instance.id, "name": instance.name, "private_ip": instance.private_ip}


def values_of(instance: Instance, version: str | None) -> dict[str, str]:
    """Return the same, and the version that it shall have."""
    return {**of_instance(instance), "version": version or ""}


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
        found = values[name]
        # An address of IPv6 stands in brackets in a URL (RFC 3986, 3.2.2).
        bare = ":" in found and "://" in text and text[match.start() - 1] == "/"
        return f"[{found}]" if bare else found

    return re.sub(r"\{([a-z_]+)\}", value, text)
