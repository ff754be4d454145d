"""Who runs this process, in the words that others read: a stage of a pipeline run, or a person."""

import os
import socket
from collections.abc import Mapping

from gocd.running_job import RunningJob
from tasks.running.user import user


def who(environ: Mapping[str, str] = os.environ) -> str:
    """Return, for example, ``staging/12, stage Staging-1-out/1`` or ``deploy@bastion, by hand``."""
    job = RunningJob.from_environment(environ)
    if job is None:
        return f"{user()}@{socket.gethostname()}, by hand"
    return f"{job.pipeline}/{job.counter}, stage {job.stage}/{job.stage_counter}"
