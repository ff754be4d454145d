"""Deploy in place through CodeDeploy, to one instance and no other."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from tasks.archives.artifact import Artifact, open_artifact
from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_group import DeploymentGroup, find_deployment_group, reached
from tasks.aws.deployment_state import Revision
from tasks.aws.instances import Instance
from tasks.codedeploy.appspec.check import check_revision
from tasks.codedeploy.appspec.findings import Findings
from tasks.codedeploy.follow import Ending, follow, follow_rollback, problem
from tasks.codedeploy.history import DIGEST, History, PlacedRelease, read_history
from tasks.codedeploy.revision import check_version, revision_of
from tasks.codedeploy.start import DeploymentStart
from tasks.deployers.deployer import Deployer, Settings
from tasks.deployers.noted import last_well
from tasks.deployers.release import Release
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.quoting import listed
from tasks.running.waiting import Wait
from tasks.status.placeholders import fill, of_instance


class CodeDeployDeployer(Deployer):
    """Deploys to a group that holds the instance alone.

    Args:
        group: The group's name; ``{name}``, ``{instance_id}`` and ``{private_ip}`` are the instance's.
    """

    # Each has a group of its own, and all of them ask CodeDeploy every few seconds.
    at_once = 20

    def __init__(self, aws: Aws, group: str, settings: Settings) -> None:
        self._aws = aws
        self._group = group
        self._settings = settings
        self._code_deploy = CodeDeploy(aws)
        self._routing: dict[str, DeploymentGroup] = {}
        self._prepared: dict[str, tuple[Artifact, Revision]] = {}
        self._judged: dict[tuple[str, bool, bool], Findings] = {}
        # Two threads that read one file at once read neither's part of it.
        self._reading = threading.RLock()
        self._uploaded: set[Revision] = set()

    def check(self, release: Release, instance: Instance) -> None:
        check_version(release.version)
        self._check_group(release.application, instance)
        self._prepare(release, instance)

    def doubts(self, release: Release) -> Sequence[str]:
        judged = (
            findings for (artifact, *_), findings in self._judged.items() if artifact == release.artifact
        )
        told = (f"worth a look: {doubt}" for findings in judged for doubt in findings.doubts)
        return list(dict.fromkeys(told))

    def prepare(self, release: Release, instances: Sequence[Instance], wait: Wait) -> None:
        for instance in instances:
            self._prepare(release, instance)
        artifact, revision = self._prepared[release.artifact]
        if artifact.address:
            ArtifactStore(self._aws, revision.bucket).check_unchanged(revision.key, artifact.etag)
            return
        self._uploaded.discard(revision)
        self._upload(release, wait.log)

    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        artifact, revision = self._prepare(release, instance)
        placed = PlacedRelease(release.version, artifact.sha256[:DIGEST], revision)
        self._place(
            release.application, placed, instance, wait, prepare=lambda: self._upload(release, wait.log)
        )

    def takes_out_of(self, instance: Instance) -> Collection[str]:
        group = self._routing.get(self._group_of(instance))
        return group.load_balancers if group else ()

    def check_back(self, version: str, instance: Instance) -> None:
        self._check_group(self._settings.application, instance)
        self._back_to(version, self._history(instance), instance)

    def go_back(self, instance: Instance, wait: Wait, *, to: str = "", leaving: str = "") -> str:
        history = self._history(instance)
        if leaving and (history.attempted is None or history.attempted.version != leaving):
            raise TaskError(f"{leaving} is not what was deployed last to {instance.name}")
        back = self._back_to(to, history, instance, leaving=bool(leaving))
        if back == history.attempted == history.running:
            wait.log.say(f"{instance.name}: {back.version} is what was deployed last")
            return back.version
        application = self._settings.application
        self._place(application, back, instance, wait, prepare=lambda: None)
        return back.version

    def _place(
        self,
        application: str,
        release: PlacedRelease,
        instance: Instance,
        wait: Wait,
        *,
        prepare: Callable[[], None],
    ) -> None:
        log, group = wait.log, self._group_of(instance)
        if group in self._routing:
            log.say(
                f"{instance.name}: group {group} puts it back into its load balancer by itself, before "
                "its status is asked for"
            )
        names = {instance.id: instance.name}
        within = self._settings.within
        end = wait.clock.now() + within
        turn = DeploymentStart(self._code_deploy, application, group, release, wait)

        def ended() -> Ending:
            deployment_id = turn.take(prepare, within=end - wait.clock.now())
            if turn.joined:
                log.say(f"{deployment_id}: deploys {release.version} already; joining it")
            log.event("deploying", deployment=deployment_id, version=release.version)
            left = end - wait.clock.now()
            try:
                return follow(self._code_deploy, deployment_id, names, wait, within=left)
            except TimedOut as late:
                on = f"{deployment_id} goes on in CodeDeploy, and the same command joins it"
                raise TimedOut(f"{late.what}; {on}") from None

        try:
            ending = ended()
            if ending.deployment.status == "Stopped" and turn.joined:
                log.say(f"{instance.name}: that was an earlier run's, which was cancelled; starting another")
                ending = ended()
            if trouble := problem(ending, instance.id, instance.name):
                failed = ending.deployment
                rollback = follow_rollback(self._code_deploy, failed, names, wait, within=within)
                what = f"deploying {release.version} to {instance.name} failed"
                raise TaskError(f"{what}: {trouble}; {rollback}")
        except Cancelled:
            log.say(f"{instance.name}: {turn.stop()}")
            raise

    def _check_group(self, application: str, instance: Instance) -> None:
        group = find_deployment_group(self._aws, application, self._group_of(instance))
        check_group(group, reached(self._aws, group), instance)
        if group.routes_traffic:
            self._routing[group.name] = group

    def _history(self, instance: Instance) -> History:
        group = self._group_of(instance)
        return read_history(self._code_deploy.all(self._settings.application, group))

    def _back_to(
        self, version: str, history: History, instance: Instance, *, leaving: bool = False
    ) -> PlacedRelease:
        # One that CodeDeploy has placed need not have been well: what was is noted on the instance.
        attempted = history.attempted.version if history.attempted else ""
        well = "" if version else last_well(instance.tags, attempted, of_before=leaving)
        back = (well and history.back_to(well)) or history.back_to(version)
        if back is None:
            never = f"never placed {version}" if version else "placed no earlier release"
            raise Refused(f"CodeDeploy has {never} on {instance.name}, so there is nothing to go back to")
        return back

    def _upload(self, release: Release, log: Log) -> None:
        artifact, revision = self._prepared[release.artifact]
        with self._reading:
            if artifact.address or revision in self._uploaded:
                return
            store = ArtifactStore(self._aws, revision.bucket)
            if not store.since(revision.key, artifact.sha256):
                artifact.check_unchanged()
                store.put(revision.key, artifact.content, artifact.sha256)
            log.say(f"{release.version}: {artifact.size:,} bytes in {revision}")
            self._uploaded.add(revision)

    def _group_of(self, instance: Instance) -> str:
        values = of_instance(instance)
        return fill(self._group, values)

    def _prepare(self, release: Release, instance: Instance) -> tuple[Artifact, Revision]:
        with self._reading:
            # Looking through an archive, or fetching it first, takes a while; once is enough.
            if release.artifact not in self._prepared:
                artifact = open_artifact(self._aws, release.artifact, windows=instance.windows)
                revision = revision_of(artifact, self._settings.bucket, release.application, release.version)
                self._prepared[release.artifact] = (artifact, revision)
            artifact, revision = self._prepared[release.artifact]
            routes_traffic = self._group_of(instance) in self._routing
            case = (release.artifact, instance.windows, routes_traffic)
            if case not in self._judged:
                self._judged[case] = check_revision(
                    artifact, revision, windows=instance.windows, routes_traffic=routes_traffic
                )
            return artifact, revision


def check_group(group: DeploymentGroup, members: Mapping[str, str], instance: Instance) -> None:
    """Refuse a group whose deployments would not reach *instance*, or would reach others.

    Args:
        members: The names, by id, of the instances that the group selects.
    """
    called = f"deployment group {group.name} of {group.application}"
    own = f"Give {instance.name} a group of its own, by its tags"
    if group.platform != "Server":
        raise Refused(f"{called} deploys to {group.platform}, not to EC2 instances")
    if group.blue_green:
        raise Refused(f"{called} is for blue/green deployments, which would not touch {instance.name}", own)
    if group.elsewhere:
        raise Refused(f"{called} would deploy to on-premises instances as well", own)
    others = sorted(name for id_, name in members.items() if id_ != instance.id)
    named = listed(others, 6)
    if instance.id not in members:
        raise Refused(f"{called} does not deploy to {instance.name}, but to {named or 'no instance'}", own)
    if others:
        raise Refused(f"{called} would deploy to {named} as well", own)


def deployer(settings: Settings, aws: Aws) -> CodeDeployDeployer:
    if not settings.deployment_group:
        raise Refused("--via codedeploy needs --deployment-group, one that holds this instance alone")
    return CodeDeployDeployer(aws, settings.deployment_group, settings)
