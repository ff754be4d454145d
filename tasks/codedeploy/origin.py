"""Which release the scripts of a lifecycle event come from: not always the one that is being deployed.

Sources: CodeDeploy user guide, AppSpec 'hooks' section; aws-codedeploy-agent 1.8.1, hook_executor.rb (which
revision each event runs from) and command_executor.rb (one counts as installed once Install has succeeded,
whatever fails after that).
"""

from collections.abc import Sequence

from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment, LifecycleEvent
from tasks.aws.errors import AwsError
from tasks.codedeploy.history import described

# These run before the new release is there.
FROM_INSTALLED = frozenset({"ApplicationStop", "BeforeBlockTraffic", "AfterBlockTraffic"})

# When CodeDeploy goes back to the original instances of a blue/green deployment.
GOING_BACK = {
    "BeforeBlockTraffic": "fetched",
    "AfterBlockTraffic": "fetched",
    "BeforeAllowTraffic": "installed",
    "AfterAllowTraffic": "installed",
}

# Deployments that are looked at for the one that was installed last.
MOST_LOOKED_AT = 10


def passed_over(event: LifecycleEvent, deployment: Deployment) -> bool:
    """Whether the deployment goes on although *event* has failed."""
    return event.name in FROM_INSTALLED and deployment.ignores_stop_failures


class Origins:
    """Where each failed script of a deployment comes from, in words, looked up once."""

    def __init__(self, code_deploy: CodeDeploy) -> None:
        self._code_deploy = code_deploy
        self._installed: dict[str, Deployment | None] = {}

    def of(self, event: LifecycleEvent, deployment: Deployment, target_id: str) -> str:
        """Return the release that the script of *event* is from; empty if nothing is known of it."""
        if deployment.blue_green and deployment.rolls_back and event.name in GOING_BACK:
            return f"the release that was {GOING_BACK[event.name]} last"
        if event.name not in FROM_INSTALLED:
            return release_of(deployment)
        if target_id not in self._installed:
            self._installed[target_id] = self._installed_last(deployment, target_id)
        installed = self._installed[target_id]
        if installed is None:
            return "the release that was installed last"
        return f"{release_of(installed)}, which was installed last ({installed.id}),"

    def _installed_last(self, deployment: Deployment, target_id: str) -> Deployment | None:
        try:
            every = self._code_deploy.all(deployment.application, deployment.group)
            for each in _before(deployment, every)[:MOST_LOOKED_AT]:
                for target in self._code_deploy.targets(each.id, [target_id]):
                    if any(
                        event.name == "Install" and event.status == "Succeeded" for event in target.events
                    ):
                        return each
        except AwsError:
            # It is only told; what has failed is told without it as well.
            pass
        return None


def release_of(deployment: Deployment) -> str:
    """Name what a deployment places: our version of it, or where it is."""
    if ours := described(deployment):
        return ours.version
    return str(deployment.revision or "")


def _before(deployment: Deployment, every: Sequence[Deployment]) -> list[Deployment]:
    earlier = [
        each for each in every if each.created and deployment.created and each.created < deployment.created
    ]
    return earlier[::-1]
