"""A look at a test plan before it runs: what JMeter would run, report as nothing, and call a success."""

from __future__ import annotations

import re
from pathlib import Path
from xml.parsers import expat

from gocd.files import read_bounded
from tasks.running.errors import Refused

# Bytes; a plan that was recorded in a browser may have some millions.
LONGEST = 64 * 1024**2

# Samplers may also come from a file that the plan includes, or from another part of it.
_SAMPLES = re.compile(r"Sampler|^IncludeController$|^ModuleController$")
_GROUP = re.compile(r"ThreadGroup")


def check_plan(plan: Path, needed: list[str]) -> None:
    """Make sure that *plan* can give samples, and reads the properties that are *needed*.

    Raises:
        Refused: There is no such file; it is not XML or no plan; nothing in it that is enabled is a thread
            group with a sampler; it never names a property that was given a value.
    """
    try:
        content = read_bounded(plan, LONGEST)
    except OSError as problem:
        raise Refused(f"the plan {plan} cannot be read ({problem.strerror})") from None
    enabled = _EnabledElements(plan)
    enabled.read(content)
    if not enabled.groups:
        raise Refused(f"{plan} has no thread group that is enabled, so it would send nothing")
    if not enabled.samplers:
        raise Refused(f"{plan} has no sampler that is enabled in a thread group, so it would send nothing")
    for name in needed:
        # As a function names it, ${__P(name,1)}, or a script, props.get("name").
        if not re.search(rb"""[("';]\s*%s\s*[,)"'&]""" % re.escape(name.encode()), content):
            advice = f"Write ${{__P({name})}} where the plan has the number, or leave --{name} out"
            raise Refused(f"{plan} does not read the property {name}: --{name} would change nothing", advice)


class _EnabledElements:
    """Counts what is enabled; a ``hashTree`` holds what belongs to the element before it."""

    def __init__(self, plan: Path) -> None:
        self.groups = 0
        self.samplers = 0
        self._plan = plan
        self._path: list[str] = []
        # For each hashTree that is open: whether it is enabled, in a group; and of its element read last.
        self._trees: list[tuple[bool, bool]] = []
        self._latest = (True, False)

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
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
        if name == "hashTree":
            self._trees.append(self._latest)
        elif above == "hashTree":
            self._element(name, enabled=attributes.get("enabled") != "false")

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == "hashTree":
            self._trees.pop()

    def _element(self, name: str, *, enabled: bool) -> None:
        tree_enabled, in_group = self._trees[-1]
        enabled = enabled and tree_enabled
        is_group = bool(_GROUP.search(name))
        self.groups += enabled and is_group
        self.samplers += bool(enabled and in_group and _SAMPLES.search(name))
        self._latest = (enabled, in_group or is_group)
