"""What a run of a pipeline knows of its materials: revisions, labels and the variables made from them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Material, Pipeline

_TOKEN = re.compile(r"\$\{(?P<name>[^}\[]*)(?:\[:(?P<length>\d+)\])?\}")
_LABEL_LENGTH = 255


@dataclass(frozen=True)
class Upstream:
    """A run of an upstream pipeline; ``artifacts`` holds what it published, as ``STAGE/JOB/PATH``."""

    label: str
    counter: int = 1
    artifacts: Path | None = None
    stage_counter: int = 1


def revisions(pipeline: Pipeline, upstream: Mapping[str, Upstream]) -> dict[str, str]:
    """The revision of each material by its name: a label for a pipeline, 40 made-up digits for anything else.

    Raises:
        GoCDError: The pipeline is started by another, of which *upstream* says nothing.
    """
    found = {}
    for material in pipeline.materials:
        if material.kind == "dependency":
            if material.pipeline not in upstream:
                text = f"pipeline '{pipeline.name}' is started by '{material.pipeline}'"
                raise GoCDError(f"{text}: say which label of it to rehearse with")
            found[material.name] = upstream[material.pipeline].label
        else:
            seed = f"{pipeline.name}/{material.name}".encode()
            found[material.name] = hashlib.sha1(seed, usedforsecurity=False).hexdigest()
    return found


def label(pipeline: Pipeline, counter: int, revision: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """The label of run *counter*; *variables* are the plain ones of the pipeline and its trigger.

    Source: GoCD's PipelineLabel.java
    """
    by_name = {name.lower(): value for name, value in revision.items()}

    def value(token: re.Match[str]) -> str:
        name = token["name"]
        if name == "COUNT":
            return str(counter)
        if name.startswith("env:"):
            return variables.get(name.removeprefix("env:"), "")
        return by_name[name.lower()][: int(token["length"]) if token["length"] else None]

    return _TOKEN.sub(value, pipeline.label_template)[:_LABEL_LENGTH]


def material_variables(
    pipeline: Pipeline, revision: Mapping[str, str], upstream: Mapping[str, Upstream], repository: str
) -> Iterator[tuple[str, str]]:
    """The ``GO_`` variables that tell a job of its materials, in GoCD's order.

    Args:
        repository: Where the pipeline's own file is from, whose material a config repository's is.

    Source: GoCD's ScmMaterial.java and DependencyMaterial.java
    """
    for material in pipeline.materials:
        suffix = re.sub(r"[^A-Za-z0-9_]", "_", material.name).upper()
        yield f"GO_MATERIAL_{suffix}_HAS_CHANGED", "true"
        if material.kind == "dependency":
            run = upstream[material.pipeline]
            yield f"GO_DEPENDENCY_LABEL_{suffix}", run.label
            yield f"GO_DEPENDENCY_LOCATOR_{suffix}", locator(material, run)
        elif material.kind == "plugin":
            yield f"GO_SCM_{suffix}_LABEL", revision[material.name]
        elif material.kind == "package":
            yield f"GO_PACKAGE_{suffix}_LABEL", revision[material.name]
        elif material.kind == "configrepo":
            of = replace(material, kind="git", url=repository, branch="master")
            yield from _checkout_variables(of, suffix, revision[material.name])
        else:
            yield from _checkout_variables(material, suffix, revision[material.name])


def locator(material: Material, run: Upstream) -> str:
    """How GoCD writes the run of an upstream stage: ``dist/8/package/1``."""
    return f"{material.pipeline}/{run.counter}/{material.stage}/{run.stage_counter}"


def _checkout_variables(material: Material, suffix: str, revision: str) -> Iterator[tuple[str, str]]:
    yield f"GO_MATERIAL_URL_{suffix}", re.sub(r"//[^/@]*@", "//", material.url)
    if material.kind == "git":
        yield f"GO_MATERIAL_BRANCH_{suffix}", material.branch
    yield f"GO_REVISION_{suffix}", revision
    yield f"GO_TO_REVISION_{suffix}", revision
    yield f"GO_FROM_REVISION_{suffix}", revision
