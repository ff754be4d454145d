"""The files of an appspec: what the event Install will copy where.

Source: aws-codedeploy-agent 1.8.1, file_info.rb, installer.rb (generate_instructions), install_instruction.rb
(CommandBuilder).
"""

import posixpath
from dataclasses import dataclass, field

from tasks.archives.member import Kind
from tasks.codedeploy.appspec.bundle import Bundle
from tasks.codedeploy.appspec.findings import Findings, quoted
from tasks.codedeploy.appspec.reading import Value, check_keys, nearest

KEYS = ("source", "destination")


@dataclass
class Copies:
    """What will be on the instance: *files* by their destination, with their source, and *folders*.

    *ancestors* are the folders that these are in, made only where they are missing.
    """

    files: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    ancestors: set[str] = field(default_factory=set)


def judge_files(files: Value, bundle: Bundle, findings: Findings) -> Copies:
    """Judge the section ``files``, and return what comes of it."""
    copies = Copies()
    if files.empty:
        return copies
    if files.items is None:
        findings.fault(files.line, "files has no list below it; write - source: / and destination: below it")
        return copies
    for each in files.items:
        if each.mapping is None:
            findings.fault(
                each.line, "a file has neither source nor destination; write - source: and destination:"
            )
            continue
        check_keys(each, KEYS, findings)
        source, destination = _path("source", each, findings), _path("destination", each, findings)
        if source is None or destination is None:
            continue
        if not _absolute(destination, windows=bundle.windows):
            findings.doubt(
                each.get("destination").line,
                f"destination {quoted(destination)} counts from wherever the agent runs; write a whole path",
            )
        _plan(source, destination, each, bundle, findings, copies)
    return copies


def _path(key: str, entry: Value, findings: Findings) -> str | None:
    told = entry.get(key)
    if told.what is None:
        meant = nearest(key, entry.mapping or {})
        instead = f"write it for {quoted(meant)}" if meant else f"write {key}: and a path"
        findings.fault(told.line, f"a file has no {key}; {instead}")
        return None
    if not isinstance(told.what, str):
        written = f'"{told.text}"' if told.text else "a path"
        findings.fault(told.line, f"{key} is no text; write {key}: {quoted(written)}")
        return None
    if key == "destination" and not told.what:
        findings.fault(told.line, "destination is empty; write a whole path")
        return None
    return told.what


def _absolute(path: str, *, windows: bool) -> bool:
    if windows:
        return path[:1] in ("/", "\\") or path[1:3] in (":/", ":\\")
    return path.startswith("/")


def _plan(
    source: str, destination: str, entry: Value, bundle: Bundle, findings: Findings, copies: Copies
) -> None:
    line, kind, end = entry.line, bundle.kind(source), _place(destination, windows=bundle.windows)
    if kind is None:
        near = bundle.nearest(source)
        instead = f"; write {quoted(near)}" if near else "; / is all of it"
        findings.fault(entry.get("source").line, f"source {quoted(source)} is not in the release{instead}")
        return
    if kind is not Kind.FOLDER:
        _copy(source, posixpath.join(end, posixpath.basename(bundle.place(source))), line, findings, copies)
        return
    _make(end, line, findings, copies)
    for path, is_folder in bundle.below(source):
        place = posixpath.join(end, path)
        if is_folder:
            _make(place, line, findings, copies)
        else:
            _copy(posixpath.join(source, path), place, line, findings, copies)


def _copy(source: str, place: str, line: int, findings: Findings, copies: Copies) -> None:
    if place in copies.files:
        first = quoted(copies.files[place])
        findings.fault(
            line, f"{quoted(source)} would go to {quoted(place)}, as {first} does; leave one of them out"
        )
    elif place in copies.folders or place in copies.ancestors:
        findings.fault(line, f"{quoted(source)} would go to {quoted(place)}, which is a folder by then")
    copies.files[place] = source
    _reach(place, line, findings, copies)


def _make(place: str, line: int, findings: Findings, copies: Copies) -> None:
    if place in copies.files:
        first = quoted(copies.files[place])
        findings.fault(line, f"the folder {quoted(place)} would be where {first} goes; leave one of them out")
    copies.folders.add(place)
    copies.ancestors.add(place)
    _reach(place, line, findings, copies)


def _reach(place: str, line: int, findings: Findings, copies: Copies) -> None:
    """Note the folders that lead to *place*, none of which may be a file."""
    parent = posixpath.dirname(place)
    while parent not in ("", "/") and parent not in copies.ancestors:
        if parent in copies.files:
            first = quoted(copies.files[parent])
            findings.fault(line, f"{quoted(place)} would be below {quoted(parent)}, which is {first}, a file")
        copies.ancestors.add(parent)
        parent = posixpath.dirname(parent)


def _place(path: str, *, windows: bool) -> str:
    return posixpath.normpath(path.replace("\\", "/").casefold() if windows else path)
