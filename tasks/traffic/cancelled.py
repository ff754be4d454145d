"""Traffic under way when its job is cancelled: no other task will finish it, whatever its ``run_if``.

Source: GoCD's Builders.java (cancel), which runs the running task's on_cancel and nothing after it
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from gocd.errors import GoCDError
from gocd.samples.limits import Thresholds
from tasks.running.errors import TaskError
from tasks.running.next_command import gocd_tasks
from tasks.running.waiting import Wait
from tasks.traffic.finished import finish_traffic
from tasks.traffic.folder import usual_folder
from tasks.traffic.under_way import this_job, under_way


def finish_cancelled(wait: Wait, environ: Mapping[str, str] = os.environ) -> None:
    """Finish the traffic that this job began, and tell of it; how things stand is told as it was."""
    out, log, job = usual_folder(environ), wait.log, this_job(environ)
    found = under_way(out, environ)
    # What keeps JMeter ends it itself, and cannot wait for its own end.
    if found is None or not found.lives or found.process == os.getpid():
        return
    if not job:
        finish = gocd_tasks("verify-traffic", "--finish")
        log.say(f"verify: JMeter runs on into {out}; it ends with {finish}")
        return
    if found.job != job:
        return
    standing = log.standing
    try:
        finish_traffic(out, Thresholds(), lambda _: [], wait, environ)
    except (TaskError, GoCDError, OSError) as problem:
        log.say(f"verify: {problem}")
    log.standing = standing
