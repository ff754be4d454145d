"""What an agent is told of a deployment.

Source: aws-codedeploy-agent, deployment_specification.rb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROLLBACK = "codeDeployRollback"
# Those that the agent knows scripts for, and the two that are its own work. It refuses hooks for others only
# if it is told which there are, and asks in every appspec for those that it does not know by itself
# (command_executor.rb, validate_app_spec_hooks). codedeploy-local tells it these (deployer.rb); whether AWS
# does is not to be seen in the sources, and here it does.
ALL_EVENTS = (
    *("BeforeBlockTraffic", "AfterBlockTraffic", "ApplicationStop", "DownloadBundle", "BeforeInstall"),
    *("Install", "AfterInstall", "ApplicationStart", "ValidateService"),
    *("BeforeAllowTraffic", "AfterAllowTraffic"),
)


@dataclass(frozen=True)
class Order:
    """A deployment's specification; *group_id* names its folder, *revision* is an S3Location."""

    deployment_id: str
    application: str
    group: str
    group_id: str
    revision: Mapping[str, Any]
    file_exists_behavior: str
    ignore_stop_failures: bool
    creator: str = "user"
    blue_green: bool = False

    @property
    def blue_green_rollback(self) -> bool:
        return self.creator == ROLLBACK and self.blue_green

    def variables(self, event: str) -> dict[str, str]:
        """What a script sees of it (hook_executor.rb, command_executor.rb: get_s3_envs)."""
        told = {
            "LIFECYCLE_EVENT": event,
            "DEPLOYMENT_ID": self.deployment_id,
            "APPLICATION_NAME": self.application,
            "DEPLOYMENT_GROUP_NAME": self.group,
            "DEPLOYMENT_GROUP_ID": self.group_id,
            "BUNDLE_BUCKET": self.revision["bucket"],
            "BUNDLE_KEY": self.revision["key"],
            "BUNDLE_VERSION": self.revision.get("version"),
            "BUNDLE_ETAG": self.revision.get("eTag"),
        }
        return {name: value for name, value in told.items() if value is not None}
