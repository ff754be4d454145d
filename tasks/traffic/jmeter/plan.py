"""A look at a test plan before it runs: what JMeter would run, report as nothing, and call a success."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from gocd.files import read_bounded
from tasks.running.errors import Refused

# Bytes; a plan that was recorded in a browser may have some millions.
LONGEST = 64 * 1024**2

# Samplers may also come from a file that the plan includes, or from another part of it.
_SAMPLES = re.compile(r"Sampler|^IncludeController$|^ModuleController$")
_GROUP = re.compile(r"ThreadGroup")
# Elements that run a script, and may have it in a file.
_SCRIPTED = re.compile(r"^(JSR223|BeanShell|BSF)")


@dataclass(frozen=True)
class Plan:
    """What is enabled in a plan.

    Args:
        groups: How many thread groups.
        samplers: How many samplers in them.
        texts: Every text in which JMeter replaces ``${...}``.
        variables: The user's own, by name; None where a name has several values.
        scripts: Files that its scripts are in, as they are written.
        includes: Plans that it includes, as they are written.
    """

    groups: int
    samplers: int
    texts: tuple[str, ...]
    variables: Mapping[str, str | None]
    scripts: tuple[str, ...]
    includes: tuple[str, ...]


def read_plan(plan: Path) -> Plan:
    """Read what is enabled in *plan*.

    Raises:
        Refused: There is no such file; it is not XML or no plan.
    """
    try:
        content = read_bounded(plan, LONGEST)
    except OSError as problem:
        raise Refused(f"the plan {plan} cannot be read ({problem.strerror})") from None
    enabled = _EnabledElements(plan)
    enabled.read(content)
    variables: dict[str, str | None] = {}
    for name, value in enabled.variables:
        variables[name] = value if variables.get(name, value) == value else None
    return Plan(
        enabled.groups,
        enabled.samplers,
        tuple(enabled.texts),
        variables,
        tuple(enabled.scripts),
        tuple(enabled.includes),
    )


def check_plan(plan: Path) -> None:
    """Make sure that *plan* can give samples.

    Raises:
        Refused: There is no such file; it is not XML or no plan; nothing in it that is enabled is a thread
            group with a sampler.
    """
    enabled = read_plan(plan)
    if not enabled.groups:
        raise Refused(f"{plan} has no thread group that is enabled, so it would send nothing")
    if not enabled.samplers:
        raise Refused(f"{plan} has no sampler that is enabled in a thread group, so it would send nothing")


class _EnabledElements:
    """Goes through what is enabled; a ``hashTree`` holds what belongs to the element before it."""

    def __init__(self, plan: Path) -> None:
        self.groups = 0
        self.samplers = 0
        self.texts: list[str] = []
        self.variables: list[tuple[str, str]] = []
        self.scripts: list[str] = []
        self.includes: list[str] = []
        self._plan = plan
        self._path: list[str] = []
        # For each hashTree that is open: whether it is enabled, in a group; and of its element read last.
        self._trees: list[tuple[bool, bool]] = []
        self._latest = (True, False)
        # The element whose properties are read, that property's name, its text, and a variable's name.
        self._element_name = self._property = self._variable = ""
        self._text: list[str] = []

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise Refused(f"{self._plan} is not a test plan: it is not XML ({error})") from None
        except (LookupError, ValueError) as error:
            raise Refused(f"{self._plan} is in an encoding that cannot be read ({error})") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name != "jmeterTestPlan":
            raise Refused(f"{self._plan} is not a test plan: it begins with <{name[:60]}>")
        above = self._path[-1] if self._path else ""
        self._path.append(name)
        self._text.clear()
        self._property = attributes.get("name", "")
        if name == "hashTree":
            self._trees.append(self._latest)
        elif above == "hashTree":
            self._element(name, attributes)
        elif name == "elementProp":
            self._variable = self._property if attributes.get("elementType") == "Argument" else ""

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == "hashTree":
            self._trees.pop()
        elif name.endswith("Prop") and self._latest[0] and self._property != "TestPlan.comments":
            self._read_property("".join(self._text))
        self._text.clear()
        self._property = ""

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        tree_enabled, in_group = self._trees[-1]
        enabled = attributes.get("enabled") != "false" and tree_enabled
        is_group = bool(_GROUP.search(name))
        self.groups += enabled and is_group
        self.samplers += bool(enabled and in_group and _SAMPLES.search(name))
        self._latest = (enabled, in_group or is_group)
        self._element_name = name
        if enabled:
            self.texts.append(attributes.get("testname", ""))

    def _read_property(self, text: str) -> None:
        if not text:
            return
        self.texts.append(text)
        name = self._property
        if name == "Argument.value" and self._variable:
            self.variables.append((self._variable, text))
        elif name == "IncludeController.includepath":
            self.includes.append(text)
        elif name.endswith("filename") and _SCRIPTED.match(self._element_name):
            self.scripts.append(text)
