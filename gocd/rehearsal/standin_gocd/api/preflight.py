"""Pipeline files judged before they are committed.

Source: GoCD's ConfigRepoOperationsControllerV1.java
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from tempfile import TemporaryDirectory

from gocd.errors import GoCDError
from gocd.pipeline import Pipeline
from gocd.reading.pipelines import read_files
from gocd.rehearsal.standin_gocd.api.messages import Answer, Halt, Request, as_json, message
from gocd.rehearsal.standin_gocd.api.routes import Route
from gocd.rehearsal.standin_gocd.api.security import Right
from gocd.rehearsal.standin_gocd.server import Server

# The repository that all pipelines of the server come from.
REPOSITORY = "pipelines"
_NOTHING = "No file content provided; check to make sure you POST the form data as `files[]=`"


class Preflight:
    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self) -> list[Route]:
        path = "/api/admin/config_repo_ops/preflight"
        return [Route("POST", path, 1, Right.ADMIN, self._preflight, takes_form=True)]

    def _preflight(self, request: Request, names: Mapping[str, str]) -> Answer:
        repository = request.query.get("repoId")
        if repository not in (None, REPOSITORY):
            raise Halt(message(f"Config repo with id '{repository}' was not found!", 404))
        if not request.query.get("pluginId", "").strip():
            raise Halt(message("Request is missing parameter `pluginId`", 400))
        files = dict(_uploaded(request))
        errors = self._errors(files, replaces=repository is not None) if files else [_NOTHING]
        return as_json({"errors": errors, "valid": not errors})

    def _errors(self, files: Mapping[str, bytes], *, replaces: bool) -> list[str]:
        with TemporaryDirectory() as folder:
            paths = [Path(folder, str(number), Path(name).name) for number, name in enumerate(files)]
            for path, content in zip(paths, files.values(), strict=True):
                path.parent.mkdir()
                path.write_bytes(content)
            try:
                reading = read_files(paths)
            except GoCDError as error:
                return [str(error)]
            names = dict(zip(paths, files, strict=True))
            found: dict[str, list[str]] = {}
            for finding in reading.errors:
                found.setdefault(names[finding.file], []).append(finding.text)
        if found:
            return ["".join(_listed(name, texts) for name, texts in found.items())]
        return list(self._clashes(reading.pipelines, replaces=replaces))

    def _clashes(self, pipelines: tuple[Pipeline, ...], *, replaces: bool) -> Iterator[str]:
        """What is wrong with them beside the pipelines that there are.

        Source: GoCD's PipelineConfig.java and DependencyMaterialConfig.java
        """
        there = {} if replaces else {name: each.pipeline for name, each in self._server.pipelines.items()}
        named = {**there, **{each.name.lower(): each for each in pipelines}}
        for pipeline in pipelines:
            if pipeline.name.lower() in there:
                unique = "Pipeline names are case-insensitive and must be unique."
                yield f"You have defined multiple pipelines called '{pipeline.name}'. {unique}"
            for material in pipeline.materials:
                if material.kind != "dependency" or material.pipeline in self._server.known_upstream:
                    continue
                upstream = named.get(material.pipeline.lower())
                if upstream is None:
                    means = f"it is defined as a dependency for pipeline '{pipeline.name}'"
                    yield f"Pipeline with name '{material.pipeline}' does not exist, {means}"
                elif material.stage.lower() not in [stage.name.lower() for stage in upstream.stages]:
                    where = f"on pipeline '{material.pipeline}'"
                    means = f"it is being referred to from pipeline '{pipeline.name}'"
                    yield f"Stage with name '{material.stage}' does not exist {where}, {means}"


def _listed(name: str, texts: Sequence[str]) -> str:
    """What is wrong with one file, in the one text that all of it is told in, without the lines.

    Source: GoCD's ErrorCollection.getErrorsAsText
    """
    return f"{name};\n" + "".join(f"{number}. {text}\n" for number, text in enumerate(texts, 1))


def _uploaded(request: Request) -> Iterator[tuple[str, bytes]]:
    """The files of a form, in its fields ``files[]``."""
    kind = request.headers.get("Content-Type", "")
    if not kind.lower().startswith("multipart/form-data"):
        return
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    for part in form.iter_parts():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if name == "files[]" and isinstance(content, bytes):
            yield part.get_filename() or "", content
