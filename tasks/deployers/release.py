"""A release with the traces of who deploys it: the running GoCD job, or a person."""

import os

from gocd.running_job import Job
from tasks.deployers.deployer import Release


def release_of(application: str, version: str, artifact: str) -> Release:
    job = Job.from_environment(os.environ)
    return Release(
        application,
        version,
        artifact,
        pipeline=job.locator if job else "",
        triggered_by=job.trigger_user if job else os.environ.get("USER", ""),
    )
