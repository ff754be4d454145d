"""Where GoCD shows what a line is about.

Source: GoCD, urlrewrite.xml and Routes (its pages of a pipeline, a run, a stage and a job).
"""

from gocd.client.asking import Server
from gocd.client.runs import PipelineRun, StageRun


def page_of_pipeline(server: Server, pipeline: str) -> str:
    return server.page("pipeline", "activity", pipeline)


def page_of_run(server: Server, run: PipelineRun) -> str:
    return server.page("pipelines", "value_stream_map", run.pipeline, run.counter)


def page_of_stage(server: Server, run: PipelineRun, stage: StageRun) -> str:
    return server.page("pipelines", run.pipeline, run.counter, stage.name, stage.counter)


def page_of_job(server: Server, run: PipelineRun, stage: StageRun, job: str) -> str:
    return server.page("tab", "build", "detail", run.pipeline, run.counter, stage.name, stage.counter, job)
