"""A release, with the traces of who deploys it: the running GoCD job, or a person."""

import os
from dataclasses import dataclass

from gocd.running_job import RunningJob
from tasks.running.user import user


@dataclass(frozen=True)
class Release:
    """What is deployed, and the traces that a deployment leaves of itself.

    Args:
        artifact: A path on the agent, or whatever the chosen way of deploying takes.
        pipeline: GoCD's locator of the run, empty outside of GoCD.
        triggered_by: Who or what started that run.
    """

    application: str
    version: str
    artifact: str
    pipeline: str = ""
    triggered_by: str = ""


def release_of(application: str, version: str, artifact: str) -> Release:
    job = RunningJob.from_environment(os.environ)
    return Release(
        application,
        version,
        artifact,
        pipeline=job.locator if job else "",
        triggered_by=job.trigger_user if job else user(),
    )
