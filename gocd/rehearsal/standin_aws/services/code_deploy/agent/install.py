"""Install: what the group's last install left goes first, and only then comes what is new.

Source: aws-codedeploy-agent, installer.rb (install) and install_instruction.rb (parse_remove_commands,
RemoveCommand).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import AppSpec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import failed_call
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem
from gocd.rehearsal.standin_aws.services.code_deploy.agent.instructions import Site
from gocd.rehearsal.standin_aws.services.code_deploy.agent.plan import plan

LOG = "var/log/aws/codedeploy-agent/codedeploy-agent.log"


def install(
    spec: AppSpec,
    archive: Path,
    files: FileSystem,
    cleanup: Path,
    behavior: str,
    environment: Mapping[str, str],
) -> None:
    """Copy the files of *spec* to their destinations; between the old and the new ones there is nothing.

    Args:
        cleanup: The file that remembers what was installed, in its order.
        behavior: OVERWRITE, RETAIN or DISALLOW, for what another than the agent has put there.
        environment: What programs find each other by.

    Raises:
        AgentFailure: Of the plan, before anything is copied; or of a step of it, with those before it done.
    """
    if cleanup.exists():
        _remove(cleanup.read_text(encoding="utf-8"), files)
        cleanup.unlink()
    steps = plan(spec, archive, files, behavior)
    log = files.root / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    with cleanup.open("w", encoding="utf-8") as installed, log.open("a", encoding="utf-8") as told:
        site = Site(files, environment, installed, told)
        for step in steps:
            step.carry_out(site)


def _remove(noted: str, files: FileSystem) -> None:
    """Remove files and links, and those folders that are empty then; a line without an end was never done."""
    for line in reversed(noted.splitlines(keepends=True)):
        path = line.rstrip("\n")
        if path == line or path.startswith("semanage\0"):
            continue
        there = files.real(path)
        if there.is_dir() and not there.is_symlink():
            with suppress(OSError):
                there.rmdir()
        elif there.is_symlink() or there.exists():
            try:
                there.unlink()
            except OSError as problem:
                raise failed_call(problem, "apply2files", path) from None
