"""The scripts of one lifecycle event, and which of the revisions on an instance they are taken from.

Sources: aws-codedeploy-agent, hook_executor.rb (select_correct_deployment_root_dir, parse_app_spec, execute);
application_specification.rb.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import AppSpec, parse_appspec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import (
    SCRIPT_MISSING,
    SCRIPT_NOT_EXECUTABLE,
    AgentFailure,
)
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem, inside
from gocd.rehearsal.standin_aws.services.code_deploy.agent.folders import Folders
from gocd.rehearsal.standin_aws.services.code_deploy.agent.script import Surroundings, run_script
from gocd.rehearsal.standin_aws.services.code_deploy.agent.script_log import ScriptLog

APPSPEC = "appspec.yml"
_INSTALLED, _DOWNLOADED = "installed last", "downloaded last"
# Events that may come before this deployment has brought a revision of its own to the instance.
_FORMER: Mapping[str, str] = dict.fromkeys(
    ("BeforeBlockTraffic", "AfterBlockTraffic", "ApplicationStop"), _INSTALLED
)
_FORMER_IN_BLUE_GREEN_ROLLBACK: Mapping[str, str] = {
    "BeforeBlockTraffic": _DOWNLOADED,
    "AfterBlockTraffic": _DOWNLOADED,
    "ApplicationStop": _INSTALLED,
    "BeforeAllowTraffic": _INSTALLED,
    "AfterAllowTraffic": _INSTALLED,
}


def revision_for(event: str, folders: Folders, *, blue_green_rollback: bool) -> Path | None:
    """Give the folder of the deployment whose scripts an event runs; none if there has been no such one.

    It is this deployment as soon as its revision is there. Before, it is the one that was *installed* last,
    whatever became of it since; in the rollback of a blue/green deployment instances that users leave have
    their scripts from the one *downloaded* last.
    """
    former = (_FORMER_IN_BLUE_GREEN_ROLLBACK if blue_green_rollback else _FORMER).get(event)
    if former is None or folders.archive.exists():
        return folders.deployment
    return folders.last_installed if former == _INSTALLED else folders.last_downloaded


def read_appspec(archive: Path, files: FileSystem, platform: str) -> AppSpec:
    """Read the appspec that a hook's scripts are found by, which is called ``appspec.yml`` and nothing else.

    Raises:
        AgentFailure: There is none, or it is not one.
    """
    file = archive / APPSPEC
    if not file.exists():
        where = files.told(archive)
        raise AgentFailure(
            "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at "
            f'revision-relative path "{APPSPEC}". The revision was unpacked to directory "{where}", and the '
            f'AppSpec file was expected but not found at path "{where}/{APPSPEC}". Consult the AWS '
            "CodeDeploy Appspec documentation for more information at "
            "http://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html"
        )
    return parse_appspec(file.read_bytes(), platform)


def run_hook(event: str, revision: Path, folders: Folders, platform: str, at: Surroundings) -> None:
    """Run what the deployment in the folder *revision* has for *event*; nothing, if it has nothing.

    Raises:
        AgentFailure: A script is missing, fails or takes too long.
    """
    archive = revision / folders.archive.name
    scripts = read_appspec(archive, at.files, platform).hooks.get(event)
    if not scripts:
        return
    # In the folder of this deployment, whosever scripts they are.
    log = ScriptLog(folders.deployment / "logs/scripts.log")
    log.add(f"LifecycleEvent - {event}\n".encode())
    for script in scripts:
        path = inside(archive, script.location)
        if not path.exists():
            text = f"Script does not exist at specified location: {at.files.told(path)}"
            raise AgentFailure(text, SCRIPT_MISSING, script.location, log.tail)
        if not os.access(path, os.X_OK):
            try:
                path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            except OSError:
                text = f"Unable to set script at specified location: {script.location} as executable"
                raise AgentFailure(text, SCRIPT_NOT_EXECUTABLE, script.location, log.tail) from None
        log.add(f"Script - {script.location}\n".encode())
        run_script(script, archive, at, log)
