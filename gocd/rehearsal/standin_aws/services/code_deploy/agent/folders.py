"""The agent's folders on an instance: a deployment's own, what was there before, and how many are kept.

Sources: aws-codedeploy-agent, command_executor.rb (deployment_root_dir, update_last_successful_install,
update_most_recent_install, cleanup_old_archives); conf/codedeployagent.yml.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem

ROOT = "/opt/codedeploy-agent/deployment-root"
# Revisions of a group that are kept on an instance: conf/codedeployagent.yml, max_revisions.
KEPT = 5


@dataclass(frozen=True)
class Folders:
    """Those of one deployment to one group."""

    files: FileSystem
    group_id: str
    deployment_id: str

    @property
    def deployment(self) -> Path:
        return self._group / self.deployment_id

    @property
    def archive(self) -> Path:
        """Where its revision is unpacked."""
        return self.deployment / "deployment-archive"

    @property
    def cleanup(self) -> Path:
        """The file that names what the group's last install put in its places."""
        return self._note("cleanup")

    @property
    def last_installed(self) -> Path | None:
        return self._noted("last_successful_install")

    @property
    def last_downloaded(self) -> Path | None:
        return self._noted("most_recent_install")

    def note_installed(self) -> None:
        self._write("last_successful_install")

    def note_downloaded(self) -> None:
        self._write("most_recent_install")

    def remove_old(self) -> None:
        """Leave room for one revision more: the oldest go, but for the one installed last."""
        others = [each for each in self._group.iterdir() if each != self.deployment]
        extra = len(others) - KEPT + 1
        old = [each for each in others if each != self.last_installed]
        for each in sorted(old, key=lambda path: path.stat().st_mtime_ns)[: max(extra, 0)]:
            shutil.rmtree(each)

    @property
    def _group(self) -> Path:
        return self.files.real(ROOT) / self.group_id

    def _note(self, name: str) -> Path:
        between = "-" if name == "cleanup" else "_"
        return self.files.real(ROOT) / "deployment-instructions" / f"{self.group_id}{between}{name}"

    def _noted(self, name: str) -> Path | None:
        note = self._note(name)
        return self.files.real(note.read_text(encoding="utf-8").strip()) if note.exists() else None

    def _write(self, name: str) -> None:
        note = self._note(name)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(self.files.told(self.deployment), encoding="utf-8")
