"""What jobs have published, and their consoles, also while they run.

Source: GoCD's ArtifactsController.java
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gocd.numbers import whole
from gocd.rehearsal.standin_gocd.api.messages import TEXT, Answer, Halt, Request, as_json, plain
from gocd.rehearsal.standin_gocd.api.routes import Route
from gocd.rehearsal.standin_gocd.api.security import Right
from gocd.rehearsal.standin_gocd.history import JobInstance
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.server import Server

_CONSOLE = "cruise-output/console.log"
_GONE = "is unavailable as it may have been purged by Go or deleted externally."
_WHOSE = ("pipeline", "counter", "stage", "stage_counter", "job")


class Files:
    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self) -> list[Route]:
        job = "/files/{pipeline}/{counter}/{stage}/{stage_counter}/{job}"
        return [
            Route("GET", f"{job}/{{*}}", 0, Right.VIEW, self._file),
            Route("GET", job, 0, Right.VIEW, self._folder),
        ]

    def _folder(self, request: Request, names: Mapping[str, str]) -> Answer:
        """All that a job has published, with ``.json`` behind its name."""
        own = {**names, "job": names["job"].removesuffix(".json"), "rest": ""}
        if own["job"] == names["job"]:
            raise Halt(plain(f"Artifact '' {_GONE}", 404))
        root = self._server.artifacts(self._job(own))
        return as_json(_listed(request, own, root, root)) if root.is_dir() else as_json([])

    def _file(self, request: Request, names: Mapping[str, str]) -> Answer:
        job = self._job(names)
        path = names["rest"]
        root = self._server.artifacts(job)
        if path == _CONSOLE and "startLineNumber" in request.query:
            return self._console(request, job, root)
        if ".." in path:
            raise Halt(plain(f"Url {path} contains forbidden characters.", 403))
        file = root / path
        if file.is_file():
            kind = TEXT if file.suffix in (".log", ".xml", ".txt") else mimetypes.guess_type(path)[0]
            return Answer(200, file.read_bytes(), kind or "application/octet-stream", {})
        folder = root / path.removesuffix(".json")
        if path.endswith(".json") and folder.is_dir():
            return as_json(_listed(request, names, root, folder))
        what = "Console log for this job" if path == _CONSOLE else f"Artifact '{path}'"
        raise Halt(plain(f"{what} {_GONE}", 404))

    def _console(self, request: Request, job: JobInstance, root: Path) -> Answer:
        """The console from a line on, as far as it has come.

        Source: GoCD's ConsoleOutView.java
        """
        start = whole(request.query["startLineNumber"]) or 0
        log = root / _CONSOLE
        if not log.is_file():
            return plain("", 404)
        lines = log.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
        return Answer(200, "".join(f"{line}\n" for line in lines[start:]).encode(), TEXT, {})

    def _job(self, names: Mapping[str, str]) -> JobInstance:
        """The job that *names* mean; the latest counter may be asked for.

        Source: GoCD's RestfulService.java
        """
        counter, stage_counter = names["counter"], names["stage_counter"]
        try:
            served = self._server.served(names["pipeline"])
            run = served.latest if counter.lower() == "latest" else served.instance(whole(counter) or 0)
        except Refusal:
            run = None
        stages = (
            [stage for stage in run.stages if stage.name.lower() == names["stage"].lower()] if run else []
        )
        if stage_counter.lower() == "latest":
            stages = stages[-1:]
        else:
            stages = [stage for stage in stages if str(stage.counter) == stage_counter]
        for stage in stages:
            if job := stage.job(names["job"]):
                return job
        raise Halt(plain(f"Job {'/'.join(names[key] for key in _WHOSE)} not found.", 404))


def _listed(request: Request, names: Mapping[str, str], root: Path, folder: Path) -> list[dict[str, Any]]:
    """Source: GoCD's DirectoryEntry.java."""
    address = "/".join([f"{request.base}/files", *(quote(names[key], safe="") for key in _WHOSE)])
    found: list[dict[str, Any]] = []
    for path in sorted(folder.iterdir(), key=lambda each: (not each.is_dir(), each.name)):
        url = f"{address}/{quote(path.relative_to(root).as_posix())}"
        entry: dict[str, Any] = {"name": path.name, "url": url, "type": "folder" if path.is_dir() else "file"}
        if path.is_dir():
            entry["files"] = _listed(request, names, root, path)
        found.append(entry)
    return found
