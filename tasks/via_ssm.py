"""Deploy through S3 and SSM Run Command: fetch, verify, unpack, switch a link, restart, or go back."""

import json
import re
from collections.abc import Mapping

from tasks.artifact import Artifact, open_artifact
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.command_outcome import Outcome
from tasks.aws.connect import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.run_command import Platform, RunCommand
from tasks.deployment import Release, ReleaseFailed, Settings
from tasks.errors import Cancelled, Refused, TaskError
from tasks.host_script import powershell_script, shell_script
from tasks.log import Log
from tasks.waiting import Wait

# A drive and folders, and one folder; without what PowerShell's own commands take for wildcards.
WINDOWS_FOLDER = re.compile(r'[A-Za-z]:[\\/][^<>:"|?*\[\]\x00-\x1f]+')
WINDOWS_NAME = re.compile(r'[^<>:"|?*\[\]\\]*[^<>:"|?*\[\]\\. ]')

SCRIPTS = {Platform.LINUX: shell_script, Platform.WINDOWS: powershell_script}


class SsmDeployer:
    def __init__(self, aws: Aws, install_to: str, settings: Settings) -> None:
        self._aws = aws
        self._install_to = install_to
        self._settings = settings
        self._platforms: dict[str, Platform] = {}
        self._artifacts: dict[tuple[str, Platform], Artifact] = {}

    def check(self, release: Release, instance: Instance) -> None:
        check_folder_name(release.application, "--application")
        check_folder_name(release.version, "--version")
        if not self._settings.bucket and not release.artifact.startswith("s3://"):
            raise Refused("--via ssm needs --bucket, the S3 bucket that the release passes through")
        self._artifact(release, self._platform(instance, release.version))

    def deploy(self, release: Release, instance: Instance, wait: Wait, log: Log) -> None:
        artifact = self._artifact(release, self._platform(instance, release.version))
        url = self._staged(release, artifact, log)
        log.say(f"{instance.name}: installing {release.version} to {self._install_to}")
        log.event("installing", instance=instance.name, version=release.version)
        values = {
            "url": url,
            "sha256": artifact.sha256,
            "kind": artifact.kind,
            "version": release.version,
            "keep": str(self._settings.keep_releases),
            "facts": _facts(release, artifact, wait.clock.wall().isoformat()),
        }
        self._run(instance, "install_release", values, f"installing {release.version}", wait, log)

    def check_back(self, version: str, instance: Instance) -> None:
        if version:
            check_folder_name(version, "--version")
        self._platform(instance, version)

    def go_back(self, instance: Instance, wait: Wait, log: Log, *, to: str = "", leaving: str = "") -> str:
        values = {"to": to, "leaving": leaving}
        doing = f"going back to {to or 'the release before'}"
        log.say(f"{instance.name}: {doing}")
        outcome = self._run(instance, "go_back", values, doing, wait, log)
        running = re.findall(r"^running (.*) from ", outcome.output, re.MULTILINE)
        return str(running[-1]) if running else to or "the release before"

    def _run(
        self, instance: Instance, steps: str, values: Mapping[str, str], doing: str, wait: Wait, log: Log
    ) -> Outcome:
        platform = self._platform(instance)
        placed = {"install_to": self._install_to, "restart": self._settings.restart or ""}
        script = SCRIPTS[platform](["releases", steps], {**placed, **values})
        command = RunCommand(self._aws, instance, self._settings.within)
        try:
            outcome = command.run(script, platform, wait, f"{instance.name}: {doing}")
        except Cancelled:
            _stop(command, instance, doing, log)
            raise
        for line in outcome.last_lines:
            log.say(f"{instance.name}: | {line}")
        if not outcome.problem:
            return outcome
        failed = f"{doing} on {instance.name} failed: "
        if not outcome.began:
            raise ReleaseFailed(failed + outcome.verdict, f"{instance.name} runs what it ran before")
        # The scripts say after a semicolon how they leave the instance.
        what, semicolon, runs = outcome.verdict.rpartition("; ")
        raise ReleaseFailed(failed + what, runs) if semicolon else TaskError(failed + outcome.verdict)

    def _platform(self, instance: Instance, version: str = "") -> Platform:
        if instance.id not in self._platforms:
            command = RunCommand(self._aws, instance, self._settings.within)
            self._platforms[instance.id] = command.platform()
        platform = self._platforms[instance.id]
        if platform is Platform.LINUX and not self._install_to.startswith("/"):
            raise Refused(f"--install-to {self._install_to!r} is no absolute folder on {instance.name}")
        if platform is Platform.WINDOWS:
            if not WINDOWS_FOLDER.fullmatch(self._install_to):
                raise Refused(
                    f"--install-to {self._install_to!r} is no folder with a drive, and {instance.name} "
                    "runs Windows"
                )
            if version and not WINDOWS_NAME.fullmatch(version):
                raise Refused(f"--version {version!r} cannot be the name of a folder on Windows")
        return platform

    def _artifact(self, release: Release, platform: Platform) -> Artifact:
        known = (release.artifact, platform)
        if known not in self._artifacts:
            windows = platform is Platform.WINDOWS
            self._artifacts[known] = open_artifact(self._aws, release.artifact, windows=windows)
        return self._artifacts[known]

    def _staged(self, release: Release, artifact: Artifact, log: Log) -> str:
        """Have the release in S3, and return the link that the instance fetches it by."""
        if artifact.address:
            bucket, key = artifact.address
            store = ArtifactStore(self._aws, bucket)
        else:
            bucket, key = (
                self._settings.bucket or "",
                f"{release.application}/{release.version}/{artifact.name}",
            )
            store = ArtifactStore(self._aws, bucket)
            if not store.has(key, artifact.sha256):
                store.put(key, artifact.content, artifact.sha256)
        log.say(f"{release.version}: {artifact.size:,} bytes in s3://{bucket}/{key}")
        return store.link(key)


def _stop(command: RunCommand, instance: Instance, doing: str, log: Log) -> None:
    standing = log.standing
    try:
        told = "was told to stop" if command.cancel() else "had not begun"
    except AwsError as error:
        told = f"could not be told to stop ({error.what})"
    unknown = "" if told == "had not begun" else f"; which release is current on {instance.name} is not known"
    log.stands(f"{doing} {told}{unknown}; {standing.state}", standing.advice)


def _facts(release: Release, artifact: Artifact, time: str) -> str:
    return json.dumps(
        {
            "application": release.application,
            "version": release.version,
            "sha256": artifact.sha256,
            "time": time,
            "pipeline": release.pipeline,
            "triggered_by": release.triggered_by,
        },
        sort_keys=True,
    )


def check_folder_name(name: str, option: str) -> None:
    """Refuse what cannot be one folder's name on the instance.

    Raises:
        Refused: It is empty, hidden, too long, or holds a slash or a control character.
    """
    bad = not name or name.startswith((".", "-")) or "/" in name or not name.isprintable()
    if bad or len(name.encode()) > 100:
        raise Refused(f"{option} {name!r} cannot be the name of a folder")


def deployer(settings: Settings, aws: Aws) -> SsmDeployer:
    if not settings.install_to:
        both = "" if settings.bucket else "--bucket and "
        raise Refused(f"--via ssm needs {both}--install-to, an absolute folder on the instance")
    return SsmDeployer(aws, settings.install_to, settings)
