"""CodeDeploy: deployments made, found, described and stopped; nothing here waits for one to end.

Source: CodeDeploy API reference (CreateDeployment, ListDeployments, StopDeployment).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.deployment_state import RUNNING, Deployment, Revision, Target, read_deployment, read_target
from tasks.aws.errors import AwsError, refused
from tasks.aws.parts import parts

# AWS refuses requests from a clock that is further off than this (IAM user guide, Signature Version 4).
CLOCKS_DIFFER = timedelta(minutes=15)

# What one call describes (API reference: BatchGetDeployments 25; BatchGetDeploymentTargets 25).
BATCH = 25

BUSY = "DeploymentLimitExceededException"
ALREADY_ENDED = "DeploymentAlreadyCompletedException"
NO_GROUP = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}
UNKNOWN = {"DeploymentDoesNotExistException", "InvalidDeploymentIdException", "DeploymentIdRequiredException"}

# There is nothing to tell of a target yet, or the deployment goes without it.
NO_TARGET = {"DeploymentNotStartedException", "DeploymentTargetDoesNotExistException"}


class GroupBusy(AwsError):
    """Another deployment of the group is running."""


class AlreadyEnded(AwsError):
    """There is nothing left to stop."""


class NoSuchGroup(AwsError):
    """There is no such application, or no such group in it."""


class CodeDeploy:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def create(self, application: str, group: str, revision: Revision, description: str) -> str:
        """Start a deployment in place, and return its id.

        CodeDeploy knows no idempotency token: after a failure, look for *description* with
        ``described_as`` before sending it again.

        Raises:
            GroupBusy: Nothing was started.
        """
        location = {"bucket": revision.bucket, "key": revision.key, "bundleType": revision.bundle}
        with refused({BUSY}, GroupBusy):
            answer = self._aws.call(
                "codedeploy",
                "create_deployment",
                group,
                applicationName=application,
                deploymentGroupName=group,
                revision={"revisionType": "S3", "s3Location": location},
                description=description,
                # A release that cannot be stopped is one more reason to replace it.
                ignoreApplicationStopFailures=True,
                fileExistsBehavior="OVERWRITE",
            )
        return str(answer["deploymentId"])

    def running(self, application: str, group: str) -> Deployment | None:
        """Return the deployment that is under way in a group, if any; there is at most one.

        Raises:
            NoSuchGroup: CodeDeploy does not know it.
        """
        with refused(NO_GROUP, NoSuchGroup):
            found = self._listed(application, group, includeOnlyStatuses=list(RUNNING))
        return next((each for each in found if not each.ended), None)

    def ids(self, application: str, group: str) -> set[str]:
        """Return the id of every deployment that AWS remembers of a group."""
        return set(self._ids(application, group))

    def all(self, application: str, group: str) -> list[Deployment]:
        """Return every deployment that AWS remembers of a group, the oldest first."""
        found = self._listed(application, group)
        return sorted(found, key=lambda each: each.created.timestamp() if each.created else 0)

    def described_as(
        self, application: str, group: str, description: str, since: datetime
    ) -> Deployment | None:
        """Return the deployment with this description, created at or after *since*, if there is one."""
        found = self._listed(application, group, createTimeRange={"start": since - CLOCKS_DIFFER})
        return next((each for each in found if each.description == description), None)

    def deployment(self, deployment_id: str) -> Deployment:
        answer = self._aws.call("codedeploy", "get_deployment", deployment_id, deploymentId=deployment_id)
        return read_deployment(answer["deploymentInfo"])

    def known(self, deployment_id: str) -> Deployment | None:
        """Return the deployment of that id, if there is one."""
        try:
            return self.deployment(deployment_id)
        except AwsError as error:
            if error.code not in UNKNOWN:
                raise
            return None

    def targets(self, deployment_id: str, ids: Sequence[str] = ()) -> list[Target]:
        """Return the targets called *ids*, or else all; none before the deployment has started."""
        try:
            ids = ids or self._aws.pages(
                "codedeploy", "list_deployment_targets", "targetIds", deploymentId=deployment_id
            )
            return [
                read_target(entry)
                for batch in parts(ids, BATCH)
                for entry in self._aws.call(
                    "codedeploy",
                    "batch_get_deployment_targets",
                    deployment_id,
                    deploymentId=deployment_id,
                    targetIds=batch,
                )["deploymentTargets"]
            ]
        except AwsError as error:
            if error.code in NO_TARGET:
                return []
            raise

    def stop(self, deployment: Deployment, *, roll_back: bool = False) -> bool:
        """Ask for an end, with a rollback if one is set up for that; return whether it is a matter of time.

        Args:
            roll_back: Ask for a rollback even if none is set up.

        Raises:
            AlreadyEnded: There is nothing left to stop.
        """
        with refused({ALREADY_ENDED}, AlreadyEnded):
            answer = self._aws.call(
                "codedeploy",
                "stop_deployment",
                deployment.id,
                deploymentId=deployment.id,
                autoRollbackEnabled=roll_back or "DEPLOYMENT_STOP_ON_REQUEST" in deployment.rolls_back_on,
            )
        return bool(answer.get("status") != "Succeeded")

    def _ids(self, application: str, group: str, **question: Any) -> list[str]:
        return self._aws.pages(
            "codedeploy",
            "list_deployments",
            "deployments",
            applicationName=application,
            deploymentGroupName=group,
            **question,
        )

    def _listed(self, application: str, group: str, **question: Any) -> list[Deployment]:
        return [
            read_deployment(entry)
            for batch in parts(self._ids(application, group, **question), BATCH)
            for entry in self._aws.call("codedeploy", "batch_get_deployments", group, deploymentIds=batch)[
                "deploymentsInfo"
            ]
        ]
