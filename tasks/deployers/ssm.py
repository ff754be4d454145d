"""Deploy through S3 and SSM Run Command: fetch, verify, unpack, switch a link, restart, or go back."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from tasks.archives.artifact import Artifact, open_artifact
from tasks.archives.zip import names_misread
from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.run_command import Platform, RunCommand, subject
from tasks.deployers.deployer import Deployer, Settings
from tasks.deployers.ending import Ending
from tasks.deployers.record import OWN_NAMES, Record, compared, facts, unread
from tasks.deployers.release import Release
from tasks.deployers.short_scripts import SCRIPTS, ShortScripts
from tasks.hosts.install_hosts import InstallHosts, longest_folder
from tasks.hosts.verdict import new_mark
from tasks.running.errors import Cancelled, Refused, TaskError, beforehand
from tasks.running.log import Log
from tasks.running.quoting import show_tail
from tasks.running.waiting import Wait

# Seconds that reading a record may take, or writing a word.
READING = 30.0

# A user and a group as chown takes them: names or numbers.
OWNER = re.compile(r"[^\s:.-][^\s:]*(:[^\s:.-][^\s:]*)?")

# Seconds that a restart takes longer where it is ended, and that all else needs (restart.sh, restart.ps1).
ENDING, SPARE = 6, 5

# The scripts that make up each of the two.
INSTALL, GO_BACK = ("releases", "restart", "fetch", "install_release"), ("releases", "restart", "go_back")


class SsmDeployer(Deployer):
    keeps_records = True

    def __init__(self, aws: Aws, install_to: str, settings: Settings) -> None:
        self._aws = aws
        self._folders = {
            Platform.LINUX: install_to,
            Platform.WINDOWS: settings.windows_install_to or install_to,
        }
        self._restarts = {
            Platform.LINUX: settings.restart or "",
            Platform.WINDOWS: settings.windows_restart or settings.restart or "",
        }
        self._settings = settings
        self._hosts = InstallHosts(aws, self._folders)
        self._short = ShortScripts(aws, self._hosts, self._folders, min(settings.within, READING))
        self._stores: dict[str, ArtifactStore] = {}
        self._artifacts: dict[tuple[str, Platform], Artifact] = {}

    def check(self, release: Release, instance: Instance) -> None:
        self.check_all(release, [instance])

    def check_all(self, release: Release, instances: Sequence[Instance]) -> None:
        check_folder_name(release.application, "--application")
        check_folder_name(release.version, "--version")
        self._check_time(restarts=2)
        if not self._settings.bucket and not release.artifact.startswith("s3://"):
            raise Refused("--via ssm needs --bucket, the S3 bucket that the release passes through")
        hosts = self._hosts.all(instances, release.version)
        self._check_owner(hosts.get(Platform.WINDOWS, ()))
        for platform in hosts:
            self._artifact(release, platform)

    def prepare(self, release: Release, instances: Sequence[Instance], wait: Wait) -> None:
        # What SSM reached when the rollout began it may not reach by now.
        self._hosts.forget(instances)
        for platform in self._hosts.all(instances, release.version):
            self._send(release, self._artifact(release, platform))

    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        for failure in self.deploy_all(release, [instance], wait).values():
            raise failure

    def deploy_all(self, release: Release, instances: Sequence[Instance], wait: Wait) -> dict[str, TaskError]:
        if not instances:
            return {}
        with beforehand():
            hosts = self._hosts.all(instances, release.version)
            values = {platform: self._installation(release, platform, wait) for platform in hosts}
        folders = " and ".join(dict.fromkeys(self._folders[platform] for platform in hosts))
        wait.log.say(f"{subject(instances)}: installing {release.version} to {folders}")
        for each in instances:
            wait.log.event("installing", instance=each.name, version=release.version)
        doing = f"installing {release.version}"
        endings = self._run(hosts, INSTALL, values, doing, wait)
        failures = {key: ending.failure for key, ending in endings.items()}
        return {key: failure for key, failure in failures.items() if failure}

    def records(
        self,
        release: Release,
        instances: Sequence[Instance],
        wait: Wait,
        since: datetime | None = None,
    ) -> dict[str, Record]:
        doing = f"{subject(instances)}: reading what is current"
        try:
            told = self._short.run("read_record", {}, instances, wait, doing)
        except AwsError as error:
            return {each.id: unread(error.what) for each in instances}
        return {
            key: unread(each.why)
            if each.why or each.platform is None
            else compared(each.said, release, self._artifact(release, each.platform).sha256, since)
            for key, each in told.items()
        }

    def note_answered(self, version: str, instances: Sequence[Instance], wait: Wait) -> dict[str, str]:
        doing = f"{subject(instances)}: noting that {version} answers"
        try:
            told = self._short.run("answered", {"version": version}, instances, wait, doing)
        except AwsError as error:
            return {each.id: error.what for each in instances}
        return {key: each.why for key, each in told.items() if each.why}

    def check_back(self, version: str, instance: Instance) -> None:
        if version:
            check_folder_name(version, "--version")
        self._check_time(restarts=1)
        self._hosts.all([instance], version)

    def go_back(self, instance: Instance, wait: Wait, *, to: str = "", leaving: str = "") -> str:
        doing = f"going back to {to or 'the release before'}"
        wait.log.say(f"{instance.name}: {doing}")
        with beforehand():
            hosts = self._hosts.all([instance])
        values = {platform: {"to": to, "leaving": leaving} for platform in hosts}
        ending = self._run(hosts, GO_BACK, values, doing, wait)[instance.id]
        if ending.failure:
            raise ending.failure
        return ending.running or to or "the release before"

    def _check_owner(self, windows: Sequence[Instance]) -> None:
        owner = self._settings.owner
        if owner and not OWNER.fullmatch(owner):
            raise Refused(f"--owner {owner!r} is no USER or USER:GROUP")
        if owner and windows:
            folder = self._folders[Platform.WINDOWS]
            raise Refused(
                f"--owner is for Linux, and {windows[0].name} runs Windows, where files have the rights of "
                "the folder that they come into",
                f"Leave it out, and give the service's user its rights to {folder} once",
            )

    def _check_time(self, restarts: int) -> None:
        """Refuse restarts that do not fit into the time for all: SSM would end one in the middle."""
        within, asked = self._settings.within, self._settings.restart_within or 0.0
        longest = int((within - SPARE) / restarts - ENDING)
        if asked > longest:
            twice = ", in which the release before may have to be started too" if restarts > 1 else ""
            needed = restarts * (int(asked) + ENDING) + SPARE
            raise Refused(
                f"--restart-within {asked:.0f} is too long for --deploy-timeout {within:.0f}{twice}",
                f"Give {longest} at most, or a --deploy-timeout of {needed} and what unpacking takes",
            )

    def _installation(self, release: Release, platform: Platform, wait: Wait) -> Mapping[str, str]:
        artifact = self._artifact(release, platform)
        url, came = self._staged(release, artifact, wait.log)
        now = wait.clock.wall()
        return {
            "url": url,
            "sha256": artifact.sha256,
            "kind": artifact.kind,
            "misread": "yes" if artifact.kind == "zip" and names_misread(artifact.content) else "",
            # The same on every host and in every run, and later than any release's before.
            "made": f"{came or now:%Y%m%d%H%M.%S}",
            "version": release.version,
            "keep": str(self._settings.keep_releases),
            "owner": self._settings.owner,
            "asked": "yes" if self._settings.asked else "",
            "facts": facts(release, artifact.sha256, now),
        }

    def _run(
        self,
        hosts: Mapping[Platform, Sequence[Instance]],
        steps: Sequence[str],
        values: Mapping[Platform, Mapping[str, str]],
        doing: str,
        wait: Wait,
    ) -> dict[str, Ending]:
        within, restart_within = self._settings.within, self._settings.restart_within
        timed = {
            "restart_within": str(int(restart_within)) if restart_within else "",
            "within": str(int(within)),
            "mark": (mark := new_mark()),
        }
        scripts = {
            platform: SCRIPTS[platform](
                steps,
                {
                    "install_to": self._folders[platform],
                    "restart": self._restarts[platform],
                    **timed,
                    **values[platform],
                },
            )
            for platform in hosts
        }
        instances = [each for those in hosts.values() for each in those]
        command = RunCommand(self._aws, hosts, self._settings.within)
        try:
            outcomes = command.run(scripts, wait, f"{subject(instances)}: {doing}")
        except Cancelled:
            _stop(command, instances, doing, wait.log)
            raise
        endings: dict[str, Ending] = {}
        for platform, those in hosts.items():
            for each in those:
                ending = Ending(each, platform, outcomes[each.id], mark, doing)
                endings[each.id] = ending
                # Of many, only those that failed have something to say that a person must read.
                if ending.failure or len(instances) == 1:
                    show_tail(ending.lines, each.name, wait.log)
        return endings

    def _artifact(self, release: Release, platform: Platform) -> Artifact:
        known = (release.artifact, platform)
        if known not in self._artifacts:
            windows = platform is Platform.WINDOWS
            folder = longest_folder(self._folders[platform], release.version) if windows else ""
            self._artifacts[known] = open_artifact(
                self._aws, release.artifact, windows=windows, folder=folder, own=OWN_NAMES
            )
        return self._artifacts[known]

    def _staged(self, release: Release, artifact: Artifact, log: Log) -> tuple[str, datetime | None]:
        """Have the release in S3, and return the link that an instance fetches it by, and since when."""
        store, key, came = self._send(release, artifact)
        link = store.link(key)
        place = store.place(key)
        log.say(f"{release.version}: {artifact.size:,} bytes in {place}, its link good for {link.good_for}")
        return link.url, came

    def _send(self, release: Release, artifact: Artifact) -> tuple[ArtifactStore, str, datetime | None]:
        """Have the release in S3, and return where, by what key, and since when, if S3 says so."""
        name = f"{release.application}/{release.version}/{artifact.name}"
        bucket, key = artifact.address or (self._settings.bucket or "", name)
        store = self._stores.setdefault(bucket, ArtifactStore(self._aws, bucket))
        if artifact.address:
            return store, key, store.check_unchanged(key, artifact.etag)
        came = store.since(key, artifact.sha256)
        if not came:
            artifact.check_unchanged()
            store.put(key, artifact.content, artifact.sha256)
            came = store.since(key, artifact.sha256)
        return store, key, came


def _stop(command: RunCommand, instances: Sequence[Instance], doing: str, log: Log) -> None:
    standing = log.standing
    try:
        told = "was told to stop" if command.cancel() else "had not begun"
    except AwsError as error:
        told = f"could not be told to stop ({error.what})"
    unknown = f"; which release is current on {subject(instances)} is not known; a restart goes on"
    if told == "had not begun":
        unknown = ""
    log.stands(f"{doing} {told}{unknown}; {standing.state}", standing.advice)


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
