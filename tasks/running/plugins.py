"""What any installed package may add to: things found by a group and a name, the built-in ones as well."""

from importlib.metadata import entry_points
from typing import Any

from tasks.running.errors import Refused


def find(group: str, name: str, asked: str) -> Any:
    """Load what is registered under *name* as an entry point of *group*.

    Args:
        asked: What a person wrote to get it, for messages.

    Raises:
        Refused: Nothing is; or two packages claim the name; or it cannot be loaded.
    """
    known = entry_points(group=group)
    matches = {point.value: point for point in known if point.name == name}
    if not matches:
        raise Refused(f"{asked} is not known; there are: {', '.join(sorted({p.name for p in known}))}")
    if len(matches) > 1:
        raise Refused(f"{asked} is registered {len(matches)} times: {', '.join(sorted(matches))}")
    [(value, point)] = matches.items()
    try:
        return point.load()
    except (ImportError, AttributeError) as problem:
        raise Refused(f"{asked} is registered as {value}, which cannot be loaded ({problem})") from None
