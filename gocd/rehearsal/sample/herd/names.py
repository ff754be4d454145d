"""What HERD's parts are called in AWS.

Source: MDL's CloudFormation templates (mdlHerd.yml, mdlUpgradeHerd.yml) and its upgrade function.
"""

from __future__ import annotations

from dataclasses import dataclass

# What a parameter holds before anything was written to it.
UNFILLED = "FilledLater"


@dataclass(frozen=True)
class HerdNames:
    """The names of one stack, of an MDL *instance* in one *environment*."""

    instance: str
    environment: str

    @property
    def application(self) -> str:
        return f"{self.instance}-Herd"

    @property
    def deployment_group(self) -> str:
        return f"{self.instance}-HerdDeployGroup"

    @property
    def target_group(self) -> str:
        return f"{self.instance}-HerdTargetGroup"

    @property
    def auto_scaling_group(self) -> str:
        return f"{self.instance}-HerdASG"

    @property
    def function(self) -> str:
        return f"{self.instance}-Herd-{self.environment}-UPGRADE-HERD-LAMBDA-FUNCTION"

    @property
    def function_arn_parameter(self) -> str:
        return f"/app/MDL/{self.instance}/{self.environment}/Resources/Lambda/UpgradeHerdArn"

    @property
    def parameters(self) -> str:
        """The path of the parameters that the function and HERD's own scripts share."""
        return f"/app/MDL/{self.instance}/{self.environment}/HERD"

    def bucket(self, account: str) -> str:
        return f"{account}-{self.instance}-staging-{self.environment}"
