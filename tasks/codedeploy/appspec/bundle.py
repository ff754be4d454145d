"""A release as CodeDeploy's agent finds it once it has unpacked it.

Source: aws-codedeploy-agent 1.8.1, command_executor.rb (unpack_bundle: which folder is stripped).
"""

import difflib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tasks.archives.archive import members
from tasks.archives.artifact import Artifact
from tasks.archives.member import Kind, Member

# What an appspec must be called, but for a local deployment (CodeDeploy user guide, AppSpec file reference).
# Of the agent, Install alone takes a second name; hooks do not (hook_executor.rb, parse_app_spec).
APPSPEC = "appspec.yml"
MISNAMED = "appspec.yaml"

# Links that lead to links; what has more goes in a circle.
MOST_LINKS = 40

# Names among which the nearest one is looked for, which takes its time.
MOST_NEAR = 5_000


@dataclass(frozen=True)
class Bundle:
    """What is in a release, by its path below the folder that the agent makes of it.

    Args:
        artifact: Where it comes from.
        top: The one folder that holds all of it and is left out by the agent; empty if there is none.
        windows: Whether it is for Windows, where case means nothing and a backslash is a slash.
    """

    artifact: Artifact
    top: str
    windows: bool
    _members: Mapping[str, Member] = field(repr=False)

    def kind(self, path: str) -> Kind | None:
        """What is at *path*, seen from the top: a file, a folder, or a link that leads to neither."""
        place = self.place(path)
        folder, name = posixpath.split(place)
        itself = posixpath.normpath(posixpath.join(self._end(folder), name))
        found = self._members.get(self._end(place)) or self._members.get(itself)
        if self._end(place) == ".":
            return Kind.FOLDER
        if found is None:
            return None
        return Kind.FILE if found.kind is Kind.HARD_LINK else found.kind

    def below(self, folder: str) -> Iterator[tuple[str, bool]]:
        """Give the path of each thing in *folder*, seen from there, and whether that is a folder itself."""
        place = self._end(self.place(folder))
        start = "" if place == "." else f"{place}/"
        for each, member in self._members.items():
            if each.startswith(start):
                yield each[len(start) :], member.kind is Kind.FOLDER

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return what is in those of *paths* that are files, and no longer than a person writes."""
        wanted: dict[str, list[str]] = {}
        for path in paths:
            if self.kind(path) is Kind.FILE:
                found = self._members[self._end(self.place(path))]
                name = found.target if found.kind is Kind.HARD_LINK else found.name
                wanted.setdefault(posixpath.normpath(name), []).append(path)
        read: dict[str, bytes] = {}
        if wanted:
            archive = members(
                self.artifact.content, self.artifact.kind, lambda name: posixpath.normpath(name) in wanted
            )
            for member in archive:
                for path in wanted.pop(posixpath.normpath(member.name), ()):
                    if member.content is not None:
                        read[path] = member.content
                if not wanted:
                    break
        return read

    def nearest(self, path: str) -> str:
        """Return what is nearest to *path* among the files, if anything is near."""
        name = posixpath.basename(self.place(path))
        files = [each for each, member in self._members.items() if member.kind is not Kind.FOLDER]
        alike = [each for each in files if posixpath.basename(each) == name]
        near = difflib.get_close_matches(self.place(path), alike or files[:MOST_NEAR], n=1, cutoff=0.6)
        return (near or alike or [""])[0]

    def place(self, path: str) -> str:
        """Return *path* as it stands among the members; one that leads out is none of theirs."""
        slashed = path.replace("\\", "/").casefold() if self.windows else path
        return posixpath.normpath(slashed.lstrip("/") or ".")

    def _end(self, place: str) -> str:
        """Return where *place* leads once every link on the way is followed."""
        for _ in range(MOST_LINKS):
            parts = place.split("/")
            starts = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
            link = next((each for each in starts if self._is_link(each)), "")
            if not link:
                return place
            target = self._members[link].target
            place = posixpath.normpath(f"{posixpath.dirname(link) or '.'}/{target}/{place[len(link) :]}")
        return place

    def _is_link(self, place: str) -> bool:
        return place in self._members and self._members[place].kind is Kind.LINK


def open_bundle(artifact: Artifact, *, windows: bool = False) -> Bundle:
    """Look through *artifact*, which has been checked."""
    found: dict[str, Member] = {}
    for member in members(artifact.content, artifact.kind):
        path = posixpath.normpath(member.name)
        if path != ".":
            found[path] = member
    for path in list(found):
        while (path := posixpath.dirname(path)) and path not in found:
            found[path] = Member(path, Kind.FOLDER)
    top = _top(found)
    inside = {path.removeprefix(top): member for path, member in found.items() if f"{path}/" != top}
    return Bundle(artifact, top, windows, {_fold(path, windows): each for path, each in inside.items()})


def _top(found: Mapping[str, Member]) -> str:
    tops = [path for path in found if "/" not in path]
    if len(tops) != 1 or found[tops[0]].kind is not Kind.FOLDER:
        return ""
    top = f"{tops[0]}/"
    # Anything that is called so, in whatever case, is taken for a sign.
    named = (path.removeprefix(top) for path in found if path.startswith(top))
    return top if any("appspec" in name.lower() and "/" not in name for name in named) else ""


def _fold(path: str, windows: bool) -> str:
    return path.casefold() if windows else path
