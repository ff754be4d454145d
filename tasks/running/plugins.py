"""What any installed package may add to: things found by a group and a name, the built-in ones as well."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any

from tasks.running.errors import Refused
from tasks.running.quoting import one_line

# What all of the groups begin with.
GROUPS = "gocd_tasks."

# Seconds that importing one may take, which is for ever if it asks a server that does not answer.
LOADED_WITHIN = 60.0


@dataclass(frozen=True)
class Known:
    """What the installed packages have registered in a group.

    Args:
        points: Of each package that has any, in the order of the path.
        unreadable: Packages that may have registered something there, but cannot tell what.
    """

    points: Sequence[tuple[Distribution, list[EntryPoint]]]
    unreadable: list[str]

    @property
    def names(self) -> list[str]:
        return sorted({point.name for _, points in self.points for point in points})

    def called(self, name: str) -> dict[str, EntryPoint]:
        """Those of this *name*, by what they are registered as."""
        return {each.value: each for _, points in self.points for each in points if each.name == name}


def find(group: str, name: str, asked: str, within: float = LOADED_WITHIN) -> Any:
    """Load what is registered under *name* as an entry point of *group*; nothing else is imported.

    Args:
        asked: What a person wrote to get it, for messages.
        within: Seconds that it may take.

    Raises:
        Refused: Nothing is; or two packages claim the name; or it cannot be loaded.
    """
    return _load(_known(f"{group}]"), name, asked, within)


def find_all(group: str, called: str) -> dict[str, Any]:
    """Load everything that is registered in *group*, by name, in the order of the names.

    Args:
        called: What one of them is to a person, for messages.

    Raises:
        Refused: Two packages claim a name; or one cannot be loaded, or tell what it has.
    """
    known = _known(f"{group}]")
    if known.unreadable:
        raise Refused(f"any {called} may be meant, and {_cannot_tell(known)}")
    return {name: _load(known, name, f"{called} {name}", LOADED_WITHIN) for name in known.names}


def adders() -> dict[str, str]:
    """Return by top-level package what others have added, in words: ``odd:Check, which odd has added``."""
    found = {
        point.value.partition(":")[0].partition(".")[
            0
        ]: f"{point.value}, which {_name(distribution)} has added"
        for distribution, points in _known(GROUPS).points
        for point in points
    }
    return {package: words for package, words in found.items() if package != "tasks"}


def _known(beginning: str) -> Known:
    """Read the groups whose headings begin so, after their bracket."""
    points: list[tuple[Distribution, list[EntryPoint]]] = []
    unreadable = []
    for distribution in _first_of_each([each for each in distributions() if f"[{beginning}" in _text(each)]):
        try:
            found = [each for each in distribution.entry_points if f"{each.group}]".startswith(beginning)]
        except (TypeError, ValueError):
            unreadable.append(_name(distribution))
        else:
            points.append((distribution, found))
    return Known(points, unreadable)


def _first_of_each(found: Sequence[Distribution]) -> Iterable[Distribution]:
    """Leave out older copies, which the first on the path hides."""
    if len(found) == 1:
        # To read its name takes longer than all else: the metadata has the whole README.
        return found
    return {_name(each): each for each in reversed(found)}.values()


def _text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except ValueError:
        # No text at all, so nobody can have written a group of ours there.
        return ""


def _name(distribution: Distribution) -> str:
    try:
        return str(distribution.metadata["Name"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return "a package without a name"


def _load(known: Known, name: str, asked: str, within: float) -> Any:
    matches = known.called(name)
    if not matches:
        there = f"{asked} is not known; there are: {', '.join(known.names)}"
        raise Refused(f"{there}; and {_cannot_tell(known)}" if known.unreadable else there)
    if len(matches) > 1:
        raise Refused(f"{asked} is registered {len(matches)} times: {', '.join(sorted(matches))}")
    [(value, point)] = matches.items()
    loading = Loading(point)
    if value.startswith("tasks."):
        loading.run()
    else:
        loading.start()
        loading.join(within)
    if loading.is_alive():
        trouble: object = f"it takes longer than {within:g} s"
    elif loading.problem:
        trouble = one_line(loading.trouble)
    else:
        return loading.loaded
    raise Refused(
        f"{asked} is registered as {value}, which cannot be loaded ({trouble})"
    ) from loading.problem


class Loading(threading.Thread):
    """Loads one in a thread, which can be left behind where it does not come to an end."""

    def __init__(self, point: EntryPoint) -> None:
        super().__init__(name=f"loads {point.value}", daemon=True)
        self.loaded: Any = None
        self.problem: BaseException | None = None
        self._point = point

    def run(self) -> None:
        try:
            self.loaded = self._point.load()
        except BaseException as problem:  # noqa: BLE001 - whatever a site's module does as it is imported
            self.problem = problem

    @property
    def trouble(self) -> str:
        words = f"{type(self.problem).__name__}: {self.problem}"
        return f"it ends the process, {words}" if isinstance(self.problem, SystemExit) else words


def _cannot_tell(known: Known) -> str:
    return f"the entry points of {', '.join(known.unreadable)} cannot be read"
