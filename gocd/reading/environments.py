"""The environments of a file, and which of its pipelines they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gocd.pipeline import Environment, Pipeline
from gocd.reading.located_yaml import Entry, is_nothing
from gocd.reading.section import Located, Section, Source
from gocd.reading.variables import VARIABLE_KEYS, read_variables

_KNOWN = ("agents", "pipelines", *VARIABLE_KEYS)


@dataclass(frozen=True)
class Membership:
    """A pipeline that a file puts into an environment."""

    environment: Environment
    pipeline: str
    source: Source
    at: Located

    def is_of(self, pipelines: Iterable[Pipeline]) -> bool:
        """Whether *pipelines* have the one that it is about."""
        return self.pipeline.lower() in (each.name.lower() for each in pipelines)


def read_environment(source: Source, entry: Entry) -> tuple[Environment, tuple[Membership, ...]]:
    """Read one environment, and what it holds; GoCD replaces no parameter in it.

    Source: the YAML plugin's EnvironmentsTransform.java; GoCD's CREnvironment.java, BasicCruiseConfig.java
    """
    source = replace(source, parameters=None)
    if is_nothing(entry.value):
        return Environment(entry.key.value, file=source.path), ()
    section = Section(source, entry.value, f"environment '{entry.key.value}'", _KNOWN)
    environment = Environment(entry.key.value, read_variables(section), source.path)
    for key in ("agents", "pipelines"):
        seen: set[str] = set()
        for name in section.texts(key):
            if name.lower() in seen:
                section.fail(key, f"'{name}' is twice in {key} of {section.what}")
            seen.add(name.lower())
    at = section.at("pipelines")
    held = tuple(Membership(environment, name, source, at) for name in section.texts("pipelines"))
    return environment, held


def placed(pipelines: Iterable[Pipeline], memberships: Iterable[Membership]) -> list[Pipeline]:
    """Put *pipelines* into their environments: each into one, and each that is named is there.

    Names of pipelines are the same in any case. What the server has beside the files is not known, so that
    files without any pipeline may name every one.

    Source: GoCD's EnvironmentsConfig.java and EnvironmentPipelinesConfig.java
    """
    found = {pipeline.name.lower(): pipeline for pipeline in pipelines}
    held: dict[str, str] = {}
    for each in memberships:
        with each.source.going_on():
            name, environment = each.pipeline.lower(), each.environment
            if held.setdefault(name, environment.name) != environment.name:
                what = f"pipeline '{each.pipeline}' is already in environment '{held[name]}'"
                each.source.fail(each.at, what)
            if name in found:
                found[name] = replace(found[name], environment=environment)
            elif found:
                what = (
                    f"environment '{environment.name}' holds pipeline '{each.pipeline}', which is in no file"
                )
                each.source.fail(each.at, f"{what} read", "read the file that has it as well")
    return list(found.values())
