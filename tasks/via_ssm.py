"""Deploy through S3 and SSM Run Command: fetch, verify, unpack, switch a link, restart."""

import base64
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tasks.archive import check_archive, sha256
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.connect import Aws
from tasks.aws.instances import Instance
from tasks.aws.run_command import Outcome, RunCommand
from tasks.deployment import Release, Settings
from tasks.errors import Cancelled, Refused, TaskError
from tasks.log import Log
from tasks.waiting import Wait

# Lines of the script's output that are worth a place in GoCD's log.
SHOWN_LINES = 20


class SsmDeployer:
    def __init__(self, aws: Aws, bucket: str, install_to: str, settings: Settings) -> None:
        self._aws = aws
        self._store = ArtifactStore(aws, bucket)
        self._bucket = bucket
        self._install_to = install_to
        self._settings = settings

    def check(self, release: Release, instance: Instance) -> None:
        check_folder_name(release.version, "--version")
        check_folder_name(release.application, "--application")
        check_archive(Path(release.artifact))
        RunCommand(self._aws, instance, self._settings.within).check_online()

    def deploy(self, release: Release, instance: Instance, wait: Wait, log: Log) -> None:
        file = Path(release.artifact)
        command = RunCommand(self._aws, instance, self._settings.within)
        digest = sha256(file)
        key = f"{release.application}/{release.version}/{file.name}"
        if not self._store.has(key, digest):
            self._store.put(key, file, digest)
        log.say(f"{release.version}: {file.stat().st_size:,} bytes in s3://{self._bucket}/{key}")
        script = self._script(release, self._store.link(key), digest, wait.clock.wall().isoformat())
        log.say(f"{instance.name}: installing {release.version} to {self._install_to}")
        log.event("installing", instance=instance.name, version=release.version)
        try:
            outcome = command.run(script, wait, f"{instance.name}: installing {release.version}")
        except Cancelled:
            command.cancel()
            raise
        self._judge(outcome, release, instance, log)

    def _judge(self, outcome: Outcome, release: Release, instance: Instance, log: Log) -> None:
        shown = [*outcome.output.splitlines(), *outcome.errors.splitlines()][-SHOWN_LINES:]
        for line in shown:
            log.say(f"{instance.name}: | {line}")
        if outcome.problem:
            raise TaskError(f"installing {release.version} on {instance.name} failed: {reason(outcome)}")

    def _script(self, release: Release, url: str, digest: str, time: str) -> str:
        facts = {
            "application": release.application,
            "version": release.version,
            "sha256": digest,
            "time": time,
            "pipeline": release.pipeline,
            "triggered_by": release.triggered_by,
        }
        values = {
            "url": url,
            "sha256": digest,
            "version": release.version,
            "install_to": self._install_to,
            "restart": self._settings.restart or "",
            "keep": str(self._settings.keep_releases),
            "facts": json.dumps(facts, sort_keys=True),
        }
        body = files("tasks").joinpath("install_release.sh").read_text(encoding="utf-8")
        return f"{assignments(values)}\n{body}"


def reason(outcome: Outcome) -> str:
    """Return the last thing that the script itself said, or else how it ended."""
    # The SSM agent adds a line of its own after what the script wrote.
    said = [line for line in outcome.errors.splitlines() if line.strip()]
    own = [line for line in said if not line.startswith("failed to run commands")]
    return own[-1] if own else outcome.problem or ""


def assignments(values: Mapping[str, str]) -> str:
    """Return shell lines that set each name to its value, whatever characters the value has.

    Base64, so that neither the shell nor SSM (which fills in ``{{ssm:...}}``) can read a value as
    anything but itself. The dot at the end keeps the newlines that ``$(...)`` would strip.
    """
    lines = []
    for name, value in values.items():
        encoded = base64.b64encode(f"{value}.".encode()).decode()
        lines.append(f'{name}="$(printf %s {encoded} | base64 -d)"; {name}="${{{name}%.}}"')
    return "\n".join(lines)


def check_folder_name(name: str, option: str) -> None:
    """Refuse what cannot be one folder's name on the instance.

    Raises:
        Refused: It is empty, hidden, too long, or holds a slash or a control character.
    """
    bad = not name or name.startswith((".", "-")) or "/" in name or not name.isprintable()
    if bad or len(name.encode()) > 100:
        raise Refused(f"{option} {name!r} cannot be the name of a folder")


def deployer(settings: Settings, aws: Aws) -> SsmDeployer:
    if not settings.bucket:
        raise Refused("--via ssm needs --bucket, the S3 bucket that the release passes through")
    if not settings.install_to or not settings.install_to.startswith("/"):
        raise Refused("--via ssm needs --install-to, an absolute folder on the instance")
    return SsmDeployer(aws, settings.bucket, settings.install_to, settings)
