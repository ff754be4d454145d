"""What any installed package may add to: things found by a group and a name, the built-in ones as well."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from tasks.running.errors import Refused


def find(group: str, name: str, asked: str) -> Any:
    """Load what is registered under *name* as an entry point of *group*; nothing else is imported.

    Args:
        asked: What a person wrote to get it, for messages.

    Raises:
        Refused: Nothing is; or two packages claim the name; or it cannot be loaded.
    """
    return _load(entry_points(group=group), name, asked)


def find_all(group: str, called: str) -> dict[str, Any]:
    """Load everything that is registered in *group*, by name, in the order of the names.

    Args:
        called: What one of them is to a person, for messages.

    Raises:
        Refused: Two packages claim a name; or one cannot be loaded.
    """
    known = entry_points(group=group)
    return {name: _load(known, name, f"{called} {name}") for name in sorted({each.name for each in known})}


def _load(known: Iterable[EntryPoint], name: str, asked: str) -> Any:
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
