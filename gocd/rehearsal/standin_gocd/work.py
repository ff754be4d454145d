"""What an agent is told of a job: variables, materials, and where artifacts go and come from."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Fetch, Pipeline
from gocd.rehearsal.standin_gocd.agents import Workplace
from gocd.rehearsal.standin_gocd.assignment import Assignment
from gocd.rehearsal.standin_gocd.history import JobInstance, PipelineInstance, Result
from gocd.rehearsal.standin_gocd.materials import Upstream, material_variables
from gocd.rehearsal.standin_gocd.served import ServedPipeline
from gocd.rehearsal.standin_gocd.variables import job_variables


class Work:
    def __init__(
        self,
        pipelines: Mapping[str, ServedPipeline],
        folder: Path,
        checkout: Path | None,
        upstream: Mapping[str, Upstream],
        speed: float,
        changed: threading.Condition,
    ) -> None:
        self._pipelines = pipelines
        self._folder = folder
        self._checkout = checkout
        self._upstream = upstream
        self._speed = speed
        # An agent asks for artifacts from its own thread.
        self._changed = changed

    def artifacts(self, job: JobInstance) -> Path:
        """Where the files that *job* published are."""
        return self._folder / "artifacts" / job.original.running.locator

    def say(self, job: JobInstance, words: str) -> None:
        """Have the server itself write into the console of *job*, without tag, time or the end of a line.

        Source: GoCD's ConsoleService.java
        """
        log = self.artifacts(job) / "cruise-output" / "console.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(words)

    def upstream_of(self, pipeline: Pipeline) -> dict[str, Upstream]:
        """The newest run of each upstream stage that has passed, by pipeline."""
        found = {}
        for material in pipeline.materials:
            if material.kind != "dependency":
                continue
            if material.pipeline in self._upstream:
                found[material.pipeline] = self._upstream[material.pipeline]
                continue
            for run in self._pipelines[material.pipeline.lower()].instances:
                stage = run.latest(material.stage)
                if stage and stage.result is Result.PASSED:
                    found[material.pipeline] = Upstream(run.label, run.counter, None, stage.counter)
        return found

    def assignment(
        self, run: PipelineInstance, job: JobInstance, workplace: Workplace, url: str
    ) -> Assignment:
        """What the agent at *workplace* is told of *job*, by a server that has this *url*."""
        stage = run.latest(job.running.stage)
        assert stage is not None
        materials = material_variables(run.pipeline, run.revisions, run.upstream, str(self._checkout or ""))
        variables = job_variables(
            run.pipeline,
            stage.plan,
            job.plan,
            job.running,
            materials,
            run.values,
            job.number,
            resources=None if workplace.has_all else workplace.resources,
            server_url=url,
        )
        return Assignment(
            running=job.running,
            stage=stage.plan,
            plan=job.plan,
            materials=run.pipeline.materials,
            variables=variables,
            artifacts=self.artifacts(job),
            published=lambda fetch: self._published(run, fetch),
            report=job.enter,
            checkout=self._checkout,
            leave_out=self._folder,
            speed=self._speed,
        )

    def _published(self, run: PipelineInstance, fetch: Fetch) -> Path:
        """Where the job that *fetch* names has published, in this run or upstream.

        Source: GoCD's FetchTaskBuilder.java
        """
        with self._changed:
            if fetch.pipeline.lower() in ("", run.pipeline.name.lower()):
                return self._of_run(run, fetch)
            upstream = self._ancestor(run, fetch.pipeline.split("/"))
            if upstream is None or (upstream.artifacts is None and fetch.upstream in self._upstream):
                raise GoCDError(f"nothing that pipeline '{fetch.upstream}' published is at hand")
            if upstream.artifacts is not None:
                return upstream.artifacts / fetch.stage / fetch.job
            other = self._pipelines[fetch.upstream.lower()].instance(upstream.counter)
            assert other is not None
            return self._of_run(other, fetch)

    def _ancestor(self, run: PipelineInstance, way: Sequence[str]) -> Upstream | None:
        """The run that *way* leads to from *run*, the farthest first; what the caller gives needs no way.

        Source: GoCD's FetchTaskBuilder.java
        """
        if way[0] in self._upstream:
            return self._upstream[way[0]]
        *farther, nearest = way
        found = run.upstream.get(nearest)
        if not farther or found is None:
            return found
        served = self._pipelines.get(nearest.lower())
        before = served.instance(found.counter) if served else None
        return self._ancestor(before, farther) if before else None

    def _of_run(self, run: PipelineInstance, fetch: Fetch) -> Path:
        stage = run.latest(fetch.stage)
        if stage is None:
            raise GoCDError(f"stage '{fetch.stage}' has not run yet")
        job = next((job for job in stage.jobs if job.running.name.lower() == fetch.job.lower()), None)
        if job is None:
            raise GoCDError(f"stage '{fetch.stage}' has no job '{fetch.job}'")
        return self.artifacts(job)
