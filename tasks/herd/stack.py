"""HERD as MDL sets it up in AWS: what its parts are called, and what its upgrade leaves in SSM.

Source: herd-mdl (mdlUpgradeHerd.yml, mdlHerd.yml, herd_upgrade_utility_lambda.py, smokeTestHerd).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.aws.api import Aws
from tasks.aws.code_deploy import CodeDeploy, NoSuchGroup
from tasks.aws.deployment_state import Deployment
from tasks.aws.parameter_value import ParameterValue, parameter_values
from tasks.running.errors import Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

# What a parameter holds where there is nothing to say.
NOTHING = "FilledLater"

# SSM's clock and CodeDeploy's may differ by this much.
CLOCKS_DIFFER = timedelta(seconds=5)


@dataclass(frozen=True)
class Herd:
    """The HERD of one MDL instance and environment.

    Raises:
        Refused: A name cannot be one of MDL's.
    """

    instance: str
    environment: str

    def __post_init__(self) -> None:
        for name in (self.instance, self.environment):
            if not NAME.fullmatch(name):
                raise Refused(f"{name!r} cannot be the name of an MDL instance or environment")

    @property
    def function(self) -> str:
        return f"{self.instance}-Herd-{self.environment}-UPGRADE-HERD-LAMBDA-FUNCTION"

    @property
    def application(self) -> str:
        return f"{self.instance}-Herd"

    @property
    def group(self) -> str:
        return f"{self.instance}-HerdDeployGroup"

    def parameter(self, name: str) -> str:
        return f"/app/MDL/{self.instance}/{self.environment}/HERD/{name}"


@dataclass(frozen=True)
class Upgrades:
    """What SSM says of HERD's upgrades; a parameter that says nothing is None.

    The function writes *requested* before it creates the deployment, and *recent* after; the smoke test of
    a good deployment clears *requested* and writes *current*.
    """

    requested: ParameterValue | None = None
    current: ParameterValue | None = None
    recent: ParameterValue | None = None
    invoked: bool = False

    @property
    def recent_id(self) -> str:
        return self.recent.value if self.recent else ""

    def version_of(self, running: Deployment) -> str:
        """Return the version that a running deployment is for; empty if that cannot be told for certain."""
        if running.created is None:
            return ""
        if self.requested and self.requested.modified <= running.created + CLOCKS_DIFFER:
            return self.requested.value
        if not self.requested and self.current and self.current.modified >= running.created:
            return self.current.value
        # It was asked for while the deployment ran already: someone else's request, which came to nothing.
        return ""

    def asked_for(self, version: str) -> datetime | None:
        """Return when *version* was asked for, if it was the last one and has not succeeded since."""
        if self.invoked and self.requested and self.requested.value == version:
            return self.requested.modified
        return None


def read_upgrades(aws: Aws, herd: Herd) -> Upgrades:
    """Read what SSM says.

    Raises:
        Refused: It knows nothing of this HERD.
    """
    names = ("RequestedVersion", "CurrentVersion", "MostRecentDeploymentId", "DeploymentInvoked")
    found = parameter_values(aws, [herd.parameter(name) for name in names])
    if not found:
        what = f"SSM has no parameter under {herd.parameter('')} in {aws.region}"
        raise Refused(what, "Check --mdl-instance, --environment and AWS_REGION")

    def said(name: str) -> ParameterValue | None:
        value = found.get(herd.parameter(name))
        return value if value and value.value not in ("", NOTHING) else None

    invoked = said("DeploymentInvoked")
    return Upgrades(
        said("RequestedVersion"),
        said("CurrentVersion"),
        said("MostRecentDeploymentId"),
        invoked=invoked is not None and invoked.value == "true",
    )


def running_deployment(aws: Aws, herd: Herd) -> Deployment | None:
    """Return the deployment of HERD that is under way, if any.

    Raises:
        Refused: CodeDeploy does not know this HERD.
    """
    try:
        return CodeDeploy(aws).running(herd.application, herd.group)
    except NoSuchGroup:
        what = f"CodeDeploy has no group {herd.group} of an application {herd.application} in {aws.region}"
        raise Refused(what, "Check --mdl-instance and AWS_REGION") from None
